"""The statements by which a `World` is read and written."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from bridge.store import tables as t
from bridge.store.statements import Statement, any_of, columns

address, binding, change = columns(t.Address), columns(t.Binding), columns(t.MessageChange)
contact, conversation, delivery, inbox = (
    columns(t.Contact),
    columns(t.Conversation),
    columns(t.Delivery),
    columns(t.Inbox),
)
RECENT_MESSAGES = 50
"""So far back a message is looked for that came by another road: more than anybody writes in a minute."""
key, message, remote = columns(t.BindingKey), columns(t.Message), columns(t.RemoteId)


def inserting(table: Any) -> Statement:
    return Statement(insert(table).values({c.name: bindparam(c.name) for c in columns(table)}))


def inserting_new(table: Any) -> Statement:
    """What is there already stays. The clause is PostgreSQL's and SQLite's alike; the class is the former's."""
    values: Any = {c.name: bindparam(c.name) for c in columns(table)}
    return Statement(upsert(table).values(values).on_conflict_do_nothing())


def updating(table: Any, *names: str) -> Statement:
    """By id, which is the parameter ``id_``."""
    return Statement(
        update(table).where(columns(table).id == bindparam("id_")).values({n: bindparam(n) for n in names})
    )


def of_messages(of: Any) -> Statement:
    """Rows of some messages: by conversations and numbers, a superset that the caller narrows."""
    return Statement(select(*of).where(any_of(of.conversation_id, "ids"), any_of(of.seq, "seqs")), "ids", "seqs")


INBOX = Statement(
    select(inbox.id, inbox.state, inbox.conversation_id, inbox.seq, inbox.digest).where(any_of(inbox.id, "ids")), "ids"
)
KEYS = Statement(select(*key).where(any_of(key.id, "ids")), "ids")
WAITING = Statement(
    select(*inbox).where(any_of(inbox.waits_on, "ids"), text("state = 'pending'")).order_by(inbox.index, inbox.at),
    "ids",
)
REMOTES = Statement(
    select(remote.id, remote.conversation_id, remote.n, remote.seq, remote.binding).where(any_of(remote.id, "ids")),
    "ids",
)
MESSAGES = of_messages(message)
CHANGES = Statement(
    select(*change).where(any_of(change.conversation_id, "ids"), any_of(change.seq, "seqs")).order_by(change.k),
    "ids",
    "seqs",
)
DELIVERIES = of_messages(delivery)
DELIVERIES_BY_N = Statement(
    select(*delivery).where(any_of(delivery.conversation_id, "ids"), any_of(delivery.n, "ns")), "ids", "ns"
)
PERSONS = Statement(
    select(address.id, address.address, address.person, address.contact_id, contact.name, contact.created_at)
    .join(t.Contact, contact.id == address.contact_id)
    .where(any_of(address.person, "ids")),
    "ids",
)
ADDRESSES_OF = Statement(
    select(address.id, address.address, address.person, address.contact_id, contact.name, contact.created_at)
    .join(t.Contact, contact.id == address.contact_id)
    .where(any_of(address.contact_id, "ids")),
    "ids",
)
KEYS_OF = Statement(select(*key).where(any_of(key.conversation_id, "ids")), "ids")
MOVE_ADDRESS = updating(t.Address, "contact_id")
OF_CONTACTS = Statement(select(conversation.id).where(any_of(conversation.contact_id, "ids")), "ids")
CONVERSATIONS = Statement(
    select(
        *conversation,
        contact.name,
        binding.id.label("binding"),
        *[c for c in binding if c.name not in ("id", "conversation_id")],
    )
    .join(t.Contact, contact.id == conversation.contact_id)
    .join(t.Binding, binding.conversation_id == conversation.id)
    .where(any_of(conversation.id, "ids")),
    "ids",
)
INSERT_INBOX = inserting(t.Inbox)
RECENT = Statement(
    select(
        message.conversation_id,
        message.seq,
        message.binding,
        message.road,
        message.fingerprint,
        message.accepted_at,
        message.twin,
    )
    .join(t.Conversation, conversation.id == message.conversation_id)
    .where(
        any_of(message.conversation_id, "ids"),
        message.seq > conversation.last_seq - RECENT_MESSAGES,
        message.road != "",
    )
    .order_by(message.seq),
    "ids",
)
UPDATE_INBOX = updating(t.Inbox, "state", "waits_for", "waits_on", "due", "tries", "event", "conversation_id", "seq")
INSERT_CONTACT = inserting(t.Contact)
UPDATE_CONTACT = updating(t.Contact, "name")
INSERT_ADDRESS = inserting_new(t.Address)
INSERT_CONVERSATION = inserting(t.Conversation)
UPDATE_CONVERSATION = updating(
    t.Conversation, "contact_id", "state", "last_seq", "last_n", "last_binding", "answer", "moved_to", "active_at"
)
INSERT_BINDING = inserting(t.Binding)
UPDATE_BINDING = updating(t.Binding, "key", "meta", "label", "network", "roads")
INSERT_KEY = inserting(t.BindingKey)
UPDATE_KEY = updating(t.BindingKey, "binding", "conversation_id", "state", "next_index", "held", "seen")
INSERT_PARTICIPANT = inserting_new(t.Participant)
INSERT_MESSAGE = inserting(t.Message)
INSERT_CHANGE = inserting(t.MessageChange)
INSERT_ATTACHMENT = inserting(t.Attachment)
INSERT_REMOTE = inserting_new(t.RemoteId)
INSERT_DELIVERY = inserting(t.Delivery)
INSERT_RECEIPT = inserting_new(t.Receipt)
TWIN = Statement(
    update(t.Message)
    .where(message.conversation_id == bindparam("conversation_"), message.seq == bindparam("seq_"))
    .values(twin=bindparam("twin"))
)
SETTLE_DELIVERY = Statement(
    update(t.Delivery)
    .where(delivery.conversation_id == bindparam("conversation_"), delivery.n == bindparam("n_"))
    .values({c: bindparam(c) for c in ("state", "receipt", "code", "words")})
)
