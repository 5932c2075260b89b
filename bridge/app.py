"""The composition root: builds everything from a `Config`, starts it, drains it. The only one that knows everybody."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

from bridge.channel.adapter import Channel, Health
from bridge.channel.outbound import Binding
from bridge.config.model import Config
from bridge.core.capabilities import Capabilities
from bridge.core.content import Side
from bridge.core.events import Event
from bridge.core.ids import ChannelName
from bridge.core.outcomes import Misconfigured
from bridge.relay.channels import Open, as_binding, opened
from bridge.relay.directory import Bridge, Directory, Endpoint
from bridge.relay.relay import Relay
from bridge.server.control import listen, socket_path
from bridge.store.overview import alive, waiting
from bridge.store.records import BindingRecord
from bridge.store.sqlite import SqliteStore
from bridge.store.store import StoreBusy, StoreError

DRAIN_S = 8.0
RUN_AGAIN_S = 10.0
NOTHING = Capabilities(noun="a channel that rests", max_text=4096)
_log = logging.getLogger("trunkline.app")


class App:
    """`start` before the server answers, `go` once it does, `stop` at the end. Holds no state outside itself."""

    def __init__(self, config: Config, public_url: str) -> None:
        self.config = config
        self.public_url = config.server.public_url or public_url
        self._channels: dict[ChannelName, Channel] = {}
        self._resting: dict[ChannelName, str] = {}
        self.draining = False
        self._open: dict[ChannelName, Open] = {}
        self._health: dict[ChannelName, Health] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._control: asyncio.Server | None = None
        self._started = time.time()
        self._store: SqliteStore
        self._relay: Relay

    async def start(self) -> None:
        """Raises `StoreError`; nothing of a network can keep it from starting."""
        file = self.config.store.file
        if file is None:
            raise StoreError("PostgreSQL comes with the next version: use sqlite:///PATH as the store's url")
        self._store = SqliteStore(file)
        await self._store.open()
        for name in self.config.channels:
            self._open_channel(name)
        describes = frozenset(n for n, c in self._open.items() if c.describes)
        directory = Directory(self._bridges(), self._capabilities, describes)
        self._relay = Relay(self._store, directory, self._open, time.time, self._report)
        await self._relay.start()
        self._control = await listen(socket_path(file), self._answer)

    def go(self) -> None:
        """The server listens: channels warm up, then send; each on its own, so that one that can't holds up no other."""
        for channel in self._open.values():
            self._tasks.append(asyncio.create_task(self._serve(channel), name=f"channel-{channel.name}"))

    async def stop(self) -> None:
        """Finishes what is in flight, leaves the rest in the outbox."""
        self.draining = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._relay.drain(DRAIN_S)
        await asyncio.gather(*(c.close() for c in self._channels.values()), return_exceptions=True)
        if self._control is not None:
            self._control.close()
        await self._store.close()

    # ---- what the server asks

    @property
    def channels(self) -> Mapping[ChannelName, Channel]:
        return self._channels

    @property
    def resting(self) -> Mapping[ChannelName, str]:
        """The channels that can't be opened, with why."""
        return self._resting

    async def accept(self, channel: ChannelName, events: Sequence[Event]) -> None:
        await self._relay.accept(channel, events)

    async def ready(self) -> tuple[bool, dict[str, Any]]:
        try:
            async with asyncio.timeout(1.0):
                await self._store.read(alive, None)
            store = "ok"
        except (TimeoutError, StoreBusy, OSError):
            store = "unreachable"
        states = {
            n: self._health.get(n, Health.RESTING if n in self._resting else Health.OK) for n in self.config.channels
        }
        body = {"store": store, "channels": states, "draining": self.draining}
        return store == "ok" and not self.draining, body

    async def _answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """What another command of this machine may ask."""
        if question.get("ask") != "status":
            return {"error": "unknown question"}
        lanes = await self._store.read(waiting, None)
        return {
            "up_since": self._started,
            "draining": self.draining,
            "relayed": self._relay.relayed,
            "waiting": [{f: getattr(w, f) for f in w.__slots__} for w in lanes],
            "channels": (await self.ready())[1]["channels"],
        }

    # ---- inside

    def _bridges(self) -> list[Bridge]:
        return [
            Bridge(
                name=b.name,
                agent_name=b.agent_name,
                give_up_after_s=b.give_up_after_s,
                endpoints=tuple(Endpoint(e.channel, Side(e.side), e.key) for e in b.endpoints),
            )
            for b in self.config.bridges.values()
        ]

    def _capabilities(self, binding: BindingRecord) -> Capabilities:
        channel = self._channels.get(binding.channel)
        return channel.capabilities(as_binding(binding)) if channel else NOTHING

    def _open_channel(self, name: ChannelName) -> None:
        wanted = self.config.channels[name]
        used = [e for b in self.config.bridges.values() for e in b.endpoints if e.channel == name]
        try:
            channel = wanted.adapter.open(wanted.settings, [e.settings for e in used], ChannelPort(self, name))
            self._open[name] = opened(name, channel, [e.key for e in used])
            self._channels[name] = channel
        except Misconfigured as error:
            self._resting[name] = str(error)
            _log.warning("%s", error, extra={"channel": name})

    async def _serve(self, channel: Open) -> None:
        while True:
            try:
                if channel.warms is not None:
                    await channel.warms.warm()
                break
            except Exception:
                _log.exception("a channel couldn’t warm up; trying again", extra={"channel": channel.name})
                await asyncio.sleep(RUN_AGAIN_S)
        keys = [e.key for b in self.config.bridges.values() for e in b.endpoints if e.channel == channel.name]
        in_flight = [channel.channel.capabilities(Binding(endpoint=key)).max_in_flight for key in keys]
        self._relay.serve(channel.name, max(in_flight, default=1))
        while channel.runs is not None:
            try:
                await channel.runs.run()
            except Exception:
                _log.exception("a channel stopped; starting it again", extra={"channel": channel.name})
                await asyncio.sleep(RUN_AGAIN_S)
            else:
                return

    def _report(self, channel: ChannelName, state: Health, words: str) -> None:
        """Said once per change, not once per delivery."""
        before = self._health.get(channel, Health.OK)
        self._health[channel] = state
        if before is not state:
            level = logging.INFO if state is Health.OK else logging.WARNING
            _log.log(level, "%s is %s%s", channel, state, f": {words}" if words else "", extra={"channel": channel})


class ChannelPort:
    """All that a channel is given of ours."""

    def __init__(self, app: App, name: ChannelName) -> None:
        self.name = name
        self.log = logging.getLogger(f"trunkline.channel.{name}")
        self._app = app

    async def accept(self, events: Sequence[Event]) -> None:
        await self._app.accept(self.name, events)

    def now(self) -> float:
        return time.time()

    def webhook_url(self, rest: str = "") -> str:
        return f"{self._app.public_url}/webhooks/{self.name}" + (f"/{rest}" if rest else "")

    def health(self, state: Health, words: str = "") -> None:
        self._app._report(self.name, state, words)  # noqa: SLF001 - the app hands itself out by this port alone
