"""A conversation seen at a network -> its contact, its conversation with us, its binding. Each is made once."""

from __future__ import annotations

from dataclasses import replace

from bridge.core.content import Side
from bridge.core.events import BindingSeen, First, Within
from bridge.core.ids import BindingId, ChannelName, ContactId, ConversationId, EndpointKey
from bridge.core.log import Change
from bridge.core.notices import crowded
from bridge.relay.context import Context
from bridge.relay.directory import Bridge
from bridge.relay.tell import happened, notice
from bridge.store.records import BindingRecord, ContactRecord, ConversationRecord, KeyRecord, full


def seen(ctx: Context, channel: ChannelName, event: BindingSeen) -> KeyRecord:
    """What the network said of a binding is recorded; where a bridge names its endpoint, it is joined to a conversation."""
    id = full(channel, event.binding)
    key = ctx.world.keys.get(id)
    if key is None:
        key = ctx.world.keys[id] = KeyRecord(id=id, channel=channel, key=event.binding, new=True)
    if event.renamed and (conversation := ctx.conversation_of(key)) is not None:
        _renamed(ctx, conversation, key, event)
        return key
    event = replace(event, others=max(event.others, _others(ctx, key, event)))
    if key.seen is None or not key.binding or event.others:
        key.seen, key.changed = event, True
    if key.binding and event.others:
        _crowded(ctx, key, event)
    if event.state != "open":
        key.state, key.changed = event.state, True
    if key.binding and not event.others:
        _refreshed(ctx, key, event)
    if not key.binding:
        join(ctx, key)
    return key


def _refreshed(ctx: Context, key: KeyRecord, event: BindingSeen) -> None:
    """What the network says anew of a binding: a name that wasn't known, what the adapter must know to answer."""
    conversation = ctx.conversation_of(key)
    if conversation is None or key.binding is None:
        return
    _named(ctx, ctx.world.persons.get(event.person), event.name)
    binding = conversation.bindings[key.binding]
    if binding.key == key.key and event.meta and binding.meta != event.meta:
        binding.meta, binding.changed = event.meta, True


def _named(ctx: Context, contact: ContactRecord | None, name: str) -> None:
    """The first name that a network gives stays: agents know the customer by it."""
    if contact is None or not name or contact.name:
        return
    contact.name, contact.changed = name, True
    for conversation in ctx.world.conversations.values():
        if conversation.contact == contact.id:
            conversation.name = name
            if conversation.last_seq:
                happened(ctx, conversation, Change.UPDATED)


def _renamed(ctx: Context, conversation: ConversationRecord, key: KeyRecord, event: BindingSeen) -> None:
    """The customer goes on under another address, in the same thread at the network and so in the same conversation here."""
    contact = ctx.world.persons.get(event.person)
    if contact is None or contact.id == conversation.contact:
        _address(ctx, key.channel, event, conversation.contact)
    old = conversation.bindings[key.binding] if key.binding else None
    binding = _binding(conversation, key.channel, event)
    binding.key, binding.meta, binding.changed = key.key, event.meta, True
    if old is not None and old is not binding:
        if old.key == key.key:
            old.key, old.changed = None, True
        if conversation.answer in (None, old.id):
            conversation.answer, conversation.changed = binding.id, True
    key.seen, key.binding, key.changed = event, binding.id, True


def addressed(
    ctx: Context, channel: ChannelName, to: Within | First
) -> tuple[ConversationRecord, BindingRecord] | None:
    """The conversation that an agents' endpoint names, and its own leg in it; None where it has no such conversation."""
    bridge = ctx.directory.find(channel, to.endpoint)
    if bridge is None:
        return None
    if isinstance(to, Within):
        conversation = _present(ctx, to.conversation)
    else:
        conversation = _first(ctx, bridge, to.channel, to.addressee) if to.channel and to.addressee else None
    if conversation is None or conversation.bridge != bridge.name:
        return None
    ensure_agents(ctx, conversation)
    for leg in conversation.bindings.values():
        if (leg.channel, leg.endpoint, leg.side) == (channel, to.endpoint, Side.AGENT):
            return conversation, leg
    return None


def _present(ctx: Context, id: ConversationId) -> ConversationRecord | None:
    """The conversation, or the one in which it goes on."""
    conversation = ctx.world.conversations.get(id)
    while conversation is not None and conversation.moved_to is not None:
        conversation = ctx.world.conversations.get(conversation.moved_to)
    return conversation


def _first(ctx: Context, bridge: Bridge, channel: ChannelName, to: BindingSeen) -> ConversationRecord:
    """The conversation with a customer who may never have written; what is said goes over the pair of addresses that is named."""
    contact = _contact(ctx, channel, to)
    conversation = _conversation(ctx, bridge, contact)
    binding = _binding(conversation, channel, to)
    conversation.answer, conversation.changed = binding.id, True
    return conversation


