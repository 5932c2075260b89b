"""The composition root: builds everything from a `Config`, starts it, drains it. The only one that knows everybody."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

from bridge.channel.adapter import Channel
from bridge.channel.inbound import Outcome
from bridge.channel.outbound import Binding
from bridge.channel.port import Health
from bridge.config.model import Config
from bridge.core.capabilities import Capabilities, Form
from bridge.core.content import Side
from bridge.core.events import BindingSeen, Event
from bridge.core.ids import ChannelName, ContactId, ConversationId, EndpointKey
from bridge.core.log import LogLeg, ReceiptNews, TypingNews
from bridge.core.outcomes import Misconfigured
from bridge.media.blobs import StorageUnavailable
from bridge.media.files import FileBlobs
from bridge.relay.channels import Open, as_binding, opened
from bridge.relay.contacts import CannotBe, Merge, Split
from bridge.relay.directory import Bridge, Directory, Endpoint
from bridge.relay.followers import ChannelLog, Told
from bridge.relay.media import ChannelFiles, MediaRoom
from bridge.relay.relay import Relay
from bridge.server.control import listen, socket_path
from bridge.store.opening import opened as opened_store
from bridge.store.overview import alive, waiting
from bridge.store.records import BindingRecord
from bridge.store.store import Store, StoreBusy

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
        self.store: Store
        self.directory: Directory
        self.media: MediaRoom
        self._relay: Relay

    async def start(self) -> None:
        """Raises `StoreError`; nothing of a network can keep it from starting."""
        file = self.config.store.file
        self.store = await opened_store(self.config.store.url, file)
        blobs = await _swept(FileBlobs(self.config.store.media))
        url = f"{self.public_url}/media"
        self.media = MediaRoom(self.store, blobs, self._open, url, time.time)
        await self.media.start()
        for name in self.config.channels:
            self._open_channel(name)
        self.directory = Directory(
            self._bridges(),
            self._capabilities,
            describes=frozenset(n for n, c in self._open.items() if c.describes),
            forms=self._forms(),
            addressing=self._addressing,
            link=self.media.link,
        )
        self._relay = Relay(self.store, self.directory, self._open, self.media, time.time, self._report)
        await self._relay.start()
        beside = file or self.config.store.media.with_name("trunkline")
        self._control = await listen(socket_path(beside), self._answer)

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
        await self.media.close()
        await asyncio.gather(*(c.close() for c in self._channels.values()), return_exceptions=True)
        if self._control is not None:
            self._control.close()
        await self.store.close()

    # ---- what the server asks

    @property
    def channels(self) -> Mapping[ChannelName, Channel]:
        return self._channels

    @property
    def resting(self) -> Mapping[ChannelName, str]:
        """The channels that can't be opened, with why."""
        return self._resting

    async def accept(self, channel: ChannelName, events: Sequence[Event]) -> Sequence[Outcome]:
        return (await self._relay.accept(channel, events)).outcomes

    def tell(self, told: Told) -> None:
        """What a channel's leg says for a moment to those who follow the log."""
        self._relay.followers.tell(told)

    async def ready(self) -> tuple[bool, dict[str, Any]]:
        try:
            async with asyncio.timeout(1.0):
                await self.store.read(alive, None)
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
        match question:
            case {"ask": "status"}:
                return await self._status()
            case {"ask": "merge", "source": str(source), "target": str(target)}:
                return await self._wish(Merge(source=ContactId(source), target=ContactId(target)))
            case {"ask": "split", "contact": str(contact), "person": str(person)}:
                return await self._wish(Split(contact=ContactId(contact), person=person))
        return {"error": "unknown question"}

    async def _wish(self, wish: Merge | Split) -> dict[str, Any]:
        try:
            return {"contact": await self._relay.wish(wish)}
        except (CannotBe, StoreBusy) as error:
            return {"error": str(error)}

    async def _status(self) -> dict[str, Any]:
        lanes = await self.store.read(waiting, None)
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

    def _forms(self) -> dict[ChannelName, Form]:
        """Of the channels whose legs take something else than parts; one that rests is known by what its adapter would take."""
        forms: dict[ChannelName, Form] = {}
        for bridge in self.config.bridges.values():
            for e in bridge.endpoints:
                channel = self._channels.get(e.channel)
                form = channel.capabilities(Binding(endpoint=e.key)).form if channel else Form.PARTS
                if form is not Form.PARTS:
                    forms[e.channel] = form
        return forms

    def _addressing(self, channel: ChannelName, endpoint: EndpointKey, address: str) -> BindingSeen | None:
        found = self._open.get(channel)
        return found.addresses.addressed(endpoint, address) if found and found.addresses else None

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


async def _swept(blobs: FileBlobs) -> FileBlobs:
    """A folder that can't be used refuses files, and no start."""
    try:
        await blobs.sweep()
    except StorageUnavailable as error:
        _log.error("%s", error)
    return blobs


class ChannelPort:
    """All that a channel is given of ours."""

    def __init__(self, app: App, name: ChannelName) -> None:
        self.name = name
        self.log = logging.getLogger(f"trunkline.channel.{name}")
        self._app = app

    @property
    def messages(self) -> ChannelLog:
        return ChannelLog(self._app.store, self._app.directory, self.name)

    @property
    def files(self) -> ChannelFiles:
        return ChannelFiles(self._app.media, self.name)

    async def accept(self, events: Sequence[Event]) -> Sequence[Outcome]:
        return await self._app.accept(self.name, events)

    def tell(self, leg: LogLeg, id: ConversationId, news: TypingNews | ReceiptNews) -> None:
        self._app.tell(Told(self.name, leg, id, news))

    def side(self, endpoint: EndpointKey) -> Side | None:
        return self._app.directory.side(self.name, endpoint)

    def now(self) -> float:
        return time.time()

    def webhook_url(self, rest: str = "") -> str:
        return f"{self._app.public_url}/webhooks/{self.name}" + (f"/{rest}" if rest else "")

    def health(self, state: Health, words: str = "") -> None:
        self._app._report(self.name, state, words)  # noqa: SLF001 - the app hands itself out by this port alone
