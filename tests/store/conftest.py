from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bridge.store.sqlite import SqliteStore


@pytest.fixture(scope="session")
def server() -> Iterator[Any]:
    """PostgreSQL from a wheel: nothing need be installed."""
    from tests.store.postgres import Server

    server = Server()
    yield server
    server.close()


@pytest_asyncio.fixture(params=["sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    """Either database, empty and migrated."""
    if request.param == "sqlite":
        store: Any = SqliteStore(tmp_path / "t.db")
    else:
        from bridge.store.postgres import PostgresStore

        store = PostgresStore(await request.getfixturevalue("server").database())
    await store.open()
    yield store
    await store.close()


@pytest_asyncio.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path / "t.db")
    await store.open()
    yield store
    await store.close()


@pytest_asyncio.fixture
async def postgres(server: Any) -> AsyncIterator[Any]:
    from bridge.store.postgres import PostgresStore

    store = PostgresStore(await server.database())
    await store.open()
    yield store
    await store.close()
