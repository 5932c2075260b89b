"""A mistake in the configuration, as a value; `bridge.config` knows where in the file its path stands."""

from __future__ import annotations

from dataclasses import dataclass

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """`words` say what is wrong and what would be right; `path` is the key's way from the table it is relative to."""

    path: Path
    words: str
