"""The outbox: who may be sent next, and what came of it. A lane is a binding; its head is the first open delivery, found by an
index probe however long the backlog is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bridge.core.content import Attachment, Side
from bridge.core.ids import (
    BindingId,
    BindingKey,
    BridgeName,
    ChannelName,
    ConversationId,
    DeliveryId,
    EndpointKey,
    RemoteId,
    delivery_id,
)
from bridge.core.retry import Decision, State
from bridge.store import outbox_sql as sql
from bridge.store import rows
from bridge.store.records import BindingRecord, full
from bridge.store.statements import Steps, ask, write
from bridge.store.world_sql import INSERT_KEY, INSERT_REMOTE, KEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A wish for the head of a lane. `owner` is random per process; the lease ends at `now + lease_s`."""

    binding: BindingId
    now: float
    owner: str
    lease_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """The head of a lane, in the hands of this process. `unsure` says that an earlier attempt may have arrived: look first.

    `remote` is the network's id of the message that an edit changes, `reply_to` of the one that is answered; `source` is the
    channel that the attachment came by; `label` and `network` are of the customer's address that wrote last, for a title.
    """

    conversation: ConversationId
    n: int
    fence: int
    binding: BindingRecord
    bridge: BridgeName
    kind: str
    seq: int | None
    text: str
    attachment: Attachment | None
    position: int | None
    source: ChannelName | None
    reply_to: RemoteId | None
    remote: RemoteId | None
    unsure: bool
    attempt: int
    first_tried: float
    claimed_at: float
    possibly_twice: bool
    created_at: float
    name: str
    label: str
    network: str

    @property
    def id(self) -> DeliveryId:
        return delivery_id(self.conversation, self.n)


@dataclass(frozen=True, slots=True)
class NotDue:
    """The lane's head may not be sent before `at`."""

    at: float


Head = Claimed | NotDue | None
"""None: the lane is empty."""


def claim(claims: list[Claim]) -> Steps[list[Head]]:
    """The heads of some lanes, each leased to its claimant. The claim is the record of being about to send."""
    wanted = {c.binding: c for c in claims}
    found = yield from ask(sql.HEADS, ids=list(wanted))
    heads: dict[str, Head] = {}
    mine = []
    for row in found:
        c = wanted[row.binding]
        if row.state == State.SENDING and row.lease_until > c.now:
            heads[row.binding] = NotDue(row.lease_until)
        elif row.state != State.SENDING and row.due > c.now:
            heads[row.binding] = NotDue(row.due)
        else:
            mine.append((row, c))
    extras = yield from _extras([row for row, _ in mine])
    yield from write(sql.LEASE, [_lease(row, c) for row, c in mine])
    for row, c in mine:
        heads[row.binding] = _claimed(row, c, extras)
    return [heads.get(c.binding) for c in claims]


def _doubtful(row: Any) -> bool:
    """May an earlier attempt have arrived? Of one whose lease is over nobody said what became of it."""
    return row.state in (State.UNSURE, State.SENDING)


def _lease(row: Any, c: Claim) -> dict[str, Any]:
    looking = _doubtful(row)
    return {
        "conversation_": row.conversation_id,
        "n_": row.n,
        "state": State.UNSURE if looking else State.SENDING,
        "due": c.now + c.lease_s if looking else row.due,
        "owner": c.owner,
        "lease_until": c.now + c.lease_s,
        "claimed_at": row.claimed_at if looking else c.now,
        "attempt": row.attempt if looking else row.attempt + 1,
        "first_tried": row.first_tried or c.now,
    }


@dataclass(slots=True)
class _Extras:
    attachments: dict[tuple[str, int, int], Any]
    remotes: dict[tuple[str, int, str], str]


def _extras(rows: list[Any]) -> Steps[_Extras]:
    """What only some deliveries need: their files, and the network's ids of messages that they speak of."""
    found = _Extras({}, {})
    files = [r for r in rows if r.attachment is not None and r.seq is not None]
    if files:
        asked = {"ids": list({r.conversation_id for r in files}), "seqs": [r.seq for r in files]}
        for a in (yield from ask(sql.ATTACHMENTS, **asked)):
            found.attachments[a.conversation_id, a.seq, a.position] = a
    refer = [r for r in rows if r.reply_to is not None or r.kind == "edit"]
    if refer:
        seqs = [s for r in refer for s in (r.reply_to, r.seq) if s is not None]
        for m in (yield from ask(sql.REMOTES_OF, ids=list({r.conversation_id for r in refer}), seqs=seqs)):
            found.remotes.setdefault((m.conversation_id, m.seq, m.binding), m.remote)
    return found


