"""What Trunkline finds by the entry point: Twilio as a kind of channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from adapters.twilio.settings import Endpoint, Settings
from bridge.channel import Adapter, Channel, Port, Problem
from bridge.core.content import Side
from bridge.core.ids import EndpointKey


class TwilioAdapter:
    """Customers only. Importing it imports no HTTP client."""

    name = "twilio"
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

        return TwilioChannel(settings, [self.endpoint_key(e) for e in endpoints], port)


adapter: Adapter = TwilioAdapter()
