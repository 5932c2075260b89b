"""The relay: accepts what channels hand in, works the lanes, asks for what is missing."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from bridge.channel.port import Health, StoreUnavailable
from bridge.core.events import Event, First, IndexTaken, MessageReceived, NotUnderstood
from bridge.core.ids import ChannelName, ContactId, EventKey
from bridge.core.outcomes import FileAway, Misconfigured, RateLimited, Unavailable
from bridge.core.retry import OPEN_STATES, Decision, State
from bridge.relay.accept import accepting
from bridge.relay.changes import Arrival, Failure, Remark
from bridge.relay.channels import Open
from bridge.relay.contacts import Merge, Split
from bridge.relay.context import Accepted
from bridge.relay.deliver import Deliverer, Result
from bridge.relay.directory import Directory
from bridge.relay.followers import Followers
from bridge.relay.jobs import Job
from bridge.relay.lanes import Lanes
from bridge.relay.media import MediaRoom
from bridge.relay.waits import Waits
from bridge.store.outbox import Claim, Claimed, Head, Mark, NotDue, claim, mark
from bridge.store.overview import Start, pendings, recover
from bridge.store.records import Lane
from bridge.store.store import Store, StoreBusy

T = TypeVar("T")
R = TypeVar("R")
LEASE_S = 150.0
BURST = 16
"""So many deliveries of one lane in a row, then the others have their turn."""
MARGIN_S = 1.0
"""Beyond `PATIENCE_S`, for a store that takes an event and doesn't say so."""
PATIENCE_S = 3.0
"""So long a busy store is tried again before the sender hears of it; networks wait 5 s for an answer."""


def _kept(event: Event) -> NotUnderstood:
    """A poisonous event in a form that any store takes: one update must not stop its sender's queue for ever."""
    raw = ascii(event)
    key = EventKey(f"poison:{hashlib.sha256(raw.encode()).hexdigest()}")
    return NotUnderstood(key=key, at=event.at, what=f"an event of kind {event.kind}", raw=raw)


def _together(parts: Iterable[Accepted]) -> Accepted:
    whole = Accepted()
    for a in parts:
        whole.lanes |= a.lanes
        whole.pending += a.pending
        whole.news += a.news
        whole.messages += a.messages
        whole.duplicates += a.duplicates
        whole.outcomes += a.outcomes
    return whole


def _seen(task: asyncio.Task[Accepted]) -> None:
    """Nobody waits for it any more: what it raised was told in another form."""
    if not task.cancelled():
        task.exception()


HealthReport = Callable[[ChannelName, Health, str], None]


