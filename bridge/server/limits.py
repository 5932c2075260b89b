"""uvicorn's HTTP protocol with the limits that it lacks: a head of bounded size, a request that arrives in bounded time."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES = 64 * 1024
ARRIVAL_S = 10.0


class LimitedProtocol(HttpToolsProtocol):
    """Closes a connection whose head grows too long, or whose request hasn't arrived ten seconds after it began."""

    _head = 0
    _tail = b""
    _in_head = True
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._start_timer()

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            self._head += self._of_head(data)
            if self._head > HEAD_BYTES:
                self.send_400_response("the request's head is too long")
                return
            if self._timer is None:
                self._start_timer()
        super().data_received(data)

    def _of_head(self, data: bytes) -> int:
        """How much of `data` belongs to the head: a body may begin in the same piece."""
        joined = self._tail + data
        end = joined.find(b"\r\n\r\n")
        self._tail = joined[-3:]
        return len(data) if end < 0 else end + 4 - (len(joined) - len(data))

    def on_headers_complete(self) -> None:
        self._in_head = False
        self.scope["extensions"] = {"trunkline.more_time": {"give": self.more_time}}
        super().on_headers_complete()
        if self.transport.is_closing() or (self.parser.should_upgrade() and self._should_upgrade()):
            self._stop_timer()

    def on_message_complete(self) -> None:
        self._stop_timer()
        self._in_head, self._head, self._tail = True, 0, b""
        super().on_message_complete()

    def more_time(self, seconds: float) -> None:
        """For the rest of a body, by an application that knows its sender; nothing where it is here already."""
        if self._timer is not None:
            self._stop_timer()
            self._start_timer(seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def _start_timer(self, seconds: float | None = None) -> None:
        self._timer = self.loop.call_later(ARRIVAL_S if seconds is None else seconds, self._too_slow)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.close()
