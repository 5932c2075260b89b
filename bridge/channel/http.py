"""HTTP as values: an adapter never sees a web framework."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request to ``/webhooks/{channel}/{rest}`` as it came.

    `rest` is the raw rest of the path without its leading slash, `query` the raw query without its question mark. `headers` have
    lower-case names, repeats are joined by ``", "``. `body` is whole and within the server's limit; `at` is epoch seconds.
    """

    method: str
    rest: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the network gets for an answer once its events are durable."""

    status: int = 200
    content_type: str = ""
    body: bytes = b""
