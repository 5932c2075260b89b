from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn

from bridge.channel import Events, Forged, Ignored, Received, Reply, Request, StoreUnavailable, Unreadable
from bridge.commands.serving import Server, bind
from bridge.core.events import Event, NotUnderstood
from bridge.core.ids import ChannelName, EventKey
from bridge.server.asgi import application
from bridge.server.limits import LimitedProtocol


class Scripted:
    """A channel whose answer is what the body asks for."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def receive(self, request: Request) -> Received:
        self.requests.append(request)
        match request.body.partition(b" ")[0]:
            case b"forged":
                return Forged(reason="the signature doesn’t fit")
            case b"unreadable":
                return Unreadable(reason="the body is no form")
            case b"ignored":
                return Ignored(reason="not for us", reply=Reply(status=204))
            case _:
                event = NotUnderstood(key=EventKey("k"), at=request.at, what="x", raw=str(len(request.body)))
                return Events(events=(event,), reply=Reply(content_type="text/xml", body=b"<Response/>"))


@dataclass
class House:
    """What the server asks of the application, and where it listens."""

    channels: Mapping[ChannelName, Any]
    resting: Mapping[ChannelName, str] = field(default_factory=dict)
    accepted: list[tuple[str, Sequence[Event]]] = field(default_factory=list)
    busy: bool = False
    is_ready: bool = True
    port: int = 0

    async def accept(self, channel: ChannelName, events: Sequence[Event]) -> None:
        if self.busy:
            raise StoreUnavailable("locked")
        self.accepted.append((channel, events))

    async def ready(self) -> tuple[bool, dict[str, Any]]:
        return self.is_ready, {"store": "ok", "channels": {}, "draining": not self.is_ready}

    async def raw(self, *pieces: bytes, end: bool = False) -> bytes:
        """Everything that comes back until the server closes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            if end:
                writer.write_eof()
            async with asyncio.timeout(10):
                return await reader.read()
        except ConnectionError:
            return b""
        finally:
            writer.close()

    async def ask(self, method: str, path: str, body: bytes = b"", *headers: str) -> tuple[int, dict[str, str], bytes]:
        lines = [f"{method} {path} HTTP/1.1", "Host: x", "Connection: close", f"Content-Length: {len(body)}", *headers]
        answer = await self.raw("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        return parsed(answer)


def parsed(answer: bytes) -> tuple[int, dict[str, str], bytes]:
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = {k.lower(): v.strip() for k, _, v in (x.partition(":") for x in lines)}
    return int(status.split(" ")[1]), headers, body


@asynccontextmanager
async def serving(house: House) -> AsyncIterator[House]:
    sock: socket.socket = bind("127.0.0.1", 0)
    house.port = sock.getsockname()[1]
    config = uvicorn.Config(
        application(house), http=LimitedProtocol, lifespan="off", log_config=None, access_log=False, server_header=False
    )
    server = Server(config)
    task = asyncio.create_task(server.serve(sockets=[sock]))
    await server.listening.wait()
    try:
        yield house
    finally:
        server.should_exit = True
        await task


@pytest.fixture
def open_house() -> Callable[[], Any]:
    def made() -> Any:
        return serving(House({ChannelName("phone"): Scripted()}, {ChannelName("tired"): "the token is revoked"}))

    return made
