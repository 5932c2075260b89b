"""Which bridge an endpoint belongs to, and who stands on its sides: the relay's own view of the configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bridge.core.capabilities import Capabilities
from bridge.core.content import Side
from bridge.core.ids import BridgeName, ChannelName, EndpointKey
from bridge.store.records import BindingRecord

ANY = EndpointKey("*")


@dataclass(frozen=True, slots=True)
class Endpoint:
    channel: ChannelName
    side: Side
    key: EndpointKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """One configured bridge. `agent_name` is whom customers see."""

    name: BridgeName
    agent_name: str
    give_up_after_s: float
    endpoints: tuple[Endpoint, ...]

    def agents(self) -> Iterable[Endpoint]:
        return (e for e in self.endpoints if e.side is Side.AGENT)


class Directory:
    """Every bridge, by name and by the endpoints that it names. `capabilities` may be called from the store's thread."""

    def __init__(
        self,
        bridges: Iterable[Bridge],
        capabilities: Callable[[BindingRecord], Capabilities],
        describes: frozenset[ChannelName] = frozenset(),
    ) -> None:
        self.bridges = {b.name: b for b in bridges}
        self.capabilities = capabilities
        self.describes = describes
        """The channels that can be asked who is in a conversation."""
        self._by_endpoint = {(e.channel, e.key): (b, e) for b in self.bridges.values() for e in b.endpoints}

    def find(self, channel: ChannelName, key: EndpointKey) -> Bridge | None:
        """The bridge that names the endpoint, else the one whose ``"*"`` takes what no bridge names."""
        found = self._by_endpoint.get((channel, key)) or self._by_endpoint.get((channel, ANY))
        return found[0] if found else None

    def names(self, binding: BindingRecord, bridge: BridgeName) -> bool:
        """Does `bridge` still name the binding's endpoint, on its side? What moved to another bridge is none of its any more."""
        key = (binding.channel, binding.endpoint)
        found = self._by_endpoint.get(key) or self._by_endpoint.get((binding.channel, ANY))
        return found is not None and found[0].name == bridge and found[1].side is binding.side
