"""The whole application in this process, with a store that is locked by somebody else."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from bridge.app import App
from bridge.config.model import BridgeConfig, ChannelConfig, Config, EndpointConfig, Server, Store
from bridge.core.capabilities import Capabilities
from bridge.core.content import Side
from bridge.core.ids import BridgeName, ChannelName, EndpointKey
from bridge.store import tables as t
from bridge.store.overview import counts
from tests.relay_kit import rows
from tests.server.conftest import House, Scripted, serving

logging.getLogger("trunkline").setLevel(logging.WARNING)


class Quiet(Scripted):
    def capabilities(self, binding: Any) -> Capabilities:
        return Capabilities(noun="x", max_text=100)

    async def close(self) -> None: ...


class Settings(BaseModel): ...


class Made:
    name = "quiet"
    Settings = Endpoint = Settings
    sides = frozenset(Side)

    def open(self, settings: Any, endpoints: Any, port: Any) -> Quiet:
        return Quiet()


def config(folder: Path) -> Config:
    name, adapter = ChannelName("phone"), Made()
    channel: Any = ChannelConfig(name=name, adapter=adapter, adapter_name="quiet", settings=Settings())  # type: ignore[arg-type]
    ends = tuple(EndpointConfig(channel=name, side=s, key=EndpointKey(s), settings=Settings()) for s in Side)
    bridge = BridgeConfig(name=BridgeName("b"), title="B", agent_name="B", give_up_after_s=60, endpoints=ends)
    store = Store(url=f"sqlite:///{folder / 'app.db'}")
    return Config(server=Server(), store=store, channels={name: channel}, bridges={bridge.name: bridge})


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[tuple[App, Any]]:
    folder.mkdir()
    app = App(config(folder), "http://127.0.0.1:1")
    await app.start()
    house: Any = app
    server = House(app.channels)
    async with serving(server):
        # The same server, over the application itself.
        server.accept = app.accept  # type: ignore[method-assign]
        server.ready = app.ready  # type: ignore[method-assign]
        app.go()
        yield house, server
    await app.stop()


async def test_a_store_that_somebody_else_locks(tmp_path: Path) -> None:
    """503 with when to come again, within what a network waits; and it goes on by itself."""
    async with running(tmp_path / "a") as (app, house):
        with closing(sqlite3.connect(tmp_path / "a" / "app.db", isolation_level=None)) as other:
            other.execute("begin immediate")
            loop = asyncio.get_running_loop()
            began = loop.time()
            status, headers, _ = await house.ask("POST", "/webhooks/phone", b"a")
            assert (status, headers["retry-after"]) == (503, "2")
            assert 2.5 < loop.time() - began < 4.7
            assert (await house.ask("GET", "/readyz"))[0] == 200, "it can be read"
            other.execute("rollback")
        assert (await house.ask("POST", "/webhooks/phone", b"a"))[0] == 200
        assert len(await rows(app.store, t.Inbox)) == 1


async def test_two_apps_in_one_process_share_nothing(tmp_path: Path) -> None:
    async with running(tmp_path / "a") as (one, house), running(tmp_path / "b") as (two, other):
        await asyncio.gather(house.ask("POST", "/webhooks/phone", b"a"), other.ask("POST", "/webhooks/phone", b"bb"))
        for app, size in ((one, "1"), (two, "2")):
            (row,) = await rows(app.store, t.Inbox)
            assert f'"raw":"{size}"' in row.event
        assert await one.store.read(counts, None) == {}
        two.draining = True
        assert (await house.ask("GET", "/readyz"))[0] == 200
        assert (await other.ask("GET", "/readyz"))[0] == 503
