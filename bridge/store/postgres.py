"""PostgreSQL: one connection that writes, two that read, everything that waits in one transaction.

Several processes may share a database; they write one after the other (an advisory lock for the length of a transaction), so that
the questions, which read, decide and write, hold there as they do on SQLite. PgBouncer may stand between in session mode, not in
transaction mode: prepared statements, settings and locks belong to the session.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import asyncpg  # type: ignore[import-untyped]
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from bridge.store.migrations import HEAD, SchemaTooNew, migrate
from bridge.store.postgres_server import NETWORK, OLDEST, Connection, Link, of_the_job, place, unopened, words
from bridge.store.postgres_sql import form
from bridge.store.statements import Ask, Statement, Steps, ask
from bridge.store.store import P, Question, R, StoreBusy, StoreError

T = TypeVar("T")
GROUP = 256
"""The most jobs in one transaction."""
READERS = 2
PATIENCE_S = 1.5
"""So long, and `TRIES` times, the store tries by itself; the relay comes again within the time that networks wait."""
TRIES = 4
WRITING = int.from_bytes(b"trunklin", "big")
"""The advisory lock of who writes."""
BEGIN = f"begin isolation level read committed; select pg_advisory_xact_lock({WRITING})"
_LIVE = "pg_advisory_lock_shared(hashtextextended({}, 0))"
LIVE_AS = Statement(text(f"select pg_advisory_unlock_all(), {_LIVE.format(':owner')}"))
_CHECK = """
select pg_is_in_recovery() or current_setting('transaction_read_only')::bool,
    current_setting('server_version_num')::int / 10000, current_setting('server_encoding')
