"""Files, both ways, byte for byte."""

# ruff: noqa: S101 - rules assert

from __future__ import annotations

import asyncio
import base64
import random
import uuid
from dataclasses import replace

import pytest

from bridge.channel.adapter import FetchesMedia
from bridge.channel.conformance.bench import Bench, a_file
from bridge.channel.conformance.needs import FILES, MEDIA, NETWORK, PARTS, needs
from bridge.channel.conformance.rules.receiving import ready
from bridge.core.capabilities import Capabilities
from bridge.core.content import Attachment
from bridge.core.events import MessageReceived
from bridge.core.outcomes import Refused, Unavailable

TYPES = ("application/pdf", "text/plain", "application/octet-stream", "image/png", "audio/mpeg", "video/mp4")
LARGEST = 64 * 1024 * 1024
"""A network that takes more than this isn't tried at its limit."""
SIZE = 300_000


class Media:
    @needs(NETWORK, PARTS, FILES)
    async def test_a_file_arrives_byte_for_byte(self, bench: Bench) -> None:
        data = _bytes(SIZE)
        assert await _sent(bench, data) == data

    @needs(NETWORK, PARTS, FILES)
    async def test_a_file_at_the_limit_arrives(self, bench: Bench) -> None:
        rule = bench.caps.rule_for(_type(bench.caps))
        assert rule is not None
        if rule.max_bytes > LARGEST:
            pytest.skip(f"limit: {rule.max_bytes} bytes are more than is tried")
        data = bytes(rule.max_bytes)
        assert len(await _sent(bench, data)) == rule.max_bytes

    @needs(NETWORK, MEDIA)
    async def test_media_come_back_byte_for_byte(self, bench: Bench) -> None:
        data = _bytes(SIZE)
        attachment = await _received(bench, data)
        assert attachment.size in (None, len(data))
        assert await _read(bench, attachment) == data

    @needs(NETWORK, MEDIA)
    async def test_media_can_be_left_at_any_time(self, bench: Bench) -> None:
        """As the relay does where a file proves larger than anybody may take it."""
        attachment = await _received(bench, _bytes(8 * SIZE))
        assert isinstance(bench.channel, FetchesMedia)
        for _ in range(bench.caps.max_in_flight + 1):
            async with asyncio.timeout(5):
                async with bench.channel.open_media(attachment) as chunks:
                    first = await anext(aiter(chunks))
        assert 0 < len(first) < 8 * SIZE, "in pieces, not the whole at once"

    @needs(NETWORK, MEDIA)
    async def test_media_that_are_gone_are_refused(self, bench: Bench) -> None:
        attachment = await _received(bench, _bytes(10))
        last = "0" if attachment.ref[-1] != "0" else "1"
        with pytest.raises((Refused, Unavailable)):
            await _read(bench, replace(attachment, ref=attachment.ref[:-1] + last))


def _bytes(size: int) -> bytes:
    return random.Random(size).randbytes(size)  # noqa: S311 - the same ones each time


def _type(caps: Capabilities) -> str:
    return next(t for t in (*TYPES, *(t for r in caps.media for t in r.types if "*" not in t)) if caps.rule_for(t))


async def _sent(bench: Bench, data: bytes) -> bytes:
    """Sends a file; what a person would then load."""
    name = f"{uuid.uuid4().hex}.bin"
    await bench.send(await bench.out(file=a_file(data, _type(bench.caps), name)))

    def shown() -> list[dict[str, object]]:
        return [f for m in bench.network.messages() for f in m["media"] if f["size"] == len(data)]

    await bench.until(shown)
    return await asyncio.to_thread(bench.network.fetched, shown()[-1])


async def _received(bench: Bench, data: bytes) -> Attachment:
    """Somebody sends us a file."""
    await ready(bench)
    before = len(bench.port.events)
    encoded = base64.b64encode(data).decode()
    file = {"filename": "a.pdf", "content_type": "application/pdf", "data": encoded}
    await bench.say("", file)
    await bench.until(lambda: _attached(bench, before))
    return _attached(bench, before)[0]


def _attached(bench: Bench, after: int) -> list[Attachment]:
    return [a for e in bench.port.events[after:] if isinstance(e, MessageReceived) for a in e.content.attachments]


async def _read(bench: Bench, attachment: Attachment) -> bytes:
    assert isinstance(bench.channel, FetchesMedia)
    async with bench.channel.open_media(attachment) as chunks:
        return b"".join([chunk async for chunk in chunks])
