"""What Trunkline finds by the entry point: Twilio as a kind of channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from adapters.twilio.settings import Endpoint, Settings
from bridge.channel import Adapter, Channel, Finding, Port, Problem
from bridge.channel.inspection import Draft, Talk
from bridge.core.content import Side
from bridge.core.ids import ChannelName, EndpointKey
from bridge.core.outcomes import Misconfigured


class TwilioAdapter:
    """Customers only. Importing it imports no HTTP client. It is also what `Inspects`, `SetsUp` and `Guides` ask for."""

    name = "twilio"
    label = "Twilio: SMS, WhatsApp, Messenger, RCS"
    Settings: type[BaseModel] = Settings
    Endpoint: type[BaseModel] = Endpoint
    sides = frozenset({Side.CUSTOMER})

    def endpoint_key(self, endpoint: Any) -> EndpointKey:
        return EndpointKey(endpoint.address)

    def needs_public_url(self, settings: Any) -> bool:
        return True

    def problems(self, settings: Any) -> list[Problem]:
        return []

    def open(self, settings: Any, endpoints: Sequence[Any], port: Port) -> Channel:
        from adapters.twilio.channel import TwilioChannel
        from adapters.twilio.outbound import unfit

        if words := unfit(port.webhook_url()):
            raise Misconfigured(words)
        return TwilioChannel(settings, port)

    async def inspect(
        self, settings: Any, endpoints: Sequence[Any], public_url: str, channel: ChannelName
    ) -> list[Finding]:
        from adapters.twilio.inspection import inspected

        return await inspected(settings, [e.address for e in endpoints], public_url, channel)

    async def set_up(
        self, settings: Any, endpoints: Sequence[Any], public_url: str, channel: ChannelName
    ) -> list[Finding]:
        from adapters.twilio.inspection import made

        return await made(settings, [e.address for e in endpoints], public_url, channel)

    async def guide(self, talk: Talk, api_url: str) -> Draft:
        from adapters.twilio.guide import guided

        return await guided(talk, api_url)


adapter: Adapter = TwilioAdapter()
