"""What Trunkline finds by the entry point: IRC as a kind of channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from bridge.channel import Adapter, Channel, Port, Problem
from bridge.core.content import Side
from bridge.core.ids import EndpointKey
from bridge.core.outcomes import Misconfigured
from trunkline_irc.settings import Endpoint, Settings


class IrcAdapter:
    """Customers only."""

    name = "irc"
    Settings: type[BaseModel] = Settings
    Endpoint: type[BaseModel] = Endpoint
    sides = frozenset({Side.CUSTOMER})

    def endpoint_key(self, endpoint: Any) -> EndpointKey:
        return EndpointKey(endpoint.nick)

    def needs_public_url(self, settings: Any) -> bool:
        return False  # we connect to the server, it never calls us

    def problems(self, settings: Any) -> list[Problem]:
        return []

    def open(self, settings: Any, endpoints: Sequence[Any], port: Port) -> Channel:
        from trunkline_irc.channel import IrcChannel

        nicks = {e.nick for e in endpoints}
        if len(nicks) != 1:
            raise Misconfigured("an IRC channel has one nick: make a channel of its own for each")
        return IrcChannel(settings, nicks.pop(), port)


adapter: Adapter = IrcAdapter()
