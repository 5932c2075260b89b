"""The message log, read: conversations, messages in pages, and what a record is made of. Views are those of agents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bridge.core.content import Author, Role, Side
from bridge.core.ids import BridgeName, ChannelName, ConversationId, RemoteId, attachment_id
from bridge.core.log import ContactView, ConversationView, FileView, LogLeg, MessageView
from bridge.core.routing import title
from bridge.store import log_sql as sql
from bridge.store.records import full
from bridge.store.statements import Steps, ask


@dataclass(frozen=True, slots=True, kw_only=True)
class OfBridge:
    """Conversations of a bridge: the open ones, last active first, or with `since` (epoch seconds) all that were active after it,
    in that order."""

    bridge: BridgeName
    limit: int
    since: float | None = None


def of_bridge(questions: list[OfBridge]) -> Steps[list[list[ConversationView]]]:
    found = []
    for q in questions:
        if q.since is None:
            rows = yield from ask(sql.OPEN, bridge=q.bridge, limit=q.limit)
        else:
            rows = yield from ask(sql.SINCE, bridge=q.bridge, at=q.since, limit=q.limit)
        found.append([_conversation(row) for row in rows])
    return found


def by_id(ids: list[ConversationId]) -> Steps[list[ConversationView | None]]:
    rows = {row.id: row for row in (yield from ask(sql.CONVERSATIONS, ids=ids))}
    return [_conversation(rows[id]) if id in rows else None for id in ids]


def active_at(ids: list[ConversationId]) -> Steps[list[float]]:
    """When conversations had their last message, in epoch seconds."""
    rows = {row.id: row for row in (yield from ask(sql.CONVERSATIONS, ids=ids))}
    return [rows[id].active_at if id in rows else 0.0 for id in ids]


def of_customer(legs: list[tuple[ChannelName, LogLeg]]) -> Steps[list[ConversationView | None]]:
    """The conversation in which a customer's leg stands now: the last active one, where the address has moved."""
    found: list[ConversationView | None] = []
    for channel, leg in legs:
        rows = yield from ask(sql.OF_ADDRESS, address=leg.address, channel=channel, endpoint=leg.endpoint)
        if not rows:
            found.append(None)
            continue
        last = max(rows, key=lambda row: row.active_at)
        found += yield from by_id([last.conversation_id])
    return found


def customers(conversations: list[ConversationId]) -> Steps[list[list[tuple[ChannelName, LogLeg]]]]:
    """The customers' legs of conversations."""
    found = []
    for conversation in conversations:
        rows = yield from ask(sql.CUSTOMERS, conversation=conversation)
        found.append([(r.channel, LogLeg(endpoint=r.endpoint, side=Side.CUSTOMER, address=r.address)) for r in rows])
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """At most `limit` messages after `seq`, or the last ones before it."""

    conversation: ConversationId
    seq: int
    limit: int
    before: bool = False


def page(pages: list[Page]) -> Steps[list[list[MessageView]]]:
    """Ascending by seq."""
    found = []
    for p in pages:
        statement = sql.BEFORE if p.before else sql.AFTER
        rows = yield from ask(statement, conversation=p.conversation, seq=p.seq, limit=p.limit)
        found.append((yield from _messages(p.conversation, rows[::-1] if p.before else rows)))
    return found


def message(places: list[tuple[ConversationId, int]]) -> Steps[list[MessageView | None]]:
    """One message each, by conversation and seq."""
    found: list[MessageView | None] = []
    for conversation, seq in places:
        views = (yield from page([Page(conversation=conversation, seq=seq - 1, limit=1)]))[0]
        found.append(views[0] if views and views[0].seq == seq else None)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordParts:
    """What a record says of a conversation; `message` is None where it is about none."""

    conversation: ConversationView
    contact: ContactView
    message: MessageView | None


def record_parts(places: list[tuple[ConversationId, int | None]]) -> Steps[list[RecordParts]]:
    found = []
    for conversation, seq in places:
        row = (yield from ask(sql.CONVERSATIONS, ids=[conversation]))[0]
        addresses = yield from ask(sql.ADDRESSES, contact=row.contact_id)
        contact = ContactView(id=row.contact_id, name=row.name, addresses=tuple(a.address for a in addresses))
        said = (yield from message([(conversation, seq)]))[0] if seq is not None else None
        found.append(RecordParts(conversation=_conversation(row), contact=contact, message=said))
    return found


def known(questions: list[tuple[ChannelName, tuple[RemoteId, ...]]]) -> Steps[list[frozenset[RemoteId]]]:
    """Those of some remote ids that are of this channel and known."""
    found = []
    for channel, remotes in questions:
        rows = yield from ask(sql.KNOWN, ids=[full(channel, r) for r in remotes])
        found.append(frozenset(RemoteId(row.id.removeprefix(f"{channel}:")) for row in rows))
    return found


def _conversation(row: Any) -> ConversationView:
    return ConversationView(
        id=row.id,
        bridge=row.bridge,
        title=title(row.name, row.label or "", row.network or ""),
        state=row.state,
        last_seq=row.last_seq,
    )


def _messages(conversation: ConversationId, rows: list[Any]) -> Steps[list[MessageView]]:
    if not rows:
        return []
    place = {"conversation": conversation, "first": rows[0].seq, "last": rows[-1].seq}
    changes = {row.seq: row for row in (yield from ask(sql.CHANGES, **place))}  # the last one counts
    files: dict[int, list[Any]] = {}
    for row in (yield from ask(sql.FILES, **place)):
        files.setdefault(row.seq, []).append(row)
    return [_message(row, changes.get(row.seq), files.get(row.seq, [])) for row in rows]


def _message(row: Any, change: Any, files: list[Any]) -> MessageView:
    role = Role(row.role)
    gone = change is not None and change.kind == "deleted"
    name = row.author_name or ((row.name or row.label) if role is Role.CUSTOMER else role.capitalize())
    return MessageView(
        conversation=row.conversation_id,
        seq=row.seq,
        channel=row.channel,
        remote=row.remote,
        author=Author(id=row.author_id, role=role, name=name),
        text="" if gone else change.text if change is not None else row.text,
        files=() if gone else tuple(_file(f) for f in files),
        reply_to=row.reply_to,
        at=row.at,
        edited_at=change.at if change is not None and not gone else None,
        deleted_at=change.at if gone else None,
    )


def _file(row: Any) -> FileView:
    return FileView(
        id=attachment_id(row.conversation_id, row.seq, row.position),
        content_type=row.content_type,
        filename=row.filename,
        size=row.size,
    )
