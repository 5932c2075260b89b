"""Two scripted networks that implement the channel protocol, with the faults of real ones."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import IO, Any

from bridge.channel import Binding, Edit, Ignored, Lookup, Opened, Opening, Outbound, Received, Request, Sent
from bridge.core.capabilities import Capabilities
from bridge.core.content import Attachment
from bridge.core.events import BindingSeen, Event
from bridge.core.ids import BindingKey, ChannelName, EventKey, RemoteId
from bridge.core.outcomes import Unsure
from bridge.media.blobs import Blob, TooLarge
from bridge.relay.channels import opened
from bridge.relay.media import MediaRoom
from bridge.relay.relay import Relay
from bridge.store.store import Store
from tests.relay_kit import CHAT, OURS, PHONE, SMS, TG, TOPIC, directory


@dataclass(frozen=True)
class Got:
    """What a network has: once it is here, people see it."""

    at: float
    binding: str
    delivery: str
    text: str
    reply_to: str | None = None
    file: bytes | None = None


class Lands(Exception):
    """The network takes it `after` seconds, and no answer comes; None: it is lost."""

    def __init__(self, after: float | None = 0.0) -> None:
        self.after = after


Fault = Callable[[Outbound], Exception | None]


def never(_: Outbound) -> None:
    return None


@dataclass
class Network:
    """`fault` says for each request what happens; None: it is taken. `asked` are all requests, whatever came of them."""

    caps: Capabilities
    fault: Fault = never
    got: list[Got] = field(default_factory=list)
    asked: list[tuple[float, Outbound]] = field(default_factory=list)
    made: list[Opening] = field(default_factory=list)
    opening_fault: Callable[[Opening], Exception | None] = lambda _: None
    gone: set[str] = field(default_factory=set)
    gate: asyncio.Event | None = None
    closed: bool = False

    def capabilities(self, binding: Binding) -> Capabilities:
        return self.caps

    def receive(self, request: Request) -> Received:
        return Ignored(reason="scripted")

    async def send(self, out: Outbound) -> Sent:
        now = asyncio.get_running_loop().time
        self.asked.append((now(), out))
        if self.gate is not None:
            await self.gate.wait()
        error = self.fault(out)
        if isinstance(error, Lands):
            if error.after is not None:
                asyncio.get_running_loop().call_later(error.after, self._take, out)
            await asyncio.sleep(2.0)
            raise Unsure("the connection was lost")
        if error is not None:
            raise error
        await asyncio.sleep(0.05)
        return self._take(out)

    def _take(self, out: Outbound) -> Sent:
        now = asyncio.get_running_loop().time()
        file = out.file.body.read() if out.file else None
        self.got.append(Got(now, out.binding.key or "", out.delivery, out.text, out.reply_to, file))
        return Sent(remote=RemoteId(f"R{len(self.got)}"))

    async def open_binding(self, opening: Opening) -> Opened:
        if error := self.opening_fault(opening):
            raise error
        self.made.append(opening)
        return Opened(key=BindingKey(f"-100:{len(self.made)}"))

    async def close(self) -> None:
        self.closed = True

    def texts(self) -> list[str]:
        return [g.text for g in self.got]


@dataclass
class Topics(Network):
    caps: Capabilities = TOPIC
    edits: list[Edit] = field(default_factory=list)
    edit_fault: Callable[[Edit], Exception | None] = lambda _: None

    async def edit(self, edit: Edit) -> None:
        self.edits.append(edit)
        if error := self.edit_fault(edit):
            raise error

    @asynccontextmanager
    async def open_media(self, attachment: Attachment) -> AsyncIterator[AsyncIterator[bytes]]:
        yield _pieces([attachment.ref.encode()])


async def _pieces(parts: list[bytes]) -> AsyncIterator[bytes]:
    for p in parts:
        yield p


@dataclass
class Phones(Network):
    caps: Capabilities = SMS
    looked: list[tuple[float, str]] = field(default_factory=list)
    look_fault: Callable[[], Exception | None] = lambda: None
    people: dict[str, BindingSeen] = field(default_factory=dict)
    described: list[str] = field(default_factory=list)
    describe_fault: Callable[[], Exception | None] = lambda: None
    past: dict[str, list[Event]] = field(default_factory=dict)
    asked_past: list[tuple[str, int]] = field(default_factory=list)
    past_fault: Callable[[], Exception | None] = lambda: None
    media_fault: Callable[[], Exception | None] = lambda: None

    async def find(self, lookup: Lookup) -> Sent | None:
        delivery = lookup.delivery
        self.looked.append((asyncio.get_running_loop().time(), delivery))
        if error := self.look_fault():
            raise error
        for i, g in enumerate(self.got):
            if g.delivery == delivery:
                return Sent(remote=RemoteId(f"R{i + 1}"))
        return None

    async def describe(self, key: BindingKey) -> BindingSeen | None:
        self.described.append(key)
        if error := self.describe_fault():
            raise error
        return self.people.get(key)

    async def history(self, key: BindingKey, after: int) -> list[Event]:
        self.asked_past.append((key, after))
        if error := self.past_fault():
            raise error
        return [e for e in self.past.get(key, []) if (getattr(e, "index", None) or 0) > after]

    @asynccontextmanager
    async def open_media(self, attachment: Attachment) -> AsyncIterator[AsyncIterator[bytes]]:
        if error := self.media_fault():
            raise error
        yield _pieces([b"x" * 10] * (attachment.size or 0))


@dataclass
class Numbering(Phones):
    """Numbers what it takes, and says so in its answer."""

    count: int = 0

    def _take(self, out: Outbound) -> Sent:
        sent = super()._take(out)
        self.count += 1
        key = EventKey(sent.remote)
        return Sent(remote=sent.remote, binding=out.binding.key, index=self.count, key=key)


class MemoryBlobs:
    """Files in memory: no threads, so that virtual time passes."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    async def put(self, chunks: Any, limit: int) -> Blob:
        body = b""
        async for chunk in chunks:
            body += chunk
            if len(body) > limit:
                raise TooLarge(limit)
        name = hashlib.sha256(body).hexdigest()
        self.files[name] = body
        return Blob(hash=name, size=len(body))

    async def open(self, hash: str) -> IO[bytes]:
        return io.BytesIO(self.files[hash])

    async def exists(self, hash: str) -> bool:
        return hash in self.files

    async def delete(self, hash: str) -> None:
        self.files.pop(hash, None)


