"""How one knows that nothing is going on any more."""

from __future__ import annotations

import asyncio


class Activity:
    """Counts what is under way: lanes that send webhooks, receipts that are owed."""

    def __init__(self) -> None:
        self._running = 0
        self._quiet = asyncio.Event()
        self._quiet.set()

    def begin(self) -> None:
        """Something starts."""
        self._running += 1
        self._quiet.clear()

    def end(self) -> None:
        """Something is over; what it led to must have begun by now."""
        self._running -= 1
        if not self._running:
            self._quiet.set()

    async def quiet(self) -> None:
        """Returns when nothing is under way."""
        while self._running:
            await self._quiet.wait()
