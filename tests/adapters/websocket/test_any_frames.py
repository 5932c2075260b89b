"""Whatever strangers send over real sockets: each frame has an answer or ends its own socket, and nothing breaks."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from adapters.websocket.frames import BY_TYPE
from tests.adapters.websocket.house import House, Talker, agent, house, token

ANA = "c-support-web-ana"
VALUES: list[Any] = [
    None, True, 0, 1, -1, 2**53, 2**63, 1e308, "", "x", "\x00", "\ud800", "💬" * 50, ANA, f"{ANA}.1", f"{ANA}.99", "c.1.2",
    [], {}, [{"id": "u1"}], [{"id": None}], [[[[]]]], {"a": {"b": []}}, "a/b", "2026-11-25T12:00:00Z",
]  # fmt: skip
RAW = [
    "",
    "null",
    "[",
    '{"type":',
    "\ud800",
    '{"type":"ping"}{}',
    '{"type":"\\ud800"}',
    b"\x00",
    '{"type":"ping","a":1,"a":2}',
]


def anything(rand: random.Random) -> str | bytes:
    if rand.random() < 0.05:
        return rand.choice(RAW)
    kind = rand.choice([*BY_TYPE, "wave"])
    fields = list(BY_TYPE[kind].model_fields) if kind in BY_TYPE else ["x"]
    frame = {f: rand.choice(VALUES) for f in fields if rand.random() < 0.8}
    if rand.random() < 0.7:
        frame["ref"] = f"r{rand.randrange(50)}"
    return json.dumps(frame | {"type": kind}, ensure_ascii=rand.random() < 0.5)


async def said(t: Talker, data: str | bytes) -> None:
    """Sent as it is; half a pair can't be, so it goes as an escape does."""
    await t.ws.send(data if isinstance(data, bytes) else data.encode("utf-8", "replace").decode())


async def lived(h: House, shown: str, frames: list[str | bytes]) -> list[int]:
    """Says all of it, on as many sockets as it takes: the codes with which they were ended."""
    ended: list[int] = []
    while frames:
        async with h.talker(shown) as t:
            try:
                while frames:
                    await said(t, frames.pop())
                    await t.quiet()
            except ConnectionClosed as end:
                ended.append(end.rcvd.code if end.rcvd else 1006)
    return ended


@pytest.mark.parametrize("seed", range(3))
async def test_any_frames(seed: int, caplog: pytest.LogCaptureFixture) -> None:
    rand = random.Random(seed)
    async with house() as h:
        async with h.talker(token()) as t:
            await t.ask("send", ref="0", text="Hi")
        for shown in (token(), agent(), token("bob")):
            codes = await lived(h, shown, [anything(rand) for _ in range(90)])
            assert codes
            assert set(codes) <= {4400, 4401, 4403}
    assert not [r for r in caplog.records if r.levelname == "ERROR"]
