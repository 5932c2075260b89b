"""Counts what was lost and what came twice, from what people see: the simulators' views, never the bridge's own idea. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import Any

LONGEST = 1500
"""A longer text may have been cut into parts: it is not counted."""


def tally(networks: Iterable[dict[str, Any]], before: float = math.inf) -> tuple[int, int]:
    """(lost, doubled): texts that a person sent and nobody got, texts that somebody got more often than they were sent.

    Nothing is lost that nobody took, or of which its author was told in a reply that it failed, or that was said at `before`
    (epoch seconds) or later: it may still be on its way.
    """
    said, owed, heard = _both_sides(), _both_sides(), _both_sides()
    for network in networks:
        side = network["side"]
        for messages in _places(network):
            told = {m["reply_to"] for m in messages if not m.get("mine") and m.get("reply_to")}
            for message in filter(_counted, messages):
                text = message["text"].rpartition("): ")[2]
                if not message.get("mine"):
                    heard[side][text] += 1
                    continue
                said[side][text] += 1
                taken = message.get("status") in ("sent", "delivered", "read") and message["id"] not in told
                owed[side][text] += taken and message.get("at", 0) < before
    lost = doubled = 0
    for side, other in (("customers", "agents"), ("agents", "customers")):
        lost += sum((owed[side] - heard[other]).values())
        doubled += sum((+Counter({t: heard[other][t] - n for t, n in said[side].items()})).values())
    return lost, doubled


def _both_sides() -> dict[str, Counter[str]]:
    return {"customers": Counter(), "agents": Counter()}


def _counted(message: dict[str, Any]) -> bool:
    text = message.get("text") or ""
    return 0 < len(text) <= LONGEST and not any(message.get(k) for k in ("service", "edited", "deleted"))


def _places(network: dict[str, Any]) -> Iterable[list[dict[str, Any]]]:
    """The messages of each phone and of each topic but General, from which nothing is relayed."""
    for person in network.get("people", ()):
        yield person["messages"]
    for group in network.get("groups", ()):
        for topic in group["topics"]:
            if topic["id"] not in ("", "1", "general"):
                yield topic["messages"]
