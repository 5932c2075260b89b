"""The partial indexes are what the questions are answered by, however long the backlog."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bridge.store import outbox_sql, world_sql
from bridge.store import tables as t
from bridge.store.outbox import Claim, Claimed, claim
from bridge.store.postgres import PostgresStore
from bridge.store.postgres_sql import form
from bridge.store.records import Lane
from bridge.store.sqlite import DIALECT, SqliteStore
from bridge.store.statements import Statement
from tests.relay_kit import PHONE, Bench, seen, wrote

BACKLOG = 10_000


async def backlog(store: Any) -> Any:
    """Ten thousand in one lane, and as many that are done."""
    bench = Bench(store)
    await bench.do(PHONE, seen(), *[wrote(str(i)) for i in range(2 * BACKLOG)])
    (lane,) = {d.binding for d in await bench.all(t.Delivery)}
    return lane


def plan(path: Path, statement: Statement, **params: Any) -> list[str]:
    sql, constants = statement.compiled(DIALECT)
    given = constants | {k: json.dumps(v) if k in statement.arrays else v for k, v in params.items()}
    with closing(sqlite3.connect(path)) as db:
        return [row[3] for row in db.execute(f"explain query plan {sql}", given)]


async def test_the_head_of_a_lane_is_one_probe(sqlite: SqliteStore) -> None:
    lane = await backlog(sqlite)
    with closing(sqlite3.connect(sqlite.path)) as db:
        db.execute(f"update delivery set state = 'sent' where n <= {BACKLOG}")
        db.commit()
    lines = plan(sqlite.path, outbox_sql.HEADS, ids=[lane])
    assert any("first USING INDEX delivery_lane (binding=?)" in line for line in lines), lines
    assert not [
        line for line in lines if line.startswith("SCAN") and "json_each" not in line and "VIRTUAL" not in line
    ], lines
    assert not [line for line in lines if "TEMP B-TREE" in line], lines
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    sqlite._db.set_progress_handler(count, 100)
    head = await sqlite.write(claim, Claim(binding=lane, now=2e6, owner="me", lease_s=1))
    sqlite._db.set_progress_handler(None, 0)
    assert isinstance(head, Claimed)
    assert head.n == BACKLOG + 1
    assert steps < 50, "the work grows with the backlog"


@pytest.mark.parametrize(
    ("statement", "index", "params"),
    [
        (outbox_sql.LANES, "delivery_lane", {}),
        (outbox_sql.ORPHANS, "delivery_lane", {"owner_": "me", "now": 1.0}),
        (outbox_sql.WAITING_LANES, "delivery_lane", {}),
        (outbox_sql.PENDINGS, "inbox_", {}),
        (world_sql.WAITING, "inbox_waits (waits_on=?)", {"ids": ["x"]}),
        (world_sql.INBOX, "sqlite_autoindex_inbox_1", {"ids": ["x"]}),
        (world_sql.KEYS, "sqlite_autoindex_binding_key_1", {"ids": ["x"]}),
        (world_sql.REMOTES, "sqlite_autoindex_remote_id_1", {"ids": ["x"]}),
        (world_sql.PERSONS, "ix_address_person", {"ids": ["x"]}),
        (world_sql.OF_CONTACTS, "conversation_pair", {"ids": ["x"]}),
        (world_sql.CONVERSATIONS, "binding_leg", {"ids": ["x"]}),
        (world_sql.DELIVERIES, "delivery_message", {"ids": ["x"], "seqs": [1]}),
        (outbox_sql.REMOTES_OF, "remote_id_message", {"ids": ["x"], "seqs": [1]}),
        (outbox_sql.GONE, "ix_binding_key_binding", {"binding_": "x", "id_": "y", "state": "gone"}),
    ],
)
async def test_which_index(sqlite: SqliteStore, statement: Statement, index: str, params: dict[str, Any]) -> None:
    lines = plan(sqlite.path, statement, **params)
    assert any(index in line for line in lines), lines
    tables = (
        "delivery",
        "inbox",
        "message",
        "remote_id",
        "binding_key",
        "address",
        "conversation",
        "binding",
        "contact",
    )
    scans = [line for line in lines if line.startswith(tuple(f"SCAN {x}" for x in tables)) and "INDEX" not in line]
    assert not scans, lines


async def test_postgresql_probes_too(postgres: PostgresStore) -> None:
    """Before its statistics are gathered and after, and after others were: a queue is small one minute and long the next."""
    lane = await backlog(postgres)
    connection = await postgres._link.connection(0.0)
    await connection.execute(f"update delivery set state = 'sent' where n <= {BACKLOG}")
    for _ in range(2):
        lines = await explained(connection, outbox_sql.HEADS, "analyze, ", ids=[lane])
        assert any("delivery_lane" in line for line in lines), lines
        assert not any("Seq Scan" in line or "Sort" in line or "Rows Removed" in line for line in lines), lines
        await connection.execute("analyze")
    head = await postgres.write(claim, Claim(binding=lane, now=2e6, owner="me", lease_s=1))
    assert isinstance(head, Claimed)
    assert head.n == BACKLOG + 1


async def explained(connection: Any, statement: Statement, how: str = "", **params: Any) -> list[str]:
    f = form(statement)
    return [row[0] for row in await connection.fetch(f"explain ({how}costs) {f.sql}", *f.values(params))]


@pytest.mark.parametrize(
    ("statement", "index", "params"),
    [
        (outbox_sql.LANES, "delivery_lane", {}),
        (outbox_sql.WAITING_LANES, "delivery_lane", {}),
        (outbox_sql.PENDINGS, "inbox_", {}),
        (world_sql.WAITING, "inbox_", {"ids": ["x"]}),
        (world_sql.INBOX, "inbox_pkey", {"ids": ["x"]}),
        (world_sql.KEYS, "binding_key_pkey", {"ids": ["x"]}),
        (world_sql.REMOTES, "remote_id_pkey", {"ids": ["x"]}),
        (world_sql.PERSONS, "ix_address_person", {"ids": ["x"]}),
        (world_sql.OF_CONTACTS, "conversation_pair", {"ids": ["x"]}),
        (world_sql.CONVERSATIONS, "binding_", {"ids": ["x"]}),
        (world_sql.DELIVERIES, "delivery_", {"ids": ["x"], "seqs": [1]}),
        (outbox_sql.REMOTES_OF, "remote_id_message", {"ids": ["x"], "seqs": [1]}),
    ],
)
async def test_which_index_on_postgresql(
    postgres: PostgresStore, statement: Statement, index: str, params: dict[str, Any]
) -> None:
    lines = await explained(await postgres._link.connection(0.0), statement, **params)
    assert any(index in line for line in lines), lines
    assert not any("Seq Scan" in line for line in lines), lines


async def test_what_waits_is_counted_lane_by_lane(sqlite: SqliteStore) -> None:
    from bridge.store.overview import Start, recover, waiting

    lane = await backlog(sqlite)
    (found,) = await sqlite.read(waiting, None)
    assert (found.count, found.label, found.network, found.channel) == (2 * BACKLOG, "+15550199", "SMS", "tg")
    assert [x.binding for x in await sqlite.write(recover, Start(owner="x", now=1.0))] == [lane]
    assert isinstance((await sqlite.write(recover, Start(owner="x", now=1.0)))[0], Lane)
