"""One customer who turned out to be two, or two who are one. Nothing on its way changes its target: what was said to an address
goes to that address; from then on the names at the networks lead to where the customer is now.
"""

from __future__ import annotations

from dataclasses import dataclass

from bridge.core.content import Side
from bridge.core.ids import ContactId, ConversationId
from bridge.core.log import Change
from bridge.core.notices import goes_on, left, took_over
from bridge.relay import tell
from bridge.relay.context import Context
from bridge.relay.people import add_leg, ensure_agents
from bridge.store.records import BindingRecord, ContactRecord, ConversationRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """`source` is the same customer as `target`, who goes on."""

    source: ContactId
    target: ContactId


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """The addresses of `person` (what makes addresses one customer without being told so) belong to somebody else."""

    contact: ContactId
    person: str


class CannotBe(ValueError):
    """There is no such contact, or nothing would be left of it; the words are for a person."""


def merge(ctx: Context, wish: Merge) -> ContactId:
    """The contact that goes on. In every bridge the two conversations become one."""
    source, target = _contact(ctx, wish.source), _contact(ctx, wish.target)
    if source is target:
        raise CannotBe("a contact can’t be merged with itself")
    if source.name and not target.name:
        target.name, target.changed = source.name, True
    for old in [c for c in ctx.world.conversations.values() if c.contact == source.id]:
        now = ctx.world.by_contact.get((old.bridge, target.id))
        if now is None:
            old.contact, old.name, old.changed = target.id, target.name, True
            ctx.world.by_contact[old.bridge, target.id] = old
        else:
            _join(ctx, old, now, source.addresses)
    _hand_over(ctx, source, target, set(source.addresses))
    return target.id


def split(ctx: Context, wish: Split) -> ContactId:
    """The new contact, with a conversation of its own in every bridge."""
    contact = _contact(ctx, wish.contact)
    moving = {a for a, person in ctx.world.addresses.items() if person == wish.person} & contact.addresses
    if not moving or moving == contact.addresses:
        raise CannotBe("an address can only be split from a contact that has it and others")
    other = ContactRecord(id=ContactId(ctx.new_id()), name="", created_at=ctx.now, new=True)
    ctx.world.persons[wish.person] = other
    for conversation in [c for c in ctx.world.conversations.values() if c.contact == contact.id]:
        legs = [b for b in conversation.bindings.values() if b.side is Side.CUSTOMER and b.scoped_address in moving]
        if legs:
            _part(ctx, conversation, other, legs, contact.addresses - moving)
    _hand_over(ctx, contact, other, moving)
    return other.id


def _contact(ctx: Context, id: ContactId) -> ContactRecord:
    for contact in ctx.world.persons.values():
        if contact.id == id:
            return contact
    raise CannotBe("there is no such contact")


def _hand_over(ctx: Context, source: ContactRecord, target: ContactRecord, addresses: set[str]) -> None:
    for id in sorted(addresses):
        ctx.world.out.moved.append({"id_": id, "contact_id": target.id})
        ctx.world.persons[ctx.world.addresses[id]] = target
    source.addresses -= addresses
    target.addresses |= addresses


def _join(ctx: Context, old: ConversationRecord, now: ConversationRecord, addresses: set[str]) -> None:
    """All of `old` leads to `now`: the customer's threads, and the agents' topics, in which somebody may still write. Legs of
    addresses that it had once, and that are somebody else's by now, stay behind."""
    later = old.active_at > now.active_at
    for leg in old.bindings.values():
        if leg.side is Side.CUSTOMER and leg.scoped_address not in addresses:
            continue
        there = _move(ctx, leg, now)
        if later and leg.id == old.answer:
            now.answer = there.id
    ensure_agents(ctx, now)
    now.active_at, now.changed = ctx.now, True
    old.state, old.moved_to, old.changed = "closed", now.id, True
    _say(ctx, old, goes_on(tell.view(now).title))
    _say(ctx, now, took_over(tell.view(old).title))
    tell.happened(ctx, old, Change.CLOSED)
    old.answer = None  # its title was made of it
    tell.happened(ctx, now, Change.UPDATED)


def _part(
    ctx: Context, old: ConversationRecord, contact: ContactRecord, legs: list[BindingRecord], staying: set[str]
) -> None:
    """The legs of one customer leave a conversation for one of their own; `staying` are the addresses of who stays."""
    new = ConversationRecord(
        id=ConversationId(ctx.new_id()),
        bridge=old.bridge,
        contact=contact.id,
        created_at=ctx.now,
        active_at=ctx.now,
        new=True,
    )
    ctx.world.conversations[new.id] = new
    ctx.world.by_contact[new.bridge, contact.id] = new
    for leg in legs:
        there = _move(ctx, leg, new)
        if new.answer is None or leg.id == old.answer:
            new.answer = there.id
    ensure_agents(ctx, new)
    gone = {leg.id for leg in legs}
    if old.answer in gone:
        rest = [b.id for b in old.bindings.values() if b.side is Side.CUSTOMER and b.scoped_address in staying]
        old.answer, old.changed = (rest[-1] if rest else None), True
    _say(ctx, old, left(legs[0].label))
    tell.happened(ctx, old, Change.UPDATED)


def _move(ctx: Context, leg: BindingRecord, to: ConversationRecord) -> BindingRecord:
    """The same leg in another conversation: what the network calls it leads there. What is on its way stays where it is."""
    same = (leg.channel, leg.endpoint, leg.address)
    there = next((b for b in to.bindings.values() if (b.channel, b.endpoint, b.address) == same), None)
    if there is None:
        there = add_leg(to, leg.channel, leg.side, leg.endpoint)
        there.address, there.label, there.network, there.roads = leg.address, leg.label, leg.network, leg.roads
    if there.key is None and leg.side is Side.CUSTOMER:
        there.key, there.meta, there.changed = leg.key, leg.meta, True
    for key in ctx.world.keys.values():
        if key.binding == leg.id:
            key.binding, key.conversation, key.changed = there.id, to.id, True
    return there


def _say(ctx: Context, conversation: ConversationRecord, words: str) -> None:
    for leg in list(conversation.bindings.values()):
        if leg.side is Side.AGENT:
            tell.notice(ctx, conversation, leg.id, words)
