"""Where the steps of a migration run: everything or nothing, and one process at a time."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from alembic import context

if TYPE_CHECKING:
    from sqlalchemy import Connection

_MIGRATING = int.from_bytes(b"trunkmig", "big")
_LOCK = f"set local lock_timeout = '60s'; select pg_advisory_xact_lock({_MIGRATING})"


def on_sqlite(url: str) -> None:
    from sqlalchemy import create_engine, event

    engine = create_engine(url)
    # Python's driver opens no transaction for DDL by itself: a kill half way would leave half of the tables.
    event.listen(engine, "connect", lambda dbapi, _: setattr(dbapi, "isolation_level", None))
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("begin immediate"))
    with engine.connect() as connection:
        context.configure(connection=connection, transactional_ddl=True)
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
    engine.dispose()


def on_postgresql(url: str) -> None:
    """In a thread that has no event loop: asyncpg is the only driver, and gets one for this."""
    asyncio.run(_on_postgresql(url))


async def _on_postgresql(url: str) -> None:
    import asyncpg  # type: ignore[import-untyped]
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    connect = partial(asyncpg.connect, url, timeout=10.0, server_settings={"application_name": "trunkline migration"})
    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.run_sync(_steps)
    await engine.dispose()


def _steps(connection: Connection) -> None:
    """The revision is read once the lock is held: who waited for another process finds its work done."""
    for statement in _LOCK.split("; "):
        connection.exec_driver_sql(statement)
    context.configure(connection=connection, transactional_ddl=True)
    context.run_migrations()
