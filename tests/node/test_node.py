"""A client in another language, written from docs/protocol.md alone, against a real server over a network that is cut."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.kit import until
from tests.adapters.websocket.house import house, token
from tests.client.cutter import cutter

CLIENT = Path(__file__).with_name("client.mjs")
ANA = "c-support-web-ana"
SAYS = 60


def node() -> list[str]:
    """Node with a global WebSocket: its own from 22 on, behind a flag before."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("there is no node here")
    for command in ([found], [found, "--experimental-websocket"]):
        asked = subprocess.run([*command, "-p", "typeof WebSocket"], capture_output=True, text=True, check=False)
        if asked.stdout.strip() == "function":
            return command
    pytest.skip("this node has no WebSocket of its own")


async def told(process: asyncio.subprocess.Process, lines: list[dict[str, Any]]) -> None:
    assert process.stdout is not None
    async for line in process.stdout:
        lines.append(json.loads(line))


async def started(url: str, shown: str) -> tuple[asyncio.subprocess.Process, list[dict[str, Any]], asyncio.Task[None]]:
    process = await asyncio.create_subprocess_exec(
        *node(), "--no-warnings", str(CLIENT), url, shown, str(SAYS), stdout=asyncio.subprocess.PIPE
    )
    lines: list[dict[str, Any]] = []
    return process, lines, asyncio.create_task(told(process, lines))


@pytest.mark.slow
async def test_a_client_from_the_page_alone_misses_nothing_and_shows_nothing_twice() -> None:
    node()
    async with house() as h, cutter(h.port) as proxy:
        process, lines, reading = await started(h.url.replace(str(h.port), str(proxy.port)), token())
        try:
            await until(lambda: ANA in h.log.talks, "the first message")
            for n in range(60):
                h.log.elsewhere(ANA, f"phone {n}")
                if n % 2:
                    proxy.cut()
                await asyncio.sleep(0.02)
            await until(lambda: sum(x["what"] == "acked" for x in lines) == SAYS, "all acks")
            h.log.elsewhere(ANA, "bye")
            async with asyncio.timeout(10):
                assert await process.wait() == 0
                await reading
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        log = h.log.talks[ANA].messages
        assert [x["text"] for x in lines if x["what"] == "shown"] == [m.text for m in log if m.author.id != "ana"]
        assert [m.text for m in log if m.author.id == "ana"] == [f"node {n + 1}" for n in range(SAYS)]
        assert sorted(x["seq"] for x in lines if x["what"] == "acked") == [m.seq for m in log if m.author.id == "ana"]
        assert sum(x["what"] == "welcome" for x in lines) > 10
        assert not [x for x in lines if x["what"] == "error"]


async def test_a_refusal_is_understood() -> None:
    node()
    async with house() as h:
        process, lines, reading = await started(h.url, "no-token")
        async with asyncio.timeout(20):
            assert await process.wait() == 1
            await reading
        assert lines == [{"what": "refused", "code": 4401}]
