"""Events that can't be decided yet: each is asked for, or tried again, when it is due."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
from collections.abc import Awaitable, Callable

from bridge.core.ids import BindingKey, ChannelName
from bridge.core.outcomes import SendError
from bridge.relay.channels import Open
from bridge.relay.context import Accepted
from bridge.relay.decide import Job
from bridge.store.overview import expected
from bridge.store.records import Pending
from bridge.store.store import Store

Decide = Callable[[Job], Awaitable[Accepted]]
GAP_WAIT_S = 60.0
"""So long a gap that can't be asked for holds a conversation; then it goes on."""
ASK_AGAIN_S = 5.0
ASK_AGAIN_S = 5.0
AT_ONCE = 8


class Waits:
    """Pending events by the time they are due. One question per binding, however many of its events wait."""

    def __init__(
        self, store: Store, channels: dict[ChannelName, Open], decide: Decide, now: Callable[[], float]
    ) -> None:
        self._store = store
        self._channels = channels
        self._decide = decide
        self._now = now
        self._heap: list[tuple[float, int, Pending]] = []
        self._count = itertools.count()
        self._changed = asyncio.Event()
        self._asking: set[tuple[str, str]] = set()
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
            return  # the answer serves them all
        self._asking.add(what)
        task = asyncio.create_task(self._ask(pending, what))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ask(self, pending: Pending, what: tuple[str, str]) -> None:
        try:
            async with self._slots:
                await self._answer(pending)
        except SendError as error:
            self._log.warning("asking for what is missing failed: %s", error, extra={"channel": pending.channel})
            await self._again(pending)
        except Exception:
            self._log.exception("asking for what is missing failed", extra={"channel": pending.channel})
            await self._again(pending)
        else:
            self._since.pop(pending.waits_on, None)
        finally:
            self._asking.discard(what)

    async def _again(self, pending: Pending) -> None:
        """Asked once more; but a gap doesn't hold its conversation for ever."""
        since = self._since.setdefault(pending.waits_on, self._now())
        if pending.waits_for == "gap" and self._now() - since > GAP_WAIT_S:
            await self._decide(Job(channel=pending.channel, skip=(pending.waits_on,)))
            return
        pending.due = self._now() + ASK_AGAIN_S
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
            await self._fill(channel, key, pending.waits_on)

    async def _fill(self, channel: Open, key: BindingKey, full_key: str) -> None:
        """Fetches what is missing before the first that is held; what the network doesn't have doesn't exist."""
        if channel.history is not None:
            after = await self._store.read(expected, full_key) - 1
            if events := await channel.history.history(key, after):
                await self._decide(Job(channel=channel.name, events=tuple(events)))
        await self._decide(Job(channel=channel.name, skip=(full_key,)))
