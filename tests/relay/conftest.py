from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from bridge.store.sqlite import SqliteStore
from tests.relay_kit import Bench, assert_sound


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path / "t.db")
    await store.open()
    yield store
    await store.close()


@pytest_asyncio.fixture
async def bench(store: SqliteStore) -> AsyncIterator[Bench]:
    """What a test did is held against the invariants when it is over."""
    bench = Bench(store)
    yield bench
    await assert_sound(store)
