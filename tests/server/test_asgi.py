"""Real HTTP on a loopback port: what each sender is answered, and what is stored."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest

from bridge.server.asgi import BODY_BYTES
from tests.server.conftest import parsed

Open = Callable[[], Any]


@pytest.mark.parametrize(
    ("label", "method", "path", "body", "status", "stored"),
    [
        ("taken", "POST", "/webhooks/phone/conversations", b"a=1", 200, 1),
        ("taken without a rest", "POST", "/webhooks/phone", b"a=1", 200, 1),
        ("no such channel", "POST", "/webhooks/nobody", b"a=1", 404, 0),
        ("a channel that rests", "POST", "/webhooks/tired", b"a=1", 503, 0),
        ("forged", "POST", "/webhooks/phone", b"forged", 403, 0),
        ("no form", "POST", "/webhooks/phone", b"unreadable", 400, 0),
        ("not for us", "POST", "/webhooks/phone", b"ignored", 204, 0),
        ("a method that nobody uses", "DELETE", "/webhooks/phone", b"", 405, 0),
        ("nowhere", "GET", "/nowhere", b"", 404, 0),
        ("just not too large", "POST", "/webhooks/phone", b"x" * BODY_BYTES, 200, 1),
        ("too large", "POST", "/webhooks/phone", b"x" * (BODY_BYTES + 1), 413, 0),
        ("much too large", "POST", "/webhooks/phone", b"x" * (8 * BODY_BYTES), 413, 0),
    ],
)
async def test_answers(
    open_house: Open, label: str, method: str, path: str, body: bytes, status: int, stored: int
) -> None:
    async with open_house() as house:
        found, _, _ = await house.ask(method, path, body)
        assert (found, len(house.accepted)) == (status, stored), label


async def test_the_channels_own_reply(open_house: Open) -> None:
    async with open_house() as house:
        _, headers, body = await house.ask("POST", "/webhooks/phone", b"a=1")
        assert (headers["content-type"].split(";")[0], body) == ("text/xml", b"<Response/>")


async def test_a_store_that_cannot_take_it(open_house: Open) -> None:
    async with open_house() as house:
        house.busy = True
        status, headers, _ = await house.ask("POST", "/webhooks/phone", b"a=1")
        assert (status, headers["retry-after"]) == (503, "2")


async def test_why_a_request_was_refused_stays_here(open_house: Open, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        async with open_house() as house:
            _, _, body = await house.ask("POST", "/webhooks/phone", b"forged")
    assert body == b"forbidden\n"
    assert "refused: the signature doesn’t fit" in caplog.text


async def test_chunks_are_counted(open_house: Open) -> None:
    async with open_house() as house:
        head = b"POST /webhooks/phone HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        assert parsed(await house.raw(head, *[chunk] * 16, b"0\r\n\r\n"))[0] == 200
        assert len(house.channels["phone"].requests[0].body) == BODY_BYTES
        answer = await house.raw(head, *[chunk] * 16, b"1\r\nx\r\n", b"0\r\n\r\n")
        assert parsed(answer)[0] == 413
        assert len(house.accepted) == 1


async def test_the_request_as_it_came(open_house: Open) -> None:
    async with open_house() as house:
        await house.ask("POST", "/webhooks/%70hone/a%2Fb/c?x=%41&y", b"\xff\x00", "X-A: 1", "x-a: 2", "X-B: \xe9")
        (request,) = house.channels["phone"].requests
        assert (request.rest, request.query, request.body) == ("a%2Fb/c", "x=%41&y", b"\xff\x00")
        assert request.headers["x-a"] == "1, 2", "duplicated headers are joined"
        assert request.method == "POST"
        await house.ask("GET", "/webhooks/phone?a=1")
        assert (house.channels["phone"].requests[1].rest, house.channels["phone"].requests[1].query) == ("", "a=1")


async def test_a_sender_that_leaves_half_way(open_house: Open) -> None:
    async with open_house() as house:
        await house.raw(b"POST /webhooks/phone HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc", end=True)
        assert house.accepted == []
        assert (await house.ask("GET", "/healthz"))[0] == 200


async def test_health(open_house: Open) -> None:
    async with open_house() as house:
        status, _, body = await house.ask("GET", "/healthz")
        assert (status, body) == (200, b'{"status":"ok"}')
        assert (await house.ask("GET", "/readyz"))[0] == 200
        house.is_ready = False
        status, _, body = await house.ask("GET", "/readyz")
        assert status == 503
        assert b'"draining":true' in body
        assert (await house.ask("GET", "/healthz"))[0] == 200


async def test_two_at_once_share_nothing(open_house: Open) -> None:
    async with open_house() as one, open_house() as two:
        await asyncio.gather(one.ask("POST", "/webhooks/phone", b"a"), two.ask("POST", "/webhooks/phone", b"b"))
        assert [len(h.accepted) for h in (one, two)] == [1, 1]
        assert [h.channels["phone"].requests[0].body for h in (one, two)] == [b"a", b"b"]
