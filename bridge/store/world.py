"""What a group of events touches: read in a handful of statements whatever the group's size, decided on, written back.

Between `load` and `flush` a `World` is changed by pure decisions. One record stands for a row, however many events of the
group touch it, so two events of one conversation see each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from bridge.core.ids import BridgeName, ContactId, ConversationId
from bridge.store import rows
from bridge.store import world_sql as sql
from bridge.store.records import (
    ContactRecord,
    ConversationRecord,
    DeliveryRecord,
    InboxRecord,
    KeyRecord,
    MessageRecord,
    Pending,
    Recent,
    RemoteRecord,
    Written,
)
from bridge.store.statements import Statement, Steps, ask, write


@dataclass(slots=True)
class Needs:
    """What must be known: inbox ids, full keys of bindings and of messages, persons, full keys whose waiting events matter."""

    inbox: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    remotes: set[str] = field(default_factory=set)
    persons: set[str] = field(default_factory=set)
    waiting: set[str] = field(default_factory=set)
    deliveries: set[tuple[ConversationId, int]] = field(default_factory=set)
    """(conversation, n) of deliveries that a network gave back."""
    conversations: set[ConversationId] = field(default_factory=set)
    messages: set[tuple[ConversationId, int]] = field(default_factory=set)
    """(conversation, seq) of messages that are named by our own ids."""
    contacts: set[ContactId] = field(default_factory=set)
    """Contacts that are wanted whole: every address, conversation, and name at a network."""
    roads: dict[str, set[str]] = field(default_factory=dict)
    """Full keys of bindings whose messages come by several roads, with those that came now."""


@dataclass(slots=True)
class World:
    """`inbox` holds what is stored of events already."""

    inbox: dict[str, InboxRecord] = field(default_factory=dict)
    keys: dict[str, KeyRecord] = field(default_factory=dict)
    conversations: dict[ConversationId, ConversationRecord] = field(default_factory=dict)
    by_contact: dict[tuple[BridgeName, ContactId], ConversationRecord] = field(default_factory=dict)
    persons: dict[str, ContactRecord] = field(default_factory=dict)
    remotes: dict[str, list[RemoteRecord]] = field(default_factory=dict)
    messages: dict[tuple[ConversationId, int], MessageRecord] = field(default_factory=dict)
    deliveries: dict[tuple[ConversationId, int], DeliveryRecord] = field(default_factory=dict)
    waiting: dict[str, list[Pending]] = field(default_factory=dict)
    recent: list[Recent] = field(default_factory=list)
    addresses: dict[str, str] = field(default_factory=dict)
    """What makes each address one customer, by its scoped id."""
    out: Written = field(default_factory=Written)


def load(needs: Needs, of_waiting: Callable[[Needs, Pending], None] = lambda needs, waiting: None) -> Steps[World]:
    """`of_waiting` adds what must be known to decide an event that waited, which this group may release."""
    world = World()
    for id, *stored in (yield from _by(sql.INBOX, needs.inbox)):
        world.inbox[id] = InboxRecord(*stored)
    for row in (yield from _by(sql.KEYS, needs.keys)):
        world.keys[row.id] = rows.key(row)
    needs.persons |= {k.seen.person for k in world.keys.values() if k.seen and not k.binding}  # they may be joined yet
    waiting = needs.waiting | {k.id for k in world.keys.values() if k.held}
    for row in (yield from _by(sql.WAITING, waiting)):
        world.inbox[row.id] = InboxRecord(row.state, digest=row.digest)
        world.waiting.setdefault(row.waits_on, []).append(rows.pending(row))
    for held in world.waiting.values():
        for pending in held:
            of_waiting(needs, pending)
    yield from _load_remotes(world, needs)
    yield from _load_persons(world, needs)
    ids = needs.conversations | {k.conversation for k in world.keys.values() if k.conversation}
    ids |= {r.conversation for rs in world.remotes.values() for r in rs} | {
        d.conversation for d in world.deliveries.values()
    }
    yield from _load_conversations(world, ids - world.conversations.keys())
    while moved := {c.moved_to for c in world.conversations.values() if c.moved_to} - world.conversations.keys():
        yield from _load_conversations(world, moved)
    yield from _load_recent(world, needs)
    return world


def _load_recent(world: World, needs: Needs) -> Steps[None]:
    """Only where a binding's messages have come by more than one road: nobody else pays for it."""
    several = {c for id, roads in needs.roads.items() for c in _crossed(world, world.keys.get(id), roads)}
    for row in (yield from _by(sql.RECENT, several)):
        world.recent.append(rows.recent(row))


def _crossed(world: World, key: KeyRecord | None, roads: set[str]) -> Iterator[ConversationId]:
    """The conversations in which a message may stand that came by another road than `roads`: the one that the key leads to, or
    any of the customer's where it is new."""
    known = world.conversations.get(key.conversation) if key and key.conversation else None
    for conversation in [known] if known else world.by_contact.values():
        taken = {road for b in conversation.bindings.values() for road in b.roads.split()}
        if taken - roads or len(roads) > 1:
            yield conversation.id


def _by(statement: Statement, values: Iterable[str]) -> Steps[list[Any]]:
    found = list(values)
    return (yield from ask(statement, ids=found)) if found else []


