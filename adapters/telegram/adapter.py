"""What Trunkline finds by the entry point: Telegram as a kind of channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from adapters.telegram.settings import Endpoint, Settings
from bridge.channel import Adapter, Channel, Finding, Port, Problem
from bridge.channel.inspection import Draft, Talk
from bridge.core.content import Side
from bridge.core.ids import ChannelName, EndpointKey


class TelegramAdapter:
    """Agents only. Importing it imports neither aiogram nor an HTTP client. It is also what `Inspects` and `Guides` ask for; its
    webhook is the running bridge's own business, so there is nothing to set up."""

    name = "telegram"
    label = "Telegram: a group with topics"
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

    async def inspect(
        self, settings: Any, endpoints: Sequence[Any], public_url: str, channel: ChannelName
    ) -> list[Finding]:
        from adapters.telegram.inspection import inspected

        return await inspected(settings, [e.chat for e in endpoints], public_url, channel)

    async def guide(self, talk: Talk, api_url: str) -> Draft:
        from adapters.telegram.guide import guided

        return await guided(talk, api_url)


adapter: Adapter = TelegramAdapter()
