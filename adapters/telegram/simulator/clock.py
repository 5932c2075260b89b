"""The simulator's clock: it can be set forward and run faster, so that a minute's limit is tested in a second."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Callable


class Clock:
    """Simulated epoch seconds: real time from an anchor on, times `rate`, plus what was advanced."""

    def __init__(self, anchor: tuple[float, float, float] | None, save: Callable[[list[float]], None]) -> None:
        """`anchor` is (real, simulated, rate) of an earlier run; `save` keeps it whenever it changes."""
        real = time.time()
        self._real, self._simulated, self.rate = anchor or (real, real, 1.0)
        self._save = save
        self._changed = asyncio.Event()

    def now(self) -> float:
        """Simulated epoch seconds."""
        return self._simulated + (time.time() - self._real) * self.rate

    def set(self, *, advance: float = 0.0, rate: float | None = None) -> None:
        """Goes `advance` simulated seconds forward and runs at `rate` from now on. Raises ValueError for a step back."""
        if advance < 0 or (rate is not None and not rate > 0):
            raise ValueError("the clock only goes forward")
        self._simulated, self._real = self.now() + advance, time.time()
        self.rate = rate or self.rate
        self._save([self._real, self._simulated, self.rate])
        self._changed.set()
        self._changed = asyncio.Event()

    def real_seconds(self, simulated: float) -> int:
        """What to tell a client that must wait: whole real seconds, at least 1."""
        return max(1, math.ceil(simulated / self.rate))

    async def sleep_until(self, moment: float) -> None:
        """Returns once the clock has passed `moment`, however it got there."""
        while (remaining := moment - self.now()) > 0:
            changed = self._changed
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), remaining / self.rate)
