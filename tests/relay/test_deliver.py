"""Every outcome of a remote call, on virtual time: what is tried again and when, what is told, who else waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bridge.channel.outbound import Outbound
from bridge.channel.port import StoreUnavailable
from bridge.core.content import Content
from bridge.core.ids import EndpointKey, RemoteId
from bridge.core.notices import TWICE_MARK
from bridge.core.outcomes import BindingGone, Misconfigured, RateLimited, Refused, Scope, Unavailable, Unsure
from bridge.core.retry import TWICE, UNKNOWN
from bridge.relay.channels import opened
from bridge.store import tables as t
from tests.relay.networks import Got, Lands, Network, Numbering, Running, Topics, never
from tests.relay.virtual import BEGINNING, VirtualStore, played
from tests.relay_kit import (
    OURS,
    PHONE,
    SMS,
    TG,
    answered,
    assert_sound,
    directory,
    edited,
    image,
    rows,
    seen,
    wrote,
)

Play = Callable[[VirtualStore], Awaitable[Any]]


def once(*errors: Exception | None) -> Callable[[Any], Exception | None]:
    """Each of `errors` for one request, then nothing."""
    left = list(errors)
    return lambda _: left.pop(0) if left else None


async def deliveries(store: VirtualStore) -> list[Any]:
    return sorted(await rows(store, t.Delivery), key=lambda d: (d.conversation_id, d.n))


async def topic(r: Running, text: str = "Hi", number: str = "+15550199", conversation: str = "CH1") -> None:
    """A customer has written, and the topic is there."""
    await r.relay.accept(PHONE, [seen(conversation, number), wrote(text, conversation, address=number)])
    await asyncio.sleep(5)


def play(tmp_path: Path, scene: Callable[[Running, VirtualStore], Awaitable[None]], **networks: Any) -> None:
    """One running relay; afterwards everything is sound."""

    async def whole(store: VirtualStore) -> None:
        r = Running(store, **networks)
        await r.start()
        await scene(r, store)
        await r.relay.drain(5)
        await assert_sound(store)

    played(whole, tmp_path / "t.db")


def test_there_and_back(tmp_path: Path) -> None:
    async def scene(r: Running, store: VirtualStore) -> None:
        await topic(r)
        assert [(g.binding, g.text) for g in r.topics.got] == [("-100:1", "Hi")]
        assert r.topics.made[0].title == "+15550199 · SMS"
        await r.relay.accept(TG, [answered("Hello", "-100:1", reply_to=RemoteId("R1"))])
        await asyncio.sleep(1)
        (got,) = r.phones.got
        assert (got.binding, got.text, r.phones.asked[0][1].author) == ("CH1", "Hello", "Support")
        assert r.relay.relayed == 2

    play(tmp_path, scene)


@pytest.mark.parametrize(
    ("label", "error", "at_least", "at_most"),
    [
        ("told when", RateLimited("slow", retry_at=BEGINNING + 40), 35, 40),
        ("not told when", RateLimited("slow"), 0.5, 1),
        ("unavailable", Unavailable("down"), 0.5, 1),
        ("a bug", KeyError("x"), 0.5, 1),
        ("misconfigured", Misconfigured("token"), 54, 66),
        ("unsure", Unsure("died"), 5, 5.1),
    ],
)
def test_what_is_tried_again(tmp_path: Path, label: str, error: Exception, at_least: float, at_most: float) -> None:
    async def scene(r: Running, store: VirtualStore) -> None:
        await topic(r)
        r.topics.asked.clear()
        r.topics.fault = once(error)
        await r.relay.accept(PHONE, [wrote("again"), wrote("after")])
        await asyncio.sleep(100)
        (first, _), (second, _) = r.topics.asked[:2]
        assert at_least <= second - first <= at_most, label
        texts = [x.removesuffix("\n" + TWICE_MARK) for x in r.topics.texts()]
        assert texts == ["Hi", "again", "after"], "in order"
        assert (TWICE_MARK in r.topics.texts()[1]) == (label == "unsure")

    play(tmp_path, scene)


@pytest.mark.parametrize(
    ("label", "error", "words"),
    [
        ("refused", Refused("the number is blocked", code="21610"), "Not delivered: the number is blocked (21610)."),
        ("a bug, thrice", KeyError("x"), "Not delivered: an error of Trunkline's own; see the log (bug)."),
    ],
)
def test_what_is_told_and_the_lane_goes_on(tmp_path: Path, label: str, error: Exception, words: str) -> None:
    async def scene(r: Running, store: VirtualStore) -> None:
        await topic(r)
        r.phones.fault = lambda out: error if out.text == "bad" else None
        await r.relay.accept(TG, [answered("bad", "-100:1", key="A1"), answered("good", "-100:1")])
        await asyncio.sleep(200)
        assert r.phones.texts() == ["good"]
        notice = r.topics.got[-1]
        assert (notice.text, notice.reply_to) == (words, "A1")

    play(tmp_path, scene)


def test_it_is_given_up_after_the_configured_time(tmp_path: Path) -> None:
    async def scene(r: Running, store: VirtualStore) -> None:
        await topic(r)
        r.phones.fault = lambda out: Unavailable("503") if out.text == "stuck" else None
        await r.relay.accept(TG, [answered("stuck", "-100:1"), answered("next", "-100:1")])
        await asyncio.sleep(4500)
        assert r.phones.texts() == ["next"]
        assert r.topics.texts()[-1] == "Not delivered: given up after 1 hours: 503."

    play(tmp_path, scene)


# ---- who else waits


def test_a_stuck_conversation_holds_up_no_other(tmp_path: Path) -> None:
    async def scene(r: Running, store: VirtualStore) -> None:
        r.topics.fault = lambda out: Unavailable("down") if out.binding.key == "-100:1" else None
        await topic(r, "stuck")
        for i in range(10):
            await r.relay.accept(PHONE, [seen(f"C{i}", f"+1555000{i}"), wrote(f"x{i}", f"C{i}")])
        await asyncio.sleep(1)
        assert sorted(r.topics.texts()) == [f"x{i}" for i in range(10)]

    play(tmp_path, scene)


def test_a_limit_of_an_endpoint_holds_that_endpoint(tmp_path: Path) -> None:
    async def scene(r: Running, store: VirtualStore) -> None:
        until = BEGINNING + 60
        left = [RateLimited("slow", retry_at=until, scope=Scope.ENDPOINT)]
        r.topics.fault = lambda out: left.pop() if left else None
        await asyncio.gather(
            *(r.relay.accept(PHONE, [seen(f"C{i}", f"+15{i}"), wrote(f"x{i}", f"C{i}")]) for i in range(12))
        )
        await asyncio.sleep(30)
        refused_at = r.topics.asked[0][0]
        early = [at for at, _ in r.topics.asked if refused_at < at < until]
        assert early == [], "I-11: nothing is asked before the network said so"
        await asyncio.sleep(60)
        assert len(r.topics.got) == 12

    play(tmp_path, scene)


def test_what_was_claimed_when_a_hold_came_is_given_back(tmp_path: Path) -> None:
    """Two lanes claim in one transaction; the first one's 429 is for both."""

    async def scene(r: Running, store: VirtualStore) -> None:
        await topic(r, "a", "+151", "C1")
        await topic(r, "b", "+152", "C2")
        r.topics.asked.clear()
        until = asyncio.get_running_loop().time() + 60

        def limited(out: Outbound) -> Exception | None:
            return RateLimited("slow", retry_at=until, scope=Scope.CHANNEL) if len(r.topics.asked) == 1 else None

        r.topics.fault = limited
        await r.relay.accept(PHONE, [wrote("a2", "C1"), wrote("b2", "C2", address="+152")])
        await asyncio.sleep(30)
        assert len(r.topics.asked) <= 2, "both may have been on their way"
        await asyncio.sleep(60)
        assert sorted(r.topics.texts()) == ["a", "a2", "b", "b2"]
        assert all(d.attempt == 1 for d in await deliveries(store)), "waiting as told is no attempt"

    play(tmp_path, scene)