def _others(ctx: Context, key: KeyRecord, event: BindingSeen) -> int:
    """How many more than this customer were seen there: a network may tell of each by an event of its own. Who was once in a
    thread may still read it, so the number never falls."""
    known = key.seen
    if known is None:
        conversation = ctx.conversation_of(key)
        if conversation is None or key.binding is None:
            return 0
        return int(conversation.bindings[key.binding].address != event.address)
    another = known.address and event.address and known.address != event.address
    return max(known.others, int(bool(another)))


def _crowded(ctx: Context, key: KeyRecord, event: BindingSeen) -> None:
    """Another customer joined a thread that was relayed: it is no longer, and the agents read why."""
    conversation = ctx.conversation_of(key)
    if conversation is None or key.binding is None:
        return
    binding = conversation.bindings[key.binding]
    if binding.key == key.key:
        binding.key, binding.changed = None, True
    key.binding = key.conversation = None
    key.changed = True
    for leg in conversation.bindings.values():
        if leg.side is Side.AGENT:
            notice(ctx, conversation, leg.id, crowded(binding.label))


def join(ctx: Context, key: KeyRecord) -> ConversationRecord | None:
    """The conversation that a recorded key belongs to, made where it must be; None where it is relayed nowhere."""
    event = key.seen
    if event is None:
        return None
    bridge = ctx.directory.find(key.channel, event.endpoint)
    if bridge is None or event.others or not event.address:
        ctx.accepted.news.append(_unrouted(key, event, bridge))
        return None
    contact = _contact(ctx, key.channel, event)
    conversation = _conversation(ctx, bridge, contact)
    binding = _binding(conversation, key.channel, event)
    if event.state == "open":
        binding.key, binding.meta, binding.changed = key.key, event.meta, True
    key.binding, key.conversation, key.changed = binding.id, conversation.id, True
    conversation.answer = conversation.answer or binding.id
    return conversation


def ensure_agents(ctx: Context, conversation: ConversationRecord) -> None:
    """A binding for every agents' endpoint that the bridge names today."""
    bridge = ctx.directory.bridges.get(conversation.bridge)
    if bridge is None:
        return
    have = {(b.channel, b.endpoint) for b in conversation.bindings.values() if b.side is Side.AGENT}
    for e in bridge.agents():
        if (e.channel, e.key) not in have:
            add_leg(conversation, e.channel, Side.AGENT, e.key)


def _contact(ctx: Context, channel: ChannelName, event: BindingSeen) -> ContactRecord:
    name = event.name
    contact = ctx.world.persons.get(event.person)
    if contact is None:
        contact = ContactRecord(id=ContactId(ctx.new_id()), name=name, created_at=ctx.now, new=True)
        ctx.world.persons[event.person] = contact
    _named(ctx, contact, name)
    if full(channel, event.address) not in contact.addresses:
        contact.addresses.add(full(channel, event.address))
        _address(ctx, channel, event, contact.id)
    return contact


def _address(ctx: Context, channel: ChannelName, event: BindingSeen, contact: ContactId) -> None:
    row = {"id": full(channel, event.address), "address": event.address, "person": event.person, "contact_id": contact}
    ctx.world.out.addresses.append(row | {"network": event.network, "created_at": ctx.now})


def _conversation(ctx: Context, bridge: Bridge, contact: ContactRecord) -> ConversationRecord:
    conversation = ctx.world.by_contact.get((bridge.name, contact.id))
    if conversation is None:
        conversation = ConversationRecord(
            id=ConversationId(ctx.new_id()),
            bridge=bridge.name,
            contact=contact.id,
            name=contact.name,
            created_at=ctx.now,
            active_at=ctx.now,
            new=True,
        )
        ctx.world.conversations[conversation.id] = conversation
        ctx.world.by_contact[bridge.name, contact.id] = conversation
    return conversation


def _binding(conversation: ConversationRecord, channel: ChannelName, event: BindingSeen) -> BindingRecord:
    for b in conversation.bindings.values():
        if (b.channel, b.endpoint, b.address) == (channel, event.endpoint, event.address):
            return b
    binding = add_leg(conversation, channel, Side.CUSTOMER, event.endpoint)
    binding.address, binding.label, binding.network = event.address, event.label, event.network
    return binding


def add_leg(conversation: ConversationRecord, channel: ChannelName, side: Side, endpoint: EndpointKey) -> BindingRecord:
    conversation.last_binding += 1
    conversation.changed = True
    id = BindingId(f"{conversation.id}.{conversation.last_binding}")
    binding = BindingRecord(
        id=id, conversation=conversation.id, channel=channel, side=side, endpoint=endpoint, network=channel, new=True
    )
    conversation.bindings[id] = binding
    return binding


def _unrouted(key: KeyRecord, event: BindingSeen, bridge: Bridge | None) -> str:
    if bridge is None:
        return f"{key.channel}: {key.key} runs over {event.endpoint}, which no bridge names: recorded, not relayed"
    if not event.address:
        return f"{key.channel}: {key.key} has no customer in it: recorded, not relayed"
    return f"{key.channel}: {key.key} has {event.others + 1} customers in it: recorded, not relayed"
