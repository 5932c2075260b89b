"""What Trunkline finds by the entry point: signed HTTP as a kind of channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from adapters.webhook.settings import Endpoint, Settings
from bridge.channel import Adapter, Channel, Port, Problem
from bridge.core.content import Side
from bridge.core.ids import EndpointKey
from bridge.core.outcomes import Misconfigured


class WebhookAdapter:
    """Its channels can be configured and checked; speaking HTTP comes later, and until then they rest."""

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
        raise Misconfigured("the webhook adapter is not built yet: this channel rests")


adapter: Adapter = WebhookAdapter()
