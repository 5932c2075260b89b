"""The channels that are open, and what each can do: asked once, when it is opened."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.channel.adapter import (
    Channel,
    DescribesBindings,
    EditsMessages,
    FetchesHistory,
    FetchesMedia,
    FindsDeliveries,
    FollowsLog,
    KnowsAddresses,
    OpensBindings,
    Runs,
    ServesSockets,
    Warms,
)
from bridge.channel.outbound import Binding
from bridge.core.capabilities import Form, Support
from bridge.core.ids import ChannelName, EndpointKey
from bridge.core.outcomes import Misconfigured
from bridge.store.records import BindingRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A channel with its abilities, each None where it hasn't it."""

    name: ChannelName
    channel: Channel
    opens: OpensBindings | None
    edits: EditsMessages | None
    media: FetchesMedia | None
    finds: FindsDeliveries | None
    describes: DescribesBindings | None
    history: FetchesHistory | None
    follows: FollowsLog | None
    addresses: KnowsAddresses | None
    sockets: ServesSockets | None
    warms: Warms | None
    runs: Runs | None


def opened(name: ChannelName, channel: Channel, endpoints: list[EndpointKey]) -> Open:
    """Asks for the abilities and holds them against what the channel declares. Raises `Misconfigured` where they differ."""
    found = Open(
        name=name,
        channel=channel,
        opens=channel if isinstance(channel, OpensBindings) else None,
        edits=channel if isinstance(channel, EditsMessages) else None,
        media=channel if isinstance(channel, FetchesMedia) else None,
        finds=channel if isinstance(channel, FindsDeliveries) else None,
        describes=channel if isinstance(channel, DescribesBindings) else None,
        history=channel if isinstance(channel, FetchesHistory) else None,
        follows=channel if isinstance(channel, FollowsLog) else None,
        addresses=channel if isinstance(channel, KnowsAddresses) else None,
        sockets=channel if isinstance(channel, ServesSockets) else None,
        warms=channel if isinstance(channel, Warms) else None,
        runs=channel if isinstance(channel, Runs) else None,
    )
    for endpoint in endpoints:
        caps = channel.capabilities(Binding(endpoint=endpoint))
        if (caps.form is Form.LOG) != (found.follows is not None):
            raise Misconfigured(
                f"the adapter of {name} declares form {caps.form!r}, which its heard() doesn’t bear out"
            )
        if caps.form is Form.PARTS and (caps.edit >= Support.PARTIAL) != (found.edits is not None):
            raise Misconfigured(
                f"the adapter of {name} declares edit {caps.edit.name} and has {'' if found.edits else 'no '}edit()"
            )
        if (caps.send_once == "lookup") != (found.finds is not None):
            raise Misconfigured(
                f"the adapter of {name} declares send_once {caps.send_once!r}, which its find() doesn’t bear out"
            )
    return found


def as_binding(record: BindingRecord) -> Binding:
    """What the adapter sees of a binding."""
    return Binding(
        endpoint=record.endpoint, key=record.key, address=record.address, network=record.network, meta=record.meta
    )
