"""Counts what was lost and what came twice, from what people see: the simulators' views, never the bridge's own idea. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

LONGEST = 1500
"""A longer text may have been cut into parts: it is not counted."""
Json = dict[str, Any]
Texts = Counter[str]


@dataclass(slots=True, kw_only=True)
class _Network:
    """How often each text was said by its people, is owed to the other side, and came. `unseen`: said where nobody here looks."""

    said: Texts = field(default_factory=Counter)
    owed: Texts = field(default_factory=Counter)
    heard: Texts = field(default_factory=Counter)
    unseen: set[str] = field(default_factory=set)


def tally(networks: Iterable[Json], before: float = math.inf, *, apart: str = "") -> tuple[int, int]:
    """(lost, doubled): texts that a person sent and nobody got, texts that somebody got more often than they were sent.

    Nothing is lost that nobody took, or of which its author was told in a reply that it failed, or that was said at `before`
    (epoch seconds) or later: it may still be on its way. Each of the agents' networks gets everything, also what a colleague
    wrote on another one. `apart` names a network that stands in no view: talk with its customers, and what its agents wrote, is
    not counted.
    """
    sides: dict[str, list[_Network]] = {"customers": [], "agents": []}
    for network in networks:
        sides[network["side"]].append(_read(network, before, apart))
    customers, agents = sides["customers"], sides["agents"]
    unseen = {text for n in (*customers, *agents) for text in n.unseen}
    got, answers = _sum(n.heard for n in customers), _sum(n.said for n in agents)
    seen: Texts = reduce(lambda most, n: most | n.heard, agents, Counter())
    lost = (_sum(n.owed for n in customers) - seen) + (_sum(n.owed for n in agents) - got)
    doubled = _over(got, answers)
    for one in agents:
        doubled += _over(one.heard, _sum(n.said for n in (*customers, *agents) if n is not one))
    for text in unseen:
        lost.pop(text, None)
        doubled.pop(text, None)
    return lost.total(), doubled.total()


def _read(network: Json, before: float, apart: str) -> _Network:
    found = _Network()
    for messages in _places(network, apart):
        told = {m["reply_to"] for m in messages if not m.get("mine") and m.get("reply_to")}
        for message in filter(_counted, messages):
            author, _, text = message["text"].rpartition("): ")
            if not message.get("mine"):
                found.heard[text] += 1
                if apart and author.endswith(f"({apart}"):
                    found.unseen.add(text)
                continue
            found.said[text] += 1
            taken = message.get("status") in ("sent", "delivered", "read") and message["id"] not in told
            found.owed[text] += taken and message.get("at", 0) < before
    return found


def _sum(counts: Iterable[Texts]) -> Texts:
    return sum(counts, Counter())


def _over(heard: Texts, said: Texts) -> Texts:
    """What was said and came more often than that; what nobody said is a notice of the bridge's own."""
    return +Counter({text: heard[text] - times for text, times in said.items()})


def _counted(message: Json) -> bool:
    text = message.get("text") or ""
    return 0 < len(text) <= LONGEST and not any(message.get(k) for k in ("service", "edited", "deleted"))


def _places(network: Json, apart: str) -> Iterable[list[Json]]:
    """The messages of each phone and of each topic but General, from which nothing is relayed."""
    for person in network.get("people", ()):
        yield person["messages"]
    for group in network.get("groups", ()):
        for topic in group["topics"]:
            if topic["id"] not in ("", "1", "general") and not (apart and topic["name"].endswith(f" · {apart}")):
                yield topic["messages"]
