"""The object that the sandbox and the tests hold: one simulated account, as an ASGI application and as Python."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from . import control
from .app import App
from .options import Options
from .records import Json
from .store import Store
from .wire import Wire
from .world import build

TICK = 1.0


class TwilioSimulator:
    """Implements the protocol of `bridge.sandbox.simulator` without importing it. All within one event loop."""

    name = "twilio"
    side: Literal["customers", "agents"] = "customers"

    def __init__(self, base_url: str, folder: Path | None, observe: Callable[[Json], None], options: Options) -> None:
        self.world = build(base_url.rstrip("/"), Store(folder), options, Wire(observe))
        self.app: Any = App(self.world, self.resume, self.close)
        self._clock: asyncio.Task[None] | None = None

    def settings(self) -> Json:
        """The keys of a ``[channels.NAME]`` table that reach this simulator."""
        return control.settings(self.world)

    def endpoints(self) -> list[Json]:
        """Our addresses."""
        return [{"address": address} for address in self.world.roads.ours]

    def resume(self) -> None:
        """Goes on with what an earlier process left: receipts owed, timers running. Harmless twice."""
        self.world.carrier.resume()
        self.world.texts.resume()
        if self._clock is None:
            self._clock = asyncio.get_running_loop().create_task(self._tick())

    async def start(self, public_url: str, channel: str) -> None:
        """Registers the webhooks as an admin would; the same over every restart."""
        self.world.roads.register(public_url, channel)
        self.resume()

    async def close(self) -> None:
        """Stops all tasks. Unanswered webhooks are lost, as at Twilio; receipts that are owed come after a restart."""
        if self._clock is not None:
            self._clock.cancel()
            await asyncio.gather(self._clock, return_exceptions=True)
            self._clock = None
        await self.world.close()

    def snapshot(self) -> Json:
        """The people and what their phones show."""
        return self.world.phones.view()

    async def act(self, action: Json) -> Json:
        """What a person does; raises ValueError with words where it can't be done."""
        return self.world.people.act(action)

    def faults(self) -> list[Json]:
        """The switches for the page."""
        return self.world.faults.listed()

    async def fault(self, id: str, on: bool, value: Any = None) -> None:
        """Turns a switch, also one that is not on the page."""
        self.world.faults.set(id, on, value)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            self.world.threads.run_timers()
            self.world.texts.run_timers()
