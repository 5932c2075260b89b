"""Who may connect at all, and how every socket ends when the process does."""

from __future__ import annotations

import asyncio
import logging
import time

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from bridge.server.sockets import Accepted
from tests.adapters.kit import until
from tests.adapters.websocket.house import House, agent, house, token

SHOP = "https://shop.example.com"


async def refused(h: House, path: str = "/ws/web", **options: object) -> tuple[int, str]:
    """The status and the words of a refusal before the upgrade."""
    given = {"subprotocols": ["trunkline.v1"], "compression": None} | options
    with pytest.raises(InvalidStatus) as status:
        async with connect(f"ws://127.0.0.1:{h.port}{path}", **given):  # type: ignore[arg-type]
            pass
    return status.value.response.status_code, status.value.response.body.decode()


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example.com",
        "null",
        "http://shop.example.com",
        "https://shop.example.com:8443",
        "https://shop.example.com.evil.example",
        "https://evilshop.example.com",
        "https://SHOP.example.com",
        "https://shop.example.com/",
        "https://shop.example.com, https://shop.example.com",
        "file://",
    ],
)
async def test_a_page_from_elsewhere_is_refused_before_the_upgrade(origin: str) -> None:
    async with house() as h:
        assert (await refused(h, origin=origin))[0] == 403


async def test_a_page_of_ours_and_a_program_may_connect() -> None:
    async with house() as h:
        async with h.bare(origin=SHOP) as t:
            await t.say("hello", token=token())
            assert (await t.next())["type"] == "welcome"
        async with h.talker(token()) as t:
            assert t.seen[0]["type"] == "welcome"
    async with house(origins=[]) as h:
        assert (await refused(h, origin=SHOP))[0] == 403


@pytest.mark.parametrize(
    ("label", "path", "status"),
    [
        ("no such channel", "/ws/nobody", 404),
        ("a channel without sockets", "/ws/posts", 404),
        ("a channel that rests", "/ws/tired", 503),
        ("deeper", "/ws/web/x", 403),
    ],
)
async def test_where_nobody_serves(label: str, path: str, status: int) -> None:
    async with house() as h:
        assert (await refused(h, path))[0] == status


@pytest.mark.parametrize("offered", [None, ["trunkline.v2"], ["chat", "trunkline"]])
async def test_the_subprotocol_must_be_offered(offered: list[str] | None) -> None:
    async with house() as h:
        status, words = await refused(h, subprotocols=offered)
        assert status == 400
        assert "trunkline.v1" in words


async def test_it_is_found_among_others() -> None:
    async with house() as h, h.bare(subprotocols=["trunkline.v2", "trunkline.v1"]) as t:
        assert t.ws.subprotocol == "trunkline.v1"


async def test_a_plain_request_is_told_to_upgrade() -> None:
    async with house() as h, httpx.AsyncClient() as client:
        answer = await client.get(f"http://127.0.0.1:{h.port}/ws/web")
        assert (answer.status_code, answer.headers["upgrade"]) == (426, "websocket")


async def test_a_token_in_the_url_is_ignored_and_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    shown = token()
    with caplog.at_level(logging.DEBUG):
        async with house() as h:
            url = f"ws://127.0.0.1:{h.port}/ws/web?token={shown}"
            async with connect(url, subprotocols=["trunkline.v1"]) as ws:  # type: ignore[list-item]
                await ws.send('{"type":"ping"}')
                await ws.wait_closed()
                assert ws.close_code == 4401
    ours = [r.getMessage() for r in caplog.records if not r.name.startswith("websockets.client")]
    assert not [line for line in ours if shown in line or shown[:20] in line]


async def test_a_drain_closes_every_socket_quickly() -> None:
    async with house() as h, h.talker(token()) as ana, h.talker(agent()) as eve, h.bare() as silent:
        assert len(h.sockets) == 3
        began = time.monotonic()
        await h.sockets.close_all()
        assert time.monotonic() - began < 1.0
        assert [await t.closed() for t in (ana, eve, silent)] == [1012, 1012, 1012]
        assert len(h.sockets) == 0
        assert (await refused(h))[0] == 503


async def test_a_client_that_reads_nothing_does_not_hold_up_a_drain() -> None:
    async with house() as h, h.talker(token()) as ana, h.bare(max_queue=1) as deaf:
        await ana.ask("send", ref="1", text="Hi")
        await deaf.say("hello", token=agent())
        await until(lambda: len(h.channel._there) == 2, "the welcome")
        for _ in range(300):
            h.log.elsewhere("c-support-web-ana", "x" * 20_000)
        await asyncio.sleep(0)
        began = time.monotonic()
        await h.sockets.close_all()
        assert time.monotonic() - began < 3.0
        assert await deaf.closed() == 1012


async def test_bytes_that_are_no_websocket_end_that_connection_alone(caplog: pytest.LogCaptureFixture) -> None:
    async with house() as h, h.talker(token()) as good:
        for label, raw, code in [
            ("no UTF-8", b"\x81\x82\x00\x00\x00\x00\xff\xfe", 1007),
            ("unmasked", b"\x81\x02{}", 1002),
            ("a reserved bit", b"\xc1\x82\x00\x00\x00\x00{}", 1002),
            ("an opcode that isn't there", b"\x83\x80\x00\x00\x00\x00", 1002),
            ("a close code that isn't one", b"\x88\x82\x00\x00\x00\x00\x00\x01", 1002),
        ]:
            async with h.bare() as t:
                t.ws.transport.write(raw)
                assert await t.closed() == code, label
        assert await good.quiet() == []
    assert not [r for r in caplog.records if "ASGI" in r.getMessage()]


async def test_what_is_said_to_one_who_is_gone_is_lost_in_silence() -> None:
    class Gone:
        headers = httpx.Headers()
        client = None

        async def send(self, message: object) -> None:
            raise RuntimeError("after the close")

    class Headers:
        def getlist(self, name: str) -> list[str]:
            return []

    gone = Gone()
    gone.headers = Headers()  # type: ignore[assignment]
    socket = Accepted(gone)  # type: ignore[arg-type]
    await socket.send("x")
    await socket.send("y")
    await socket.close(1012, "ä" * 200)
