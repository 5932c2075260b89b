"""What is decided together, and what must be known to decide it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from bridge.core.events import (
    BindingSeen,
    Event,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    NotUnderstood,
    ReceiptReceived,
    Within,
)
from bridge.core.ids import ChannelName, DeliveryId, parse_delivery_id
from bridge.relay.changes import Arrival, Failure, Remark
from bridge.relay.contacts import Merge, Split
from bridge.store.records import Pending, full
from bridge.store.world import Needs


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is decided together: the events of one request, or waiting ones that are due.

    `skip` names full keys of bindings whose missing indexes the network doesn't have, each alone or with the index below which
    that is so; `absent` those that it doesn't know at all; `failures` are deliveries that ended badly, `arrivals` others.
    """

    channel: ChannelName
    events: tuple[Event, ...] = ()
    due: tuple[Pending, ...] = ()
    skip: tuple[str | tuple[str, int], ...] = ()
    absent: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    arrivals: tuple[Arrival, ...] = ()
    remarks: tuple[Remark, ...] = ()
    wishes: tuple[Merge | Split, ...] = ()


def needs(jobs: list[Job]) -> Needs:
    """What must be loaded to decide `jobs`."""
    wanted = Needs()
    for job in jobs:
        for event in (*job.events, *(p.event for p in job.due)):
            _needs(wanted, job.channel, event)
        wanted.inbox |= {full(job.channel, e.key) for e in job.events} | {p.id for p in job.due}
        wanted.deliveries |= {(f.conversation, f.n) for f in job.failures}
        wanted.deliveries |= {(a.conversation, a.n) for a in job.arrivals}
        wanted.deliveries |= {(r.conversation, r.n) for r in job.remarks}
        for wish in job.wishes:
            wanted.contacts |= {wish.source, wish.target} if isinstance(wish, Merge) else {wish.contact}
        skip = {id for id, _ in bounds(job.skip)}
        wanted.keys |= skip
        wanted.waiting |= {*skip, *job.absent}
    return wanted


def needs_of_waiting(wanted: Needs, pending: Pending) -> None:
    """What must be loaded besides to decide an event that waited: another event may be what it waits for."""
    _needs(wanted, pending.channel, pending.event)


def _needs(wanted: Needs, channel: ChannelName, event: Event) -> None:
    if not isinstance(event, NotUnderstood):
        wanted.keys.add(full(channel, event.binding))
    match event:
        case BindingSeen():
            wanted.persons.add(event.person)
            wanted.waiting.add(full(channel, event.binding))
        case MessageReceived():
            _needs_of_message(wanted, channel, event)
        case MessageEdited() | MessageDeleted() if event.message is not None:
            wanted.conversations.add(event.message.conversation)
            wanted.messages.add((event.message.conversation, event.message.seq))
        case MessageEdited() | MessageDeleted():
            wanted.remotes.add(full(channel, event.remote))
        case ReceiptReceived():
            wanted.remotes.add(full(channel, event.remote))
            _needs_delivery(wanted, event.delivery)
        case _:
            pass


def _needs_of_message(wanted: Needs, channel: ChannelName, event: MessageReceived) -> None:
    if event.reply_to:
        wanted.remotes.add(full(channel, event.reply_to))
    _needs_delivery(wanted, event.delivery)
    if event.road:
        wanted.roads.setdefault(full(channel, event.binding), set()).add(event.road)
    if isinstance(event.to, Within):
        wanted.conversations.add(event.to.conversation)
    elif event.to is not None and event.to.addressee is not None:
        wanted.persons.add(event.to.addressee.person)


def _needs_delivery(wanted: Needs, delivery: DeliveryId | None) -> None:
    if delivery and (parsed := parse_delivery_id(delivery)):
        wanted.deliveries.add(parsed)


def bounds(skip: tuple[str | tuple[str, int], ...]) -> Iterator[tuple[str, float]]:
    """Each key with the index below which nothing is missing any more."""
    for s in skip:
        yield (s, math.inf) if isinstance(s, str) else s
