"""Many messages, both ways, at once: none lost, doubled, misaddressed or out of order."""

from __future__ import annotations

import random
import threading
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bridge.core.notices import TWICE_MARK
from tests.rig import OURS, Rig, rig, until

pytestmark = pytest.mark.slow


def number(i: int) -> str:
    return f"+1555{7000000 + i}"


def introduce(r: Rig, conversations: int) -> dict[int, int]:
    """A first message from each customer; the topic of each."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: r.customer(number(i)).says(f"in-{i}-0"), range(conversations)))
    return dict(until(lambda: _topics(r, conversations), 60, "all topics").items())


def _topics(r: Rig, conversations: int) -> dict[int, int]:
    found = {}
    for message in r.sent_to_topics():
        if message["text"].startswith("in-"):
            found[int(message["text"].split("-")[1])] = message["thread"]
    return found if len(found) == conversations else {}


def judge(heard: dict[int, list[str]], what: str, conversations: int, each: int, first: int = 0) -> None:
    """Each conversation heard its own texts, all, once, in order."""
    for i in range(conversations):
        expected = [f"{what}-{i}-{n}" for n in range(first, first + each)]
        got = [t for t in heard[i] if t.startswith(what)]
        assert got == expected, (
            f"conversation {i}: {[g for g, e in zip(got, expected, strict=False) if g != e][:5]} {len(got)}"
        )


def in_topics(r: Rig, topics: dict[int, int]) -> dict[int, list[str]]:
    by_thread = {thread: i for i, thread in topics.items()}
    heard: dict[int, list[str]] = defaultdict(list)
    for message in r.sent_to_topics():
        heard[by_thread[message["thread"]]].append(message["text"])
    return heard


def on_phones(r: Rig) -> dict[int, list[str]]:
    heard: dict[int, list[str]] = defaultdict(list)
    for message in r.sent_to_phones():
        (address,) = message["addresses"]
        heard[int(address.removeprefix("+1555")) - 7000000].append(message["body"])
    return heard


def talk(r: Rig, topics: dict[int, int], each: int) -> None:
    """Both sides write at once, each conversation in its own order."""

    def customer(i: int) -> None:
        for n in range(1, each + 1):
            r.twilio_control("inbound", {"from": number(i), "to": OURS, "body": f"in-{i}-{n}"})

    def agent(i: int) -> None:
        for n in range(1, each + 1):
            r.telegram_control("say", {"text": f"out-{i}-{n}", "topic": topics[i], "person": "eve"})

    with ThreadPoolExecutor(16) as pool:
        jobs = [pool.submit(f, i) for i in topics for f in (customer, agent)]
        for job in jobs:
            job.result()


def test_a_thousand_each_way_over_fifty_conversations(tmp_path: Path) -> None:
    with rig(tmp_path) as r:
        topics = introduce(r, 50)
        talk(r, topics, 20)
        until(lambda: len(r.sent_to_topics()) >= 50 * 21, 90, "all in the topics")
        until(lambda: len(r.sent_to_phones()) >= 1000, 90, "all on the phones")
        judge(in_topics(r, topics), "in", 50, 21)
        judge(on_phones(r), "out", 50, 20, first=1)
        assert '"level": "error"' not in r.log()


def test_the_groups_limit_delays_and_loses_nothing(tmp_path: Path) -> None:
    """300 messages within ten seconds over 30 topics, at 20 a minute; the simulated minute is a second."""
    with rig(tmp_path, limit=True) as r:
        r.telegram_control("clock", {"rate": 60})
        with ThreadPoolExecutor(8) as pool:
            jobs = [pool.submit(_ten, r, i) for i in range(30)]
            for job in jobs:
                job.result()
        until(lambda: len(r.sent_to_topics()) >= 300, 90, "all in the topics")
        judge(in_topics(r, _topics(r, 30)), "in", 30, 10)
        assert len({t.name for t in r.topics()}) == 30


def _ten(r: Rig, i: int) -> None:
    for n in range(10):
        r.twilio_control("inbound", {"from": number(i), "to": OURS, "body": f"in-{i}-{n}"})


@pytest.mark.timeout(400)
def test_twenty_kills_under_load(tmp_path: Path) -> None:
    """kill -9 at random under load both ways. At Twilio nothing is lost, doubled or out of order. A webhook that found nobody is
    never sent again; the gap that it leaves is filled, in order, once the customer's next message shows it."""
    dice = random.Random(7)
    with rig(tmp_path) as r:
        r.telegram_control("clock", {"rate": 30})  # Telegram's own patience after each kill
        topics = introduce(r, 10)
        stop = threading.Event()
        said: dict[str, int] = {}

        def write(what: str, i: int, say: Callable[[int, str], None]) -> None:
            n = 0
            while not stop.is_set():
                n += 1
                say(i, f"{what}-{i}-{n}")
                said[f"{what}-{i}"] = n
                stop.wait(0.1)

        def agent(i: int, text: str) -> None:
            r.telegram_control("say", {"text": text, "topic": topics[i], "person": "eve"})

        def customer(i: int, text: str) -> None:
            r.twilio_control("inbound", {"from": number(i), "to": OURS, "body": text})

        with ThreadPoolExecutor(20) as pool:
            jobs = [pool.submit(write, "out", i, agent) for i in topics]
            jobs += [pool.submit(write, "in", i, customer) for i in topics]
            for _ in range(20):
                stop.wait(dice.uniform(0.1, 1.0))
                r.restart()
            stop.set()
            for job in jobs:
                job.result()
        out = sum(n for key, n in said.items() if key.startswith("out"))
        until(lambda: len(r.sent_to_phones()) >= out, 120, f"{out} answers on the phones")
        judge_counts(on_phones(r), "out", said, first=1)
        for i in topics:
            said[f"in-{i}"] += 1
            customer(i, f"in-{i}-{said[f'in-{i}']}")
        until(lambda: _last_heard(r, topics, said), 120, "the last of each customer")
        heard = {i: once(texts) for i, texts in in_topics(r, topics).items()}
        judge_counts(heard, "in", said, first=0)


def _last_heard(r: Rig, topics: dict[int, int], said: dict[str, int]) -> bool:
    heard = in_topics(r, topics)
    return all(f"in-{i}-{said[f'in-{i}']}" in heard[i] for i in topics)


def once(texts: list[str]) -> list[str]:
    """Without the repeats that are marked as such: a send that a kill cut is repeated once, and says so."""
    kept = []
    for text in texts:
        first, _, mark = text.partition("\n")
        assert not mark or mark == TWICE_MARK, text
        if not (mark and first in kept):
            kept.append(first)
    return kept


def judge_counts(heard: dict[int, list[str]], what: str, said: dict[str, int], *, first: int) -> None:
    for i, texts in heard.items():
        expected = [f"{what}-{i}-{n}" for n in range(first, said[f"{what}-{i}"] + 1)]
        assert texts == expected, f"conversation {i}: {len(texts)} of {len(expected)}"
