"""Coming back: what was missed comes after the last seq, in order, once, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from bridge.core.content import Role
from bridge.core.log import Change, MessageNews
from tests.adapters.kit import until
from tests.adapters.websocket.house import House, Talker, agent, house, token

ANA = "c-support-web-ana"


async def talked(h: House, subject: str = "ana", messages: int = 3) -> str:
    """The id of a conversation with so many messages of the customer's."""
    async with h.talker(token(subject)) as t:
        for i in range(1, messages + 1):
            await t.ask("send", ref=f"r{i}", text=str(i))
    return f"c-support-web-{subject}"


def seqs(frames: list[dict[str, Any]], conversation: str = ANA) -> list[int]:
    return [f["seq"] for f in frames if f["type"] == "message" and f["conversation"] == conversation]


async def settled(t: Talker, last: int, conversation: str = ANA) -> list[dict[str, Any]]:
    """All frames once the message `last` has come."""
    while last not in seqs(t.seen, conversation):
        await t.next()
    await t.quiet()
    return [f for f in t.seen if f["type"] != "pong"]


async def test_what_resume_names_is_replayed_ones_own_too() -> None:
    async with house() as h:
        await talked(h, messages=5)
        h.log.elsewhere(ANA, "from a phone")
        async with h.talker(token(), resume={ANA: 2}) as t:
            frames = await settled(t, 6)
            assert seqs(frames) == [3, 4, 5, 6]
            assert [f.get("ref") for f in frames if f["type"] == "message"] == ["r3", "r4", "r5", None]
        async with h.talker(agent(), resume={ANA: 0}) as eve:
            assert seqs(await settled(eve, 6)) == [1, 2, 3, 4, 5, 6]
        async with h.talker(agent(), resume={ANA: 6}) as eve:
            assert seqs(await eve.quiet()) == []
            h.log.elsewhere(ANA, "live")
            assert seqs(await settled(eve, 7)) == [7]


async def test_a_long_log_comes_in_pages() -> None:
    async with house() as h:
        await talked(h, messages=1)
        for i in range(1234):
            h.log.elsewhere(ANA, str(i))
        async with h.talker(agent(), resume={ANA: 0}) as eve:
            assert seqs(await settled(eve, 1235)) == list(range(1, 1236))


@pytest.mark.parametrize("seq", [-1, 2**63, "1", 1.5, True, None])
async def test_a_wrong_seq_is_a_bad_request_whether_it_exists_or_not(seq: Any) -> None:
    async with house() as h:
        await talked(h)
        for id in (ANA, "c-sales-web-zoe", "nobody's"):
            async with h.talker(token(), resume={id: seq}) as t:
                assert (await t.next("error"))["code"] == "bad_request"
                assert [f["type"] for f in await t.quiet()] == []


async def test_the_future_is_a_bad_request_and_the_session_goes_on() -> None:
    async with house() as h:
        await talked(h)
        async with h.talker(token(), resume={ANA: 4}) as t:
            assert (await t.next("error"))["code"] == "bad_request"
            h.log.elsewhere(ANA, "live")
            assert seqs(await settled(t, 4)) == [4]


async def test_foreign_and_absent_answer_alike() -> None:
    async with house() as h:
        await talked(h)
        await talked(h, "bob")
        answers = []
        for id, seq in (("c-support-web-bob", 1), ("c-support-web-bob", 99), ("nobody's", 1)):
            async with h.talker(token(), resume={id: seq, ANA: 2}) as t:
                answers.append(await t.next("error"))
                assert seqs(await settled(t, 3)) == [3], "the rest of it counts"
        assert answers[0]["code"] == "not_found"
        assert answers == [answers[0]] * 3


async def test_a_resume_or_a_since_that_is_none() -> None:
    async with house() as h:
        for hello in ({"resume": []}, {"resume": "x"}, {"since": 5}, {"since": "yesterday"}):
            async with h.talker(token(), **hello) as t:
                if hello == {"since": 5}:
                    continue
                assert (await t.next("error"))["code"] == "bad_request", hello


async def test_since_announces_what_resume_does_not_name() -> None:
    async with house() as h:
        for subject in ("old", "ana", "bob", "cyd"):
            await talked(h, subject)
        await asyncio.sleep(0.01)
        async with h.talker(agent()) as eve:
            since = eve.seen[0]["server_time"]
        await asyncio.sleep(0.01)
        for subject in ("bob", "ana", "cyd"):
            h.log.elsewhere(f"c-support-web-{subject}", "news")
        async with h.talker(agent(), since=since, resume={ANA: 3}) as eve:
            frames = await settled(eve, 4)
        told = [(f["type"], f.get("id") or f["conversation"]) for f in frames[1:]]
        assert told == [
            ("conversation", "c-support-web-bob"),
            ("conversation", "c-support-web-cyd"),
            ("message", ANA),
        ], "announced first, then replayed; what had no news is not there"


