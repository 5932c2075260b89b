"""What Trunkline finds by the entry point: our websocket protocol as a kind of channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from adapters.websocket.settings import Endpoint, Settings
from bridge.channel import Adapter, Channel, Port, Problem
from bridge.core.content import Side
from bridge.core.ids import ChannelName, EndpointKey


class WebsocketAdapter:
    """Customers or agents. Issues the tokens that its clients show."""

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
        from adapters.websocket.channel import WebsocketChannel

        return WebsocketChannel(settings, port)

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
        from adapters.websocket import tokens

        secret = settings.secret[0].get_secret_value()
        return tokens.make(
            secret, channel, subject=subject, side=side, room=endpoint, name=name, lifetime_s=lifetime_s, now=now
        )


adapter: Adapter = WebsocketAdapter()
