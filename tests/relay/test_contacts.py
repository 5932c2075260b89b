"""Merge and split while people write: whatever the order, nothing goes to who it wasn't said to."""

from __future__ import annotations

import asyncio
import contextlib
import random
from pathlib import Path

import pytest

from bridge.core.ids import ContactId
from bridge.relay.contacts import CannotBe, Merge, Split
from bridge.store import tables as t
from bridge.store.sqlite import SqliteStore
from tests.relay.test_legs import PHONE, WEB, five_legs, within
from tests.relay_kit import Bench, assert_sound, seen, wrote

PEOPLE = [f"+1555020{n}" for n in range(5)]


class Town:
    """Five people with a phone each, an agent who answers, and an admin who can't decide who is who."""

    def __init__(self, bench: Bench, seed: int) -> None:
        self.bench, self.rand = bench, random.Random(seed)
        self.indexes = dict.fromkeys(PEOPLE, 0)
        self.answers: dict[str, set[str]] = {}
        self.said = 0

    async def somebody_writes(self) -> None:
        who = self.rand.choice(PEOPLE)
        self.said += 1
        n, self.indexes[who] = self.indexes[who], self.indexes[who] + 1
        await self.bench.do(PHONE, seen(f"CH{who}", who), wrote(f"in-{who}-{n}", f"CH{who}", n, address=who))

    async def an_agent_answers(self) -> None:
        """In any conversation, also one that goes on elsewhere; noted is whom that may reach."""
        talks = {c.id: c for c in await self.bench.all(t.Conversation)}
        if not talks:
            return
        talk = now = self.rand.choice(list(talks.values()))
        while now.moved_to:
            now = talks[now.moved_to]
        addresses = {a.address for a in await self.bench.all(t.Address) if a.contact_id == now.contact_id}
        self.said += 1
        text = f"out-{self.said}"
        self.answers[text] = addresses
        await self.bench.do(WEB, within(talk.id, text, f"r{self.said}"))

    async def two_are_one(self) -> None:
        contacts = sorted({a.contact_id for a in await self.bench.all(t.Address)})
        if len(contacts) > 1:
            one, two = self.rand.sample(contacts, 2)
            with contextlib.suppress(CannotBe):  # another admin was faster
                await self.bench.do(PHONE, wishes=(Merge(source=ContactId(one), target=ContactId(two)),))

    async def one_is_two(self) -> None:
        addresses = await self.bench.all(t.Address)
        if not addresses:
            return
        a = self.rand.choice(sorted(addresses, key=lambda a: a.id))
        with contextlib.suppress(CannotBe):
            await self.bench.do(PHONE, wishes=(Split(contact=ContactId(a.contact_id), person=a.person),))

    async def go_on(self, steps: int) -> None:
        things = [self.somebody_writes] * 5 + [self.an_agent_answers] * 5 + [self.two_are_one, self.one_is_two]
        for _ in range(steps):
            await self.rand.choice(things)()


async def reached(bench: Bench) -> dict[str, list[str]]:
    """To which customers' addresses each of the agents' messages was put."""
    bindings = {b.id: b for b in await bench.all(t.Binding)}
    texts = {(m.conversation_id, m.seq): m.text for m in await bench.all(t.Message)}
    found: dict[str, list[str]] = {}
    for d in await bench.all(t.Delivery):
        leg = bindings[d.binding]
        if leg.side == "customer" and d.kind == "message":
            found.setdefault(texts[d.conversation_id, d.seq], []).append(leg.address)
    return found


@pytest.mark.parametrize("seed", range(12))
async def test_nothing_is_misaddressed(tmp_path: Path, seed: int) -> None:
    store = SqliteStore(tmp_path / "t.db")
    await store.open()
    bench = Bench(store, five_legs())
    town = Town(bench, seed)
    await town.go_on(120)
    for text, addresses in (await reached(bench)).items():
        assert len(addresses) == 1, f"{text} to {addresses}"
        assert addresses[0] in town.answers[text], f"{text} was for {town.answers[text]} and went to {addresses}"
    for m in await bench.all(t.Message):
        if m.text.startswith("in-"):
            (origin,) = [b for b in await bench.all(t.Binding) if b.id == m.binding]
            assert origin.address == m.text.split("-")[1]
    contacts = {c.id for c in await bench.all(t.Contact)}
    assert {a.contact_id for a in await bench.all(t.Address)} <= contacts
    pairs = [(c.bridge, c.contact_id) for c in await bench.all(t.Conversation)]
    assert len(set(pairs)) == len(pairs)
    await assert_sound(store)
    await store.close()


async def test_at_the_same_time(tmp_path: Path) -> None:
    """Groups of one transaction hold messages, merges and splits of the same people."""
    store = SqliteStore(tmp_path / "t.db")
    await store.open()
    bench = Bench(store, five_legs())
    towns = [Town(bench, seed) for seed in range(4)]
    indexes: dict[str, int] = dict.fromkeys(PEOPLE, 0)
    for town in towns:
        town.indexes = indexes
    await asyncio.gather(*(town.go_on(60) for town in towns))
    for text, addresses in (await reached(bench)).items():
        assert len(addresses) == 1, f"{text} to {addresses}"
    await assert_sound(store)
    await store.close()