def test_a_limit_outlives_the_message_that_met_it(tmp_path: Path) -> None:
    """Given up at the limit: the next of its lane waits as long as the network said."""

    async def scene(r: Running, store: VirtualStore) -> None:
        await topic(r)
        until = 0.0

        def limited(out: Outbound) -> Exception | None:
            nonlocal until
            now = asyncio.get_running_loop().time()
            if now < until:
                raise AssertionError("asked before the network said so")
            if out.text == "old":
                until = now + 3000
                return RateLimited("slow", retry_at=until)
            return None

        r.phones.fault = limited
        await r.relay.accept(TG, [answered("old", "-100:1"), answered("new", "-100:1")])
        await asyncio.sleep(20_000)
        assert r.phones.texts() == ["new"]
        assert "given up" in r.topics.texts()[-1]

    play(tmp_path, scene)


def test_a_misconfigured_channel_rests_and_comes_back(tmp_path: Path) -> None:
    async def scene(r: Running, store: VirtualStore) -> None:
        wrong = [True]
        r.topics.fault = lambda out: Misconfigured("the token is revoked") if wrong else None
        r.topics.opening_fault = lambda o: Misconfigured("the token is revoked") if wrong else None
        await topic(r)
        await r.relay.accept(PHONE, [seen("C2", "+152"), wrote("two", "C2", address="+152")])
        await asyncio.sleep(600)
        assert (TG, "resting", "the token is revoked") in r.health
        wrong.clear()
        await asyncio.sleep(70)
        assert sorted(r.topics.texts()) == ["Hi", "two"]
        assert r.health[-1] == (TG, "ok", "")

    play(tmp_path, scene)


