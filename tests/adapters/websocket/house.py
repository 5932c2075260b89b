"""A small honest relay in memory: the port of a websocket channel, and real sockets to it."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import uvicorn
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from adapters.websocket import tokens
from adapters.websocket.adapter import adapter
from adapters.websocket.channel import WebsocketChannel
from adapters.websocket.settings import Settings
from bridge.channel import Fate, Health, Outcome, StoreUnavailable
from bridge.commands.serving import Server, bind
from bridge.core.content import Attachment, Author, Role, Side
from bridge.core.events import BindingSeen, Event, MessageDeleted, MessageEdited, MessageReceived
from bridge.core.ids import BridgeName, ChannelName, ConversationId, EndpointKey, RemoteId
from bridge.core.log import (
    Change,
    ConversationNews,
    ConversationView,
    FileView,
    Happening,
    LogLeg,
    MessageNews,
    MessageView,
    ReceiptNews,
    TypingNews,
    for_customer,
)
from bridge.core.outcomes import Refused
from bridge.server.limits import LimitedProtocol
from bridge.server.sockets import MOST_BYTES, SocketProtocol, Sockets

SECRET = "0123456789abcdef0123456789abcdef"
OTHER = "fedcba9876543210fedcba9876543210"
WEB = ChannelName("web")
SIDES = {
    "shop": ("support", Side.CUSTOMER),
    "support": ("support", Side.AGENT),
    "outlet": ("sales", Side.CUSTOMER),
    "sales": ("sales", Side.AGENT),
}
LARGEST_FILE = 1000
PATIENCE = 10.0


@dataclass
class Talk:
    """A conversation as it is kept."""

    view: ConversationView
    legs: set[tuple[str, str]] = field(default_factory=set)
    messages: list[MessageView] = field(default_factory=list)
    active_at: float = 0.0


class Log:
    """A relay of two bridges; `Port`, `Messages` and `Files` in one."""

    def __init__(self) -> None:
        self.name = WEB
        self.log = logging.getLogger("trunkline.channel.web")
        self.talks: dict[str, Talk] = {}
        self.keys: dict[str, Outcome] = {}
        self.uploads: dict[str, tuple[str, Attachment]] = {}
        self.told: list[tuple[LogLeg, str, Happening]] = []
        self.channels: list[WebsocketChannel] = []
        self.busy = False
        self.ahead = 0.0
        self.gate = asyncio.Event()
        self.reading = asyncio.Event()
        self.accepting = asyncio.Event()
        self.late_s = 0.0
        self.gate.set()
        self.accepting.set()

    @property
    def messages(self) -> Log:
        return self

    @property
    def files(self) -> Log:
        return self

    def now(self) -> float:
        return time.time() + self.ahead

    def side(self, endpoint: EndpointKey) -> Side | None:
        return SIDES[endpoint][1] if endpoint in SIDES else None

    def webhook_url(self, rest: str = "") -> str:
        return f"http://127.0.0.1/webhooks/web/{rest}"

    def health(self, state: Health, words: str = "") -> None:
        pass

    # ---- in

    async def accept(self, events: Sequence[Event]) -> Sequence[Outcome]:
        await asyncio.sleep(0)
        await self.accepting.wait()
        if self.busy:
            raise StoreUnavailable("locked")
        heard: list[tuple[Talk, Happening]] = []
        outcomes = [self._decide(e, heard) for e in events]
        for talk, what in heard:
            if self.late_s:
                asyncio.get_running_loop().call_later(self.late_s, self.say, talk, what)
            else:
                self.say(talk, what)
        return outcomes

    def _decide(self, event: Event, heard: list[tuple[Talk, Happening]]) -> Outcome:
        if event.key in self.keys:
            return replace(self.keys[event.key], fate=Fate.REPEATED)
        match event:
            case BindingSeen():
                self._talk(event, heard)
                outcome = Outcome(fate=Fate.DONE)
            case MessageReceived():
                talk = self._meant(event)
                if talk is None:
                    return Outcome(fate=Fate.ABSENT, words="no such conversation")
                view = self._write(talk, event)
                heard.append((talk, MessageNews(change=Change.CREATED, message=view)))
                outcome = Outcome(fate=Fate.DONE, conversation=view.conversation, seq=view.seq, digest=event.digest)
            case MessageEdited() | MessageDeleted():
                assert event.message is not None
                talk = self.talks.get(event.message.conversation)
                found = [m for m in talk.messages if m.seq == event.message.seq] if talk else []
                if not talk or not found or found[0].author.id != event.author:
                    return Outcome(fate=Fate.ABSENT)
                if isinstance(event, MessageEdited):
                    view, change = replace(found[0], text=event.text, edited_at=event.at), Change.EDITED
                else:
                    view, change = replace(found[0], text="", files=(), deleted_at=event.at), Change.DELETED
                talk.messages[view.seq - 1] = view
                heard.append((talk, MessageNews(change=change, message=view)))
                outcome = Outcome(fate=Fate.DONE, conversation=view.conversation, seq=view.seq, digest=event.digest)
            case _:
                raise AssertionError(event)
        self.keys[event.key] = outcome
        return outcome

    def _talk(self, event: BindingSeen, heard: list[tuple[Talk, Happening]]) -> Talk:
        bridge = SIDES[event.endpoint][0]
        id = f"c-{bridge}-{event.person.replace(':', '-')}"
        talk = self.talks.get(id)
        if talk is None:
            view = ConversationView(
                id=ConversationId(id), bridge=BridgeName(bridge), title=event.label, state="open", last_seq=0
            )
            talk = self.talks[id] = Talk(view)
            heard.append((talk, ConversationNews(change=Change.CREATED)))
        talk.legs.add((event.endpoint, event.address))
        return talk

    def _meant(self, event: MessageReceived) -> Talk | None:
        if event.to is not None:
            talk = self.talks.get(event.to.conversation)
            return talk if talk and talk.view.bridge == SIDES[event.to.endpoint][0] else None
        room = event.binding.partition("/")[0]
        return self.talks[f"c-{SIDES[room][0]}-web-{event.author.id}"]

    def _write(self, talk: Talk, event: MessageReceived) -> MessageView:
        seq = talk.view.last_seq + 1
        quoted = event.quotes.seq if event.quotes and event.quotes.conversation == talk.view.id else None
        files = tuple(
            FileView(id=a.ref, content_type=a.content_type, filename=a.filename, size=a.size)
            for a in event.content.attachments
        )
        view = MessageView(
            conversation=talk.view.id,
            seq=seq,
            channel=WEB,
            remote=event.remote,
            author=replace(event.author, name=event.author.name or event.author.id),
            text=event.content.text,
            files=files,
            reply_to=quoted,
            at=event.at,
        )
        talk.messages.append(view)
        talk.view, talk.active_at = replace(talk.view, last_seq=seq), self.now()
        return view

    # ---- out

    def elsewhere(self, talk: str, text: str, role: Role = Role.CUSTOMER) -> MessageView:
        """Somebody wrote by another channel."""
        found = self.talks[talk]
        seq = found.view.last_seq + 1
        author = Author(id="+15550199", role=role, name="Ana")
        view = MessageView(
            conversation=found.view.id,
            seq=seq,
            channel=ChannelName("phone"),
            remote=f"IM{seq}",
            author=author,
            text=text,
            at=self.now(),
        )
        found.messages.append(view)
        found.view, found.active_at = replace(found.view, last_seq=seq), self.now()
        self.say(found, MessageNews(change=Change.CREATED, message=view))
        return view

    def say(self, talk: Talk, what: Happening) -> None:
        for channel in self.channels:
            for room, (bridge, side) in SIDES.items():
                if bridge == talk.view.bridge and side is Side.AGENT:
                    channel.heard(LogLeg(endpoint=EndpointKey(room), side=side), talk.view, what)
            for room, address in sorted(talk.legs):
                if not isinstance(what, ConversationNews):
                    leg = LogLeg(endpoint=EndpointKey(room), side=Side.CUSTOMER, address=address)
                    channel.heard(leg, _masked(talk.view), _for_customer(what))

    def tell(self, leg: LogLeg, id: ConversationId, news: TypingNews | ReceiptNews) -> None:
        self.told.append((leg, id, news))
        self.say(self.talks[id], news)

    # ---- reading

    async def _asked(self) -> None:
        if self.busy:
            raise StoreUnavailable("locked")
        self.reading.set()
        await self.gate.wait()

    def _of(self, leg: LogLeg) -> list[Talk]:
        bridge, side = SIDES[leg.endpoint]
        talks = [t for t in self.talks.values() if t.view.bridge == bridge]
        if side is Side.CUSTOMER:
            talks = [t for t in talks if (leg.endpoint, leg.address) in t.legs]
        return talks

    def _view(self, leg: LogLeg, talk: Talk) -> ConversationView:
        return _masked(talk.view) if leg.side is Side.CUSTOMER else talk.view

    async def conversations(self, leg: LogLeg, limit: int) -> list[ConversationView]:
        found = sorted(self._of(leg), key=lambda t: -t.active_at)
        views = [self._view(leg, t) for t in found[:limit]]
        await self._asked()  # an answer may be older than what is heard when it comes
        return views

    async def conversation(self, leg: LogLeg, id: ConversationId) -> ConversationView | None:
        await self._asked()
        return next((self._view(leg, t) for t in self._of(leg) if t.view.id == id), None)

    async def active_since(self, leg: LogLeg, at: float, limit: int) -> list[ConversationView]:
        await self._asked()
        found = sorted((t for t in self._of(leg) if t.active_at > at), key=lambda t: t.active_at)
        return [self._view(leg, t) for t in found[:limit]]

    async def after(self, leg: LogLeg, id: ConversationId, seq: int, limit: int) -> list[MessageView]:
        return [m for m in await self._page(leg, id) if m.seq > seq][:limit]

    async def before(self, leg: LogLeg, id: ConversationId, seq: int, limit: int) -> list[MessageView]:
        return [m for m in await self._page(leg, id) if m.seq < seq][-limit:]

    async def _page(self, leg: LogLeg, id: ConversationId) -> list[MessageView]:
        found = [m for t in self._of(leg) if t.view.id == id for m in t.messages]
        await self._asked()
        return [for_customer(m, "Support") for m in found] if leg.side is Side.CUSTOMER else found

    async def known(self, remotes: Sequence[RemoteId]) -> frozenset[RemoteId]:
        return frozenset()

    # ---- files

    def link(self, file: str) -> str:
        return f"https://bridge.example.com/media/{file}?sig=x"

    async def upload(self, leg: LogLeg, owner: str, filename: str, content_type: str, size: int) -> tuple[str, str]:
        if size > LARGEST_FILE:
            raise Refused(f"a file may have {LARGEST_FILE} bytes")
        id = f"u{len(self.uploads) + 1}"
        self.uploads[id] = (owner, Attachment(ref=id, content_type=content_type, filename=filename, size=size))
        return id, self.link(id)

    async def uploaded(self, owner: str, id: str) -> Attachment | None:
        whose, found = self.uploads.get(id, ("", None))
        return found if whose == owner else None


def _masked(view: ConversationView) -> ConversationView:
    return replace(view, title="Support")


def _for_customer(what: Happening) -> Happening:
    match what:
        case MessageNews():
            return replace(what, message=for_customer(what.message, "Support"))
        case TypingNews():
            return TypingNews(author=Author(id="agent", role=Role.AGENT, name="Support"))
        case _:
            return what


def token(
    subject: str = "ana", side: Side = Side.CUSTOMER, room: str = "", name: str = "", lifetime_s: float = 3600.0
) -> str:
    where = room or ("shop" if side is Side.CUSTOMER else "support")
    return tokens.make(
        SECRET, WEB, subject=subject, side=side, room=where, name=name, lifetime_s=lifetime_s, now=time.time()
    )


def agent(subject: str = "eve", **more: Any) -> str:
    return token(subject, Side.AGENT, **more)


class Talker:
    """A client without a mind of its own. What was read over on the way to something else stays in `seen`."""

    def __init__(self, ws: ClientConnection) -> None:
        self.ws = ws
        self.seen: list[dict[str, Any]] = []

    async def say(self, type: str, **fields: Any) -> None:
        await self.ws.send(json.dumps({"type": type, **fields}))

    async def next(self, *types: str, **like: Any) -> dict[str, Any]:
        """The next frame of one of `types` (any, where none is named) that has these fields."""
        async with asyncio.timeout(PATIENCE):
            while True:
                frame: dict[str, Any] = json.loads(await self.ws.recv())
                self.seen.append(frame)
                if (not types or frame["type"] in types) and like.items() <= frame.items():
                    return frame

    async def ask(self, type: str, **fields: Any) -> dict[str, Any]:
        """Says it, and the answer that carries the same `ref`."""
        await self.say(type, **fields)
        return await self.next("ack", "error", "history", "upload", ref=fields["ref"])

    async def quiet(self) -> list[dict[str, Any]]:
        """All that comes before a `pong`."""
        start = len(self.seen)
        await self.say("ping")
        await self.next("pong")
        return self.seen[start:-1]

    async def closed(self) -> int:
        """The code with which the server ends it."""
        async with asyncio.timeout(PATIENCE):
            try:
                while True:
                    self.seen.append(json.loads(await self.ws.recv()))
            except ConnectionClosed as end:
                return end.rcvd.code if end.rcvd else 1006


@dataclass
class House:
    """A server with one websocket channel, and the relay behind it."""

    log: Log
    sockets: Sockets
    channel: WebsocketChannel
    port: int

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws/web"

    @asynccontextmanager
    async def bare(self, **options: Any) -> AsyncIterator[Talker]:
        """Connected, and nothing said."""
        given = {
            "subprotocols": ["trunkline.v1"],
            "compression": None,
            "max_size": None,
            "open_timeout": PATIENCE,
            "close_timeout": 1.0,
        }
        async with connect(self.url, **given | options) as ws:
            yield Talker(ws)

    @asynccontextmanager
    async def talker(self, shown: str, **hello: Any) -> AsyncIterator[Talker]:
        """Said hello, and welcome."""
        async with self.bare() as t:
            await t.say("hello", token=shown, **hello)
            await t.next("welcome")
            yield t


@dataclass
class Doors:
    channels: Mapping[ChannelName, Any]
    resting: Mapping[ChannelName, str]


@asynccontextmanager
async def house(log: Log | None = None, heartbeat_s: float = 20.0, **settings: Any) -> AsyncIterator[House]:
    log = log or Log()
    given = Settings.model_validate({"secret": [SECRET, OTHER], "origins": ["https://shop.example.com"]} | settings)
    channel = adapter.open(given, [], log)
    assert isinstance(channel, WebsocketChannel)
    log.channels.append(channel)
    sockets = Sockets(Doors({WEB: channel, ChannelName("posts"): object()}, {ChannelName("tired"): "a bad key"}))
    sock = bind("127.0.0.1", 0)
    config = uvicorn.Config(
        Starlette(routes=sockets.routes()),
        http=LimitedProtocol,
        ws=SocketProtocol,
        ws_max_size=MOST_BYTES,
        ws_per_message_deflate=False,
        ws_ping_interval=heartbeat_s,
        ws_ping_timeout=heartbeat_s,
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=2,
    )
    server = Server(config)
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    await server.listening.wait()
    try:
        yield House(log, sockets, channel, sock.getsockname()[1])
    finally:
        await sockets.close_all()
        server.should_exit = True
        await serving
        log.channels.remove(channel)