async def test_live_messages_during_a_replay_wait_their_turn() -> None:
    """The pages stand still while more is said: none of it comes before what was missed."""
    async with house() as h:
        await talked(h)
        async with h.talker(agent(), resume={ANA: 0}) as one:
            await settled(one, 3)
        async with h.bare() as t:
            await t.say("hello", token=agent(), resume={ANA: 0})
            await t.next("welcome")
            h.log.gate.clear()
            for i in range(4, 8):
                h.log.elsewhere(ANA, str(i))
            h.log.gate.set()
            h.log.elsewhere(ANA, "8")
            assert seqs(await settled(t, 8)) == [1, 2, 3, 4, 5, 6, 7, 8]


async def test_news_before_the_welcome_comes_after_it_and_once() -> None:
    """The room is joined, then read: what falls between is neither lost nor doubled."""
    async with house() as h:
        await talked(h)
        h.log.gate.clear()
        h.log.reading.clear()
        async with h.bare() as t:
            await t.say("hello", token=agent())
            await h.log.reading.wait()
            h.log.elsewhere(ANA, "4")  # what the welcome will show was read before it
            h.log.gate.set()
            welcome = await t.next("welcome")
            assert welcome["conversations"][0]["last_seq"] == 3
            assert seqs(await settled(t, 4)) == [4]


async def test_a_hole_in_what_is_heard_is_filled() -> None:
    """A message whose news never came (another process wrote it) is read before the next one is sent."""
    async with house() as h:
        await talked(h)
        async with h.talker(agent()) as eve:
            talk = h.log.talks[ANA]
            h.log.channels.clear()
            h.log.elsewhere(ANA, "4, unheard")
            h.log.elsewhere(ANA, "5, unheard")
            h.log.channels.append(h.channel)
            h.log.elsewhere(ANA, "6")
            assert seqs(await settled(eve, 6)) == [4, 5, 6]
            h.log.say(talk, MessageNews(change=Change.CREATED, message=talk.messages[3]))
            assert await eve.quiet() == [], "late news of what was sent"


async def test_a_resent_message_is_replayed_and_acked() -> None:
    """The cut came between commit and ack: the client knows nothing of seq 4."""
    async with house() as h:
        await talked(h)
        async with h.talker(token()) as t:
            await t.say("send", ref="r4", text="4")
            await t.next("ack")
        async with h.talker(token(), resume={ANA: 3}) as t:
            ack = await t.ask("send", ref="r4", text="4")
            assert (ack["type"], ack["seq"]) == ("ack", 4)
            t.seen += await t.quiet()
            assert seqs(t.seen) in ([4], []), "replayed, or told by its ack alone; never twice"
            assert len(h.log.talks[ANA].messages) == 4


async def test_a_message_that_is_being_resent_is_replayed_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether this socket made it is known only once it is accepted: the replay waits for that."""
    async with house() as h:
        await talked(h)
        read = h.log.after

        async def once_it_is_in_flight(*asked: Any) -> list[Any]:
            await until(lambda: any(c.session.in_flight for c in h.channel._all), "the resent message")
            page = await read(*asked)
            asyncio.get_running_loop().call_later(0.02, h.log.accepting.set)
            return page

        monkeypatch.setattr(h.log, "after", once_it_is_in_flight)
        h.log.accepting.clear()
        async with h.talker(token(), resume={ANA: 2}) as t:
            assert (await t.ask("send", ref="r3", text="3"))["seq"] == 3
            assert seqs(await settled(t, 3)) == [3]


async def test_an_edit_during_a_replay_is_told_after_the_message() -> None:
    async with house() as h:
        await talked(h)
        async with h.talker(token()) as ana, h.bare() as t:
            await t.say("hello", token=agent(), resume={ANA: 0})
            await t.next("welcome")
            await ana.ask("edit", ref="e", message=f"{ANA}.1", text="one")
            frames = await settled(t, 3) + await t.quiet()
            about = [(f["type"], f["text"]) for f in frames if f.get("seq") == 1]
            assert about[0][0] == "message"
            assert about[-1][1] == "one", "the last word is the newest"


async def test_sending_goes_on_while_catching_up() -> None:
    async with house() as h:
        await talked(h, messages=1)
        for i in range(500):
            h.log.elsewhere(ANA, str(i))
        async with h.talker(token(), resume={ANA: 0}) as t:
            ack = await t.ask("send", ref="mine", text="mine")
            frames = await settled(t, 501)
            assert ack["seq"] == 502
            assert seqs(frames) == list(range(1, 502)), "its own new message is the ack's"


@pytest.mark.slow
async def test_two_hundred_come_back_at_once() -> None:
    """Each with a log of 300: all get all, once, in order, while live talk goes on."""
    async with house() as h:
        await talked(h, messages=1)
        for i in range(299):
            h.log.elsewhere(ANA, str(i), Role.CUSTOMER)

        async def back(n: int) -> None:
            async with h.talker(agent(f"a{n}"), resume={ANA: 0}) as t:
                frames = await settled(t, 300)
                assert seqs(frames)[:300] == list(range(1, 301))

        async with h.talker(agent("live")) as eve, h.talker(token("bob")) as bob:
            storm = asyncio.gather(*(back(n) for n in range(200)))
            slowest, n = 0.0, 0
            while not storm.done():
                n += 1
                began = time.monotonic()
                await bob.ask("send", ref=f"b{n}", text="now")
                await eve.next("message")
                slowest = max(slowest, time.monotonic() - began)
                await asyncio.sleep(0.05)
            await storm
            assert slowest < 5.0
