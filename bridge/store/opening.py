"""The store that a configuration names, open."""

from __future__ import annotations

from pathlib import Path

from bridge.store.store import Store


async def opened(url: str, file: Path | None) -> Store:
    """`file` is that of an SQLite url, None for PostgreSQL. Raises `StoreError`."""
    if file is not None:
        from bridge.store.sqlite import SqliteStore

        store = SqliteStore(file)
        await store.open()
        return store
    from bridge.store.postgres import PostgresStore

    postgres = PostgresStore(url)
    await postgres.open()
    return postgres
