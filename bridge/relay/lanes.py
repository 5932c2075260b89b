"""Who works on which lane, and when. A lane is worked on by one task at a time; one that waits holds up no other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable

from bridge.core.ids import ChannelName, EndpointKey
from bridge.store.records import Lane

Work = Callable[[Lane], Awaitable[float | None]]
"""Works on a lane until it is empty or must wait; returns when it is due again (epoch seconds), or None."""
Held = tuple[ChannelName, EndpointKey | None]
"""An endpoint, or the whole of a channel."""
_log = logging.getLogger("trunkline.lanes")


class Lanes:
    """Lanes that are woken, due later, or held with their endpoint or channel. Times are epoch seconds of `now`."""

    def __init__(self, work: Work, now: Callable[[], float]) -> None:
        self._work = work
        self._now = now
        self._queues: dict[ChannelName, asyncio.Queue[Lane]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._waiting: set[Lane] = set()
        self._working: set[Lane] = set()
        self._again: set[Lane] = set()
        self._timers: dict[Lane, tuple[float, asyncio.TimerHandle]] = {}
        self._holds: dict[Held, float] = {}
        self._parked: dict[Held, dict[Lane, None]] = {}
        self._armed: set[Held] = set()
        self.stopping = False
        """No delivery may be taken up any more."""
        self._rested = asyncio.Event()

    def serve(self, channel: ChannelName, in_flight: int) -> None:
        """Starts working on a channel's lanes, at most `in_flight` at once. Lanes that were woken before wait for this."""
        queue = self._queues.setdefault(channel, asyncio.Queue())
        self._tasks += [asyncio.create_task(self._worker(queue), name=f"{channel}-{i}") for i in range(in_flight)]

    def wake(self, lanes: Iterable[Lane]) -> None:
        """There may be work now."""
        for lane in lanes:
            self._enqueue(lane)

    def hold(self, channel: ChannelName, endpoint: EndpointKey | None, until: float) -> None:
        """Nothing is sent to the endpoint (None: the whole channel) before `until`."""
        self._holds[channel, endpoint] = max(until, self._holds.get((channel, endpoint), 0.0))

    def held_until(self, lane: Lane) -> float:
        return self._hold_of(lane)[0]

    def _hold_of(self, lane: Lane) -> tuple[float, Held]:
        """The later of the two holds that concern a lane."""
        endpoint, channel = (lane.channel, lane.endpoint), (lane.channel, None)
        return max(
            (self._holds.get(endpoint, 0.0), endpoint), (self._holds.get(channel, 0.0), channel), key=lambda h: h[0]
        )

    async def drain(self, seconds: float) -> None:
        """Finishes what is being sent, takes up nothing new; what doesn't end in time is cut."""
        self.stopping = True
        for _, timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        idle = asyncio.create_task(self._idle())
        await asyncio.wait([idle], timeout=seconds)
        idle.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # ---- inside

    async def _idle(self) -> None:
        while self._working:
            self._rested.clear()
            await self._rested.wait()

    def _enqueue(self, lane: Lane) -> None:
        if lane in self._working:
            self._again.add(lane)
        elif lane not in self._waiting:
            self._forget_timer(lane)
            self._waiting.add(lane)
            self._queues.setdefault(lane.channel, asyncio.Queue()).put_nowait(lane)

    def _later(self, lane: Lane, at: float) -> None:
        self._forget_timer(lane)
        delay = max(0.0, at - self._now())
        handle = asyncio.get_running_loop().call_later(delay, self._due, lane)
        self._timers[lane] = (at, handle)

    def _due(self, lane: Lane) -> None:
        self._timers.pop(lane, None)
        self._enqueue(lane)

    def _forget_timer(self, lane: Lane) -> None:
        if timer := self._timers.pop(lane, None):
            timer[1].cancel()

    async def _worker(self, queue: asyncio.Queue[Lane]) -> None:
        while not self.stopping:
            lane = await queue.get()
            if self.stopping:
                return
            self._waiting.discard(lane)
            until, held = self._hold_of(lane)
            if until > self._now():
                self._park(lane, held)
                continue
            self._working.add(lane)
            due: float | None = None
            try:
                due = await self._work(lane)
            except Exception:
                _log.exception("a lane stopped; it is tried again", extra={"channel": lane.channel})
                due = self._now() + 5.0
            finally:
                self._working.discard(lane)
                self._rested.set()
            self._rest(lane, due)

    def _park(self, lane: Lane, held: Held) -> None:
        """A held lane waits in line: when the hold ends the first goes, and each that is done lets the next two go. All at once
        would only run into the limit again."""
        line = self._parked.setdefault(held, {})
        line.setdefault(lane)
        self._arm(held)

    def _arm(self, held: Held) -> None:
        if held not in self._armed:
            self._armed.add(held)
            delay = max(0.0, self._holds.get(held, 0.0) - self._now())
            asyncio.get_running_loop().call_later(delay, self._hold_ends, held)

    def _hold_ends(self, held: Held) -> None:
        self._armed.discard(held)
        self._let_go(held, 1)

    def _let_go(self, held: Held, count: int) -> None:
        line = self._parked.get(held)
        if not line or self.stopping:
            return
        if self._holds.get(held, 0.0) > self._now():
            self._arm(held)
            return
        for lane in list(line)[:count]:
            del line[lane]
            self._enqueue(lane)

    def _rest(self, lane: Lane, due: float | None) -> None:
        if self.stopping:
            return
        self._let_go((lane.channel, lane.endpoint), 2)
        self._let_go((lane.channel, None), 2)
        if lane in self._again:
            self._again.discard(lane)
            self._enqueue(lane)
        elif due is not None:
            until, held = self._hold_of(lane)
            if self._now() < until and due <= until:
                self._park(lane, held)
            elif due <= self._now():
                self._enqueue(lane)
            else:
                self._later(lane, due)