def test_the_limits_of_a_files_source_are_not_the_targets(tmp_path: Path) -> None:
    async def scene(r: Running, store: VirtualStore) -> None:
        await topic(r)
        at = asyncio.get_running_loop().time()
        errors: list[Exception | None] = [
            RateLimited("slow", retry_at=at + 50, scope=Scope.CHANNEL),
            Misconfigured("no credentials"),
            Unsure("died"),
            None,
        ]
        r.phones.media_fault = lambda: errors.pop(0)
        await r.relay.accept(PHONE, [wrote(content=Content(attachments=(image(size=3),)))])
        await r.relay.accept(PHONE, [seen("C2", "+152"), wrote("other", "C2", address="+152")])
        await asyncio.sleep(5)
        assert r.topics.texts() == ["Hi", "other"], "the group isn't held"
        await asyncio.sleep(100)
        assert r.topics.got[-1].file == b"x" * 30
        assert not [h for h in r.health if h[1] == "resting"]

    play(tmp_path, scene)


def test_a_file_that_turns_out_too_large(tmp_path: Path) -> None:
    async def scene(r: Running, store: VirtualStore) -> None:
        await topic(r)
        await r.relay.accept(PHONE, [wrote(content=Content(attachments=(image(size=None), image("M2", size=600))))])
        await asyncio.sleep(5)
        assert [g.file for g in r.topics.got[1:]] == [b"", None]
        assert r.topics.texts()[-1].startswith("image/png (5.9 kB): https://x.example/media/")

    play(tmp_path, scene)


def test_a_caption_goes_alone_where_its_file_is_gone(tmp_path: Path) -> None:
    async def scene(r: Running, store: VirtualStore) -> None:
        await topic(r)
        r.phones.media_fault = lambda: Refused("the file is no longer there", code="404")
        await r.relay.accept(
            PHONE, [wrote("important", content=Content(text="important", attachments=(image(size=3),)))]
        )
        await asyncio.sleep(5)
        assert r.topics.texts()[-1].startswith("important\n(the image")
        assert "no longer there" in r.topics.texts()[-1]

    play(tmp_path, scene)


def test_a_file_that_stays_away_doesnt_hold_up_the_talk(tmp_path: Path) -> None:
    async def scene(r: Running, store: VirtualStore) -> None:
        await topic(r)
        r.phones.media_fault = lambda: Unavailable("the host is down")
        both = [wrote("look", content=Content(text="look", attachments=(image(size=3),))), wrote("HELP")]
        await r.relay.accept(PHONE, both)
        await asyncio.sleep(400)
        assert [x.partition("\n")[0] for x in r.topics.texts()[-2:]] == ["look", "HELP"]
        assert not [h for h in r.health if h[0] == TG and h[1] != "ok"], "the target is well"

    play(tmp_path, scene)


# ---- doubt


