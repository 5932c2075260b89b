"""What Trunkline finds by the entry point: our websocket protocol as a kind of channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from adapters.websocket.settings import Endpoint, Settings
from bridge.channel import Adapter, Channel, Port, Problem
from bridge.core.content import Side
from bridge.core.ids import EndpointKey
from bridge.core.outcomes import Misconfigured


class WebsocketAdapter:
    """Its channels can be configured and checked; serving sockets comes later, and until then they rest."""

    name = "websocket"
    Settings: type[BaseModel] = Settings
    Endpoint: type[BaseModel] = Endpoint
    sides = frozenset(Side)

    def endpoint_key(self, endpoint: Any) -> EndpointKey:
        return EndpointKey(endpoint.room)

    def needs_public_url(self, settings: Any) -> bool:
        return False  # clients are told where to connect by whoever gives them their token

    def problems(self, settings: Any) -> list[Problem]:
        return []

    def open(self, settings: Any, endpoints: Sequence[Any], port: Port) -> Channel:
        raise Misconfigured("the websocket adapter is not built yet: this channel rests")


adapter: Adapter = WebsocketAdapter()
