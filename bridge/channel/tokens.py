"""Of an adapter: makes the tokens by which clients show who they are. For `trunkline token`."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from bridge.core.content import Side
from bridge.core.ids import ChannelName, EndpointKey


@runtime_checkable
class IssuesTokens(Protocol):
    def token(
        self,
        settings: Any,
        channel: ChannelName,
        *,
        side: Side,
        endpoint: EndpointKey,
        subject: str,
        name: str,
        lifetime_s: float,
        now: float,
    ) -> str:
        """A token for one `subject`, good at `endpoint` for `lifetime_s` seconds from `now` (epoch seconds) on; `name` may be
        empty. No I/O. Raises `ValueError`: what can't be in a token, in words."""
