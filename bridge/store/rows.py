"""Rows to records and back: one mapping per table."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from bridge.core.content import Role, Side
from bridge.core.events import BindingSeen, Event
from bridge.core.ids import BindingId
from bridge.core.log import ReceiptView
from bridge.core.receipts import ReceiptState
from bridge.core.retry import State
from bridge.store.records import (
    BindingRecord,
    ContactRecord,
    ConversationRecord,
    DeliveryRecord,
    KeyRecord,
    MessageRecord,
    Pending,
    Recent,
)

EVENT: TypeAdapter[Event] = TypeAdapter(Event)
RECEIPT: TypeAdapter[ReceiptView] = TypeAdapter(ReceiptView)


def pending(row: Any) -> Pending:
    return Pending(
        id=row.id,
        event=EVENT.validate_json(row.event),
        channel=row.channel,
        waits_for=row.waits_for,
        waits_on=row.waits_on,
        due=row.due,
        tries=row.tries,
    )


def key(row: Any) -> KeyRecord:
    seen = EVENT.validate_json(row.seen) if row.seen else None
    return KeyRecord(
        id=row.id,
        channel=row.channel,
        key=row.key,
        binding=row.binding,
        conversation=row.conversation_id,
        state=row.state,
        next_index=row.next_index,
        held=row.held,
        seen=seen if isinstance(seen, BindingSeen) else None,
    )


def key_row(k: KeyRecord) -> dict[str, Any]:
    return {
        "id": k.id,
        "channel": k.channel,
        "key": k.key,
        "binding": k.binding,
        "conversation_id": k.conversation,
        "state": k.state,
        "next_index": k.next_index,
        "held": k.held,
        "seen": EVENT.dump_json(k.seen).decode() if k.seen else "",
        "id_": k.id,
    }


def conversation(row: Any) -> ConversationRecord:
    return ConversationRecord(
        id=row.id,
        bridge=row.bridge,
        contact=row.contact_id,
        name=row.name,
        state=row.state,
        last_seq=row.last_seq,
        last_n=row.last_n,
        last_binding=row.last_binding,
        answer=row.answer,
        moved_to=row.moved_to,
        created_at=row.created_at,
        active_at=row.active_at,
    )


def conversation_row(c: ConversationRecord) -> dict[str, Any]:
    return {
        "id": c.id,
        "bridge": c.bridge,
        "contact_id": c.contact,
        "state": c.state,
        "last_seq": c.last_seq,
        "last_n": c.last_n,
        "last_binding": c.last_binding,
        "answer": c.answer,
        "moved_to": c.moved_to,
        "created_at": c.created_at,
        "active_at": c.active_at,
        "id_": c.id,
    }


def binding(row: Any) -> BindingRecord:
    return BindingRecord(
        id=row.binding,
        conversation=row.id,
        channel=row.channel,
        side=Side(row.side),
        endpoint=row.endpoint,
        address=row.address,
        label=row.label,
        network=row.network,
        key=row.key,
        meta=row.meta,
        roads=row.roads,
    )


def binding_row(b: BindingRecord) -> dict[str, Any]:
    return {
        "id": b.id,
        "conversation_id": b.conversation,
        "channel": b.channel,
        "side": b.side,
        "endpoint": b.endpoint,
        "address": b.address,
        "label": b.label,
        "network": b.network,
        "key": b.key,
        "meta": b.meta,
        "roads": b.roads,
        "id_": b.id,
    }


def contact_row(c: ContactRecord) -> dict[str, Any]:
    return {"id": c.id, "name": c.name, "created_at": c.created_at, "id_": c.id}


def message(row: Any) -> MessageRecord:
    return MessageRecord(
        conversation=row.conversation_id,
        seq=row.seq,
        binding=row.binding,
        remote=row.remote,
        author_id=row.author_id,
        author_name=row.author_name,
        role=Role(row.role),
        text=row.text,
    )


def recent(row: Any) -> Recent:
    return Recent(
        conversation=row.conversation_id,
        seq=row.seq,
        binding=row.binding,
        road=row.road,
        fingerprint=row.fingerprint,
        accepted_at=row.accepted_at,
        twin=bool(row.twin),
    )


def delivery(row: Any) -> DeliveryRecord:
    return DeliveryRecord(
        conversation=row.conversation_id,
        n=row.n,
        binding=BindingId(row.binding),
        kind=row.kind,
        seq=row.seq,
        attachment=row.attachment,
        text=row.text,
        state=State(row.state),
        receipt=ReceiptState(row.receipt) if row.receipt else None,
        fence=row.fence,
        segments=row.segments,
    )
