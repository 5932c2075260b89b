"""What is PostgreSQL's alone: a COMMIT that is lost, a server that goes away, words for what is wrong, other processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text

from bridge.core.ids import RemoteId
from bridge.core.retry import Decision, State
from bridge.store import tables as t
from bridge.store.outbox import Claim, Claimed, Mark, claim, mark
from bridge.store.overview import alive, counts
from bridge.store.postgres import NotStorable, PostgresStore
from bridge.store.postgres_server import Link
from bridge.store.statements import Statement, Steps, ask, write
from bridge.store.store import StoreBusy
from bridge.store.world_sql import INSERT_CONTACT, UPDATE_CONTACT
from tests.relay_kit import PHONE, Bench, seen, wrote
from tests.store.postgres import Server, named
from tests.store.proxy import Proxy


class Contacts:
    """A question that writes a contact, and how often it was run."""

    def __init__(self) -> None:
        self.runs = 0

    def __call__(self, names: list[str]) -> Steps[list[str]]:
        self.runs += 1
        yield from write(INSERT_CONTACT, [{"id": n, "name": n, "created_at": 1.0} for n in names])
        return names


async def contacts(store: PostgresStore) -> list[str]:
    return [c.id for c in await Bench(store).all(t.Contact)]


async def eventually(question: Callable[[], Any], within: float = 10.0) -> Any:
    async with asyncio.timeout(within):
        while not (answer := await question()):
            await asyncio.sleep(0.02)
    return answer


# ---- COMMIT lost


@pytest_asyncio.fixture
async def cable(server: Server) -> AsyncIterator[tuple[Proxy, PostgresStore, str]]:
    url = await server.database()
    async with Proxy(server.sockets) as proxy:
        store = PostgresStore(server.url(named(url), sockets=proxy.sockets))
        await store.open()
        yield proxy, store, url
        await store.close()


async def test_a_commit_that_was_done_and_not_heard_of_is_done(cable: tuple[Proxy, PostgresStore, str]) -> None:
    proxy, store, _ = cable
    question = Contacts()
    proxy.cut = "after"
    assert await asyncio.gather(store.write(question, "a"), store.write(question, "b")) == ["a", "b"]
    assert (proxy.cuts, question.runs) == (1, 1), "asked for, not repeated"
    assert await contacts(store) == ["a", "b"]


async def test_a_commit_that_never_arrived_is_done_again(cable: tuple[Proxy, PostgresStore, str]) -> None:
    proxy, store, _ = cable
    question = Contacts()
    proxy.cut = "before"
    assert await store.write(question, "a") == "a"
    assert (proxy.cuts, question.runs) == (1, 2)
    assert await contacts(store) == ["a"]


async def test_a_message_whose_commit_is_lost_is_one_message_and_sent_once(
    cable: tuple[Proxy, PostgresStore, str],
) -> None:
    proxy, store, _ = cable
    bench = Bench(store)
    proxy.cut = "after"
    await bench.do(PHONE, seen(), wrote("Hi"))
    proxy.cut = "before"
    await bench.do(PHONE, wrote("again"))
    assert await bench.texts() == ["Hi", "again"]
    (lane,) = {d.binding for d in await bench.all(t.Delivery)}
    proxy.cut = "after"
    head = await store.write(claim, Claim(binding=lane, now=bench.clock(), owner="me", lease_s=150.0))
    assert isinstance(head, Claimed)
    for cut in ("after", "before"):
        proxy.cut = "after" if cut == "after" else "before"
        await store.write(mark, Mark(claimed=head, decision=Decision(state=State.SENT), remote=RemoteId("r")))
    assert proxy.cuts == 5
    assert await store.read(counts, None) == {"sent": 1, "ready": 1}


async def test_a_commit_that_the_server_broke_off_is_done_again(server: Server, postgres: PostgresStore) -> None:
    """Ended in the middle of COMMIT, in a deferred trigger: the same error as for one that was done."""
    url = postgres._url
    for sql in (
        "create table slow (x int)",
        "insert into slow values (1)",
        """create function tarry() returns trigger language plpgsql as
        $$ begin if exists (select from slow) then perform pg_sleep(7); end if; return null; end $$""",
        """create constraint trigger tarry after insert on contact deferrable initially deferred
        for each row execute function tarry()""",
    ):
        await server.execute(sql, url=url)
    question = Contacts()
    job = asyncio.create_task(postgres.write(question, "a"))
    tarrying = "select pid from pg_stat_activity where datname = $1 and state = 'active' and query = 'commit'"
    ((pid,),) = await eventually(lambda: server.execute(tarrying, named(url), url=url))
    await server.execute("delete from slow", url=url)
    await server.execute("select pg_terminate_backend($1)", pid, url=url)
    assert await job == "a"
    assert question.runs == 2
    assert await contacts(postgres) == ["a"]


async def test_after_a_crash_nobody_can_say_what_a_commit_was(
    server: Server, cable: tuple[Proxy, PostgresStore, str]
) -> None:
    """Transaction numbers that a crash lost are given again."""
    proxy, store, _ = cable
    before = store._link.life
    assert before is not None
    server.halt("fast")
    server.resume()
    await eventually(lambda: _answers(store))
    await store.write(Contacts(), "x")
    assert store._link.life == before, "an orderly restart forgets nothing"
    proxy.cut = "after"
    proxy.telling.clear()
    job = asyncio.create_task(store.write(Contacts(), "a"))
    async with asyncio.timeout(10):
        await proxy.answered.wait()
    server.halt("immediate")
    server.resume()
    proxy.telling.set()
    with pytest.raises(StoreBusy, match="lost while it committed, and can’t say whether it did"):
        await job
    await eventually(lambda: _answers(store))
    assert await contacts(store) == ["a", "x"]


async def _answers(store: PostgresStore) -> bool:
    try:
        return await store.read(alive, None)
    except StoreBusy:
        return False


# ---- a server that goes away


async def test_a_server_that_is_away_is_said_soon_and_taken_up_again(server: Server, postgres: PostgresStore) -> None:
    bench = Bench(postgres)
    await bench.do(PHONE, seen(), wrote("before"))
    clock = asyncio.get_running_loop().time
    server.halt("immediate")
    try:
        began = clock()
        jobs = [bench.do(PHONE, wrote(str(i))) for i in range(20)]
        jobs.append(postgres.read(counts, None))
        results = await asyncio.gather(*jobs, return_exceptions=True)
        assert {type(r) for r in results} == {StoreBusy}
        assert "can’t take it" in str(results[0])
        assert clock() - began < 5
    finally:
        server.resume()
    await eventually(lambda: _answers(postgres))
    await bench.do(PHONE, wrote("after"))
    assert await bench.texts() == ["before", "after"]


async def test_a_session_that_is_ended_costs_nothing(server: Server, postgres: PostgresStore) -> None:
    bench = Bench(postgres)
    await bench.do(PHONE, seen(), wrote("before"))
    ended = "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1"
    await server.execute(ended, named(postgres._url))
    await asyncio.gather(*(bench.do(PHONE, wrote("after")) for _ in range(5)))
    await server.execute(ended, named(postgres._url))
    assert await bench.texts() == ["before"] + ["after"] * 5


async def test_closing_writes_what_waits_and_takes_nothing_more(server: Server) -> None:
    url = await server.database()
    store = PostgresStore(url)
    await store.open()
    question = Contacts()
    jobs = [asyncio.create_task(store.write(question, f"{i:02}")) for i in range(50)]
    await asyncio.sleep(0)
    await store.close()
    await asyncio.gather(*jobs)
    for late in (store.write(question, "late"), store.read(alive, None)):
        with pytest.raises(StoreBusy, match="closed"):
            await late
    assert await server.execute("select count(*) from contact", url=url) == [(50,)]
    left = "select count(*) from pg_stat_activity where datname = $1"
    await eventually(lambda: _none(server, left, named(url)))


async def _none(server: Server, sql: str, *args: Any) -> bool:
    return await server.execute(sql, *args) == [(0,)]


@pytest.mark.slow
async def test_a_server_that_hangs_is_given_up(cable: tuple[Proxy, PostgresStore, str]) -> None:
    proxy, store, _ = cable
    proxy.hearing.clear()
    began = asyncio.get_running_loop().time()
    with pytest.raises(StoreBusy, match="it doesn’t answer"):
        await store.write(Contacts(), "a")
    assert asyncio.get_running_loop().time() - began < 15
    proxy.hearing.set()
    assert await store.write(Contacts(), "b") == "b"
    assert await contacts(store) == ["b"]


# ---- groups


async def test_many_at_once_are_few_transactions(postgres: PostgresStore) -> None:
    bench = Bench(postgres)
    before = postgres.transactions
    await asyncio.gather(*(bench.do(PHONE, seen(f"CH{i}", f"+1555{i}"), wrote("Hi", f"CH{i}")) for i in range(64)))
    assert postgres.transactions - before <= 2
    assert len(await bench.all(t.Message)) == 64


async def test_one_poisonous_job_among_fifty_fails_alone(postgres: PostgresStore) -> None:
    bench = Bench(postgres)
    await bench.do(PHONE, seen("CH1"))
    jobs = [bench.do(PHONE, seen(f"C{i}", f"+1555{i}"), wrote("good", f"C{i}")) for i in range(50)]
    question = Contacts()
    jobs[7:7] = [bench.do(PHONE, wrote("+15550188 huge", "CH1", index=2**64))]
    jobs[30:30] = [postgres.write(question, "same"), postgres.write(question, "same")]  # type: ignore[list-item]
    results = await asyncio.gather(*jobs, return_exceptions=True)
    bad = [r for r in results if isinstance(r, BaseException)]
    assert {type(r) for r in bad} == {NotStorable}
    assert len(bad) == 2
    assert "doesn’t fit its column (OverflowError)" in str(bad[0])
    assert "(23505)" in str(bad[1])
    assert not any("same" in str(e) or "0188" in str(e) for e in bad), "values stay out of the logs"
    assert all(e.__cause__ is None and e.__suppress_context__ for e in bad)
    assert await bench.texts() == ["good"] * 50


async def test_a_text_that_utf8_cannot_say_is_stored_without_it(postgres: PostgresStore) -> None:
    assert await postgres.write(Contacts(), "nul \0 and half \ud83d of 🎉 a pair \udc00")
    found = await contacts(postgres)
    assert found == ["nul � and half � of 🎉 a pair �"]

    def named_so(whats: list[str]) -> Steps[list[int]]:
        rows = yield from ask(
            Statement(text("select 1 as one from contact where id = :id").columns(one=None)), id=whats[0]
        )
        return [len(rows)]

    assert await postgres.read(named_so, "nul \0 and half \ud83d of 🎉 a pair \udc00") == 1, (
        "asked for as it was stored"
    )


async def test_a_question_that_raises_is_rolled_back(postgres: PostgresStore) -> None:
    def broken(whats: list[str]) -> Steps[list[None]]:
        yield from write(INSERT_CONTACT, [{"id": "x", "name": "", "created_at": 1.0}])
        raise LookupError(whats[0])

    with pytest.raises(LookupError, match="it"):
        await postgres.write(broken, "it")
    assert await contacts(postgres) == []


@pytest.mark.parametrize(("state", "times"), [("40P01", 3), ("40001", 3), ("55P03", 1)])
async def test_a_conflict_is_tried_again(server: Server, postgres: PostgresStore, state: str, times: int) -> None:
    await _failing(server, postgres._url, state, times)
    question = Contacts()
    assert await postgres.write(question, "a") == "a"
    assert question.runs == times + 1
    assert await contacts(postgres) == ["a"]


async def test_a_conflict_without_end_is_said(server: Server, postgres: PostgresStore) -> None:
    await _failing(server, postgres._url, "40P01", 99)
    with pytest.raises(StoreBusy, match=r"can’t take it: try later \(40P01\)"):
        await postgres.write(Contacts(), "a")
    assert await contacts(postgres) == []


async def _failing(server: Server, url: str, state: str, times: int) -> None:
    """So many times an insert into contact fails: a sequence is not rolled back."""
    for sql in (
        "create sequence tries",
        f"""create function fail() returns trigger language plpgsql as $$ begin
        if nextval('tries') <= {times} then raise 'try later' using errcode = '{state}'; end if; return new; end $$""",
        "create trigger fail before insert on contact for each row execute function fail()",
    ):
        await server.execute(sql, url=url)


async def test_two_that_hold_each_other_up_both_end(server: Server, postgres: PostgresStore) -> None:
    """A real deadlock, with a session that isn't ours."""
    await asyncio.gather(*(postgres.write(Contacts(), n) for n in "ab"))

    def both(names: list[str]) -> Steps[list[None]]:
        for id in "ab":
            yield from write(UPDATE_CONTACT, [{"id_": id, "name": n} for n in names])
        return [None for _ in names]

    import asyncpg

    other = await asyncpg.connect(postgres._url)
    await other.execute("set deadlock_timeout = '60s'; begin; update contact set name = 'other' where id = 'b'")
    job = asyncio.create_task(postgres.write(both, "ours"))
    waits = "select 1 from pg_stat_activity where datname = $1 and wait_event_type = 'Lock'"
    await eventually(lambda: server.execute(waits, named(postgres._url)))
    await other.execute("update contact set name = 'other' where id = 'a'")  # it waits for ours, which gives way
    await other.execute("commit")
    await other.close()
    await job
    assert {c.name for c in await Bench(postgres).all(t.Contact)} == {"ours"}