class Relay:
    """`start` first, then channels may `accept`; `serve` begins sending on a channel, `drain` ends everything."""

    def __init__(
        self,
        store: Store,
        directory: Directory,
        channels: dict[ChannelName, Open],
        media: MediaRoom,
        now: Callable[[], float],
        health: HealthReport,
    ) -> None:
        self._store = store
        self._directory = directory
        self._now = now
        self._health = health
        self._owner = secrets.token_hex(8)
        self._accepting = accepting(directory, now, lambda: secrets.token_hex(16))
        self._deliverer = Deliverer(store, directory, channels, media, now)
        self._waits = Waits(store, channels, self.decide, self.accept, now)
        self._lanes = Lanes(self._work, now)
        self.followers = Followers(store, directory, channels)
        self._tasks: list[asyncio.Task[None]] = []
        self._accepts: set[asyncio.Task[Accepted]] = set()
        self._log = logging.getLogger("trunkline.relay")
        self._said: set[str] = set()
        self.relayed = 0

    async def start(self) -> None:
        """Takes up what an ended process left."""
        await self._store.live_as(self._owner)
        lanes = await self._store.write(recover, Start(owner=self._owner, now=self._now()))
        self._lanes.wake(lanes)
        self._waits.add(await self._store.read(pendings, None))
        self._tasks.append(asyncio.create_task(self._waits.run(), name="waits"))
        self._tasks.append(asyncio.create_task(self.followers.run(), name="followers"))

    def serve(self, channel: ChannelName, in_flight: int) -> None:
        self._lanes.serve(channel, in_flight)

    async def drain(self, seconds: float) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._lanes.drain(seconds)
        if self._accepts:
            await asyncio.wait(self._accepts, timeout=PATIENCE_S)

    # ---- in

    async def accept(self, channel: ChannelName, events: Sequence[Event]) -> Accepted:
        """Durable when it returns. Raises `StoreUnavailable` once patience is over: nothing was stored then."""
        job = asyncio.create_task(self._accept(channel, [self._addressed(channel, e) for e in events]))
        self._accepts.add(job)
        job.add_done_callback(self._accepts.discard)
        done, _ = await asyncio.wait([job], timeout=PATIENCE_S + MARGIN_S)
        if not done:  # the store hangs; what it takes in the end is relayed, and known when the sender comes again
            job.add_done_callback(_seen)
            raise self._unavailable(channel, "it doesn’t answer")
        return job.result()

    def _addressed(self, channel: ChannelName, event: Event) -> Event:
        """Who is written to first must be known before it is decided: their own channel says it."""
        if isinstance(event, MessageReceived) and isinstance(event.to, First):
            return replace(event, to=self._directory.addressee(channel, event.to))
        return event

    async def _accept(self, channel: ChannelName, events: Sequence[Event]) -> Accepted:
        end = self._now() + PATIENCE_S
        while True:
            try:
                return await self.decide(Job(channel=channel, events=tuple(events)))
            except StoreBusy as error:
                if self._now() >= end:
                    raise self._unavailable(channel, str(error)) from error
                await asyncio.sleep(0.1)
            except Exception:
                if len(events) > 1:  # one poisonous event must not take its neighbours along
                    return _together([await self._accept(channel, [e]) for e in events])
                if any(isinstance(e, NotUnderstood) for e in events):
                    raise
                self._log.exception("an event couldn’t be decided and is kept", extra={"channel": channel})
                events = [_kept(e) for e in events]

    def _unavailable(self, channel: ChannelName, why: str) -> StoreUnavailable:
        self._log.error(
            "the store can’t take an event: the sender must come again", extra={"channel": channel, "why": why}
        )
        return StoreUnavailable(why)

    async def decide(self, job: Job) -> Accepted:
        accepted = await self._store.write(self._accepting, job)
        self._lanes.wake(accepted.lanes)
        self._waits.add(accepted.pending)
        self.followers.hear(accepted.heard)
        self._say(accepted.news)
        return accepted

    async def wish(self, wish: Merge | Split) -> ContactId:
        """Two customers who are one, or one who is two: the contact that goes on, or the new one. Raises `CannotBe` or
        `StoreBusy`."""
        contact = (await self.decide(Job(channel=ChannelName(""), wishes=(wish,)))).contact
        assert contact is not None  # noqa: S101 - a wish that is granted names one
        return contact

    def _say(self, news: Iterable[str]) -> None:
        """Each once; a flood of the same is no news."""
        for line in news:
            if line not in self._said and len(self._said) < 10_000:
                self._said.add(line)
                self._log.warning(line)

    # ---- out

    async def _work(self, lane: Lane) -> float | None:
        """Sends from a lane until it is empty, must wait, or others should have their turn."""
        head: Head = await self._store.write(claim, self._claim(lane))
        for left in range(BURST, 0, -1):
            if not isinstance(head, Claimed):
                return head.at if isinstance(head, NotDue) else None
            wait = self._now() if self._lanes.stopping else self._lanes.held_until(lane)
            if self._lanes.stopping or wait > self._now():
                return await self._given_back(head, wait)  # held, or ending, since it was claimed
            result = await self._deliverer.attempt(head)
            self._report(lane, result)
            head = await self._written(lane, head, result, last=left == 1)
        return self._now()

    async def _given_back(self, c: Claimed, due: float) -> float:
        """Claimed and not tried."""
        state = State.UNSURE if c.unsure else State.READY
        decision = Decision(state=state, due=due, possibly_twice=c.possibly_twice, counts=c.unsure)
        await self._mark(Mark(claimed=c, decision=decision))
        return due

    def _claim(self, lane: Lane) -> Claim:
        return Claim(binding=lane.binding, now=self._now(), owner=self._owner, lease_s=LEASE_S)

    async def _written(self, lane: Lane, c: Claimed, result: Result, *, last: bool) -> Head:
        """Durable before the lane goes on: a crash can leave one delivery of a lane in doubt, not more."""
        decision, sent = result.decision, result.sent
        goes_on = decision.state not in OPEN_STATES
        rest = max(result.rest_until, self._lanes.held_until(lane))
        on = goes_on and not last and not self._lanes.stopping and rest <= self._now()
        then = self._claim(lane) if on else None
        if decision.state in (State.FAILED, State.HELD):
            failure = Failure(
                conversation=c.conversation,
                n=c.n,
                state=decision.state,
                code=decision.code,
                words=decision.words,
                fence=c.fence,
            )
            await self._surely(self.decide, Job(channel=lane.channel, failures=(failure,)))
            return await self._store.write(claim, then) if then else NotDue(max(self._now(), rest))
        marked = Mark(
            claimed=c,
            decision=decision,
            remote=sent.remote if sent else None,
            segments=sent.segments if sent else None,
            then=then,
        )
        if (job := self._follows(lane, c, result)) is not None:
            head, _ = await asyncio.gather(self._mark(marked), self._surely(self.decide, job))
        else:
            head = await self._mark(marked)
        if not goes_on:
            return NotDue(decision.due)
        return head if then else NotDue(max(self._now(), rest))

    def _follows(self, lane: Lane, c: Claimed, result: Result) -> Job | None:
        """What else follows from a delivery that was sent: its place in the network's order, news of it, a word to its author."""
        sent = result.sent
        if sent is None:
            return None
        events: tuple[Event, ...] = ()
        if sent.index is not None and sent.key and sent.binding:
            events = (IndexTaken(key=sent.key, binding=sent.binding, at=self._now(), index=sent.index),)
        arrivals: tuple[Arrival, ...] = ()
        if c.kind == "message" and self._directory.listens(c.bridge):
            arrivals = (Arrival(conversation=c.conversation, n=c.n, segments=sent.segments),)
        remarks: tuple[Remark, ...] = ()
        if result.remark:
            remarks = (Remark(conversation=c.conversation, n=c.n, words=result.remark),)
        if not (events or arrivals or remarks):
            return None
        return Job(channel=lane.channel, events=events, arrivals=arrivals, remarks=remarks)

    async def _mark(self, marked: Mark) -> Head:
        return await self._surely(lambda m: self._store.write(mark, m), marked)

    async def _surely(self, write: Callable[[T], Awaitable[R]], what: T) -> R:
        """What was sent must be written down, however long the store takes."""
        while True:
            try:
                return await write(what)
            except StoreBusy as error:
                self._log.error("the store can’t take what was sent; trying again: %s", error)
                await asyncio.sleep(0.5)

    def _report(self, lane: Lane, result: Result) -> None:
        """Health, holds and the log; once per change, not once per delivery."""
        if result.hold is not None:
            self._lanes.hold(*result.hold)
        if result.sent is not None:
            self.relayed += 1
            self._lanes.hold(lane.channel, lane.endpoint, result.sent.next_at)
        match result.error:
            case None:
                self._health(lane.channel, Health.OK, "")
            case RateLimited():
                self._log.debug("waits", extra={"channel": lane.channel, "lane": lane.binding})
            case Misconfigured():
                self._health(lane.channel, Health.RESTING, str(result.error))
            case FileAway():
                self._log.info("a file is away", extra={"channel": lane.channel, "why": str(result.error)})
            case Unavailable():
                self._health(lane.channel, Health.UNREACHABLE, str(result.error))
            case error:
                self._log.info("not sent", extra={"channel": lane.channel, "lane": lane.binding, "why": str(error)})