def test_found_where_it_can_be_asked(tmp_path: Path) -> None:
    async def scene(r: Running, store: VirtualStore) -> None:
        await topic(r)
        r.phones.fault = once(Lands(0.0))
        await r.relay.accept(TG, [answered("once", "-100:1"), answered("then", "-100:1")])
        await asyncio.sleep(30)
        assert r.phones.texts() == ["once", "then"]
        assert len(r.phones.asked) == 2
        assert {d.state for d in await deliveries(store)} == {"sent"}

    play(tmp_path, scene)


@pytest.mark.parametrize("after", [1.5, 8.0, 21.5])
def test_it_lands_late_and_is_waited_for(tmp_path: Path, after: float) -> None:
    """The time that the network has counts from when the request died, not from when it began."""

    async def scene(r: Running, store: VirtualStore) -> None:
        await topic(r)
        r.phones.fault = once(Lands(after))
        await r.relay.accept(TG, [answered("once", "-100:1")])
        await asyncio.sleep(100)
        assert r.phones.texts() == ["once"]

    play(tmp_path, scene)


def test_absent_once_settled_is_sent_again(tmp_path: Path) -> None:
    async def scene(r: Running, store: VirtualStore) -> None:
        await topic(r)
        r.phones.fault = once(Lands(None))
        await r.relay.accept(TG, [answered("once", "-100:1")])
        await asyncio.sleep(100)
        assert r.phones.texts() == ["once"]
        (first, _), (second, _) = r.phones.asked
        assert 22 <= second - first < 23, "the request took 2 s to die, the network has 20"
        assert [round(at - first) for at, _ in r.phones.looked] == [3, 8, 13, 18, 22]

    play(tmp_path, scene)


@pytest.mark.parametrize(
    "fails",
    [
        Unavailable("down"),
        KeyError("a bug of find()"),
        Misconfigured("token"),
        RateLimited("slow", retry_at=BEGINNING + 400),
    ],
)
def test_a_look_that_fails_is_no_absence(tmp_path: Path, fails: Exception) -> None:
    async def scene(r: Running, store: VirtualStore) -> None:
        await topic(r)
        r.phones.fault = once(Lands(0.0))
        left = [fails] * 3
        r.phones.look_fault = lambda: left.pop() if left else None
        await r.relay.accept(TG, [answered("once", "-100:1")])
        await asyncio.sleep(300)
        if isinstance(fails, RateLimited):
            assert len(r.phones.looked) == 1, "I-11"
            await asyncio.sleep(400)
        assert r.phones.texts() == ["once"]
        assert len(r.phones.asked) == 1, "never sent before it is known"

    play(tmp_path, scene)


def test_what_can_never_be_looked_for_is_told(tmp_path: Path) -> None:
    async def scene(r: Running, store: VirtualStore) -> None:
        await topic(r)
        r.phones.fault = once(Lands(0.0))
        r.phones.look_fault = lambda: Unavailable("down")
        await r.relay.accept(TG, [answered("once", "-100:1")])
        await asyncio.sleep(4000)
        assert len(r.phones.asked) == 1
        assert r.topics.texts()[-1] == f"Not delivered: {UNKNOWN}."

    play(tmp_path, scene)


def test_doubt_where_nobody_can_be_asked(tmp_path: Path) -> None:
    async def scene(r: Running, store: VirtualStore) -> None:
        await topic(r)
        r.topics.fault = once(Lands(0.0), Lands(None))
        await r.relay.accept(PHONE, [wrote("once"), wrote("after")])
        await asyncio.sleep(60)
        assert r.topics.texts() == [
            "Hi",
            "once",
            "after",
            f"A message of the customer could not be shown here: {TWICE}.",
        ]
        assert [d.state for d in await deliveries(store)] == ["sent", "held", "sent", "sent"]

    play(tmp_path, scene)


# ---- topics that are gone


def test_a_topic_that_is_gone_is_made_anew_once(tmp_path: Path) -> None:
    async def scene(r: Running, store: VirtualStore) -> None:
        await topic(r)
        r.topics.fault = lambda out: BindingGone("the topic is deleted") if out.binding.key == "-100:1" else None
        await r.relay.accept(PHONE, [wrote("two"), wrote("three")])
        await asyncio.sleep(5)
        assert [(g.binding, g.text) for g in r.topics.got[1:]] == [("-100:2", "two"), ("-100:2", "three")]
        assert len(r.topics.made) == 2

    play(tmp_path, scene)


