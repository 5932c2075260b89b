"""What Trunkline finds by the entry point: Telegram as a kind of channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from adapters.telegram.settings import Endpoint, Settings
from bridge.channel import Adapter, Channel, Port, Problem
from bridge.core.content import Side
from bridge.core.ids import EndpointKey


class TelegramAdapter:
    """Agents only. Importing it imports no aiogram."""

    name = "telegram"
    Settings: type[BaseModel] = Settings
    Endpoint: type[BaseModel] = Endpoint
    sides = frozenset({Side.AGENT})

    def endpoint_key(self, endpoint: Any) -> EndpointKey:
        return EndpointKey(str(endpoint.chat))

    def needs_public_url(self, settings: Any) -> bool:
        return bool(settings.updates == "webhook")

    def problems(self, settings: Any) -> list[Problem]:
        return []

    def open(self, settings: Any, endpoints: Sequence[Any], port: Port) -> Channel:
        from adapters.telegram.channel import TelegramChannel

        return TelegramChannel(settings, [e.chat for e in endpoints], port)


adapter: Adapter = TelegramAdapter()
