"""What waits to be sent by one socket: bounded, written by everybody who has news for it, emptied by one task."""

from __future__ import annotations

import asyncio
from collections import deque

from adapters.websocket.errors import Close
from bridge.channel import Socket

MOST_WAITING = 1000
"""Frames: a reader who is further behind is too slow."""
ROOM = 100
"""What is read from the log only follows once fewer frames than this wait: pages don't pile up before a slow reader."""
LAST_WORDS_S = 5.0


class Outbox:
    """`put` never waits; `room` waits until a page may follow; `close` ends it, from anywhere, once."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self._waiting: deque[str] = deque()
        self._news = asyncio.Event()
        self._roomy = asyncio.Event()
        self._roomy.set()
        self._ending: tuple[Close, str] | None = None
        self._ended = asyncio.Event()

    @property
    def ending(self) -> bool:
        return self._ending is not None

    def put(self, text: str) -> None:
        """The next frame; dropped once the end has begun. One frame too many is the end."""
        if self._ending is not None:
            return
        if len(self._waiting) >= MOST_WAITING:
            self.close(Close.TOO_MUCH, "over 1,000 frames behind: read faster, and come back", unsent=False)
            return
        self._waiting.append(text)
        self._news.set()
        if len(self._waiting) >= ROOM:
            self._roomy.clear()

    async def room(self) -> bool:
        """True once few frames wait; False where the end came first."""
        await self._roomy.wait()
        return self._ending is None

    def close(self, code: Close, words: str, *, unsent: bool = True) -> None:
        """Begins the end; the first one counts. `unsent`: what waits still goes out before."""
        if self._ending is not None:
            return
        self._ending = (code, words)
        if not unsent:
            self._waiting.clear()
            self._ended.set()
        else:
            asyncio.get_running_loop().call_later(LAST_WORDS_S, self._ended.set)  # who reads nothing isn't waited for
        self._news.set()
        self._roomy.set()

    async def run(self) -> None:
        """Sends until the end, closes the socket and returns."""
        sending = asyncio.create_task(self._send(), name="socket-outbox")
        at_once = asyncio.create_task(self._ended.wait())
        try:
            await asyncio.wait({sending, at_once}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, at_once):
                task.cancel()
            await asyncio.gather(sending, at_once, return_exceptions=True)
        if self._ending is not None:
            code, words = self._ending
            await self._socket.close(code, words)

    async def _send(self) -> None:
        """Ends when nothing waits and the end has begun."""
        while self._waiting or self._ending is None:
            if not self._waiting:
                self._news.clear()
                await self._news.wait()
                continue
            text = self._waiting.popleft()
            if len(self._waiting) < ROOM:
                self._roomy.set()
            await self._socket.send(text)
