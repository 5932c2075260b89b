"""What waits, at a start and for the admin's eyes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bridge.store import outbox_sql as sql
from bridge.store.records import Lane, Pending
from bridge.store.rows import pending
from bridge.store.statements import Steps, ask, write
from bridge.store.world_sql import KEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A process begins: `owner` is random per process, `now` epoch seconds."""

    owner: str
    now: float


def recover(starts: list[Start]) -> Steps[list[list[Lane]]]:
    """What an ended process was sending is unsure now, and from now on the network has its time to settle it; the lanes that
    have work."""
    yield from write(sql.ORPHANS, [{"owner_": s.owner, "now": s.now} for s in starts])
    rows = yield from ask(sql.LANES)
    return [[Lane(row.channel, row.id, row.endpoint) for row in rows] for _ in starts]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Deliveries of one lane that wait, for people: `count` of them; `state` and `words` are the first one's, `until` in epoch
    seconds."""

    name: str
    label: str
    network: str
    channel: str
    count: int
    state: str
    until: float
    words: str


def waiting(questions: Iterable[None]) -> Steps[list[list[Waiting]]]:
    """The lanes that have work, those first that wait longest; at most a hundred."""
    rows = yield from ask(sql.WAITING_LANES)
    found = [
        Waiting(
            name=r.name,
            label=r.answer_label or r.label,
            network=r.answer_network or r.network,
            channel=r.channel,
            count=r.count,
            state=r.state,
            until=r.due,
            words=r.words,
        )
        for r in rows
    ]
    return [found for _ in questions]


def alive(questions: Iterable[None]) -> Steps[list[bool]]:
    """Does the store answer? Costs the same however much is in it."""
    yield from ask(sql.ALIVE)
    return [True for _ in questions]


def counts(questions: Iterable[None]) -> Steps[list[dict[str, int]]]:
    """Deliveries by state; reads them all."""
    rows = yield from ask(sql.COUNTS)
    return [{row.state: row.count for row in rows} for _ in questions]


def pendings(questions: Iterable[None]) -> Steps[list[list[Pending]]]:
    """Every event that waits, at a start."""
    found = [pending(row) for row in (yield from ask(sql.PENDINGS))]
    return [found for _ in questions]


def expected(keys: list[str]) -> Steps[list[int]]:
    """The next index of bindings, by their full keys; 0 for an unknown one."""
    found = {row.id: row.next_index for row in (yield from ask(KEYS, ids=keys))}
    return [found.get(k, 0) for k in keys]
