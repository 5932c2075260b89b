"""One client, from its `hello` to the end: ties the socket, what it may, how far it has read, and the relay together."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from adapters.websocket import outbound, requests
from adapters.websocket.errors import Close, Declined, Ended, ErrorCode, absent
from adapters.websocket.frames import MOST_BYTES, Error, ServerFrame, Welcome
from adapters.websocket.inbound import Speaker
from adapters.websocket.outbox import LAST_WORDS_S, Outbox
from adapters.websocket.pace import Pace, TooFast
from adapters.websocket.reading import Greeting, read_frame, read_hello, read_object, ref_of
from adapters.websocket.session import Session, Verdict
from adapters.websocket.tokens import Claims
from bridge.channel import Port, Socket, StoreUnavailable
from bridge.core.ids import ConversationId
from bridge.core.log import Change, ConversationView, Happening, MessageNews, MessageView, ReceiptNews, TypingNews

HELLO_S = 10.0
HEARTBEAT_S = 20
"""How often the server pings (RFC 6455, 5.5.2), and how long it waits for the pong: who is gone is found within two of them."""
SHOWN = 100
"""Conversations in `welcome`."""
PAGE = 100
MOST_ANNOUNCED = 10_000
MOST_EARLY = 1000
AWAY = "the store can’t be asked now: come back, with what wasn’t acked"


class Room(Protocol):
    """What a connection is given of its channel."""

    port: Port
    reads: asyncio.Semaphore
    """Reads of the log at once: however many come back together, live talk goes on."""

    def admit(self, token: str) -> Claims:
        """Whoever shows this token. Raises `Ended`."""

    def join(self, connection: Connection) -> None:
        """From now on it hears what happens to its leg."""

    def leave(self, connection: Connection) -> None: ...


@dataclass(slots=True)
class News:
    """What happened, and the frame that says it: made once for all who hear it. An author's own sockets get one with a `ref`."""

    conversation: ConversationView
    what: Happening
    text: str