def test_a_topic_that_is_gone_again_makes_no_third(tmp_path: Path) -> None:
    async def scene(r: Running, store: VirtualStore) -> None:
        await topic(r)
        r.topics.fault = lambda out: BindingGone("gone") if out.text == "two" else None
        await r.relay.accept(PHONE, [wrote("two")])
        await asyncio.sleep(100)
        assert len(r.topics.made) == 2
        assert r.topics.texts()[-1] == "A message of the customer could not be shown here: gone."

    play(tmp_path, scene)


def test_an_edit_in_a_topic_that_is_gone_holds_nobody_up(tmp_path: Path) -> None:
    async def scene(r: Running, store: VirtualStore) -> None:
        await r.relay.accept(PHONE, [seen(), wrote("Helo", key="IM0")])
        await asyncio.sleep(5)
        r.topics.edit_fault = lambda e: BindingGone("gone")
        await r.relay.accept(PHONE, [edited("IM0", "Hello"), wrote("next")])
        await asyncio.sleep(1)
        assert r.topics.texts() == ["Helo", "next"]

    play(tmp_path, scene)


def test_an_edit_without_an_answer_is_made_again(tmp_path: Path) -> None:
    async def scene(r: Running, store: VirtualStore) -> None:
        await r.relay.accept(PHONE, [seen(), wrote("Helo", key="IM0")])
        await asyncio.sleep(5)
        r.topics.edit_fault = once(Unsure("died"), Unsure("died"), Unsure("died"))
        await r.relay.accept(PHONE, [edited("IM0", "Hello")])
        await asyncio.sleep(60)
        assert [e.text for e in r.topics.edits] == ["Hello"] * 4
        assert (await deliveries(store))[-1].state == "sent"

    play(tmp_path, scene)


# ---- the end, and the beginning


def test_a_drain_finishes_what_is_under_way_and_leaves_the_rest(tmp_path: Path) -> None:
    async def scene(r: Running, store: VirtualStore) -> None:
        await topic(r)
        await topic(r, "Ho", "+152", "C2")
        r.topics.asked.clear()
        r.topics.gate = asyncio.Event()
        await r.relay.accept(PHONE, [wrote(f"m{i}") for i in range(5)])
        while not r.topics.asked:
            await asyncio.sleep(0.01)
        drained = asyncio.create_task(r.relay.drain(8))
        await asyncio.sleep(0.1)
        await r.relay.accept(PHONE, [wrote("late", "C2", address="+152")])
        r.topics.gate.set()
        await drained
        assert [o.text for _, o in r.topics.asked] == ["m0"]
        states = [d.state for d in await deliveries(store)]
        assert states.count("ready") == 5
        assert "sending" not in states
        r.topics.gate = None
        again = Running(store, r.phones, r.topics)
        await again.start()
        await asyncio.sleep(5)
        assert sorted(r.topics.texts()) == sorted(["Hi", "Ho", *(f"m{i}" for i in range(5)), "late"])
        await again.relay.drain(1)

    play(tmp_path, scene)


def test_what_hangs_at_a_drain_is_cut_and_looked_for(tmp_path: Path) -> None:
    async def scene(r: Running, store: VirtualStore) -> None:
        await topic(r)
        r.phones.gate = asyncio.Event()
        await r.relay.accept(TG, [answered("hangs", "-100:1")])
        await asyncio.sleep(1)
        began = asyncio.get_running_loop().time()
        await r.relay.drain(8)
        assert asyncio.get_running_loop().time() - began < 9
        assert [d.state for d in await deliveries(store)] == ["sent", "sending"]
        r.phones.gate = None
        r.phones.got.append(Got(0, "CH1", (r.phones.asked[0][1].delivery), "hangs"))
        again = Running(store, r.phones, r.topics)
        await again.start()
        await asyncio.sleep(60)
        assert r.phones.texts() == ["hangs"]
        await again.relay.drain(1)

    play(tmp_path, scene)


