"""A start on PostgreSQL: the schema, and words for what keeps it from starting."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bridge.store.migrations import HEAD
from bridge.store.postgres import PostgresStore
from bridge.store.store import StoreError
from tests.store.postgres import Server, named


async def test_a_newer_schema_is_refused_in_words(server: Server, postgres: PostgresStore) -> None:
    await server.execute("update alembic_version set version_num = '9999'", url=postgres._url)
    with pytest.raises(StoreError, match=f"revision 9999, this Trunkline knows {HEAD}: install the newer one"):
        await PostgresStore(postgres._url).open()


async def test_a_current_schema_is_left_alone(postgres: PostgresStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alembic.command.upgrade", lambda *_: pytest.fail("nothing to migrate"))
    again = PostgresStore(postgres._url)
    await again.open()
    await again.close()


OPENER = """
import asyncio, sys
from bridge.store.postgres import PostgresStore
async def start():
    store = PostgresStore(sys.argv[1])
    print("set", flush=True)
    sys.stdin.readline()
    await store.open()
    await store.close()
    print("open", flush=True)
asyncio.run(start())
"""


async def test_two_that_start_together_migrate_once(server: Server) -> None:
    url = await server.database()
    starts = [
        subprocess.Popen([sys.executable, "-c", OPENER, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for start in starts:
        assert start.stdout is not None
        assert start.stdout.readline() == "set\n"
    for start in starts:
        assert start.stdin is not None
        start.stdin.write("\n")
        start.stdin.flush()
    assert [start.communicate(timeout=30)[0] for start in starts] == ["open\n", "open\n"]
    assert await server.execute("select version_num from alembic_version", url=url) == [(HEAD,)]


async def test_an_absent_database_is_named(server: Server) -> None:
    with pytest.raises(StoreError, match="there is no database “nowhere”: create it, or mend the store’s url"):
        await PostgresStore(server.url("nowhere")).open()


@pytest.mark.parametrize("host", ["127.0.0.1:1", "nobody.invalid"])
async def test_an_absent_server_is_named(host: str) -> None:
    with pytest.raises(StoreError) as found:
        await PostgresStore(f"postgresql://trunk:s3cret@{host}/line").open()
    said = str(found.value)
    assert said.startswith(f"the store postgresql://{host}/line can’t be opened: it can’t be reached (")
    assert said.endswith("is the server running, and right in the store’s url?")
    assert "s3cret" not in said


async def test_a_wrong_password_is_said_without_it(server: Server) -> None:
    url = await server.database()
    await server.execute("create role locked login password 'right'")
    await server.execute(f"alter database {named(url)} owner to locked")
    rules = server.data / "pg_hba.conf"
    rules.write_text("local all locked scram-sha-256\n" + rules.read_text())
    server.reload()
    with pytest.raises(StoreError, match="mend the user “locked” or the password in the store’s url") as found:
        await PostgresStore(server.url(named(url), "locked:wr0ng")).open()
    assert "wr0ng" not in str(found.value)
    assert found.value.__cause__ is None
    store = PostgresStore(server.url(named(url), "locked:right"))
    await store.open()
    await store.close()


async def test_who_may_not_make_tables_is_told(server: Server) -> None:
    url = await server.database()
    await server.execute("create role guest login")
    with pytest.raises(StoreError, match="let the user “guest” own the database, or grant it CREATE"):
        await PostgresStore(server.url(named(url), "guest:")).open()


async def test_a_read_only_server_is_refused(server: Server) -> None:
    url = await server.database()
    await server.execute(f"alter database {named(url)} set default_transaction_read_only = on")
    with pytest.raises(StoreError, match="it is read-only or a standby: name the primary"):
        await PostgresStore(url).open()


async def test_another_encoding_is_refused(server: Server) -> None:
    await server.execute("create database latin encoding 'LATIN1' locale 'C' template template0")
    with pytest.raises(StoreError, match="its encoding is LATIN1: create the database with encoding UTF8"):
        await PostgresStore(server.url("latin")).open()


async def test_a_start_imports_no_driver_of_the_other_store() -> None:
    code = "import sys, bridge.store.sqlite; assert not {'asyncpg', 'alembic', 'greenlet'} & sys.modules.keys()"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parents[2]).returncode == 0
