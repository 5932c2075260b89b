"""What is SQLite's alone: the lock, the pragmas, group commit, and what happens when it can't."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bridge.core.ids import RemoteId
from bridge.core.retry import Decision, State
from bridge.store import tables as t
from bridge.store.outbox import Claim, Claimed, Mark, claim, mark
from bridge.store.overview import alive, counts
from bridge.store.sqlite import SqliteStore
from bridge.store.statements import Statement, Steps, ask, write
from bridge.store.store import StoreBusy, StoreError
from tests.relay_kit import PHONE, Bench, seen, wrote


async def pragma(store: SqliteStore, name: str, *, reader: bool = False) -> Any:
    def questions(asked: Iterable[str]) -> Steps[list[Any]]:
        found = yield from ask(Statement(text(f"pragma {name}").columns(value=None)))
        return [found[0][0] for _ in asked]

    return await (store.read if reader else store.write)(questions, name)


async def test_full_sync_wal_and_readers_that_only_read(sqlite: SqliteStore) -> None:
    assert await pragma(sqlite, "synchronous") == 2
    assert await pragma(sqlite, "journal_mode") == "wal"
    assert await pragma(sqlite, "query_only", reader=True) == 1
    assert await pragma(sqlite, "wal_autocheckpoint", reader=True) == 0
    bench = Bench(sqlite)
    with pytest.raises(StoreBusy, match="readonly"):
        from bridge.relay.jobs import Job

        await sqlite.read(bench.question, Job(channel=PHONE, events=(seen(),)))


async def test_one_process_per_file(sqlite: SqliteStore, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=f"is in use by process {os.getpid()}: one bridge per SQLite file"):
        await SqliteStore(tmp_path / "t.db").open()
    assert (tmp_path / "t.db.lock").stat().st_mode & 0o777 == 0o600


HOLDER = """
import asyncio, sys
from pathlib import Path
from bridge.store.sqlite import SqliteStore
async def hold():
    store = SqliteStore(Path(sys.argv[1]))
    await store.open()
    print("open", flush=True)
    await asyncio.Event().wait()
