"""Which bridge an endpoint belongs to, and who stands on its sides: the relay's own view of the configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from bridge.core.capabilities import Capabilities, Form
from bridge.core.content import Side
from bridge.core.events import BindingSeen, First
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

    def customers(self) -> Iterable[Endpoint]:
        return (e for e in self.endpoints if e.side is Side.CUSTOMER)


Addressing = Callable[[ChannelName, EndpointKey, str], BindingSeen | None]


class Directory:
    """Every bridge, by name and by the endpoints that it names. `capabilities` may be called from the store's thread. `forms` are
    those of channels whose legs take something else than parts; `addressing` asks a customers' channel whom an address names."""

    def __init__(
        self,
        bridges: Iterable[Bridge],
        capabilities: Callable[[BindingRecord], Capabilities],
        describes: frozenset[ChannelName] = frozenset(),
        forms: Mapping[ChannelName, Form] | None = None,
        addressing: Addressing = lambda channel, endpoint, address: None,
        link: Callable[[str], str] | None = None,
    ) -> None:
        self.bridges = {b.name: b for b in bridges}
        self.capabilities = capabilities
        self.describes = describes
        """The channels that can be asked who is in a conversation."""
        self._forms = forms or {}
        self.addressing = addressing
        self.link = link
        """The signed URL of a file by its public id, where files are served."""
        self._by_endpoint = {(e.channel, e.key): (b, e) for b in self.bridges.values() for e in b.endpoints}

    def side(self, channel: ChannelName, key: EndpointKey) -> Side | None:
        """On which side the endpoint stands; None where no bridge names it."""
        found = self._by_endpoint.get((channel, key)) or self._by_endpoint.get((channel, ANY))
        return found[1].side if found else None

    def form(self, channel: ChannelName) -> Form:
        return self._forms.get(channel, Form.PARTS)

    def listens(self, bridge: BridgeName) -> bool:
        """Does anybody there want more than messages: receipts, and news of conversations?"""
        found = self.bridges.get(bridge)
        return found is not None and any(e.channel in self._forms for e in found.endpoints)

    def follows(self, bridge: BridgeName) -> bool:
        """Does anybody there follow the message log?"""
        found = self.bridges.get(bridge)
        return found is not None and any(self.form(e.channel) is Form.LOG for e in found.endpoints)

    def find(self, channel: ChannelName, key: EndpointKey) -> Bridge | None:
        """The bridge that names the endpoint, else the one whose ``"*"`` takes what no bridge names."""
        found = self._by_endpoint.get((channel, key)) or self._by_endpoint.get((channel, ANY))
        return found[0] if found else None

    def addressee(self, channel: ChannelName, to: First) -> First:
        """Whom an agents' endpoint wants to write to first, as the customer's own channel knows them; as it was where that can't
        be: `sender` must be one of the bridge's own addresses."""
        bridge = self.find(channel, to.endpoint)
        for e in bridge.customers() if bridge else ():
            if e.key == to.sender and (found := self.addressing(e.channel, e.key, to.to)) is not None:
                return replace(to, channel=e.channel, addressee=found)
        return replace(to, channel=None, addressee=None)

    def names(self, binding: BindingRecord, bridge: BridgeName) -> bool:
        """Does `bridge` still name the binding's endpoint, on its side? What moved to another bridge is none of its any more."""
        key = (binding.channel, binding.endpoint)
        found = self._by_endpoint.get(key) or self._by_endpoint.get((binding.channel, ANY))
        return found is not None and found[0].name == bridge and found[1].side is binding.side