class Running:
    """A relay over a store and two networks."""

    def __init__(
        self, store: Store, phones: Phones | None = None, topics: Topics | None = None, known: Any = None
    ) -> None:
        self.phones, self.topics = phones or Phones(), topics or Topics()
        caps = {PHONE: self.phones.caps, TG: self.topics.caps}
        self.health: list[tuple[ChannelName, str, str]] = []
        self.channels = {PHONE: opened(PHONE, self.phones, [OURS]), TG: opened(TG, self.topics, [CHAT])}
        loop = asyncio.get_running_loop()
        self.media = MediaRoom(store, MemoryBlobs(), self.channels, "https://x.example/media", loop.time)
        self.relay = Relay(
            store,
            known or directory(caps=caps),
            self.channels,
            self.media,
            loop.time,
            lambda c, s, w: self.health.append((c, str(s), w)),
        )

    async def start(self, in_flight: int = 4) -> None:
        await self.media.start()
        await self.relay.start()
        self.relay.serve(PHONE, in_flight)
        self.relay.serve(TG, in_flight)

    async def kill(self) -> None:
        """As if the process had ended at once."""
        tasks = [*self.relay._lanes._tasks, *self.relay._tasks, *self.relay._waits._tasks, *self.relay._accepts]
        for lane in list(self.relay._lanes._timers):
            self.relay._lanes._forget_timer(lane)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
