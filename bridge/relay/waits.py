"""Events that can't be decided yet: each is asked for, or tried again, when it is due."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
from collections.abc import Awaitable, Callable, Sequence

from bridge.channel.port import StoreUnavailable
from bridge.core.events import Event, IndexTaken, MessageReceived
from bridge.core.ids import BindingKey, ChannelName
from bridge.core.outcomes import RateLimited, SendError
from bridge.relay.channels import Open
from bridge.relay.context import Accepted
from bridge.relay.jobs import Job
from bridge.store.overview import expected
from bridge.store.records import Pending
from bridge.store.store import Store, StoreBusy

Decide = Callable[[Job], Awaitable[Accepted]]
GAP_WAIT_S = 60.0
"""So long a gap that can't be asked for holds a conversation; then it goes on."""
ASK_AGAIN_S = 5.0
AT_ONCE = 8


class Waits:
    """Pending events by the time they are due. One question per binding, however many of its events wait."""

    def __init__(
        self,
        store: Store,
        channels: dict[ChannelName, Open],
        decide: Decide,
        accept: Callable[[ChannelName, Sequence[Event]], Awaitable[Accepted]],
        now: Callable[[], float],
    ) -> None:
        self._store = store
        self._channels = channels
        self._decide = decide
        self._accept = accept
        self._now = now
        self._heap: list[tuple[float, int, Pending]] = []
        self._count = itertools.count()
        self._changed = asyncio.Event()
        self._asking: dict[tuple[str, str], list[Pending]] = {}
        """What is being asked, with those that came to ask the same meanwhile."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._since: dict[str, float] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._log = logging.getLogger("trunkline.waits")

    def add(self, pendings: list[Pending]) -> None:
        for p in pendings:
            heapq.heappush(self._heap, (p.due, next(self._count), p))
        if pendings:
            self._changed.set()

    async def run(self) -> None:
        try:
            while True:
                await self._until_due()
                while self._heap and self._heap[0][0] <= self._now():
                    self._start(heapq.heappop(self._heap)[2])
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _until_due(self) -> None:
        self._changed.clear()
        delay = self._heap[0][0] - self._now() if self._heap else None
        if delay is None or delay > 0:
            try:
                async with asyncio.timeout(delay):
                    await self._changed.wait()
            except TimeoutError:
                pass

    def _start(self, pending: Pending) -> None:
        what = (pending.waits_for, pending.id if pending.waits_for == "message" else pending.waits_on)
        if what in self._asking:
            self._asking[what].append(pending)
            return
        self._asking[what] = []
        task = asyncio.create_task(self._ask(pending, what))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ask(self, pending: Pending, what: tuple[str, str]) -> None:
        try:
            async with self._slots:
                await self._answer(pending)
        except SendError as error:
            self._log.warning("asking for what is missing failed: %s", error, extra={"channel": pending.channel})
            await self._again(pending, error)
        except (StoreBusy, StoreUnavailable):
            await self._again(pending)
        except Exception:
            self._log.exception("asking for what is missing failed", extra={"channel": pending.channel})
            await self._again(pending)
        else:
            self._since.pop(pending.waits_on, None)
        finally:
            others = self._asking.pop(what)
            if pending.waits_for == "gap":
                self.add(others)  # an answer may be older than they are

    async def _again(self, pending: Pending, error: SendError | None = None) -> None:
        """Asked once more; but a gap doesn't hold its conversation for ever."""
        since = self._since.setdefault(pending.waits_on, self._now())
        if pending.waits_for == "gap" and self._now() - since > GAP_WAIT_S:
            try:
                await self._decide(Job(channel=pending.channel, skip=((pending.waits_on, _index(pending)),)))
            except StoreBusy as busy:
                self._log.warning("the store is busy; trying again: %s", busy)
            else:
                del self._since[pending.waits_on]
                return
        pending.due = self._now() + ASK_AGAIN_S
        if isinstance(error, RateLimited) and error.retry_at is not None:
            pending.due = max(pending.due, error.retry_at)
        self.add([pending])

    async def _answer(self, pending: Pending) -> None:
        channel = self._channels.get(pending.channel)
        key = BindingKey(pending.waits_on.removeprefix(f"{pending.channel}:"))
        if pending.waits_for == "message":
            await self._decide(Job(channel=pending.channel, due=(pending,)))
        elif channel is None:
            return  # the channel rests; the next start finds the event again
        elif pending.waits_for == "describe" and channel.describes is not None:
            seen = await channel.describes.describe(key)
            job = (
                Job(channel=channel.name, events=(seen,))
                if seen
                else Job(channel=channel.name, absent=(pending.waits_on,))
            )
            await self._decide(job)
        elif pending.waits_for == "gap":
            await self._fill(channel, key, pending)

    async def _fill(self, channel: Open, key: BindingKey, pending: Pending) -> None:
        """Fetches what is missing before one that is held; what the network doesn't have there doesn't exist."""
        wanted = await self._store.read(expected, pending.waits_on)
        if wanted > _index(pending):
            return  # it came by itself, as it mostly does
        if channel.history is not None:
            for event in await channel.history.history(key, wanted - 1):
                await self._accept(channel.name, [event])
        await self._decide(Job(channel=channel.name, skip=((pending.waits_on, _index(pending)),)))


def _index(pending: Pending) -> int:
    return pending.event.index or 0 if isinstance(pending.event, MessageReceived | IndexTaken) else 0
