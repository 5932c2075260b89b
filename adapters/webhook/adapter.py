"""What Trunkline finds by the entry point: signed HTTP as a kind of channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from adapters.webhook.settings import Endpoint, Settings
from bridge.channel import Adapter, Channel, Port, Problem
from bridge.core.content import Side
from bridge.core.ids import EndpointKey


class WebhookAdapter:
    """Customers or agents. Importing it imports no HTTP client."""

    name = "webhook"
    Settings: type[BaseModel] = Settings
    Endpoint: type[BaseModel] = Endpoint
    sides = frozenset(Side)

    def endpoint_key(self, endpoint: Any) -> EndpointKey:
        return EndpointKey("")  # the channel is the endpoint

    def needs_public_url(self, settings: Any) -> bool:
        return False  # whoever posts to us is told where by its own admin

    def problems(self, settings: Any) -> list[Problem]:
        return []

    def open(self, settings: Any, endpoints: Sequence[Any], port: Port) -> Channel:
        from adapters.webhook.channel import WebhookChannel

        return WebhookChannel(settings, port)


adapter: Adapter = WebhookAdapter()
