"""The statements by which the message log is read."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, select, text
from sqlalchemy.orm import aliased

from bridge.store import tables as t
from bridge.store.statements import Statement, any_of, columns

address, attachment, binding, change = (
    columns(t.Address),
    columns(t.Attachment),
    columns(t.Binding),
    columns(t.MessageChange),
)
contact, conversation, message = columns(t.Contact), columns(t.Conversation), columns(t.Message)
remote = columns(t.RemoteId)
_answer: Any = aliased(t.Binding, name="answering")
_conversations = (
    select(
        conversation.id,
        conversation.bridge,
        conversation.state,
        conversation.last_seq,
        conversation.active_at,
        conversation.contact_id,
        contact.name,
        _answer.label.label("label"),
        _answer.network.label("network"),
    )
    .join(t.Contact, contact.id == conversation.contact_id)
    .outerjoin(_answer, _answer.id == conversation.answer)
)
OPEN = Statement(  # the state is literal: a partial index is chosen by it
    _conversations.where(conversation.bridge == bindparam("bridge"), text("conversation.state = 'open'"))
    .order_by(conversation.active_at.desc())
    .limit(bindparam("limit"))
)
SINCE = Statement(
    _conversations.where(conversation.bridge == bindparam("bridge"), conversation.active_at > bindparam("at"))
    .order_by(conversation.active_at)
    .limit(bindparam("limit"))
)
CONVERSATIONS = Statement(_conversations.where(any_of(conversation.id, "ids")), "ids")
OF_ADDRESS = Statement(
    select(binding.conversation_id, binding.id, conversation.active_at)
    .join(t.Conversation, conversation.id == binding.conversation_id)
    .where(
        binding.address == bindparam("address"),
        binding.channel == bindparam("channel"),
        binding.endpoint == bindparam("endpoint"),
        binding.side == "customer",
    )
)
CUSTOMERS = Statement(
    select(binding.channel, binding.endpoint, binding.address).where(
        binding.conversation_id == bindparam("conversation"), binding.side == "customer"
    )
)
_messages = (
    select(*message, binding.channel, binding.label, contact.name)
    .join(t.Binding, binding.id == message.binding)
    .join(t.Conversation, conversation.id == message.conversation_id)
    .join(t.Contact, contact.id == conversation.contact_id)
    .where(message.conversation_id == bindparam("conversation"))
)
AFTER = Statement(_messages.where(message.seq > bindparam("seq")).order_by(message.seq).limit(bindparam("limit")))
BEFORE = Statement(
    _messages.where(message.seq < bindparam("seq")).order_by(message.seq.desc()).limit(bindparam("limit"))
)
_between: dict[str, Any] = {"first": bindparam("first"), "last": bindparam("last")}
CHANGES = Statement(
    select(*change)
    .where(
        change.conversation_id == bindparam("conversation"),
        change.seq >= _between["first"],
        change.seq <= _between["last"],
    )
    .order_by(change.k)
)
FILES = Statement(
    select(*attachment)
    .where(
        attachment.conversation_id == bindparam("conversation"),
        attachment.seq >= _between["first"],
        attachment.seq <= _between["last"],
    )
    .order_by(attachment.position)
)
ADDRESSES = Statement(
    select(address.address)
    .where(address.contact_id == bindparam("contact"))
    .order_by(address.created_at, address.address)
)
KNOWN = Statement(select(remote.id).where(any_of(remote.id, "ids")), "ids")