class Connection:
    """`run` is the whole of it; `hear` and `close` come from outside."""

    def __init__(self, room: Room, socket: Socket) -> None:
        self.room = room
        self.port = room.port
        self.speaker: Speaker
        self.session = Session()
        self.settled = asyncio.Event()
        self._socket = socket
        self._out = Outbox(socket)
        self._early: list[News] | None = None
        self._after_ack: list[str] = []
        self._to_read: deque[Callable[[], Awaitable[None]]] = deque()
        self._follower: asyncio.Task[None] | None = None
        self._expiry: asyncio.TimerHandle | None = None
        self._id = secrets.token_hex(16)
        self.settled.set()

    async def run(self) -> None:
        """Until the client is gone, or was told to go. Leaves no task behind."""
        sending = asyncio.create_task(self._out.run(), name="socket-out")
        reading = asyncio.create_task(self._read(), name="socket-in")
        try:
            await asyncio.wait({sending, reading}, return_when=asyncio.FIRST_COMPLETED)
            if self._out.ending:
                await asyncio.wait({sending}, timeout=2 * LAST_WORDS_S)
        finally:
            self.room.leave(self)
            if self._expiry is not None:
                self._expiry.cancel()
            tasks = [t for t in (sending, reading, self._follower) if t is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def said(self) -> None:
        """What became of the client's message goes out behind its ack."""
        self.settled.set()
        for text in self._after_ack:
            self._out.put(text)
        self._after_ack.clear()

    def close(self, code: Close, words: str) -> None:
        self._out.close(code, words)

    def put(self, frame: ServerFrame) -> None:
        self._out.put(frame.json_text())

    # ---- what the client sends

    async def _read(self) -> None:
        try:
            await self._listen()
        except Ended as end:
            self._out.close(end.code, end.words, unsent=end.unsent)
        except StoreUnavailable:
            self._out.close(Close.RESTARTING, AWAY)
        except Exception:
            self.port.log.exception("a socket’s frame couldn’t be handled")
            self._out.close(Close.INTERNAL, "a mistake of the server’s")

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        pace = Pace(loop.time())
        try:
            async with asyncio.timeout(HELLO_S):
                first = await self._socket.receive()
        except TimeoutError:
            raise Ended(Close.NO_HELLO, "no hello within 10 s") from None
        if first is None:
            return
        pace.frame(loop.time())
        await self._greet(self._hello(first))
        while (data := await self._socket.receive()) is not None:
            try:
                if wait := pace.frame(loop.time()):
                    await asyncio.sleep(wait)
            except TooFast:
                raise Ended(Close.TOO_MUCH, "more than 50 frames a second for 10 s: write slower") from None
            await self._frame(data)

    def _hello(self, data: str | bytes) -> Greeting:
        found = read_object(data)
        if found["type"] != "hello":
            raise Ended(Close.UNAUTHENTICATED, "the first frame is hello, with a token")
        return read_hello(found)

    async def _frame(self, data: str | bytes) -> None:
        self._still_good()
        found = read_object(data)
        if found["type"] == "hello":
            await self._greet_again(read_hello(found))
            return
        try:
            await requests.handle(self, read_frame(found))
        except Declined as no:
            self.decline(no, ref_of(found))

    def decline(self, no: Declined, ref: str | None = None) -> None:
        said = Error(code=no.code.value, message=no.words)
        self.put(said if ref is None else Error(ref=ref, code=no.code.value, message=no.words))

    # ---- hello

    async def _greet(self, greeting: Greeting) -> None:
        claims = self.room.admit(greeting.token)
        self.speaker = Speaker(channel=self.port.name, claims=claims)
        self._expires(claims)
        self._early = []
        self.room.join(self)  # first, so that nothing falls between what is read now and what is heard
        shown = await self._welcome()
        for view in shown:
            self.session.fence(view.id, view.last_seq)
        for words in greeting.problems:
            self.decline(Declined(ErrorCode.BAD_REQUEST, words))
        for conversation, seq in greeting.resume.items():
            self.session.resume(conversation, seq)
        early, self._early = self._early, None
        for news in early:
            self._hear(news)
        if greeting.resume or greeting.since is not None:
            self._follow(partial(self._resume, greeting, {v.id: v for v in shown}))

    async def _greet_again(self, greeting: Greeting) -> None:
        """The same subject goes on; where it was in the log stays as it was."""
        claims, before = self.room.admit(greeting.token), self.speaker.claims
        if (claims.subject, claims.side, claims.room) != (before.subject, before.side, before.room):
            raise Ended(Close.NOT_ALLOWED, "the fresh token is somebody else’s", unsent=False)
        self.speaker = Speaker(channel=self.port.name, claims=claims)
        self._expires(claims)
        await self._welcome()

    async def _welcome(self) -> list[ConversationView]:
        claims, now = self.speaker.claims, self.port.now()
        async with self.room.reads:
            shown = await self.port.messages.conversations(self.speaker.leg, SHOWN)
        self.put(
            Welcome(
                session=self._id,
                role=claims.side.value,
                room=claims.room,
                heartbeat_s=HEARTBEAT_S,
                max_frame=MOST_BYTES,
                server_time=outbound.time_text(now),
                conversations=[outbound.state(v) for v in shown],
            )
        )
        return shown

    def _expires(self, claims: Claims) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
        left = max(0.0, claims.expires_at - self.port.now())
        self._expiry = asyncio.get_running_loop().call_later(left, self._expired)

    def _expired(self) -> None:
        self._out.close(Close.UNAUTHENTICATED, "the token has run out", unsent=False)

    def _still_good(self) -> None:
        """The timer's clock may stand still while a machine sleeps."""
        if self.port.now() >= self.speaker.claims.expires_at:
            raise Ended(Close.UNAUTHENTICATED, "the token has run out", unsent=False)

    # ---- live

    def hear(self, news: News) -> None:
        """Something happened on this leg. Quick; never raises."""
        if self._early is None:
            self._hear(news)
        elif len(self._early) < MOST_EARLY:
            self._early.append(news)
        else:
            self._out.close(Close.TOO_MUCH, "too much happens to begin with: come back", unsent=False)

    def _hear(self, news: News) -> None:
        match news.what:
            case MessageNews(change=Change.CREATED, message=message):
                ref = self._ref(message)
                match self.session.heard(message, ref):
                    case Verdict.SEND:
                        self._out.put(self._text(news, ref))
                    case Verdict.BEHIND:
                        self._follow(partial(self._catch_up, message.conversation))
                    case Verdict.DROP:
                        pass
            case TypingNews(author=author):
                if (author.id, author.role) != self.speaker.who and not self.session.is_behind(news.conversation.id):
                    self._out.put(news.text)
            case ReceiptNews() if not self.settled.is_set():
                self._after_ack.append(news.text)
            case MessageNews(message=message):
                self._put_late(news.conversation.id, self._text(news, self._ref(message)))
            case _:
                self._put_late(news.conversation.id, news.text)

    def _put_late(self, conversation: ConversationId, text: str) -> None:
        if not self.session.waits(conversation, text):
            self._out.put(text)
        elif self.session.waiting() > MOST_EARLY:
            self._out.close(Close.TOO_MUCH, "over 1,000 frames behind: read faster, and come back", unsent=False)

    def _ref(self, message: MessageView) -> str | None:
        claims = self.speaker.claims
        return outbound.own_ref(message, self.port.name, claims.subject, claims.side)

    def _text(self, news: News, ref: str | None) -> str:
        if ref is None:
            return news.text
        return outbound.happening(news.conversation, news.what, self.port.files.link, ref).json_text()

    # ---- what was missed

    def _follow(self, work: Callable[[], Awaitable[None]]) -> None:
        """One thing after the other, beside the reading of frames: a client that catches up can still speak."""
        self._to_read.append(work)
        if self._follower is None or self._follower.done():
            self._follower = asyncio.create_task(self._read_log(), name="socket-follow")

    async def _read_log(self) -> None:
        try:
            while self._to_read:
                await self._to_read.popleft()()
        except StoreUnavailable:
            self._out.close(Close.RESTARTING, AWAY)
        except Exception:
            self.port.log.exception("a socket couldn’t catch up")
            self._out.close(Close.INTERNAL, "a mistake of the server’s")

    async def _resume(self, greeting: Greeting, shown: dict[ConversationId, ConversationView]) -> None:
        for conversation, seq in greeting.resume.items():
            await self._resumed(conversation, seq, shown.get(conversation))
        if greeting.since is not None:
            async with self.room.reads:
                active = await self.port.messages.active_since(self.speaker.leg, greeting.since, MOST_ANNOUNCED)
            for view in active:
                if view.id not in greeting.resume and await self._out.room():
                    self.put(outbound.conversation(view))
        for conversation in greeting.resume:
            await self._catch_up(conversation)

    async def _resumed(self, conversation: ConversationId, seq: int, shown: ConversationView | None) -> None:
        """Is it there, for this leg, and has it come that far?"""
        async with self.room.reads:
            view = shown or await self.port.messages.conversation(self.speaker.leg, conversation)
        if not await self._out.room():
            return
        if view is None:
            self.session.forget(conversation)
            self.decline(absent())
        elif seq > view.last_seq:
            self.session.resume(conversation, view.last_seq)
            words = "resume: a seq is a whole number from 0 up to the conversation’s last one"
            self.decline(Declined(ErrorCode.BAD_REQUEST, words))

    async def _catch_up(self, conversation: ConversationId) -> None:
        """Page by page, each once the one before has nearly gone out."""
        while (after := self.session.cursor(conversation)) is not None and await self._out.room():
            async with self.room.reads:
                page = await self.port.messages.after(self.speaker.leg, conversation, after, PAGE)
            known = [(m, self._ref(m)) for m in page]
            if self.session.in_flight is not None and any(ref == self.session.in_flight for _, ref in known):
                await self.settled.wait()
            for message, ref in self.session.read(conversation, known, whole=len(page) < PAGE):
                self.put(outbound.message(message, self.port.files.link, ref))
            for text in self.session.caught_up(conversation) or ():
                self._out.put(text)
