"""One channel on the bench: opened against its network, with what a rule does to it and asks of it."""

# ruff: noqa: S101 - rules assert

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from io import BytesIO
from typing import Any, TypeVar

from pydantic import BaseModel, SecretStr

from bridge.channel.adapter import Channel, FindsDeliveries, OpensBindings, Runs, Warms
from bridge.channel.conformance.network import CHANNEL, Network
from bridge.channel.conformance.port import CONVERSATION, KitPort
from bridge.channel.conformance.subject import Json, Subject
from bridge.channel.http import Reply, Request
from bridge.channel.inbound import Events, Forged, Ignored, Unreadable
from bridge.channel.outbound import Binding, File, Lookup, Opened, Opening, Outbound, Record, Sent
from bridge.core.capabilities import Capabilities, Form
from bridge.core.content import Attachment, Author, Role, Side, kind_of
from bridge.core.events import BindingSeen, MessageReceived
from bridge.core.ids import BridgeName, ChannelName, DeliveryId
from bridge.core.log import Change, ContactView, ConversationView, MessageNews, MessageView
from bridge.core.outcomes import BindingGone, RateLimited, SendError, Unavailable

PATIENCE_S = 10.0
E = TypeVar("E")


class Bench:
    """`caps` are those of `binding`, the counterpart that the rules write to: opened where the channel opens, else heard of."""

    def __init__(self, subject: Subject, network: Network) -> None:
        self.subject = subject
        self.network = network
        self.adapter = subject.adapter
        self.settings = self.adapter.Settings.model_validate(
            network.settings, context={"public_url": network.public_url}
        )
        self.endpoints = [self.adapter.Endpoint.model_validate(e) for e in network.endpoints]
        self.keys = [self.adapter.endpoint_key(e) for e in self.endpoints]
        self.port = KitPort(ChannelName(CHANNEL), network.public_url, dict.fromkeys(self.keys, network.side))
        self.title = f"Ana {uuid.uuid4().hex[:8]}"
        self.channel: Channel = self.adapter.open(self.settings, self.endpoints, self.port)
        self.caps: Capabilities = self.channel.capabilities(self.unopened)
        self.requests: list[Request] = []
        self.errors: list[SendError] = []
        self.logged: list[str] = []
        self.said: list[str] = []
        self._binding: Binding | None = None
        self._count = 0
        self._running: asyncio.Task[None] | None = None
        self._closed = False

    # ---- life

    async def start(self) -> None:
        loop = asyncio.get_running_loop()

        async def taken(request: Request) -> Reply:
            return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._take(request), loop))

        if isinstance(self.channel, Warms):
            await self.channel.warm()
        self.network.taker = taken
        if isinstance(self.channel, Runs):
            self._running = asyncio.create_task(self.channel.run(), name="run")
            await self.until(self.port.news.is_set)

    async def close(self) -> None:
        """What is cancelled must end, and soon."""
        if self._closed:
            return
        self._closed = True
        self.network.taker = None
        if self._running is not None:
            self._running.cancel()
            done, _ = await asyncio.wait([self._running], timeout=5)
            assert done, "run() was cancelled and went on"
        await self.channel.close()

    async def _take(self, request: Request) -> Reply:
        received = self.channel.receive(request)
        match received:
            case Events():
                outcomes = self.port.take(received.events)
                self.requests.append(request)
                return received.reply(outcomes) if callable(received.reply) else received.reply
            case Ignored():
                return received.reply
            case Forged():
                return Reply(status=403)
            case Unreadable():
                return received.reply or Reply(status=400)

    # ---- out

    @property
    def unopened(self) -> Binding:
        customer = self.network.side is Side.CUSTOMER
        return Binding(endpoint=self.keys[0], address=self._address() if customer else "")

    def _address(self) -> str:
        people = self.network.snapshot().get("people") if self.network.simulator is not None else None
        return str(people[0]["address"]) if people else "somebody"

    @property
    def opens(self) -> OpensBindings | None:
        return self.channel if isinstance(self.channel, OpensBindings) else None

    async def opened(self, binding: Binding | None = None, *, closed: bool = False) -> Opened:
        assert self.opens is not None
        asked = Opening(binding=binding or self.unopened, title=self.title, author="Support", closed=closed)
        opens = self.opens
        return await self.patient(lambda: opens.open_binding(asked))

    async def binding(self) -> Binding:
        if self._binding is None:
            self._binding = await self._bound()
        return self._binding

    def use(self, binding: Binding) -> None:
        """From now on this is the one that is written to."""
        self._binding = binding

    async def _bound(self) -> Binding:
        bare = self.unopened
        if self.caps.form is not Form.PARTS:
            return Binding(endpoint=bare.endpoint, key=None, address=bare.address)
        if self.opens is not None:
            made = await self.opened()
            return Binding(endpoint=bare.endpoint, key=made.key, address=bare.address, meta=made.meta)
        await self.say(self.text("first"))
        seen = await self.event(BindingSeen)
        return Binding(
            endpoint=seen.endpoint, key=seen.binding, address=seen.address, network=seen.network, meta=seen.meta
        )

    async def out(self, text: str = "", *, delivery: DeliveryId | None = None, **more: Any) -> Outbound:
        """A delivery of our own, in the form that the channel takes."""
        self._count += 1
        delivery = delivery or DeliveryId(f"{uuid.uuid4().hex}-{self._count}")
        binding = await self.binding()
        if self.caps.form is Form.RECORDS:
            more = {"record": more.get("record") or self.record(self.message(text))}
            text = ""
        return Outbound(delivery=delivery, binding=binding, author="Support", text=text, **more)

    async def send(self, out: Outbound) -> Sent:
        """Waits where it is told to, for less than `PATIENCE_S`; any other error is the rule's."""
        return await self.patient(lambda: self.channel.send(out))

    async def fails(self, out: Outbound) -> SendError | None:
        """The error of one attempt, None where it went well. What isn't a `SendError` is a mistake of the adapter's."""
        try:
            await self.channel.send(out)
        except SendError as error:
            self.errors.append(error)
            return error
        return None

    async def patient(self, attempt: Callable[[], Awaitable[E]]) -> E:
        """What comes of it in the end. Tries again while nothing was sent, as the relay does, and waits as long as it is told to:
        for a pace of the adapter's own by its clock."""
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                return await attempt()
            except (RateLimited, Unavailable) as error:
                self.errors.append(error)
                told = error.retry_at if isinstance(error, RateLimited) else None
            assert time.monotonic() < until, f"asked to wait again and again: {self.errors[-1]}"
            pause = max(0.05, (told or 0.0) - self.port.now())
            if time.monotonic() + pause > until:
                self.port.ahead += pause
                pause = 0.05
            await asyncio.sleep(pause)

    async def find(self, out: Outbound) -> Sent | None:
        """As the relay looks for what may have arrived."""
        assert isinstance(self.channel, FindsDeliveries)
        asked = Lookup(
            delivery=out.delivery,
            binding=out.binding,
            text=out.text,
            has_file=out.file is not None,
            since=self.port.now() - PATIENCE_S,
        )
        return await self.channel.find(asked)

    def text(self, words: str) -> str:
        """One that nobody else writes; none of it may come into a log."""
        text = f"{words} {uuid.uuid4().hex}"
        self.said.append(text.rpartition(" ")[2])
        return text

    # ---- records

    def message(self, text: str, seq: int = 1, change: Change = Change.CREATED) -> MessageNews:
        who = Side.AGENT if self.network.side is Side.CUSTOMER else Side.CUSTOMER
        author = Author(id="somebody", role=Role(who.value), name="Somebody")
        message = MessageView(
            conversation=CONVERSATION,
            seq=seq,
            channel=ChannelName("other"),
            remote=str(seq),
            author=author,
            text="" if change is Change.DELETED else text,
            at=1_790_000_000.0,
            edited_at=1_790_000_001.5 if change is Change.EDITED else None,
            deleted_at=1_790_000_002.5 if change is Change.DELETED else None,
        )
        return MessageNews(change=change, message=message)

    def record(self, news: Any) -> Record:
        view = ConversationView(
            id=CONVERSATION, bridge=BridgeName("support"), title=self.title, state="open", last_seq=1
        )
        contact = ContactView(id="p1", name="Ana", addresses=("+15550199",))
        return Record(bridge="support", at=1_790_000_000.0, conversation=view, contact=contact, news=news)

    # ---- in

    async def say(self, text: str, *files: Json) -> None:
        """Somebody at the network writes, in the counterpart of our conversation."""
        view = self.network.snapshot()
        await asyncio.to_thread(self.network.act, do="say", text=text, files=list(files), **self.place(view))

    def place(self, view: Json) -> Json:
        if self.network.side is Side.CUSTOMER:
            return {"person": view["people"][0]["id"]}
        group = view["groups"][0]
        topic = next(t for t in reversed(group["topics"]) if self.title in t["name"])
        return {"group": group["id"], "topic": topic["id"], "person": group["people"][0]["id"]}

    async def event(self, kind: type[E], fits: Callable[[E], bool] = lambda e: True) -> E:
        """The first event of this kind that fits, once it is there."""
        found: list[E] = []

        def look() -> list[E]:
            found.extend(e for e in self.port.events if isinstance(e, kind) and fits(e))
            return found

        await self.until(look)
        return found[0]

    async def heard(self, text: str) -> MessageReceived:
        return await self.event(MessageReceived, lambda m: text in m.content.text)

    async def until(self, question: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + PATIENCE_S
        while not (answer := question()):
            assert time.monotonic() < deadline, f"it did not come within {PATIENCE_S:g} s"
            await asyncio.sleep(0.01)
        return answer

    async def shown(self, marker: str, count: int = 1) -> list[str]:
        """The texts with `marker` as people see them, once there are `count`; then there must be no more."""

        with suppress(AssertionError):
            await self.until(lambda: len(self.network.texts(marker)) >= count)
        return self.network.texts(marker)

    # ---- what must not be seen

    @property
    def secrets(self) -> list[str]:
        return [s for s in _secrets(self.settings) if s]

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Keeps what is logged meanwhile, by whomever."""
        handler = _Keeper(self.logged)
        root = logging.getLogger()
        level, root.level = root.level, logging.INFO
        root.addHandler(handler)
        try:
            yield
        finally:
            root.removeHandler(handler)
            root.level = level

    def leaked(self) -> list[str]:
        """What of secrets and of messages stands in logs or errors, said without repeating it."""
        told = [f"{e} {e.raw} {e.code}" for e in self.errors]
        found = [f"a secret in a log of {_where(line)}" for line in self.logged if _holds(line, self.secrets)]
        found += [f"a message's text in a log of {_where(line)}" for line in self.logged if _holds(line, self.said)]
        return found + ["a secret in the words of an error" for line in told if _holds(line, self.secrets)]


@asynccontextmanager
async def on_the_bench(bench: Bench, *, cold: bool = False) -> AsyncIterator[Bench]:
    """Its channel is warm and runs, unless it is to be `cold`; closed at the end, and held to silence about what it was told in
    confidence."""
    with bench.listening():
        if not cold:
            await bench.start()
        try:
            yield bench
        finally:
            await bench.close()
    assert not bench.leaked()


def a_file(data: bytes, content_type: str, filename: str) -> File:
    attachment = Attachment(
        ref="", content_type=content_type, kind=kind_of(content_type), filename=filename, size=len(data)
    )
    return File(attachment=attachment, body=BytesIO(data), size=len(data))


def gone(error: SendError | None) -> bool:
    return isinstance(error, BindingGone)


class _Keeper(logging.Handler):
    """What Trunkline writes: its own from INFO on, of others their warnings."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.INFO)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno < logging.WARNING and not record.name.startswith("trunkline"):
            return
        self._lines.append(f"{record.name}: {record.getMessage()} {record.__dict__}")


def _where(line: str) -> str:
    return line.partition(":")[0]


def _holds(line: str, words: list[str]) -> bool:
    return any(word in line for word in words)


def _secrets(value: Any) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _secrets(getattr(value, name))
    elif isinstance(value, list | tuple | set | frozenset):
        for one in value:
            yield from _secrets(one)
    elif isinstance(value, dict):
        for one in value.values():
            yield from _secrets(one)
