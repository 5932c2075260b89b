"""How a socket ends: who isn't let in, whose token runs out, who says too much at once, who never reads."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import jwt
import pytest
from websockets.exceptions import ConnectionClosed

from adapters.websocket import connection, outbox
from adapters.websocket.frames import MOST_BYTES
from bridge.core.content import Side
from tests.adapters.kit import until
from tests.adapters.websocket.house import OTHER, SECRET, agent, house, token

ANA = "c-support-web-ana"
HELLO = {"type": "hello"}


def claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    whole = {"sub": "ana", "role": "customer", "room": "shop", "aud": "trunkline:web", "exp": now + 60}
    return {k: v for k, v in (whole | changed).items() if v is not None}


def bad_tokens() -> dict[str, Any]:
    good = claims()
    return {
        "none": None,
        "empty": "",
        "a number": 7,
        "no JWT": "abc",
        "another key": jwt.encode(good, "x" * 32, algorithm="HS256"),
        "another algorithm": jwt.encode(good, SECRET * 2, algorithm="HS512"),
        "unsigned": jwt.encode(good, None, algorithm="none"),
        "run out": jwt.encode(claims(exp=int(time.time()) - 1), SECRET, algorithm="HS256"),
        "for ever": jwt.encode(claims(exp=None), SECRET, algorithm="HS256"),
        "31 days": jwt.encode(claims(exp=int(time.time()) + 31 * 86400), SECRET, algorithm="HS256"),
        "another channel": jwt.encode(claims(aud="trunkline:web2"), SECRET, algorithm="HS256"),
        "no room": jwt.encode(claims(room=None), SECRET, algorithm="HS256"),
        "no such role": jwt.encode(claims(role="admin"), SECRET, algorithm="HS256"),
    }


async def test_a_bad_token_is_4401() -> None:
    async with house() as h:
        for label, shown in bad_tokens().items():
            async with h.bare() as t:
                await t.ws.send(json.dumps(HELLO if shown is None else HELLO | {"token": shown}))
                assert await t.closed() == 4401, label
                assert t.seen == [], label


async def test_every_secret_of_the_list_verifies() -> None:
    async with house() as h, h.talker(jwt.encode(claims(), OTHER, algorithm="HS256")) as t:
        assert t.seen[0]["type"] == "welcome"


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("an agent among customers", token("eve", Side.AGENT, "shop")),
        ("a customer among agents", token("ana", Side.CUSTOMER, "support")),
        ("a room that no bridge names", token("ana", Side.CUSTOMER, "nowhere")),
    ],
)
async def test_the_wrong_room_is_4403(label: str, shown: str) -> None:
    async with house() as h, h.bare() as t:
        await t.say("hello", token=shown)
        assert (await t.closed(), t.seen) == (4403, [])


@pytest.mark.parametrize(
    ("label", "first", "code"),
    [
        ("no JSON", "hello", 4400),
        ("no object", "[]", 4400),
        ("no type", "{}", 4400),
        ("binary", b"{}", 4400),
        ("not hello", '{"type":"ping"}', 4401),
        ("a send", '{"type":"send","ref":"1","text":"Hi"}', 4401),
        ("too large", '{"type":"hello","token":"' + "x" * MOST_BYTES + '"}', 4413),
        ("much too large", '{"type":"hello","token":"' + "x" * 1024 * 1024 + '"}', 1009),
    ],
)
async def test_a_first_frame_that_is_no_hello(label: str, first: str | bytes, code: int) -> None:
    async with house() as h, h.bare() as t:
        await t.ws.send(first)
        assert await t.closed() == code


@pytest.mark.parametrize(
    ("label", "frame", "code"),
    [
        ("no JSON", "{", 4400),
        ("binary", b'{"type":"ping"}', 4400),
        ("without end", "[" * 100_000, 4400),
        ("one byte too many", json.dumps({"type": "ping", "x": "x" * MOST_BYTES}), 4413),
        ("bytes, not characters", json.dumps({"type": "ping", "x": "ä" * (MOST_BYTES // 2)}, ensure_ascii=False), 4413),
        ("over the library's limit", "x" * (1024 * 1024 + 1), 1009),
    ],
)
async def test_a_later_frame_that_is_none(label: str, frame: str | bytes, code: int) -> None:
    async with house() as h, h.talker(token()) as t:
        await t.ws.send(frame)
        assert await t.closed() == code


async def test_the_largest_frame_is_taken() -> None:
    async with house() as h, h.talker(token()) as t:
        fixed = len(json.dumps({"type": "send", "ref": "1", "text": ""}))
        answer = await t.ask("send", ref="1", text="x" * (MOST_BYTES - fixed))
        assert answer["type"] == "ack"


async def test_fragments_are_one_frame() -> None:
    async with house() as h, h.talker(token()) as t:
        whole = json.dumps({"type": "send", "ref": "1", "text": "Grüße"}, ensure_ascii=False)
        await t.ws.send(iter(whole))
        assert (await t.next("ack"))["seq"] == 1


async def test_no_hello_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    assert connection.HELLO_S == 10.0
    monkeypatch.setattr(connection, "HELLO_S", 0.1)
    async with house() as h, h.bare() as t:
        assert await t.closed() == 4408


async def test_a_token_that_runs_out_ends_everything() -> None:
    async with house() as h, h.talker(token(lifetime_s=2.0)) as t, h.talker(agent()) as eve:
        await t.ask("send", ref="1", text="Hi")
        assert await t.closed() == 4401
        await eve.ask("send", ref="1", conversation=ANA, text="too late")
        assert [f["type"] for f in t.seen] == ["welcome", "ack"]


async def test_nothing_is_accepted_after_it_whatever_the_timers_say() -> None:
    async with house() as h, h.talker(token(lifetime_s=60.0)) as t:
        h.log.ahead = 61.0
        await t.say("send", ref="1", text="Hi")
        assert await t.closed() == 4401
        assert h.log.talks == {}


async def test_a_fresh_token_goes_on() -> None:
    async with house() as h, h.talker(token(lifetime_s=2.0)) as t, h.talker(token(lifetime_s=2.0)) as other:
        await t.say("hello", token=token(lifetime_s=60.0, name="Ana"))
        assert (await t.next("welcome"))["session"] == t.seen[0]["session"]
        assert await other.closed() == 4401
        assert (await t.ask("send", ref="1", text="Hi"))["type"] == "ack"
        assert h.log.talks[ANA].messages[0].author.name == "Ana"


@pytest.mark.parametrize(
    ("label", "shown", "code"),
    [
        ("another subject", token("bob"), 4403),
        ("another role", token("ana", Side.AGENT), 4403),
        ("another room", token("ana", room="outlet"), 4403),
        ("no good", "abc", 4401),
    ],
)
async def test_a_second_hello_of_somebody_else(label: str, shown: str, code: int) -> None:
    async with house() as h, h.talker(token()) as t:
        await t.say("hello", token=shown)
        assert await t.closed() == code


async def test_a_store_that_is_away_gives_no_ack_and_brings_the_client_back() -> None:
    async with house() as h:
        async with h.talker(token()) as t:
            h.log.busy = True
            await t.say("send", ref="1", text="Hi")
            assert await t.closed() == 1012
            assert [f["type"] for f in t.seen] == ["welcome"]
        async with h.bare() as t:
            await t.say("hello", token=token())
            assert await t.closed() == 1012
        h.log.busy = False
        async with h.talker(token()) as t:
            assert (await t.ask("send", ref="1", text="Hi"))["seq"] == 1


async def test_a_mistake_of_ours_is_logged_and_ends_this_socket_alone(caplog: pytest.LogCaptureFixture) -> None:
    async with house() as h, h.talker(token()) as t, h.talker(token()) as other:

        async def broken(*_: object) -> None:
            raise ZeroDivisionError

        h.log.accept, right = broken, h.log.accept  # type: ignore[method-assign, assignment]
        await t.say("send", ref="1", text="Hi")
        assert await t.closed() == 1011
        assert "couldn’t be handled" in caplog.text
        h.log.accept = right  # type: ignore[method-assign]
        assert (await other.ask("send", ref="1", text="Hi"))["type"] == "ack"


async def test_a_fast_writer_is_slowed_and_keeps_all_answers() -> None:
    async with house() as h, h.talker(token()) as t:
        began = time.monotonic()
        for _ in range(300):
            await t.say("ping")
        for _ in range(300):
            await t.next("pong")
        assert 1.0 < time.monotonic() - began < 9.0, "100 over at 50 a second"


@pytest.mark.slow
async def test_a_writer_who_stays_too_fast_is_sent_away() -> None:
    async with house() as h, h.talker(token()) as t, h.talker(agent()) as eve:
        began = time.monotonic()

        async def flood() -> None:
            while True:
                await t.say("ping")
                await asyncio.sleep(0)  # it shares this loop with the server

        async def read() -> int:
            with pytest.raises(ConnectionClosed) as end:
                async for _ in t.ws:
                    pass
                await t.ws.recv()
            return end.value.rcvd.code if end.value.rcvd else 0

        flooding, reading = asyncio.create_task(flood()), asyncio.create_task(read())
        waits = []
        async with asyncio.timeout(40):
            while not reading.done():
                asked = time.monotonic()
                await eve.quiet()
                waits.append(time.monotonic() - asked)
                await asyncio.sleep(0.2)
        flooding.cancel()
        await asyncio.gather(flooding, return_exceptions=True)
        assert await reading == 4429
        assert 9.0 < time.monotonic() - began < 35.0
        assert max(waits) < 3.0, "others don't notice"


async def test_a_slow_reader_is_sent_away_and_nobody_else_notices() -> None:
    """One client stops reading while an agent's room goes on; memory holds 1,000 frames of it and what the kernel took."""
    async with house() as h, h.talker(token()) as ana, h.talker(agent("mia")) as mia:
        await ana.ask("send", ref="1", text="Hi")
        await mia.next("message")
        async with h.bare(max_queue=1) as slow:
            await slow.say("hello", token=agent("slow"))
            await until(lambda: any(len(there) == 2 for there in h.channel._there.values()), "the slow one's welcome")
            text = "x" * 20_000
            (out,) = [
                c._out for c in h.channel._all if getattr(c, "speaker", None) and c.speaker.claims.subject == "slow"
            ]
            for n in range(4000):
                h.log.elsewhere(ANA, text)
                assert (await mia.next("message"))["seq"] == n + 2
                if out.ending:
                    break
            assert out.ending, "it was never too far behind"
            assert len(out._waiting) <= outbox.MOST_WAITING
            assert await slow.closed() == 4429
            seqs = [f["seq"] for f in slow.seen if f["type"] == "message"]
            assert seqs == list(range(2, 2 + len(seqs))), "what went out before the end was whole"


async def test_who_is_gone_without_a_word_is_found_within_two_heartbeats() -> None:
    async with house(heartbeat_s=0.2) as h, h.talker(token()) as t:
        assert len(h.sockets) == 1
        t.ws.transport.pause_reading()  # no pong comes back any more
        await until(lambda: len(h.sockets) == 0, "the end")
        t.ws.transport.resume_reading()


async def test_nothing_is_left_of_sockets_that_ended() -> None:
    async with house() as h:
        for _ in range(3):
            async with h.talker(token()) as t, h.talker(agent()) as eve:
                await t.ask("send", ref="1", text="Hi")
                await eve.ws.close()
        await until(lambda: not h.channel._all and not h.channel._there, "the end")
        assert len(h.sockets) == 0
        names = {t.get_name() for t in asyncio.all_tasks()}
        assert not [n for n in names if n.startswith("socket")]


async def test_closing_the_channel_sends_everybody_away() -> None:
    async with house() as h, h.talker(token()) as t, h.talker(agent()) as eve:
        await h.channel.close()
        assert [await t.closed(), await eve.closed()] == [1001, 1001]