asyncio.run(hold())
"""


async def test_the_lock_goes_with_the_process(tmp_path: Path) -> None:
    file = tmp_path / "t.db"
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(file)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "open\n"
    with pytest.raises(StoreError, match=f"process {holder.pid}"):
        await SqliteStore(file).open()
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    store = SqliteStore(file)
    await store.open()
    await store.close()


async def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="can’t be opened"):
        await SqliteStore(tmp_path / "file" / "t.db").open()


# ---- group commit


async def test_many_at_once_are_few_transactions(sqlite: SqliteStore) -> None:
    bench = Bench(sqlite)
    before = sqlite.transactions
    await asyncio.gather(*(bench.do(PHONE, seen(f"CH{i}", f"+1555{i}"), wrote("Hi", f"CH{i}")) for i in range(64)))
    assert sqlite.transactions - before <= 8
    assert len(await bench.all(t.Message)) == 64


async def test_one_poisonous_job_fails_alone(sqlite: SqliteStore) -> None:
    bench = Bench(sqlite)
    poison = [wrote("lone \ud800 surrogate", "CH1"), wrote("huge", "CH1", index=2**64)]
    await bench.do(PHONE, seen("CH1"))
    jobs = [bench.do(PHONE, seen(f"C{i}", f"+1555{i}"), wrote("good", f"C{i}")) for i in range(20)]
    jobs[7:7] = [bench.do(PHONE, p) for p in poison]
    results = await asyncio.gather(*jobs, return_exceptions=True)
    bad = [type(r).__name__ for r in results if isinstance(r, BaseException)]
    assert bad == ["UnicodeEncodeError", "OverflowError"]
    assert await bench.texts() == ["good"] * 20
    await bench.do(PHONE, wrote("goes on", "CH1"))


async def test_a_full_disk_stores_nothing_and_recovers(sqlite: SqliteStore) -> None:
    bench = Bench(sqlite)
    await bench.do(PHONE, seen("CH0"), wrote("before", "CH0"))
    before = await bench.all(t.Inbox)
    await pragma(sqlite, f"max_page_count={await pragma(sqlite, 'page_count')}")
    big = "x" * 100_000
    results = await asyncio.gather(*(bench.do(PHONE, wrote(big, "CH0")) for _ in range(8)), return_exceptions=True)
    assert {type(r) for r in results} == {StoreBusy}
    assert "SQLITE_FULL" in str(results[0])
    assert await bench.all(t.Inbox) == before
    assert await bench.texts() == ["before"]
    await pragma(sqlite, "max_page_count=1000000")
    await bench.do(PHONE, wrote("after", "CH0"))
    assert await bench.texts() == ["before", "after"]


async def test_another_connections_lock_is_said_soon(sqlite: SqliteStore) -> None:
    """The network waits 5 s; several tries must fit in."""
    with closing(sqlite3.connect(sqlite.path, isolation_level=None)) as other:
        other.execute("begin immediate")
        loop = asyncio.get_running_loop()
        began = loop.time()
        with pytest.raises(StoreBusy, match="locked"):
            await Bench(sqlite).do(PHONE, seen())
        assert loop.time() - began < 2
        assert await sqlite.read(counts, None) == {}
        other.execute("rollback")
    await Bench(sqlite).do(PHONE, seen())


async def test_closing_writes_what_waits_and_takes_nothing_more(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "t.db")
    await store.open()
    bench = Bench(store)
    jobs = [asyncio.create_task(bench.do(PHONE, seen(f"C{i}", f"+1555{i}"))) for i in range(50)]
    await asyncio.sleep(0)
    await store.close()
    await asyncio.gather(*jobs)
    with pytest.raises(StoreBusy, match="closed"):
        await bench.do(PHONE, seen())
    with pytest.raises(StoreBusy, match="closed"):
        await store.read(alive, None)
    with closing(sqlite3.connect(tmp_path / "t.db")) as db:
        assert db.execute("select count(*) from binding_key").fetchone() == (50,)


async def test_a_question_that_raises_is_rolled_back(sqlite: SqliteStore) -> None:
    def broken(whats: list[str]) -> Steps[list[None]]:
        row = {"id": "x", "name": "", "created_at": 1.0}
        from bridge.store.world_sql import INSERT_CONTACT

        yield from write(INSERT_CONTACT, [row])
        raise LookupError(whats[0])

    with pytest.raises(LookupError, match="it"):
        await sqlite.write(broken, "it")
    assert await Bench(sqlite).all(t.Contact) == []


# ---- what a relay costs


async def test_statements_and_transactions_per_message(sqlite: SqliteStore, capsys: pytest.CaptureFixture[str]) -> None:
    bench = Bench(sqlite)
    await bench.do(PHONE, seen(), wrote("first"))
    (lane,) = {d.binding for d in await bench.all(t.Delivery)}

    async def relay_one() -> None:
        await bench.do(PHONE, wrote("again"))
        head = await sqlite.write(claim, Claim(binding=lane, now=bench.clock(), owner="me", lease_s=1))
        assert isinstance(head, Claimed)
        await sqlite.write(mark, Mark(claimed=head, decision=Decision(state=State.SENT), remote=RemoteId(f"r{head.n}")))

    def cost() -> tuple[int, int]:
        return sqlite.statements, sqlite.transactions

    await relay_one()
    before = cost()
    await relay_one()
    statements, transactions = (b - a for a, b in zip(before, cost(), strict=True))
    before = cost()
    await asyncio.gather(*(bench.do(PHONE, wrote(str(i))) for i in range(64)))
    grouped = (cost()[0] - before[0]) / 64
    with capsys.disabled():
        print(
            f"\none message: {statements} statements, {transactions} transactions; of 64 at once: {grouped:.2f} to accept"
        )
    assert statements <= 16
    assert transactions <= 3
    assert grouped <= 3