"""
Job = tuple[Any, Any, asyncio.Future[Any]]


class NotStorable(Exception):
    """The database refuses what a job brought, and nothing of it was written. The message holds none of the values."""


class PostgresStore:
    """Opened by `open`, closed by `close`. `write` and `read` run generators of `bridge.store` on the event loop.

    A job that is lost in COMMIT is looked for by its transaction's id before anything is said of it; a deadlock or a connection
    that breaks earlier is tried again.
    """

    def __init__(self, url: str) -> None:
        """`url` is ``postgresql://USER:PASSWORD@HOST/DATABASE``, with asyncpg's parameters."""
        self.statements = 0
        self.transactions = 0
        self._url = url
        self._closed = False
        self._owner = ""
        self._jobs: deque[Job] = deque()
        self._come = asyncio.Event()
        self._link = Link(url, self._greet)
        self._readers = [Link(url, default_transaction_read_only="on") for _ in range(READERS)]
        self._free = asyncio.Semaphore(READERS)
        self._xid: str | None = None
        self._writer: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connects, migrates, starts the writer. Raises `StoreError`."""
        try:
            connection = await self._link.connection(_now() + PATIENCE_S)
            if unfit := _unfit(*await connection.fetchrow(_CHECK)):
                raise StoreError(f"the store {place(self._url)} can’t be opened: {unfit}")
            if (stamp := await _stamp(connection)) != HEAD:
                await asyncio.to_thread(migrate, self._url, stamp)
        except (*NETWORK, SQLAlchemyError, SchemaTooNew, ValueError) as error:
            await self._link.close()
            raise StoreError(unopened(_cause(error), self._url)) from None
        except StoreError:
            await self._link.close()
            raise
        self._writer = asyncio.create_task(self._run(), name="store-writer")

    async def close(self) -> None:
        """Writes what waits, then lets go."""
        self._closed = True
        self._come.set()
        if self._writer is not None:
            await self._writer
        for link in (self._link, *self._readers):
            await link.close()

    async def write(self, question: Question[P, R], what: P) -> R:
        """Durable when it returns. Raises `StoreBusy`, `NotStorable`, or what the question itself raised."""
        if self._closed:
            raise StoreBusy("the store is closed")
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._jobs.append((question, what, future))
        self._come.set()
        return await future

    async def read(self, question: Question[P, R], what: P) -> R:
        """On a connection that can't write; what is committed, not what waits. Raises `StoreBusy`."""
        if self._closed:
            raise StoreBusy("the store is closed")
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._free.acquire()
        except TimeoutError:
            raise StoreBusy(f"the store {place(self._url)} is busy: its readers are all at work") from None
        link = self._readers.pop()

        async def answer(connection: Connection, _: float) -> R:
            return (await self._answers(connection, question, [what]))[0]

        try:
            return await self._patiently(link, answer)
        finally:
            self._readers.append(link)
            self._free.release()

    async def live_as(self, owner: str) -> None:
        """`owner` counts as living, for every process, as long as this store is open; one at a time. Raises `StoreBusy`."""
        self._owner = owner
        await self.write(_live_as, owner)

    async def _greet(self, connection: Connection) -> None:
        if self._owner:
            await connection.execute(f"select {_LIVE.format('$1')}", self._owner)

    # ---- the writer

    async def _run(self) -> None:
        while self._jobs or not self._closed:
            await self._come.wait()
            self._come.clear()
            while self._jobs:
                jobs = [self._jobs.popleft() for _ in range(min(GROUP, len(self._jobs)))]
                _resolve(jobs, await self._group(jobs))

    async def _group(self, jobs: list[Job]) -> list[Any]:
        """The result or the exception of each job. A group that fails by a job of its own is halved until that one is alone."""
        try:
            return await self._patiently(self._link, lambda c, end: self._transaction(c, jobs, end))
        except StoreBusy as busy:
            return [StoreBusy(*busy.args) for _ in jobs]
        except Exception as error:
            if len(jobs) == 1:
                return [error]
        half = len(jobs) // 2
        return [*await self._group(jobs[:half]), *await self._group(jobs[half:])]

    async def _patiently(self, link: Link, work: Callable[[Connection, float], Awaitable[T]]) -> T:
        """Raises `StoreBusy` where the server or the network fails for longer than patience lasts."""
        end = _now() + PATIENCE_S
        for left in range(TRIES, 0, -1):
            try:
                return await work(await link.connection(end), end)
            except StoreBusy:
                raise
            except Exception as error:
                await link.undo(error)
                if of_the_job(error):
                    raise _told(error) from None
                if left == 1 or _now() >= end:
                    raise StoreBusy(f"the store {place(self._url)} can’t take it: {words(error)}") from None
            except BaseException:
                link.drop()
                raise
            await asyncio.sleep(random.uniform(0.01, 0.05))  # noqa: S311 - so that two that met don't meet again
        raise AssertionError

    async def _transaction(self, connection: Connection, jobs: list[Job], end: float) -> list[Any]:
        by_question: dict[Any, list[int]] = {}
        for i, (question, _, _) in enumerate(jobs):
            by_question.setdefault(question, []).append(i)
        results: list[Any] = [None] * len(jobs)
        self._xid = None
        await connection.execute(BEGIN)
        for question, places in by_question.items():
            answers = await self._answers(connection, question, [jobs[i][1] for i in places])
            for i, answer in zip(places, answers, strict=True):
                results[i] = answer
        await self._commit(connection, end)
        self.transactions += 1
        return results

    async def _commit(self, connection: Connection, end: float) -> None:
        """Done when it returns. A transaction that failed answers COMMIT with ROLLBACK, and no error."""
        life = self._link.life
        try:
            if (said := await connection.execute("commit")) == "COMMIT":
                return
            raise ConnectionError(f"COMMIT was answered with {said}")
        except NETWORK:
            self._link.drop()
            if self._xid is not None and not await self._was_done(self._xid, life, end):
                raise

    async def _was_done(self, xid: str, life: object, end: float) -> bool:
        """What became of a transaction whose COMMIT got no answer. Raises `StoreBusy` where nobody can say."""
        status = None
        while True:
            try:
                connection = await self._link.connection(end)
                status = await connection.fetchval("select pg_xact_status($1::text::xid8)", xid)
            except asyncpg.InvalidParameterValueError:
                return False  # the number was never used: the server crashed before it wrote any of it
            except NETWORK:
                self._link.drop()
            if status == "aborted":
                return False
            if status == "committed" and self._link.life == life:
                return True
            if status == "committed" or _now() >= end:  # after a crash the number may be another's
                break
            await asyncio.sleep(0.05)
        raise StoreBusy(f"the store {place(self._url)} was lost while it committed, and can’t say whether it did")

    # ---- questions

    async def _answers(self, connection: Connection, question: Question[P, R], whats: list[P]) -> list[R]:
        """Runs a generator to its end."""
        steps: Steps[list[R]] = question(whats)
        try:
            asked = next(steps)
            while True:
                asked = steps.send(await self._ask(connection, asked))
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]

    async def _ask(self, connection: Connection, asked: Ask) -> list[Any]:
        self.statements += 1
        f = form(asked.statement)
        if f.writes and self._xid is None and connection.is_in_transaction():
            self._xid = await connection.fetchval("select pg_current_xact_id()::text")
        if isinstance(asked.params, list):
            await connection.executemany(f.sql, [f.values(row) for row in asked.params])
            return []
        found = await connection.fetch(f.sql, *f.values(asked.params))
        row = asked.statement.row
        return [row(*record) for record in found] if row is not None else []


def _live_as(owners: list[str]) -> Steps[list[None]]:
    yield from ask(LIVE_AS, owner=owners[-1])
    return [None for _ in owners]


def _now() -> float:
    return asyncio.get_running_loop().time()


def _unfit(read_only: bool, version: int, encoding: str) -> str:
    """What keeps a server from being a store; empty if nothing does."""
    if version < OLDEST:
        return f"it is PostgreSQL {version}, and {OLDEST} is the oldest that will do"
    if encoding != "UTF8":
        return f"its encoding is {encoding}: create the database with encoding UTF8"
    return "it is read-only or a standby: name the primary in the store’s url" if read_only else ""


async def _stamp(connection: Connection) -> str | None:
    """The revision that the schema stands at, None for a new one."""
    if await connection.fetchval("select to_regclass('alembic_version')") is None:
        return None
    found: str | None = await connection.fetchval("select version_num from alembic_version")
    return found


def _cause(error: BaseException) -> BaseException:
    """What asyncpg said, below SQLAlchemy's wrapping."""
    while isinstance(error, SQLAlchemyError) and error.__cause__ is not None:
        error = error.__cause__
    if not isinstance(error, NETWORK) and isinstance(error.__cause__, NETWORK):
        return error.__cause__
    return error


def _told(error: Exception) -> Exception:
    return NotStorable(words(error)) if isinstance(error, NETWORK) else error


def _resolve(jobs: list[Job], results: list[Any]) -> None:
    for (_, _, future), result in zip(jobs, results, strict=True):
        if future.done():
            continue
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)