def _claimed(row: Any, c: Claim, extras: _Extras) -> Claimed:
    lease = _lease(row, c)
    a = extras.attachments.get((row.conversation_id, row.seq, row.attachment))
    reply = row.reply_remote or extras.remotes.get((row.conversation_id, row.reply_to, row.binding))
    edits = extras.remotes.get((row.conversation_id, row.seq, row.binding)) if row.kind == "edit" else None
    return Claimed(
        conversation=row.conversation_id,
        n=row.n,
        fence=row.fence + 1,
        binding=BindingRecord(
            id=row.binding,
            conversation=row.conversation_id,
            channel=row.channel,
            side=Side(row.side),
            endpoint=EndpointKey(row.endpoint),
            address=row.address,
            label=row.label,
            network=row.network,
            key=row.key,
            meta=row.meta,
        ),
        bridge=row.bridge,
        kind=row.kind,
        seq=row.seq,
        text=row.message_text or "" if row.text is None else row.text,
        attachment=_attachment(a) if a is not None else None,
        position=row.attachment,
        source=a.channel if a is not None else None,
        reply_to=RemoteId(reply) if reply else None,
        remote=RemoteId(edits) if edits else None,
        unsure=_doubtful(row),
        attempt=lease["attempt"],
        first_tried=lease["first_tried"],
        claimed_at=lease["claimed_at"],
        possibly_twice=bool(row.possibly_twice),
        created_at=row.created_at,
        name=row.name,
        label=row.answer_label or row.label,
        network=row.answer_network or row.network,
    )


def _attachment(a: Any) -> Attachment:
    return Attachment(ref=a.ref, content_type=a.content_type, kind=a.kind, filename=a.filename, size=a.size)


# ---- what came of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What became of a claimed delivery: sent under `remote`, or open again as `decision` says. `then` claims the lane's next."""

    claimed: Claimed
    decision: Decision
    remote: RemoteId | None = None
    segments: int | None = None
    then: Claim | None = None


def mark(marks: list[Mark]) -> Steps[list[Head]]:
    """Writes the outcomes, and claims the next of each lane that asked for it in the same transaction."""
    yield from write(sql.MARK, [_mark_row(m) for m in marks])
    yield from write(INSERT_REMOTE, [_remote_row(m) for m in marks if m.remote and m.claimed.seq is not None])
    thens = [m.then for m in marks if m.then is not None]
    heads = (yield from claim(thens)) if thens else []
    found = iter(heads)
    return [next(found) if m.then is not None else None for m in marks]


def _mark_row(m: Mark) -> dict[str, Any]:
    c, d = m.claimed, m.decision
    return {
        "conversation_": c.conversation,
        "n_": c.n,
        "fence_": c.fence,
        "state": d.state,
        "due": d.due,
        "attempt": c.attempt if d.counts else c.attempt - 1,
        "claimed_at": c.claimed_at if d.died_at is None else d.died_at,
        "possibly_twice": d.possibly_twice,
        "receipt": "sent" if d.state is State.SENT and c.binding.side is Side.CUSTOMER else None,
        "code": d.code,
        "words": d.words,
        "segments": m.segments,
    }


def _remote_row(m: Mark) -> dict[str, Any]:
    c = m.claimed
    return {
        "id": full(c.binding.channel, m.remote or ""),
        "conversation_id": c.conversation,
        "n": c.n,
        "seq": c.seq,
        "binding": c.binding.id,
        "remote": m.remote,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Bind:
    """A binding was opened under `key`; what it was called before is no more."""

    binding: BindingRecord
    key: BindingKey
    meta: str


def bind(binds: list[Bind]) -> Steps[list[bool]]:
    """False where the key belongs to another conversation already, or to several customers: it must not be adopted."""
    ids = {full(b.binding.channel, b.key): b for b in binds}
    known = {row.id: row for row in (yield from ask(KEYS, ids=list(ids)))}
    results = []
    for id, b in ids.items():
        row = known.get(id)
        foreign = row is not None and (row.binding not in (None, b.binding.id) or _crowded(row))
        results.append(not foreign)
        if foreign:
            continue
        yield from write(sql.GONE, [{"binding_": b.binding.id, "state": "gone", "id_": id}])
        yield from write(sql.REBIND if row is not None else INSERT_KEY, [_key_row(id, b)])
        yield from write(sql.BIND, [{"id_": b.binding.id, "key": b.key, "meta": b.meta}])
    return results


def _crowded(row: Any) -> bool:
    """Other customers read along there."""
    seen = rows.key(row).seen
    return seen is not None and seen.others > 0


def _key_row(id: str, b: Bind) -> dict[str, Any]:
    names = {"id": id, "id_": id, "channel": b.binding.channel, "key": b.key}
    return names | {
        "binding": b.binding.id,
        "conversation_id": b.binding.conversation,
        "state": "open",
        "next_index": 0,
        "held": 0,
        "seen": "",
    }
