"""Heads and bodies that are too long or never end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from bridge.server import limits
from tests.server.conftest import parsed

Open = Callable[[], Any]
START = b"POST /webhooks/phone HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"


async def test_a_huge_head_is_refused(open_house: Open) -> None:
    async with open_house() as house:
        one = await house.raw(START + b"X-A: " + b"a" * 100_000 + b"\r\n\r\n")
        many = await house.raw(START + b"".join(b"X-%d: a\r\n" % i for i in range(20_000)) + b"\r\n")
        dripping = await house.raw(START, *[b"X-A: " + b"a" * 5000 + b"\r\n"] * 20)
        for answer in (one, many, dripping):
            assert answer == b"" or parsed(answer)[0] == 400
        assert house.channels["phone"].requests == []


async def test_a_body_in_the_same_piece_is_no_head(open_house: Open) -> None:
    body = b"x" * 300_000
    async with open_house() as house:
        head = START + b"Content-Length: %d\r\n\r\n" % len(body)
        assert parsed(await house.raw(head + body))[0] == 200
        # The end of the head may come in any pieces.
        for cut in range(1, 5):
            assert parsed(await house.raw(head[:-cut], head[-cut:] + body))[0] == 200
        assert {len(r.body) for r in house.channels["phone"].requests} == {300_000}


async def test_requests_on_one_connection_are_counted_apart(open_house: Open) -> None:
    one = b"POST /webhooks/phone HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 30_000 + b"\r\nContent-Length: 1\r\n\r\nx"
    async with open_house() as house:
        answer = await house.raw(one, one, one, one.replace(b"Host: x\r\n", b"Host: x\r\nConnection: close\r\n"))
        assert answer.count(b"HTTP/1.1 200") == 4


@pytest.mark.parametrize(
    ("label", "piece"),
    [
        ("nothing", b""),
        ("half a line", b"POST /web"),
        ("half a head", START),
        ("half a body", START + b"Content-Length: 10\r\n\r\nabc"),
    ],
)
async def test_what_never_ends_is_cut(
    open_house: Open, monkeypatch: pytest.MonkeyPatch, label: str, piece: bytes
) -> None:
    monkeypatch.setattr(limits, "ARRIVAL_S", 0.2)
    async with open_house() as house:
        loop = asyncio.get_running_loop()
        began = loop.time()
        await house.raw(piece)
        assert 0.1 < loop.time() - began < 3, label
        assert house.accepted == []


async def test_a_slow_answer_is_not_cut(open_house: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is for what comes in."""
    monkeypatch.setattr(limits, "ARRIVAL_S", 0.1)
    async with open_house() as house:
        done = asyncio.Event()
        asyncio.get_running_loop().call_later(0.4, done.set)

        async def slow(channel: Any, events: Any) -> None:
            await done.wait()

        house.accept = slow
        assert (await house.ask("POST", "/webhooks/phone", b"a"))[0] == 200
