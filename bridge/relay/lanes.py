"""Who works on which lane, and when. A lane is worked on by one task at a time; one that waits holds up no other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable

from bridge.core.ids import ChannelName, EndpointKey
from bridge.store.records import Lane

Work = Callable[[Lane], Awaitable[float | None]]
"""Works on a lane until it is empty or must wait; returns when it is due again (epoch seconds), or None."""
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
        self._holds: dict[tuple[ChannelName, EndpointKey | None], float] = {}
        self._stopping = False
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
        endpoint = self._holds.get((lane.channel, lane.endpoint), 0.0)
        return max(endpoint, self._holds.get((lane.channel, None), 0.0))

    async def drain(self, seconds: float) -> None:
        """Finishes what is being sent, takes up nothing new; what doesn't end in time is cut."""
        self._stopping = True
        for _, timer in self._timers.values():
            timer.cancel()
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
        while not self._stopping:
            lane = await queue.get()
            self._waiting.discard(lane)
            held = self.held_until(lane)
            if held > self._now():
                self._later(lane, held)
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

    def _rest(self, lane: Lane, due: float | None) -> None:
        if lane in self._again:
            self._again.discard(lane)
            self._enqueue(lane)
        elif due is not None:
            self._enqueue(lane) if due <= self._now() else self._later(lane, due)
