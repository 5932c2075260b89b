"""The client: connects, says hello, comes back with jitter, resumes, sends again what wasn't acked."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from bridge.client import events
from bridge.client.events import Ack, Conversation, Event, Message, Welcome
from bridge.client.place import Place

SUBPROTOCOL = Subprotocol("trunkline.v1")
EXPIRED, UNREADABLE = 4401, 1002
FATAL = frozenset({1009, 4400, EXPIRED, 4403, 4413})
"""Close codes after which the same client would be sent away again."""
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0
OPEN_S = 10.0
PAGE = 100

Token = Callable[[], Awaitable[str]]


class Refused(Exception):
    """The server won't have this client: `code` is a close code, or the status with which it refused the upgrade."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(code, words)
        self.code = code
        self.words = words

    def __str__(self) -> str:
        return f"{self.words or 'refused'} ({self.code})"


class Declined(Exception):
    """One thing that was asked for can't be done: `code` is that of an `error` frame."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(code, words)
        self.code = code
        self.words = words

    def __str__(self) -> str:
        return f"{self.words} ({self.code})"


class Client:
    """``async with Client(url, token) as client: async for event in client: …``

    `url` is ``ws(s)://HOST/ws/CHANNEL``; `token` a JWT, or a coroutine function that fetches a fresh one: it is called for each
    connection, so that a client outlives its first token. Every message is shown once, in the order of its conversation, over
    however many connections; what this client sends is acked and not shown. Iterating raises `Refused` where the server won't
    have it; everything else that breaks a connection is waited out. Nobody who doesn't iterate misses anything: events wait.
    """

    def __init__(
        self,
        url: str,
        token: str | Token,
        *,
        rand: Callable[[], float] = random.random,
        longest_wait_s: float = LONGEST_WAIT_S,
    ) -> None:
        self.place = Place()
        self._url = url
        self._token = token
        self._rand = rand
        self._longest_wait_s = longest_wait_s
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._answers: dict[str, asyncio.Future[Mapping[str, Any]]] = {}
        self._ws: ClientConnection | None = None
        self._welcome = False
        self._failures = 0
        self._running: asyncio.Task[None] | None = None
        self._refused: Refused | None = None

    async def __aenter__(self) -> Self:
        self._running = asyncio.create_task(self._run(), name="trunkline-client")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Leaves. What wasn't acked may or may not have arrived; whoever waits for an ack is cancelled."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        for answer in self._answers.values():
            answer.cancel()
        self._events.put_nowait(None)

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Every event until the client is closed. Raises `Refused`."""
        while (event := await self._events.get()) is not None:
            yield event
        if self._refused is not None:
            raise self._refused

    # ---- saying

    async def send(
        self,
        text: str = "",
        *,
        conversation: str | None = None,
        attachments: Sequence[str] = (),
        reply_to: str | None = None,
        ref: str = "",
    ) -> Ack:
        """Sends a message, over as many connections as it takes, and returns once it is durable. A customer leaves
        `conversation` out; `ref` is drawn where none is given. Raises `Declined` or `Refused`."""
        fields = {
            "conversation": conversation,
            "text": text,
            "attachments": [{"id": id} for id in attachments],
            "reply_to": reply_to,
        }
        return await self._durably("send", ref, {name: value for name, value in fields.items() if value})

    async def edit(self, message: str, text: str, *, ref: str = "") -> Ack:
        """Another text for a message of one's own. As `send`."""
        return await self._durably("edit", ref, {"message": message, "text": text})

    async def delete(self, message: str, *, ref: str = "") -> Ack:
        """Takes back a message of one's own. As `send`."""
        return await self._durably("delete", ref, {"message": message})

    async def history(
        self, conversation: str, *, before: int | None = None, after: int | None = None, limit: int = 50
    ) -> tuple[list[Message], bool]:
        """Messages, ascending, and whether there are more in that direction. Raises `Declined`, `Refused`, and `ConnectionError`
        where the connection breaks before the answer."""
        which = {"before": before, "after": after}
        fields = {"conversation": conversation, "limit": limit} | {k: v for k, v in which.items() if v is not None}
        answer = await self._asked("history", fields)
        return [events.message(m) for m in answer["messages"]], bool(answer["more"])

    async def upload(self, filename: str, content_type: str, size: int) -> tuple[str, str]:
        """A file's id, for `send`, and the URL that its `size` bytes are PUT to before. Raises as `history`."""
        answer = await self._asked("upload", {"filename": filename, "content_type": content_type, "size": size})
        return str(answer["id"]), str(answer["url"])

    async def typing(self, conversation: str) -> None:
        """Says that somebody is writing; of no account while there is no connection."""
        await self._say({"type": "typing", "conversation": conversation})

    async def read(self, conversation: str, seq: int) -> None:
        """Says how far the conversation was read. As `typing`."""
        await self._say({"type": "read", "conversation": conversation, "seq": seq})

    async def _durably(self, type: str, ref: str, fields: Mapping[str, Any]) -> Ack:
        ref = ref or secrets.token_hex(16)
        frame = {"type": type, "ref": ref, **fields}
        self.place.unacked[ref] = frame
        try:
            answer = self._awaited(ref)
            await self._say(frame)
            return events.ack(await answer)
        finally:
            self.place.unacked.pop(ref, None)
            self._answers.pop(ref, None)

    async def _asked(self, type: str, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        ref = secrets.token_hex(16)
        try:
            answer = self._awaited(ref)
            if not await self._say({"type": type, "ref": ref, **fields}):
                raise ConnectionError("there is no connection now")
            return await answer
        finally:
            self._answers.pop(ref, None)

    def _awaited(self, ref: str) -> asyncio.Future[Mapping[str, Any]]:
        if self._refused is not None:
            raise self._refused
        answer = self._answers[ref] = asyncio.get_running_loop().create_future()
        return answer

    async def _say(self, frame: Mapping[str, Any]) -> bool:
        if self._ws is None:
            return False
        with contextlib.suppress(ConnectionClosed):
            await self._ws.send(json.dumps(frame, ensure_ascii=False))
            return True
        return False

    # ---- staying connected

    async def _run(self) -> None:
        while True:
            self._welcome = False
            try:
                await self._connected()
            except Refused as refused:
                self._end(refused)
                return
            except (KeyError, TypeError, ValueError):
                self._end(Refused(UNREADABLE, "the server says what no server of this protocol says"))
                return
            except (OSError, InvalidHandshake, ConnectionClosed):
                self._failures += 1
            # Full jitter: everybody who was cut off at once must not come back at once.
            longest = min(self._longest_wait_s, FIRST_WAIT_S * 2.0 ** min(self._failures, 10))
            await asyncio.sleep(self._rand() * longest)

    async def _connected(self) -> None:
        """One connection, from the handshake to its end. Raises what ended it."""
        token = self._token if isinstance(self._token, str) else await self._token()
        try:
            async with connect(
                self._url, subprotocols=[SUBPROTOCOL], compression=None, open_timeout=OPEN_S, max_size=None
            ) as ws:
                await ws.send(json.dumps(self.place.hello(token)))
                await self._listen(ws)
        except InvalidStatus as status:
            if status.response.status_code in (400, 403, 404):
                raise Refused(
                    status.response.status_code, status.response.body.decode(errors="replace").strip()
                ) from None
            raise
        except ConnectionClosed as end:
            code = end.rcvd.code if end.rcvd is not None else None
            ran_out = code == EXPIRED and self._welcome and not isinstance(self._token, str)
            if end.rcvd is not None and code in FATAL and not ran_out:
                raise Refused(end.rcvd.code, end.rcvd.reason) from None
            raise

    async def _listen(self, ws: ClientConnection) -> None:
        asked: set[asyncio.Task[None]] = set()
        try:
            async for data in ws:
                frame = json.loads(data)
                match event := events.read(frame):
                    case Welcome():
                        self._events.put_nowait(event)
                        await self._welcomed(ws, event)
                    case Message(edited=False):
                        self._settle_own(event)
                        self._show(self.place.live(event))
                    case Conversation():
                        self._events.put_nowait(event)
                        if self.place.misses(event):
                            asked.add(asyncio.create_task(self._fetch(event)))
                    case None:
                        self._answered(frame)
                    case _:
                        self._events.put_nowait(event)
        finally:
            self._ws = None
            for task in asked:
                task.cancel()
            await asyncio.gather(*asked, return_exceptions=True)
            self._give_up_questions()

    async def _welcomed(self, ws: ClientConnection, welcome: Welcome) -> None:
        """What wasn't acked is sent once more, in its order; what is new goes straight out only after all of it."""
        self.place.welcomed(welcome)
        self._welcome, self._failures = True, 0
        sent: set[str] = set()
        while unsent := [ref for ref in self.place.unacked if ref not in sent]:
            for ref in unsent:
                sent.add(ref)
                if (frame := self.place.unacked.get(ref)) is not None:
                    await ws.send(json.dumps(frame, ensure_ascii=False))
        self._ws = ws

    async def _fetch(self, missed: Conversation) -> None:
        """What was said, since this client began, in a conversation that it had never heard of."""
        found: list[Message] = []
        before, more = missed.last_seq + 1, True
        while more and (not found or found[0].at >= self.place.since):
            page, more = await self.history(missed.id, before=before, limit=PAGE)
            if not page:
                break
            found, before = page + found, page[0].seq
        for message in found:
            self._settle_own(message)
        self._show(self.place.read(missed.id, [m for m in found if m.at >= self.place.since]))

    def _show(self, messages: Sequence[Message]) -> None:
        for message in messages:
            self._events.put_nowait(message)

    def _settle_own(self, message: Message) -> None:
        if (ack := self.place.as_ack(message)) is not None:
            self._answered(
                {
                    "type": "ack",
                    "ref": ack.ref,
                    "conversation": ack.conversation,
                    "message": ack.id,
                    "seq": ack.seq,
                }
            )

    def _answered(self, frame: Mapping[str, Any]) -> None:
        """An answer to a `ref`; what nobody waits for any more is passed over."""
        if frame["type"] == "ack":
            self.place.acked(events.ack(frame))
        answer = self._answers.get(frame.get("ref", ""))
        if answer is None or answer.done():
            return
        if frame["type"] == "error":
            answer.set_exception(Declined(frame["code"], frame["message"]))
        else:
            answer.set_result(frame)

    def _give_up_questions(self) -> None:
        """Answers that no other connection will bring."""
        for ref, answer in self._answers.items():
            if ref not in self.place.unacked and not answer.done():
                answer.set_exception(ConnectionError("the connection broke before the answer"))

    def _end(self, refused: Refused) -> None:
        self._refused = refused
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(refused)
        self._events.put_nowait(None)
