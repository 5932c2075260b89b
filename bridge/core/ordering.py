"""Where a message stands in its binding's order, by the network's own numbers. Numbers may be skipped, never repeated."""

from __future__ import annotations

from enum import StrEnum

GAP_DELAY_S = 2.0
"""Webhooks race: so long a missing index is waited for before the network is asked."""
TWIN_S = 60.0
"""So long after it came by one road, the same text by another road is the same message."""


class Place(StrEnum):
    NEXT = "next"
    EARLY = "early"
    """An earlier one is missing: hold it."""
    LATE = "late"
    """Its place was given up: it comes at the end."""


def place(index: int, next_index: int) -> Place:
    """
    >>> place(3, 3), place(5, 3), place(1, 3)
    (<Place.NEXT: 'next'>, <Place.EARLY: 'early'>, <Place.LATE: 'late'>)
    """
    if index == next_index:
        return Place.NEXT
    return Place.EARLY if index > next_index else Place.LATE
