"""What the relay asks of a store, whichever database is behind it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from bridge.store.statements import Steps

P = TypeVar("P")
R = TypeVar("R")
Question = Callable[[list[P]], Steps[list[R]]]
"""A generator function over a group of like questions, one answer each."""


class StoreError(Exception):
    """The store can't be opened; the message says which one and what to do."""


class StoreBusy(Exception):
    """The store couldn't take it now (disk full, locked, away): nothing of it was written."""


class Store(Protocol):
    """Questions asked at the same time are answered in one transaction."""

    async def write(self, question: Question[P, R], what: P) -> R:
        """Durable when it returns. Raises `StoreBusy`, or what the question itself raised."""

    async def read(self, question: Question[P, R], what: P) -> R:
        """What is committed, on a connection that can't write."""

    async def live_as(self, owner: str) -> None:
        """Other processes are to know that `owner` lives, for as long as the store is open: what it sends is left alone."""

    async def close(self) -> None:
        """Writes what waits, then lets go."""
