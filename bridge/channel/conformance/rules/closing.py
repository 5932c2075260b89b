"""A channel that is closed leaves nothing behind."""

# ruff: noqa: S101 - rules assert

from __future__ import annotations

import asyncio
from pathlib import Path

from bridge.channel.conformance.bench import Bench
from bridge.channel.conformance.needs import RUNS, cold, needs
from bridge.channel.port import Health
from bridge.core.capabilities import Form

ESTABLISHED = "01"


class Closing:
    async def test_close_leaves_no_task_and_no_connection(self, bench: Bench) -> None:
        if bench.network.simulator is not None and bench.caps.form is not Form.LOG:
            await bench.send(await bench.out(bench.text("before the end")))
        await bench.close()
        here = asyncio.current_task()
        await bench.until(lambda: not [t for t in asyncio.all_tasks() if t is not here])
        await bench.until(lambda: not _connections(bench.network.ports))

    @cold
    async def test_what_was_never_used_can_be_closed(self, bench: Bench) -> None:
        channel = bench.adapter.open(bench.settings, bench.endpoints, bench.port)
        async with asyncio.timeout(5):
            await channel.close()

    @needs(RUNS)
    async def test_a_channel_that_runs_says_that_it_is_well(self, bench: Bench) -> None:
        """And goes on for as long as it may; that it ends when it is cancelled is seen wherever a channel is closed."""
        await bench.until(bench.port.news.is_set)
        assert bench.port.state is Health.OK


def _connections(ports: set[int]) -> list[str]:
    """Those of this machine that lead to `ports`, as Linux tells them; none elsewhere."""
    table = Path("/proc/net/tcp")
    lines = table.read_text().splitlines()[1:] if table.exists() else []
    rows = [line.split() for line in lines]
    return [row[2] for row in rows if int(row[2].rpartition(":")[2], 16) in ports and row[3] == ESTABLISHED]
