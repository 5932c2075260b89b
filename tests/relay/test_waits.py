"""What can't be decided yet is asked for: who is in a conversation, what is missing in its order."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bridge.core.outcomes import RateLimited, SendError, Unavailable
from bridge.store import tables as t
from bridge.store.overview import pendings
from tests.relay.networks import Phones, Running
from tests.relay.test_deliver import play
from tests.relay.virtual import VirtualStore
from tests.relay_kit import PHONE, edited, rows, seen, wrote


def ana() -> Phones:
    return Phones(people={"CH1": seen()})


def test_a_stranger_is_asked_for_once(tmp_path: Path) -> None:
    async def scene(r: Running, store: VirtualStore) -> None:
        await asyncio.gather(*(r.relay.accept(PHONE, [wrote(str(i), index=i)]) for i in (2, 0, 1)))
        await asyncio.sleep(1)
        assert r.topics.texts() == ["0", "1", "2"]
        assert r.phones.described == ["CH1"]

    play(tmp_path, scene, phones=ana())


def test_a_network_that_is_away_is_asked_again(tmp_path: Path) -> None:
    """The channel may still be warming up."""

    async def scene(r: Running, store: VirtualStore) -> None:
        left: list[SendError] = [Unavailable("warming up"), Unavailable("down")]
        r.phones.describe_fault = lambda: left.pop(0) if left else None
        await r.relay.accept(PHONE, [wrote("Hi")])
        await asyncio.sleep(9)
        assert r.topics.texts() == []
        await asyncio.sleep(3)
        assert r.topics.texts() == ["Hi"]

    play(tmp_path, scene, phones=ana())


def test_a_limit_is_kept_when_asking_too(tmp_path: Path) -> None:
    async def scene(r: Running, store: VirtualStore) -> None:
        until = asyncio.get_running_loop().time() + 40
        left = [RateLimited("slow", retry_at=until)]
        r.phones.describe_fault = lambda: left.pop() if left else None
        await r.relay.accept(PHONE, [wrote("Hi")])
        await asyncio.sleep(39)
        assert len(r.phones.described) == 1, "I-11"
        await asyncio.sleep(2)
        assert r.topics.texts() == ["Hi"]

    play(tmp_path, scene, phones=ana())


def test_nobody_there(tmp_path: Path) -> None:
    async def scene(r: Running, store: VirtualStore) -> None:
        await r.relay.accept(PHONE, [wrote("ghost", key="IM1")])
        await asyncio.sleep(1)
        assert {i.id: i.state for i in await rows(store, t.Inbox)} == {"phone:IM1": "unrouted"}

    play(tmp_path, scene)


def test_webhooks_that_race_ask_nothing(tmp_path: Path) -> None:
    async def scene(r: Running, store: VirtualStore) -> None:
        await r.relay.accept(PHONE, [seen(), wrote("1", index=1), wrote("2", index=2)])
        await asyncio.sleep(1)
        await r.relay.accept(PHONE, [wrote("0", index=0)])
        await asyncio.sleep(10)
        assert r.topics.texts() == ["0", "1", "2"]
        assert r.phones.asked_past == []

    play(tmp_path, scene)


def test_what_is_missing_is_fetched(tmp_path: Path) -> None:
    async def scene(r: Running, store: VirtualStore) -> None:
        await r.relay.accept(PHONE, [seen(), wrote("0", index=0)])
        last = wrote("5", index=5)
        r.phones.past["CH1"] = [wrote("1", index=1), wrote("3", index=3), last]
        await r.relay.accept(PHONE, [last])
        await asyncio.sleep(1.5)
        assert r.topics.texts() == ["0"]
        await asyncio.sleep(1)
        assert r.topics.texts() == ["0", "1", "3", "5"]
        assert r.phones.asked_past == [("CH1", 0)]
        assert (await rows(store, t.BindingKey))[0].next_index == 6

    play(tmp_path, scene)


def test_one_poisonous_message_of_the_past_takes_no_other_along(tmp_path: Path) -> None:
    async def scene(r: Running, store: VirtualStore) -> None:
        r.phones.past["CH1"] = [wrote("0", index=0), wrote("\ud800", index=1), wrote("2", index=2)]
        await r.relay.accept(PHONE, [seen(), wrote("3", index=3)])
        await asyncio.sleep(5)
        assert r.topics.texts() == ["0", "2", "3"]

    play(tmp_path, scene)


def test_a_message_that_comes_while_the_past_is_asked_for(tmp_path: Path) -> None:
    """The answer is older than it: its own gap is asked for again, not taken for empty."""

    async def scene(r: Running, store: VirtualStore) -> None:
        history = r.phones.history
        done = asyncio.Event()
        start = asyncio.Event()

        async def slow(key: Any, after: int) -> list[Any]:
            found = await history(key, after)
            if not done.is_set():
                start.set()
                await done.wait()
            return found

        r.phones.history = slow  # type: ignore[method-assign]
        await r.relay.accept(PHONE, [seen(), wrote("1", index=1)])
        await start.wait()
        await r.relay.accept(PHONE, [wrote("4", index=4)])
        await asyncio.sleep(3)
        r.phones.past["CH1"] = [wrote("2", index=2), wrote("3", index=3)]
        done.set()
        await asyncio.sleep(5)
        assert r.topics.texts() == ["1", "2", "3", "4"]

    play(tmp_path, scene)


@pytest.mark.parametrize("fails_s", [30, 1000])
def test_a_gap_holds_a_conversation_for_a_minute_at_most(tmp_path: Path, fails_s: float) -> None:
    async def scene(r: Running, store: VirtualStore) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        r.phones.past_fault = lambda: Unavailable("down") if loop.time() - began < fails_s else None
        r.phones.past["CH1"] = [wrote("0", index=0)]
        await r.relay.accept(PHONE, [seen(), wrote("1", index=1)])
        await asyncio.sleep(100)
        assert r.topics.texts() == (["0", "1"] if fails_s == 30 else ["1"])
        await r.relay.accept(PHONE, [wrote("9", index=9)])
        await asyncio.sleep(30)
        assert r.topics.texts()[-1] == ("9" if fails_s == 30 else "1"), "each gap has its own minute"

    play(tmp_path, scene)


def test_a_busy_store_forgets_no_question(tmp_path: Path) -> None:
    async def scene(r: Running, store: VirtualStore) -> None:
        from bridge.store.store import StoreBusy

        await r.relay.accept(PHONE, [seen(), wrote("1", index=1)])
        write, until = store.write, asyncio.get_running_loop().time() + 200

        async def busy(question: Any, what: Any) -> Any:
            if asyncio.get_running_loop().time() < until:
                raise StoreBusy("locked")
            return await write(question, what)

        store.write = busy  # type: ignore[method-assign]
        await asyncio.sleep(300)
        assert r.topics.texts() == ["1"]

    play(tmp_path, scene)


def test_what_waited_at_the_end_waits_at_the_next_start(tmp_path: Path) -> None:
    async def scene(r: Running, store: VirtualStore) -> None:
        await r.relay.accept(PHONE, [wrote("1", "CH7", index=1), edited("IM9", "x")])
        r.phones.describe_fault = lambda: Unavailable("down")
        await asyncio.sleep(0.5)
        await r.kill()
        assert len(await store.read(pendings, None)) == 2
        phones = Phones(people={"CH7": seen("CH7")}, past={"CH7": [wrote("0", "CH7", index=0)]})
        again = Running(store, phones, r.topics)
        await again.start()
        await asyncio.sleep(300)
        assert r.topics.texts() == ["0", "1"]
        assert {i.state for i in await rows(store, t.Inbox)} == {"done", "unrouted"}
        await again.relay.drain(1)

    play(tmp_path, scene, phones=Phones(describe_fault=lambda: Unavailable("down")))
