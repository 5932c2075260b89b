"""Random faults, kills and duplicates on virtual time; whatever happens, the invariants hold."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from bridge.channel.outbound import Outbound
from bridge.channel.port import StoreUnavailable
from bridge.core.notices import TWICE_MARK
from bridge.core.outcomes import BindingGone, Misconfigured, RateLimited, Refused, Scope, Unavailable
from bridge.store import tables as t
from tests.relay.networks import Lands, Network, Phones, Running, Topics
from tests.relay.virtual import VirtualStore, played
from tests.relay_kit import PHONE, TG, answered, assert_sound, rows, seen, wrote

CONVERSATIONS, EACH = 5, 8


class Faults:
    """A budget of faults for one network; where a limit was said, it is an error to ask before it is over."""

    def __init__(self, dice: random.Random, budget: int, network: Network) -> None:
        self.dice, self.budget, self.network = dice, budget, network
        self.limits: dict[str, float] = {}
        self.early: list[str] = []
        self.refused: set[str] = set()

    def __call__(self, out: Outbound) -> Exception | None:
        now = asyncio.get_running_loop().time()
        lane = f"{out.binding.key}"
        for scope in (lane, "all"):
            if now < self.limits.get(scope, 0.0):
                self.early.append(f"{scope} at {now}, not before {self.limits[scope]}")
        if self.budget <= 0 or self.dice.random() > 0.4:
            return None
        self.budget -= 1
        return self._fault(out, lane, now)

    def _fault(self, out: Outbound, lane: str, now: float) -> Exception | None:
        match self.dice.choice(
            ["limit", "limit all", "down", "lost", "landed", "late", "refused", "bug", "wrong", "gone"]
        ):
            case "limit":
                self.limits[lane] = now + self.dice.uniform(1, 20)
                return RateLimited("slow", retry_at=self.limits[lane])
            case "limit all":
                # Requests that are on their way already may still come; a moment is theirs.
                asyncio.get_running_loop().call_later(0.1, self.limits.__setitem__, "all", now + 10)
                return RateLimited("slow", retry_at=now + 10, scope=self.dice.choice([Scope.ENDPOINT, Scope.CHANNEL]))
            case "down":
                return Unavailable("503")
            case "lost":
                return Lands(None)
            case "landed":
                return Lands(0.5)
            case "late":
                return Lands(self.network.caps.settle_s * 0.9)
            case "refused":
                self.refused.add(out.delivery)
                return Refused("no", code="400")
            case "wrong":
                return Misconfigured("token")
            case "gone" if self.network.caps.send_once == "none":
                return BindingGone("deleted")
            case _:
                return KeyError("bug")


def number(i: int) -> str:
    return f"+1555{i}"


class Story:
    """Customers and agents who write, a bridge that is killed now and then, and what must be true at the end."""

    def __init__(self, store: VirtualStore, seed: int, *, kills: int, faults: int) -> None:
        self.store, self.dice = store, random.Random(seed)
        self.phones, self.topics = Phones(), Topics()
        self.phone_faults = Faults(random.Random(seed + 1), faults, self.phones)
        self.topic_faults = Faults(random.Random(seed + 2), faults, self.topics)
        self.phones.fault, self.topics.fault = self.phone_faults, self.topic_faults
        self.running: Running
        self.kills = kills
        self.up = asyncio.Event()

    async def accept(self, channel: Any, events: list[Any]) -> None:
        """Answered, or the process died: then the sender comes again."""
        while True:
            await self.up.wait()
            running = self.running
            accepting = asyncio.create_task(running.relay.accept(channel, events))
            try:
                await asyncio.shield(accepting)
            except (StoreUnavailable, asyncio.CancelledError):
                await asyncio.sleep(1)
                continue
            if self.dice.random() > 0.3:
                return

    async def customer(self, i: int) -> None:
        order = list(range(EACH))
        for a in range(0, EACH - 1, 2):
            if self.dice.random() < 0.3:
                order[a], order[a + 1] = order[a + 1], order[a]
        events = [wrote(f"in-{i}-{n}", f"C{i}", n, key=f"IM{i}-{n}", address=number(i)) for n in range(EACH)]
        for at, n in enumerate(order):
            written = max(order[: at + 1]) + 1
            self.phones.past[f"C{i}"] = list(
                events[:written]
            )  # the network has them in their order, whatever overtook whom
            await self.accept(PHONE, [seen(f"C{i}", number(i), key=f"seen{i}"), events[n]])
            await asyncio.sleep(self.dice.uniform(0, 3))

    async def agent(self, i: int) -> None:
        while not (key := await self.topic_of(i)):
            await asyncio.sleep(5)
        for n in range(EACH):
            await self.accept(TG, [answered(f"out-{i}-{n}", key, key=f"T{i}-{n}")])
            await asyncio.sleep(self.dice.uniform(0, 3))

    async def topic_of(self, i: int) -> str | None:
        return next((g.binding for g in self.topics.got if g.text.startswith(f"in-{i}-")), None)

    async def killer(self) -> None:
        for _ in range(self.kills):
            await asyncio.sleep(self.dice.uniform(1, 15))
            left = self.dice.randrange(6)

            def dies() -> bool:
                nonlocal left
                left -= 1
                return left < 0

            self.store.dies = dies
            while not self.store.dead:
                await asyncio.sleep(0.01)
                if self.dice.random() < 0.01:
                    self.store.dead = True
            self.up.clear()
            await self.running.kill()
            self.store.dies, self.store.dead = (lambda: False), False
            for faults in (self.phone_faults, self.topic_faults):
                faults.limits.clear()  # a limit that was told to an ended process is told to the next one anew
            await self.begin()

    async def begin(self) -> None:
        self.running = Running(self.store, self.phones, self.topics)
        await self.running.start()
        self.up.set()

    async def play(self) -> None:
        await self.begin()
        await asyncio.gather(self.killer(), *(f(i) for i in range(CONVERSATIONS) for f in (self.customer, self.agent)))
        for _ in range(200):
            await asyncio.sleep(30)
            if not [d for d in await rows(self.store, t.Delivery) if d.state in ("ready", "sending", "unsure")]:
                break
        await self.running.relay.drain(5)
        await self.judge()

    async def judge(self) -> None:
        await assert_sound(self.store)
        deliveries = await rows(self.store, t.Delivery)
        assert {d.state for d in deliveries} <= {"sent", "failed", "held", "skipped"}, "I-10: all are terminal"
        assert self.phone_faults.early == [], "I-11"
        assert self.topic_faults.early == [], "I-11"
        messages = [m.text for m in await rows(self.store, t.Message)]
        expected = [f"{x}-{i}-{n}" for x in ("in", "out") for i in range(CONVERSATIONS) for n in range(EACH)]
        assert sorted(messages) == sorted(expected), "I-1, I-2: each that was answered, once"
        bad = {(d.conversation_id, d.seq) for d in deliveries if d.state in ("failed", "held")}
        lost = {m.text for m in await rows(self.store, t.Message) if (m.conversation_id, m.seq) in bad}
        self.judge_order(self.phones, "out", lost, doubles=False)
        self.judge_order(self.topics, "in", lost, doubles=True)

    def judge_order(self, network: Network, what: str, lost: set[str], *, doubles: bool) -> None:
        """I-3, I-9: first appearances in order, all but what was told as lost, twice only where it is marked so."""
        first: dict[str, list[int]] = defaultdict(list)
        times: dict[str, int] = defaultdict(int)
        for g in network.got:
            text = g.text.removesuffix("\n" + TWICE_MARK)
            if not text.startswith(what):
                continue
            conversation, n = text.rsplit("-", 1)
            times[text] += 1
            if times[text] == 1:
                first[conversation].append(int(n))
            else:
                assert doubles, f"I-9: {text} twice"
        for i in range(CONVERSATIONS):
            got = first[f"{what}-{i}"]
            told = [n for n in got if f"{what}-{i}-{n}" not in lost]  # what was given up in doubt may still land, later
            assert told == sorted(told), f"I-3: {what}-{i} {got}"
            missing = {f"{what}-{i}-{n}" for n in range(EACH) if n not in got}
            assert missing <= lost, f"{missing - lost} are lost in silence"


@pytest.mark.parametrize("seed", range(12))
def test_random_faults(tmp_path: Path, seed: int) -> None:
    played(lambda store: Story(store, seed, kills=0, faults=25).play(), tmp_path / "t.db")


@pytest.mark.parametrize("seed", range(100, 112))
def test_random_kills_and_faults(tmp_path: Path, seed: int) -> None:
    played(lambda store: Story(store, seed, kills=4, faults=10).play(), tmp_path / "t.db")
