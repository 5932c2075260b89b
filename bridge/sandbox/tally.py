"""Counts what was lost and what came twice, from what people see: the simulators' views, never the bridge's own idea. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

LONGEST = 1500
"""A longer text may have been cut into parts: it is not counted."""


def tally(networks: Iterable[dict[str, Any]]) -> tuple[int, int]:
    """(lost, doubled): texts that a person sent and nobody got, texts that somebody got more often than they were sent."""
    said: dict[str, Counter[str]] = {"customers": Counter(), "agents": Counter()}
    heard: dict[str, Counter[str]] = {"customers": Counter(), "agents": Counter()}
    for network in networks:
        for message in _messages(network):
            text = message.get("text") or ""
            if not text or len(text) > LONGEST or message.get("edited") or message.get("deleted"):
                continue
            if not message.get("mine"):
                heard[network["side"]][text.rpartition("): ")[2]] += 1
            elif message.get("status") in ("sent", "delivered", "read"):
                said[network["side"]][text.rpartition("): ")[2]] += 1
    lost = doubled = 0
    for side, other in (("customers", "agents"), ("agents", "customers")):
        lost += sum((said[side] - heard[other]).values())
        doubled += sum((+Counter({t: heard[other][t] - n for t, n in said[side].items()})).values())
    return lost, doubled


def _messages(network: dict[str, Any]) -> Iterable[dict[str, Any]]:
    for person in network.get("people", ()):
        yield from person["messages"]
    for group in network.get("groups", ()):
        for topic in group["topics"]:
            if topic["id"] not in ("", "1", "general"):
                yield from topic["messages"]