def _load_remotes(world: World, needs: Needs) -> Steps[None]:
    """The messages that events refer to, with their deliveries: the little that an edit or a receipt needs."""
    for row in (yield from _by(sql.REMOTES, needs.remotes)):
        record = RemoteRecord(conversation=row.conversation_id, seq=row.seq, n=row.n, binding=row.binding)
        world.remotes.setdefault(row.id, []).append(record)
    if needs.deliveries:
        yield from _load_deliveries(world, needs.deliveries)
    pairs = needs.messages | {(r.conversation, r.seq) for rs in world.remotes.values() for r in rs}
    pairs |= {(d.conversation, d.seq) for d in world.deliveries.values() if d.seq is not None}
    if pairs:
        yield from _load_messages(world, pairs)


def _load_deliveries(world: World, wanted: set[tuple[ConversationId, int]]) -> Steps[None]:
    ids, ns = list({c for c, _ in wanted}), [n for _, n in wanted]
    for row in (yield from ask(sql.DELIVERIES_BY_N, ids=ids, ns=ns)):
        if (row.conversation_id, row.n) in wanted:
            world.deliveries[row.conversation_id, row.n] = rows.delivery(row)


def _load_messages(world: World, wanted: set[tuple[ConversationId, int]]) -> Steps[None]:
    which = {"ids": list({c for c, _ in wanted}), "seqs": [seq for _, seq in wanted]}
    for row in (yield from ask(sql.MESSAGES, **which)):
        if (row.conversation_id, row.seq) in wanted:
            world.messages[row.conversation_id, row.seq] = rows.message(row)
    for row in (yield from ask(sql.CHANGES, **which)):
        if message := world.messages.get((row.conversation_id, row.seq)):
            message.changes, message.deleted, message.text = row.k, row.kind == "deleted", row.text
    for row in (yield from ask(sql.DELIVERIES, **which)):
        if (row.conversation_id, row.seq) in wanted:
            world.deliveries.setdefault((row.conversation_id, row.n), rows.delivery(row))


def _load_persons(world: World, needs: Needs) -> Steps[None]:
    """Contacts by what makes addresses the same customer, and their conversations."""
    rows_of = (yield from _by(sql.PERSONS, needs.persons)) + (yield from _by(sql.ADDRESSES_OF, needs.contacts))
    for row in rows_of:
        world.addresses[row.id] = row.person
        contact = world.persons.get(row.person)
        if contact is None:
            known = next((c for c in world.persons.values() if c.id == row.contact_id), None)
            contact = known or ContactRecord(id=row.contact_id, name=row.name, created_at=row.created_at)
            world.persons[row.person] = contact
        contact.addresses.add(row.id)  # scoped by its channel
    contacts = {c.id for c in world.persons.values()} | needs.contacts
    ids = {row.id for row in (yield from _by(sql.OF_CONTACTS, contacts))}
    yield from _load_conversations(world, ids)
    if needs.contacts:
        for row in (yield from _by(sql.KEYS_OF, ids)):
            world.keys.setdefault(row.id, rows.key(row))


def _load_conversations(world: World, ids: Iterable[str]) -> Steps[None]:
    for row in (yield from _by(sql.CONVERSATIONS, ids)):
        conversation = world.conversations.get(row.id)
        if conversation is None:
            conversation = world.conversations[row.id] = rows.conversation(row)
            world.by_contact[conversation.bridge, conversation.contact] = conversation
        conversation.bindings[row.binding] = rows.binding(row)


def flush(world: World) -> Steps[None]:
    """Writes what the decisions changed, parents before children."""
    out = world.out
    contacts = {c.id: c for c in world.persons.values()}.values()
    bindings = [b for c in world.conversations.values() for b in c.bindings.values()]
    yield from write(sql.INSERT_INBOX, out.inbox)
    yield from write(sql.UPDATE_INBOX, out.inbox_updates)
    yield from write(sql.INSERT_CONTACT, [rows.contact_row(c) for c in contacts if c.new])
    yield from write(sql.UPDATE_CONTACT, [rows.contact_row(c) for c in contacts if c.changed and not c.new])
    yield from write(sql.INSERT_ADDRESS, out.addresses)
    yield from write(sql.INSERT_CONVERSATION, [rows.conversation_row(c) for c in world.conversations.values() if c.new])
    changed = [rows.conversation_row(c) for c in world.conversations.values() if c.changed and not c.new]
    yield from write(sql.UPDATE_CONVERSATION, changed)
    yield from write(sql.INSERT_BINDING, [rows.binding_row(b) for b in bindings if b.new])
    yield from write(sql.UPDATE_BINDING, [rows.binding_row(b) for b in bindings if b.changed and not b.new])
    yield from write(sql.INSERT_KEY, [rows.key_row(k) for k in world.keys.values() if k.new])
    yield from write(sql.UPDATE_KEY, [rows.key_row(k) for k in world.keys.values() if k.changed and not k.new])
    yield from write(sql.INSERT_PARTICIPANT, out.participants)
    yield from write(sql.INSERT_MESSAGE, out.messages)
    yield from write(sql.INSERT_CHANGE, out.changes)
    yield from write(sql.INSERT_ATTACHMENT, out.attachments)
    yield from write(sql.INSERT_REMOTE, out.remotes)
    yield from write(sql.INSERT_DELIVERY, out.deliveries)
    yield from write(sql.SETTLE_DELIVERY, out.settled)
    yield from write(sql.INSERT_RECEIPT, out.receipts)
    yield from write(sql.TWIN, out.twins)
    yield from write(sql.MOVE_ADDRESS, out.moved)