def test_a_lane_whose_outcome_could_not_be_written_goes_on(tmp_path: Path) -> None:
    """A remote id that no store takes: after the lease it is looked for, the lane isn't lost."""

    async def scene(r: Running, store: VirtualStore) -> None:
        await topic(r)
        took = r.phones._take
        bad = [True]

        def odd(out: Outbound) -> Any:
            sent = took(out)
            return type(sent)(remote=RemoteId("\ud800")) if bad and bad.pop() else sent

        r.phones._take = odd  # type: ignore[method-assign]
        await r.relay.accept(TG, [answered("odd", "-100:1"), answered("next", "-100:1")])
        await asyncio.sleep(100)
        assert r.phones.texts() == ["odd"]
        await asyncio.sleep(100)
        assert r.phones.texts() == ["odd", "next"]

    play(tmp_path, scene)


def test_places_that_our_messages_take(tmp_path: Path) -> None:
    async def scene(r: Running, store: VirtualStore) -> None:
        await r.relay.accept(PHONE, [seen(), wrote("Hi", index=0)])
        await asyncio.sleep(5)
        await r.relay.accept(TG, [answered("one", "-100:1"), answered("two", "-100:1")])
        await asyncio.sleep(1)
        await r.relay.accept(PHONE, [wrote("three", index=3)])
        await asyncio.sleep(1)
        assert r.topics.texts() == ["Hi", "three"]
        assert r.phones.asked_past == []

    play(tmp_path, scene, phones=Numbering())


def test_the_way_to_a_customer_that_cannot_be_opened(tmp_path: Path) -> None:
    class Fixed(Network):
        """Opens nothing, edits nothing, can't be asked."""

        open_binding = None  # type: ignore[assignment]

    async def scene(store: VirtualStore) -> None:
        caps = {PHONE: SMS, TG: Topics().caps}
        fixed: Any = Fixed(caps=Topics().caps)
        with pytest.raises(Misconfigured, match="declares edit FULL and has no edit"):
            opened(TG, fixed, [OURS])
        with pytest.raises(Misconfigured, match="send_once 'lookup', which its find"):
            opened(PHONE, Network(caps=SMS), [EndpointKey("x")])
        assert directory(caps=caps).find(PHONE, OURS) is not None

    played(scene, tmp_path / "t.db")


# ---- the store


def test_a_busy_store_is_waited_for_then_said(tmp_path: Path) -> None:
    async def scene(r: Running, store: VirtualStore) -> None:
        from bridge.store.store import StoreBusy

        until = [0.0]
        write = store.write

        async def busy(question: Any, what: Any) -> Any:
            if asyncio.get_running_loop().time() < until[0]:
                raise StoreBusy("locked")
            return await write(question, what)

        store.write = busy  # type: ignore[method-assign]
        until[0] = asyncio.get_running_loop().time() + 2.5
        await r.relay.accept(PHONE, [seen(), wrote("waited out")])
        until[0] = asyncio.get_running_loop().time() + 30
        began = asyncio.get_running_loop().time()
        with pytest.raises(StoreUnavailable, match="locked"):
            await r.relay.accept(PHONE, [wrote("lost")])
        assert asyncio.get_running_loop().time() - began < 4.5
        await asyncio.sleep(40)
        assert [m.text for m in await rows(store, t.Message)] == ["waited out"]

    play(tmp_path, scene)


def test_a_store_that_hangs_is_said_in_time_and_what_it_took_is_relayed(tmp_path: Path) -> None:
    async def scene(r: Running, store: VirtualStore) -> None:
        write = store.write
        hang = [True]

        async def hanging(question: Any, what: Any) -> Any:
            if hang and hang.pop():
                await asyncio.sleep(20)
            return await write(question, what)

        store.write = hanging  # type: ignore[method-assign]
        event = wrote("once")
        with pytest.raises(StoreUnavailable):
            await r.relay.accept(PHONE, [seen(), event])
        await asyncio.sleep(30)
        assert (await r.relay.accept(PHONE, [event])).duplicates == 1
        assert r.topics.texts() == ["once"]

    play(tmp_path, scene)


def test_a_poisonous_event_is_kept_and_its_neighbours_are_relayed(tmp_path: Path) -> None:
    async def scene(r: Running, store: VirtualStore) -> None:
        await r.relay.accept(PHONE, [seen(), wrote("before"), wrote("\ud800"), wrote("after")])
        await asyncio.sleep(2)
        assert r.topics.texts() == ["before", "after"]
        (kept,) = [i for i in await rows(store, t.Inbox) if i.state == "unknown"]
        assert "\\\\ud800" in kept.event

    play(tmp_path, scene)


assert never is not None
