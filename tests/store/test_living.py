"""A process that starts beside others leaves alone what those send: PostgreSQL tells who lives."""

from __future__ import annotations

from typing import Any

from bridge.store import tables as t
from bridge.store.outbox import Claim, Claimed, claim
from bridge.store.overview import Start, recover
from bridge.store.postgres import PostgresStore
from tests.relay_kit import PHONE, Bench, seen, wrote


async def test_what_a_living_process_sends_is_left_alone(postgres: Any) -> None:
    bench = Bench(postgres)
    await bench.do(PHONE, seen(), wrote("one"))
    (lane,) = [b.id for b in await bench.all(t.Binding) if b.side == "agent"]
    now = bench.clock()
    peer = PostgresStore(postgres._url)
    await peer.open()
    await peer.live_as("peer")
    await postgres.live_as("me")
    wish = Claim(binding=lane, now=now, owner="peer", lease_s=30.0)
    assert isinstance(await peer.write(claim, wish), Claimed)
    found = await postgres.write(recover, Start(owner="me", now=now + 1))
    assert [x.binding for x in found] == [lane]
    assert [d.state for d in await bench.all(t.Delivery)] == ["sending"]
    await peer.close()
    await postgres.write(recover, Start(owner="me", now=now + 2))
    assert [d.state for d in await bench.all(t.Delivery)] == ["unsure"]
