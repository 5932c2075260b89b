"""SQLite: one process per file, one connection that writes, everything that waits in one transaction.

Group commit makes ``synchronous=FULL`` nearly free at load. One writer is more than speed: two connections that write and
checkpoint can lose commits in every SQLite before 3.51.3 (sqlite.org/wal.html, "the WAL reset bug").
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import logging
import os
import queue
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import SQLAlchemyError

from bridge.store.migrations import SchemaTooNew, migrate
from bridge.store.statements import Ask
from bridge.store.store import P, Question, R, StoreBusy, StoreError

DIALECT = sqlite.dialect(paramstyle="named")
GROUP = 256
"""The most jobs in one transaction."""
PRAGMAS = ("journal_mode=wal", "synchronous=full", "busy_timeout=500", "foreign_keys=off", "cache_size=-65536")
_log = logging.getLogger("trunkline.store")


class SqliteStore:
    """Opened by `open`, closed by `close`. `write` and `read` run generators of `bridge.store` in threads of their own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.statements = 0
        self.transactions = 0
        self._closed = False
        self._jobs: queue.SimpleQueue[tuple[Any, Any, asyncio.Future[Any]] | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._reader = ThreadPoolExecutor(1, "store-reader", initializer=self._open_reader)
        self._reading: sqlite3.Connection | None = None
        self._lock_fd: int | None = None
        self._loop: asyncio.AbstractEventLoop
        self._db: sqlite3.Connection

    async def open(self) -> None:
        """Locks the file, migrates it, starts the threads. Raises `StoreError`."""
        self._loop = asyncio.get_running_loop()
        self._lock()
        try:
            self._db = await asyncio.to_thread(self._connect)
        except (sqlite3.Error, SQLAlchemyError, SchemaTooNew, OSError) as error:
            self._unlock()
            raise StoreError(f"the store {self.path} can’t be opened: {error}") from error
        self._writer.start()

    async def live_as(self, owner: str) -> None:
        """There is one process per file."""

    async def close(self) -> None:
        """Writes what waits, then gives the file free."""
        self._closed = True
        if self._writer.is_alive():
            self._jobs.put(None)
            await asyncio.to_thread(self._writer.join)
        self._reader.shutdown()
        if self._reading is not None:
            self._reading.close()
        if self._lock_fd is not None:
            self._db.close()
            self._unlock()

    async def write(self, question: Question[P, R], what: P) -> R:
        """Durable when it returns. Raises `StoreBusy`, or what the question itself raised."""
        if self._closed:
            raise StoreBusy("the store is closed")
        future: asyncio.Future[R] = self._loop.create_future()
        self._jobs.put((question, what, future))
        return await future

    async def read(self, question: Question[P, R], what: P) -> R:
        """On a connection that can't write; what is committed, not what waits. Raises `StoreBusy`."""
        if self._closed:
            raise StoreBusy("the store is closed")
        return await self._loop.run_in_executor(self._reader, self._read, question, what)

    # ---- opening

    def _lock(self) -> None:
        """An OS lock beside the database: it goes with the process, whatever way that ends."""
        lock = self.path.with_name(self.path.name + ".lock")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            fd = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StoreError(f"the store {self.path} can’t be opened: {error}") from error
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(fd, 32, 0).decode(errors="replace").strip() or "unknown"
            os.close(fd)
            words = f"the store {self.path} is in use by process {holder}: one bridge per SQLite file; stop it first"
            raise StoreError(words) from error
        os.ftruncate(fd, 0)
        os.pwrite(fd, str(os.getpid()).encode(), 0)
        self._lock_fd = fd

    def _unlock(self) -> None:
        if self._lock_fd is not None:
            os.close(self._lock_fd)
            self._lock_fd = None

    def _connect(self) -> sqlite3.Connection:
        migrate(f"sqlite:///{self.path}", self._stamp())
        db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, cached_statements=256)
        for pragma in PRAGMAS:
            db.execute(f"pragma {pragma}")
        return db

    def _stamp(self) -> str | None:
        """The revision that the file stands at, None for a new one."""
        with closing(sqlite3.connect(self.path)) as db:
            if not db.execute("select 1 from sqlite_master where name = 'alembic_version'").fetchone():
                return None
            row = db.execute("select version_num from alembic_version").fetchone()
        return str(row[0]) if row else None

    def _open_reader(self) -> None:
        self._reading = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        self._reading.execute("pragma query_only=1")
        self._reading.execute("pragma wal_autocheckpoint=0")

    def _read(self, question: Question[P, R], what: P) -> R:
        assert self._reading is not None  # noqa: S101 - set by the executor's initializer
        try:
            return self._answers(self._reading, question, [what])[0]
        except sqlite3.DatabaseError as error:
            raise StoreBusy(str(error)) from error

    # ---- the writer's thread

    def _run(self) -> None:
        ended = False
        while not ended:
            batch = [self._jobs.get()]
            while len(batch) < GROUP and not self._jobs.empty():
                batch.append(self._jobs.get())
            jobs = [job for job in batch if job is not None]
            ended = len(jobs) < len(batch)
            if jobs:
                results = self._group(jobs)
                self._loop.call_soon_threadsafe(_resolve, jobs, results)

    def _group(self, jobs: list[tuple[Any, Any, Any]]) -> list[Any]:
        """The result or the exception of each job. A group that fails is tried again one by one: one poisonous job must not take
        its neighbours along."""
        try:
            return self._transaction(jobs)
        except Exception as error:
            self._rollback()
            if _of_the_store(error):
                return [StoreBusy(f"{error} ({getattr(error, 'sqlite_errorname', '')})") for _ in jobs]
            if len(jobs) == 1:
                return [error]
        return [result for job in jobs for result in self._group([job])]

    def _transaction(self, jobs: list[tuple[Any, Any, Any]]) -> list[Any]:
        by_question: dict[Any, list[int]] = {}
        for i, (question, _, _) in enumerate(jobs):
            by_question.setdefault(question, []).append(i)
        results: list[Any] = [None] * len(jobs)
        self._db.execute("begin immediate")
        for question, places in by_question.items():
            answers = self._answers(self._db, question, [jobs[i][1] for i in places])
            for i, answer in zip(places, answers, strict=True):
                results[i] = answer
        self._db.execute("commit")
        self.transactions += 1
        return results

    def _rollback(self) -> None:
        if self._db.in_transaction:
            self._db.execute("rollback")

    def _answers(self, db: sqlite3.Connection, question: Question[P, R], whats: list[P]) -> list[R]:
        """Runs a generator to its end."""
        steps = question(whats)
        try:
            asked = next(steps)
            while True:
                asked = steps.send(self._ask(db, asked))
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]

    def _ask(self, db: sqlite3.Connection, asked: Ask) -> list[Any]:
        self.statements += 1
        sql, constants = asked.statement.compiled(DIALECT)
        if isinstance(asked.params, list):
            rows = [constants | row for row in asked.params] if constants else asked.params
            db.executemany(sql, rows)
            return []
        params = {**constants, **asked.params}
        for name in asked.statement.arrays:
            params[name] = json.dumps(params[name])
        row = asked.statement.row
        return [row(*values) for values in db.execute(sql, params)]


def _of_the_store(error: Exception) -> bool:
    """Locked, full, broken: nothing that a job could have done. A malformed file is a plain `DatabaseError`."""
    return isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError


def _resolve(jobs: list[tuple[Any, Any, asyncio.Future[Any]]], results: list[Any]) -> None:
    for (_, _, future), result in zip(jobs, results, strict=True):
        if future.done():
            continue
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)