async def test_two_stores_write_one_after_the_other(postgres: PostgresStore) -> None:
    """Both read, decide and write: without an order they would draw the same numbers."""
    other = PostgresStore(postgres._url)
    await other.open()

    def numbered(whats: list[None]) -> Steps[list[None]]:
        (found,) = yield from ask(Statement(text("select count(*) as n from contact").columns(n=None)))
        yield from ask(Statement(text("select pg_sleep(0.05)")))
        yield from write(
            INSERT_CONTACT, [{"id": f"{found.n + i}", "name": "", "created_at": 1.0} for i, _ in enumerate(whats)]
        )
        return whats

    for _ in range(3):
        await asyncio.gather(*(store.write(numbered, None) for store in (postgres, other)))
    assert await contacts(postgres) == list("012345")
    await other.close()


async def test_readers_cannot_write(postgres: PostgresStore) -> None:
    with pytest.raises(StoreBusy, match="read-only"):
        await postgres.read(Contacts(), "a")


async def test_readers_that_are_all_at_work_are_said(postgres: PostgresStore) -> None:
    def slow(whats: list[float]) -> Steps[list[None]]:
        yield from ask(Statement(text("select pg_sleep(:s)")), s=whats[0])
        return [None]

    jobs = [asyncio.create_task(postgres.read(slow, 2.5)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(StoreBusy, match="readers are all at work"):
        await postgres.read(alive, None)
    assert await asyncio.gather(*jobs) == [None, None]
    assert await postgres.read(alive, None)


# ---- sessions


async def test_what_every_session_is_set_to(server: Server) -> None:
    url = await server.database()
    await server.execute(f"alter database {named(url)} set synchronous_commit = off")
    link = Link(url, default_transaction_read_only="on")
    connection = await link.connection(asyncio.get_running_loop().time() + 5)
    names = (
        "statement_timeout lock_timeout synchronous_commit application_name default_transaction_read_only jit".split()
    )
    values = [await connection.fetchval(f"show {name}") for name in names]
    assert values == ["8s", "1s", "on", "trunkline", "on", "off"]
    await link.close()


async def test_who_lives_is_seen_by_all_and_survives_a_lost_session(server: Server, postgres: PostgresStore) -> None:
    held = "select count(*) from pg_locks where locktype = 'advisory' and mode = 'ShareLock' and granted"

    async def living() -> int:
        return (await server.execute(held, url=postgres._url))[0][0]

    await postgres.live_as("first")
    await postgres.live_as("me")
    assert await living() == 1
    await server.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", named(postgres._url)
    )
    await postgres.write(Contacts(), "a")
    assert await living() == 1
    await postgres.close()
    await eventually(lambda: _none(server, held))
