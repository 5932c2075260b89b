"""The server over real HTTP, with an inlet of plain values behind it."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import uvicorn

from bridge.channel import Events, Forged, Ignored, Received, Request, StoreUnavailable, Unreadable
from bridge.core.events import Event, NotUnderstood
from bridge.core.ids import ChannelName, EventKey
from bridge.server import limits
from bridge.server.asgi import BODY_BYTES, application
from bridge.server.limits import LimitedProtocol

EVENT = NotUnderstood(key=EventKey("k"), at=1.0, what="x", raw="x")


@dataclass
class Ear:
    """A channel that says what its request's header asks for."""

    asked: list[Request] = field(default_factory=list)

    def receive(self, request: Request) -> Received:
        self.asked.append(request)
        match request.headers.get("x-say", "events"):
            case "forged":
                return Forged(reason="not from there")
            case "unreadable":
                return Unreadable(reason="no form")
            case "ignored":
                return Ignored(reason="not ours")
            case _:
                return Events(events=(EVENT,))


@dataclass
class Inlet:
    channels: Any = field(default_factory=lambda: {ChannelName("ear"): Ear()})
    resting: Any = field(default_factory=lambda: {ChannelName("web"): "not built yet"})
    accepted: list[Event] = field(default_factory=list)
    away: bool = False
    draining: bool = False

    async def accept(self, channel: ChannelName, events: Sequence[Event]) -> None:
        if self.away:
            raise StoreUnavailable("away")
        self.accepted += events

    async def ready(self) -> tuple[bool, dict[str, Any]]:
        return not self.draining, {"store": "ok", "channels": {}, "draining": self.draining}

    @property
    def ear(self) -> Ear:
        ear: Ear = self.channels["ear"]
        return ear


class Quiet(uvicorn.Server):
    def install_signal_handlers(self) -> None:
        pass


@pytest.fixture
async def served() -> AsyncIterator[tuple[Inlet, str]]:
    inlet, sock = Inlet(), socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(application(inlet), http=LimitedProtocol, lifespan="off", log_level="critical")
    server = Quiet(config)
    task = asyncio.create_task(server.serve(sockets=[sock]))
    while not server.started:
        await asyncio.sleep(0)
    yield inlet, f"http://127.0.0.1:{sock.getsockname()[1]}"
    server.should_exit = True
    await task


@pytest.mark.parametrize(
    ("say", "status", "stored"), [("events", 200, 1), ("ignored", 200, 0), ("forged", 403, 0), ("unreadable", 400, 0)]
)
async def test_the_channel_decides_the_answer(served: tuple[Inlet, str], say: str, status: int, stored: int) -> None:
    inlet, url = served
    async with httpx.AsyncClient() as http:
        answer = await http.post(f"{url}/webhooks/ear/conversations", content=b"a=1", headers={"X-Say": say})
    assert (answer.status_code, len(inlet.accepted)) == (status, stored)
    assert "not from there" not in answer.text


async def test_the_request_reaches_the_channel_as_it_came(served: tuple[Inlet, str]) -> None:
    inlet, url = served
    async with httpx.AsyncClient() as http:
        headers = [("X-Twice", "one"), ("X-Twice", "two")]
        await http.post(f"{url}/webhooks/ear/a%2Fb/c?q=%27&x", content=b"body", headers=headers)
    (asked,) = inlet.ear.asked
    assert (asked.rest, asked.query, asked.body) == ("a%2Fb/c", "q=%27&x", b"body")
    assert asked.headers["x-twice"] == "one, two"


async def test_unknown_resting_and_other_methods(served: tuple[Inlet, str]) -> None:
    _, url = served
    async with httpx.AsyncClient() as http:
        assert (await http.post(f"{url}/webhooks/nobody")).status_code == 404
        assert (await http.post(f"{url}/webhooks/web")).status_code == 503
        assert (await http.put(f"{url}/webhooks/ear")).status_code == 405
        assert (await http.get(f"{url}/elsewhere")).status_code == 404


async def test_a_store_that_is_away_asks_the_sender_to_come_again(served: tuple[Inlet, str]) -> None:
    inlet, url = served
    inlet.away = True
    async with httpx.AsyncClient() as http:
        answer = await http.post(f"{url}/webhooks/ear", content=b"{}")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


async def test_health(served: tuple[Inlet, str]) -> None:
    inlet, url = served
    async with httpx.AsyncClient() as http:
        assert (await http.get(f"{url}/healthz")).json() == {"status": "ok"}
        assert (await http.get(f"{url}/readyz")).status_code == 200
        inlet.draining = True
        assert (await http.get(f"{url}/readyz")).status_code == 503
        assert (await http.get(f"{url}/healthz")).status_code == 200


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_over_the_limit(served: tuple[Inlet, str], chunked: bool) -> None:
    inlet, url = served

    async def chunks(size: int) -> AsyncIterator[bytes]:
        for _ in range(size // 1024):
            yield b"x" * 1024

    async with httpx.AsyncClient() as http:
        large: Any = chunks(BODY_BYTES + 1024) if chunked else b"x" * (BODY_BYTES + 1)
        assert (await http.post(f"{url}/webhooks/ear", content=large)).status_code == 413
        fits: Any = chunks(BODY_BYTES) if chunked else b"x" * BODY_BYTES
        assert (await http.post(f"{url}/webhooks/ear", content=fits)).status_code == 200
    assert len(inlet.accepted) == 1


async def raw(url: str, data: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    writer.write(data)
    try:
        return await asyncio.wait_for(reader.read(), 5)
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_a_head_without_end_is_cut(served: tuple[Inlet, str]) -> None:
    _, url = served
    answer = await raw(url, b"POST /webhooks/ear HTTP/1.1\r\nHost: x\r\n" + b"X-A: " + b"a" * (limits.HEAD_BYTES + 1))
    assert answer == b"" or b" 400 " in answer.split(b"\r\n")[0]


@pytest.mark.parametrize(
    "head",
    [b"", b"POST /webhooks/ear HTTP/1.1\r\n", b"POST /webhooks/ear HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na"],
)
async def test_a_request_that_does_not_arrive_is_cut(
    served: tuple[Inlet, str], monkeypatch: pytest.MonkeyPatch, head: bytes
) -> None:
    monkeypatch.setattr(limits, "ARRIVAL_S", 0.2)
    _, url = served
    begun = time.monotonic()
    assert b" 200 " not in await raw(url, head)
    assert time.monotonic() - begun < 4
