"""To whom a message goes, under what name, and in which words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bridge.core.content import Role, Side
from bridge.core.ids import BindingId, ChannelName

TITLE_LENGTH = 128
"""Telegram's limit of a topic's name, which the contract makes everybody's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """What routing needs to know of a binding."""

    id: BindingId
    channel: ChannelName
    side: Side


def targets(
    origin: BindingId | None, legs: Iterable[Leg], answer: BindingId | None, *, by_customer: bool
) -> list[BindingId]:
    """The bindings that a message reaches: every agents' leg but the one that it came from and, where no customer wrote it,
    the customer's leg that wrote last (`answer`). Without an origin it reaches all."""
    agents = [leg.id for leg in legs if leg.side is Side.AGENT and leg.id != origin]
    if by_customer or answer is None or answer == origin:
        return agents
    return [answer, *agents]


def title(name: str, label: str, network: str) -> str:
    """What a topic is called: ``NAME or ADDRESS · Network``.

    >>> title("", "+15550199", "SMS")
    '+15550199 · SMS'
    """
    tail = f" · {network}"
    head = " ".join((name or label).split())
    return head[: TITLE_LENGTH - len(tail)] + tail


def prefix(role: Role, name: str, network: str, channel: str, *, several: bool, to: Side) -> str:
    """What stands before a text: nothing toward customers and for a customer with one address.

    >>> prefix(Role.AGENT, "Eve", "Web", "web", several=False, to=Side.AGENT)
    'Eve (web): '
    >>> prefix(Role.CUSTOMER, "Ana", "SMS", "phone", several=True, to=Side.AGENT)
    'Ana (SMS): '
    """
    if to is Side.CUSTOMER:
        return ""
    if role is Role.CUSTOMER:
        return f"{name} ({network}): " if several else ""
    return f"{name} ({channel}): "
