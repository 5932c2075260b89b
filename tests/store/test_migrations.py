"""The migrations lead to the tables, on both databases; an unknown future is refused in words."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel

from bridge.store import migrations, tables
from bridge.store.migrations import HEAD, SchemaTooNew, migrate
from bridge.store.sqlite import SqliteStore
from bridge.store.store import StoreError

OURS = {
    c.__tablename__
    for c in vars(tables).values()
    if isinstance(c, type) and issubclass(c, SQLModel) and c is not SQLModel
}
OPTIONS = {"compare_type": True, "compare_server_default": True}


def differences(connection: Any) -> list[Any]:
    context = MigrationContext.configure(connection, opts=OPTIONS)
    return list(compare_metadata(context, SQLModel.metadata))


def partial_indexes(listed: list[str]) -> dict[str, str]:
    found = {}
    for sql in listed:
        if match := re.search(r"INDEX (\w+) .* WHERE (.*)", sql, re.IGNORECASE | re.DOTALL):
            found[match[1]] = " ".join(match[2].lower().split())
    return found


def test_the_migrations_equal_the_tables_on_sqlite(tmp_path: Path) -> None:
    migrate(f"sqlite:///{tmp_path / 't.db'}", None)
    engine = create_engine(f"sqlite:///{tmp_path / 't.db'}")
    with engine.connect() as connection:
        assert differences(connection) == []
    engine.dispose()
    with closing(sqlite3.connect(tmp_path / "t.db")) as db:
        names = {n for (n,) in db.execute("select name from sqlite_master where type = 'table'")}
        assert names == OURS | {"alembic_version"}
        partial = partial_indexes([s for (s,) in db.execute("select sql from sqlite_master where sql like '%WHERE%'")])
    assert partial == {
        "conversation_open": "state = 'open'",
        "delivery_lane": tables.OPEN,
        "inbox_due": "state = 'pending'",
        "inbox_waits": "state = 'pending'",
    }


async def test_the_migrations_equal_the_tables_on_postgresql(server: Any) -> None:
    url = await server.database()
    await asyncio.to_thread(migrate, url, None)
    engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(url))
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()
    listed = await server.execute("select indexdef from pg_indexes where indexdef like '% WHERE %'", url=url)
    assert sorted(re.findall(r"INDEX (\w+) ", " ".join(sql for (sql,) in listed))) == [
        "conversation_open",
        "delivery_lane",
        "inbox_due",
        "inbox_waits",
    ]


async def test_a_migration_that_breaks_off_leaves_nothing_on_postgresql(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = await server.database()
    with monkeypatch.context() as patch:
        patch.setattr(Operations, "create_table", breaking())
        with pytest.raises(RuntimeError, match="power cut"):
            await asyncio.to_thread(migrate, url, None)
    tables = "select count(*) from pg_tables where schemaname = 'public'"
    assert await server.execute(tables, url=url) == [(0,)]
    await asyncio.to_thread(migrate, url, None)
    assert await server.execute("select version_num from alembic_version", url=url) == [(HEAD,)]


def breaking() -> Any:
    """``create_table``, until the fourth."""
    create, count = Operations.create_table, [0]

    def broken(self: Any, *args: Any, **kw: Any) -> Any:
        count[0] += 1
        if count[0] == 4:
            raise RuntimeError("power cut")
        return create(self, *args, **kw)

    return broken


def test_head_is_the_newest_file() -> None:
    files = sorted((Path(migrations.__file__).parent / "versions").glob("m*.py"))
    revisions = [re.search(r'^revision = "(\w+)"', f.read_text(), re.MULTILINE)[1] for f in files]  # type: ignore[index]
    assert revisions[-1] == HEAD
    assert [f.name[1:5] for f in files] == revisions


async def test_an_empty_file_is_migrated_and_a_current_one_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "t.db").touch()
    store = SqliteStore(tmp_path / "t.db")
    await store.open()
    await store.close()
    with closing(sqlite3.connect(tmp_path / "t.db")) as db:
        assert db.execute("select version_num from alembic_version").fetchall() == [(HEAD,)]
    monkeypatch.setattr("alembic.command.upgrade", lambda *_: pytest.fail("nothing to migrate"))
    store = SqliteStore(tmp_path / "t.db")
    await store.open()
    await store.close()


async def test_an_older_stamp_is_brought_up(tmp_path: Path) -> None:
    """Alembic's table without a row: the stamp before the first."""
    with closing(sqlite3.connect(tmp_path / "t.db")) as db:
        db.execute("create table alembic_version (version_num varchar(32) not null)")
    store = SqliteStore(tmp_path / "t.db")
    await store.open()
    await store.close()
    with closing(sqlite3.connect(tmp_path / "t.db")) as db:
        assert db.execute("select count(*) from delivery").fetchone() == (0,)


async def test_a_newer_store_is_refused_in_words(tmp_path: Path) -> None:
    file = tmp_path / "t.db"
    migrate(f"sqlite:///{file}", None)
    with closing(sqlite3.connect(file)) as db:
        db.execute("update alembic_version set version_num = '9999'")
        db.commit()
    store = SqliteStore(file)
    with pytest.raises(StoreError, match="revision 9999, this Trunkline knows .* install the newer one") as found:
        await store.open()
    assert isinstance(found.value.__cause__, SchemaTooNew)
    with pytest.raises(StoreError, match="9999"):  # the lock was given back
        await SqliteStore(file).open()


def test_a_migration_that_breaks_off_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kill half way must not leave a store that no start can mend."""
    monkeypatch.setattr(Operations, "create_table", breaking())
    url = f"sqlite:///{tmp_path / 't.db'}"
    with pytest.raises(RuntimeError):
        migrate(url, None)
    with closing(sqlite3.connect(tmp_path / "t.db")) as db:
        assert db.execute("select name from sqlite_master").fetchall() == []
    migrate(url, None)


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "t.db").write_bytes(b"This is no database, whatever its name says. " * 50)
    with pytest.raises(StoreError, match="t.db can’t be opened: file is not a database"):
        await SqliteStore(tmp_path / "t.db").open()
