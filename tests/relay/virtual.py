"""An event loop whose time jumps: nobody waits, and everything that is due comes in its order.

It jumps only where nothing is under way outside (the store's threads), so their results always come first. A wait that nothing
could ever end is an error, not a hang.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from bridge.store.sqlite import SqliteStore
from bridge.store.store import P, Question, R

T = TypeVar("T")
BEGINNING = 1_000_000.0


class NothingWillHappen(RuntimeError):
    pass


class _Selector(selectors.DefaultSelector):
    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> Any:
        if timeout is not None and timeout <= 0:
            return super().select(0)
        if self.loop.outside:
            return super().select(None)
        if events := super().select(0):
            return events
        if timeout is None:
            raise NothingWillHappen
        self.loop.moved += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.outside = 0
        self.moved = 0.0
        selector = _Selector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return BEGINNING + self.moved

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:
        self.outside += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._back)
        return future

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        self.outside += 1
        await super().shutdown_default_executor()
        self.outside -= 1

    def _back(self, _: Any) -> None:
        self.outside -= 1


class VirtualStore(SqliteStore):
    """A real store that tells the loop of its work. Once `dead` it answers nobody: the process was killed. `dies` is asked before
    and after each write."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.dead = False
        self.dies: Callable[[], bool] = lambda: False

    async def write(self, question: Question[P, R], what: P) -> R:
        await self._alive()
        loop: Any = asyncio.get_running_loop()
        loop.outside += 1
        try:
            answer = await super().write(question, what)
        finally:
            loop.outside -= 1
        await self._alive()
        return answer

    async def read(self, question: Question[P, R], what: P) -> R:
        await self._alive()
        return await super().read(question, what)

    async def _alive(self) -> None:
        self.dead = self.dead or self.dies()
        if self.dead:
            await asyncio.Event().wait()


def played(play: Callable[[VirtualStore], Awaitable[T]], path: Path) -> T:
    """Runs `play` with a store on virtual time."""

    async def whole() -> T:
        store = VirtualStore(path)
        await store.open()
        try:
            return await play(store)
        finally:
            store.dead = False
            await store.close()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(whole())
