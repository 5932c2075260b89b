"""The statements of the outbox."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, bindparam, case, func, select, text, update
from sqlalchemy.orm import aliased

from bridge.store import tables as t
from bridge.store.statements import Statement, any_of, columns, living

delivery, binding, conversation = columns(t.Delivery), columns(t.Binding), columns(t.Conversation)
contact, message, remote = columns(t.Contact), columns(t.Message), columns(t.RemoteId)
attachment, key, inbox = columns(t.Attachment), columns(t.BindingKey), columns(t.Inbox)
_first: Any = aliased(t.Delivery, name="first")
_answer: Any = aliased(t.Binding, name="answering")
_open_first = text("first.state in ('ready', 'sending', 'unsure')")  # literal: the partial index is chosen by it
_head: Any = (
    select(_first.n)
    .where(_first.binding == binding.id, _open_first)
    .order_by(_first.n)
    .limit(1)
    .correlate(t.Binding)
    .scalar_subquery()
)
_of_binding = [c for c in binding if c.name not in ("id", "conversation_id")]
HEADS = Statement(
    select(
        *delivery,
        *_of_binding,
        conversation.bridge,
        contact.name,
        message.text.label("message_text"),
        _answer.label.label("answer_label"),
        _answer.network.label("answer_network"),
    )
    .select_from(t.Binding)
    .join(t.Delivery, and_(delivery.conversation_id == binding.conversation_id, delivery.n == _head))
    .join(t.Conversation, conversation.id == binding.conversation_id)
    .join(t.Contact, contact.id == conversation.contact_id)
    .outerjoin(_answer, _answer.id == conversation.answer)
    .outerjoin(t.Message, and_(message.conversation_id == delivery.conversation_id, message.seq == delivery.seq))
    .where(any_of(binding.id, "ids")),
    "ids",
)
_this = (delivery.conversation_id == bindparam("conversation_"), delivery.n == bindparam("n_"))
_LEASED = ("state", "due", "owner", "lease_until", "claimed_at", "attempt", "first_tried")
LEASE = Statement(
    update(t.Delivery).where(*_this).values(fence=delivery.fence + 1, **{c: bindparam(c) for c in _LEASED})
)
_MARKED = ("state", "due", "attempt", "claimed_at", "possibly_twice", "code", "words", "segments")
MARK = Statement(  # what a receipt or an echo has settled meanwhile stays settled
    update(t.Delivery)
    .where(*_this, delivery.fence == bindparam("fence_"), text("state in ('sending', 'unsure')"))
    .values(receipt=func.coalesce(delivery.receipt, bindparam("receipt")), **{c: bindparam(c) for c in _MARKED})
)
ATTACHMENTS = Statement(
    select(*attachment).where(any_of(attachment.conversation_id, "ids"), any_of(attachment.seq, "seqs")), "ids", "seqs"
)
REMOTES_OF = Statement(
    select(remote.conversation_id, remote.seq, remote.binding, remote.remote)
    .where(any_of(remote.conversation_id, "ids"), any_of(remote.seq, "seqs"))
    .order_by(remote.n),
    "ids",
    "seqs",
)
GONE = Statement(
    update(t.BindingKey)
    .where(key.binding == bindparam("binding_"), key.id != bindparam("id_"))
    .values(state=bindparam("state"))
)
REBIND = Statement(
    update(t.BindingKey)
    .where(key.id == bindparam("id_"))
    .values({c: bindparam(c) for c in ("binding", "conversation_id", "state")})
)
BIND = Statement(
    update(t.Binding).where(binding.id == bindparam("id_")).values(key=bindparam("key"), meta=bindparam("meta"))
)
ORPHANS = Statement(
    update(t.Delivery)
    .where(
        text("state in ('sending', 'unsure')"),
        delivery.owner != bindparam("owner_"),
        ~living(delivery.owner),
        text(t.OPEN),
    )
    .values(
        state="unsure",
        due=0.0,
        claimed_at=case((delivery.state == "sending", bindparam("now")), else_=delivery.claimed_at),
    )
)
LANES = Statement(
    select(binding.id, binding.channel, binding.endpoint).where(
        binding.id.in_(select(delivery.binding).where(text(t.OPEN)))
    )
)
PENDINGS = Statement(select(*inbox).where(text("state = 'pending'")).order_by(inbox.at))
ALIVE = Statement(select(key.id).limit(1))
COUNTS = Statement(select(delivery.state, func.count().label("count")).group_by(delivery.state))
WAITING_LANES = Statement(
    select(
        binding.label,
        binding.network,
        binding.channel,
        contact.name,
        _answer.label.label("answer_label"),
        _answer.network.label("answer_network"),
        delivery.state,
        delivery.due,
        delivery.words,
        select(func.count())
        .select_from(_first)
        .where(_first.binding == binding.id, _open_first)
        .correlate(t.Binding)
        .scalar_subquery()
        .label("count"),
    )
    .select_from(t.Binding)
    .join(t.Delivery, and_(delivery.conversation_id == binding.conversation_id, delivery.n == _head))
    .join(t.Conversation, conversation.id == binding.conversation_id)
    .join(t.Contact, contact.id == conversation.contact_id)
    .outerjoin(_answer, _answer.id == conversation.answer)
    .where(binding.id.in_(select(delivery.binding).where(text(t.OPEN))))
    .limit(100)
)
