from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bridge.store.sqlite import SqliteStore


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """PostgreSQL from a wheel: nothing need be installed."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
    from tests.store.postgres import Server

    server = Server()
    yield server
    server.stop()


@pytest_asyncio.fixture(params=["sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    """Either database, empty and migrated."""
    if request.param == "sqlite":
        sqlite = SqliteStore(tmp_path / "t.db")
        await sqlite.open()
        yield sqlite
        await sqlite.close()
    else:
        server = request.getfixturevalue("server")
        from tests.store.postgres import PostgresStore

        uri = await server.database()
        postgres = PostgresStore(uri)
        await postgres.open()
        yield postgres
        await postgres.close()


@pytest_asyncio.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path / "t.db")
    await store.open()
    yield store
    await store.close()
