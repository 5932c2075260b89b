"""For the tests of channels: the port that they are given, and a server that answers with any bytes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from bridge.channel import File, Health, StoreUnavailable
from bridge.core.content import Attachment, kind_of
from bridge.core.events import Event
from bridge.core.ids import ChannelName

PATIENCE = 10.0
URL = "http://127.0.0.1:9/webhooks/phone"


@dataclass
class RecordingPort:
    """A channel's port that keeps what it is told. `refusals` times `accept` can't; `ahead` puts the clock forward."""

    name: ChannelName = field(default_factory=lambda: ChannelName("phone"))
    url: str = URL
    log: logging.Logger = field(default_factory=lambda: logging.getLogger("trunkline.channel.phone"))
    events: list[Event] = field(default_factory=list)
    healths: list[tuple[Health, str]] = field(default_factory=list)
    refusals: int = 0
    refused: int = 0
    ahead: float = 0.0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def accept(self, events: Sequence[Event]) -> None:
        self.news.set()
        if self.refusals:
            self.refusals -= 1
            self.refused += 1
            raise StoreUnavailable("the store is away")
        self.events += events

    def now(self) -> float:
        return time.time() + self.ahead

    def webhook_url(self, rest: str = "") -> str:
        return self.url + (f"/{rest}" if rest else "")

    def health(self, state: Health, words: str = "") -> None:
        self.healths.append((state, words))
        self.news.set()


async def until(question: Callable[[], Any], what: str = "it") -> Any:
    """The first true answer, asked again and again without standing in anybody's way."""
    deadline = time.monotonic() + PATIENCE
    while not (answer := question()):
        assert time.monotonic() < deadline, f"{what} did not come within {PATIENCE:g} s"
        await asyncio.sleep(0.005)
    return answer


def a_file(data: bytes, content_type: str, filename: str = "", kind: str = "") -> File:
    attachment = Attachment(
        ref="", content_type=content_type, kind=kind or kind_of(content_type), filename=filename, size=len(data)
    )
    return File(attachment=attachment, body=BytesIO(data), size=len(data))


def http(status: int, body: bytes = b"", *headers: str) -> bytes:
    """An HTTP answer after which the connection is closed."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@dataclass
class Odd:
    """A server that answers each connection with `answer`, whatever is asked; None: never. `heard` are the requests."""

    url: str = ""
    answer: bytes | Callable[[bytes], bytes] | None = b""
    heard: list[bytes] = field(default_factory=list)


@asynccontextmanager
async def odd(answer: bytes | Callable[[bytes], bytes] | None) -> AsyncIterator[Odd]:
    running = Odd(answer=answer)
    over = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = [
                int(v) for n, _, v in (h.partition(b":") for h in head.lower().split(b"\r\n")) if n == b"content-length"
            ]
            request = head + (await reader.readexactly(length[0]) if length else b"")
            running.heard.append(request)
            if running.answer is None:
                await over.wait()
            else:
                writer.write(running.answer(request) if callable(running.answer) else running.answer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    running.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield running
    finally:
        over.set()
        server.close()
        await server.wait_closed()


async def nowhere() -> str:
    """A loopback URL at which nobody listens."""
    server = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()
    await server.wait_closed()
    return url
