"""What each frame of a client asks for, done: checked against what its leg may see, accepted by the relay, answered."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol, assert_never

from adapters.websocket import inbound, outbound
from adapters.websocket.errors import Declined, ErrorCode, absent
from adapters.websocket.frames import (
    Ack,
    Command,
    Delete,
    Edit,
    FileRef,
    FromClient,
    History,
    HistoryWanted,
    Ping,
    Pong,
    Read,
    Send,
    ServerFrame,
    Typing,
    Upload,
    UploadWanted,
)
from adapters.websocket.inbound import Speaker
from adapters.websocket.session import Session
from bridge.channel import Fate, Port
from bridge.core.content import Attachment, Side
from bridge.core.events import Event, MessageDeleted, MessageEdited, MessageReceived, MessageRef
from bridge.core.ids import ConversationId, message_id
from bridge.core.log import ConversationView, ReceiptNews, ReceiptView, TypingNews
from bridge.core.outcomes import Refused
from bridge.core.receipts import ReceiptState


class Asking(Protocol):
    """Who asks, and where the answer goes."""

    port: Port
    speaker: Speaker
    session: Session
    settled: asyncio.Event

    def put(self, frame: ServerFrame) -> None: ...

    def said(self) -> None:
        """What was being sent is acked, or declined."""


async def handle(to: Asking, frame: FromClient) -> None:
    """Does what `frame` asks for. Raises `Declined`, or `StoreUnavailable`: then nothing was done, or it can be asked again."""
    match frame:
        case Send():
            await _send(to, frame)
        case Edit():
            meant = await _own_message(to, frame.message)
            await _accept(to, frame.ref, inbound.edited(to.speaker, frame, meant, to.port.now()))
        case Delete():
            meant = await _own_message(to, frame.message)
            await _accept(to, frame.ref, inbound.deleted(to.speaker, frame, meant, to.port.now()))
        case HistoryWanted():
            await _history(to, frame)
        case Typing():
            view = await _conversation(to, frame.conversation)
            to.port.tell(to.speaker.leg, view.id, TypingNews(author=to.speaker.shown))
        case Read():
            await _read(to, frame)
        case UploadWanted():
            await _upload(to, frame)
        case Ping():
            to.put(Pong())
        case Command():
            raise Declined(ErrorCode.UNSUPPORTED, "there are no commands yet")
        case _:
            assert_never(frame)


async def _send(to: Asking, frame: Send) -> None:
    if not frame.text.strip() and not frame.attachments:
        raise Declined(ErrorCode.BAD_REQUEST, "a message has a text or attachments")
    by_customer = to.speaker.claims.side is Side.CUSTOMER
    if frame.conversation is None and not by_customer:
        raise Declined(ErrorCode.BAD_REQUEST, "conversation: an agent says in which one")
    if frame.conversation is not None and by_customer:
        await _conversation(to, frame.conversation)
    quotes = await _quoted(to, frame) if frame.reply_to is not None else None
    files = tuple([await _file(to, f) for f in frame.attachments])
    to.session.sending(frame.ref)
    to.settled.clear()
    made = False
    try:
        made = await _accept(to, frame.ref, inbound.sent(to.speaker, frame, files, quotes, to.port.now()))
    finally:
        to.session.settled(frame.ref, made=made)
        to.said()


async def _accept(to: Asking, ref: str, events: Sequence[Event]) -> bool:
    """Durable, then acked; True where it is so by this sending. Raises `Declined`."""
    event, outcome = events[-1], (await to.port.accept(events))[-1]
    assert isinstance(event, MessageReceived | MessageEdited | MessageDeleted)  # noqa: S101 - what `inbound` makes
    if outcome.fate is Fate.REPEATED and outcome.digest != event.digest:
        raise Declined(ErrorCode.CONFLICT, "this ref was used before, for something else")
    if outcome.fate in (Fate.ABSENT, Fate.KEPT) or outcome.conversation is None or outcome.seq is None:
        raise absent()
    message = message_id(outcome.conversation, outcome.seq)
    to.put(Ack(ref=ref, conversation=outcome.conversation, message=message, seq=outcome.seq))
    return outcome.fate is not Fate.REPEATED


async def _conversation(to: Asking, id: str) -> ConversationView:
    view = await to.port.messages.conversation(to.speaker.leg, ConversationId(id))
    if view is None:
        raise absent()
    return view


async def _quoted(to: Asking, frame: Send) -> MessageRef:
    """The message that is answered; it is of the same conversation."""
    quotes = inbound.message_ref(frame.reply_to or "")
    view = await _conversation(to, quotes.conversation)
    if quotes.seq > view.last_seq or frame.conversation not in (None, quotes.conversation):
        raise absent()
    return quotes


async def _file(to: Asking, file: FileRef) -> Attachment:
    found = await to.port.files.uploaded(to.speaker.owner, file.id)
    if found is None:
        raise absent()
    return found


async def _own_message(to: Asking, id: str) -> MessageRef:
    """A message that this subject wrote, in this role, by this channel, in a conversation that it may see."""
    meant, claims = inbound.message_ref(id), to.speaker.claims
    page = await to.port.messages.after(to.speaker.leg, meant.conversation, meant.seq - 1, 1)
    own = [m for m in page if outbound.own_ref(m, to.port.name, claims.subject, claims.side) is not None]
    if not own or own[0].seq != meant.seq:
        raise absent()
    return meant


async def _history(to: Asking, frame: HistoryWanted) -> None:
    if frame.before is not None and frame.after is not None:
        raise Declined(ErrorCode.BAD_REQUEST, "before, after: one of them, or neither for the last messages")
    view, messages = await _conversation(to, frame.conversation), to.port.messages
    if frame.after is not None:
        found = await messages.after(to.speaker.leg, view.id, frame.after, frame.limit + 1)
        page = found[: frame.limit]
    else:
        before = view.last_seq + 1 if frame.before is None else frame.before
        found = await messages.before(to.speaker.leg, view.id, before, frame.limit + 1)
        page = found[-frame.limit :]
    claims, link = to.speaker.claims, to.port.files.link
    said = [outbound.message(m, link, outbound.own_ref(m, to.port.name, claims.subject, claims.side)) for m in page]
    to.put(History(ref=frame.ref, conversation=view.id, messages=said, more=len(found) > len(page)))


async def _read(to: Asking, frame: Read) -> None:
    """What a customer has read, agents learn at once; it is stored nowhere."""
    view = await _conversation(to, frame.conversation)
    if frame.seq > view.last_seq:
        raise Declined(ErrorCode.BAD_REQUEST, "seq: the conversation hasn’t come that far")
    if to.speaker.claims.side is Side.CUSTOMER:
        receipt = ReceiptView(
            conversation=view.id, seq=frame.seq, channel=to.port.name, side=Side.CUSTOMER, state=ReceiptState.READ
        )
        to.port.tell(to.speaker.leg, view.id, ReceiptNews(receipt=receipt))


async def _upload(to: Asking, frame: UploadWanted) -> None:
    try:
        id, url = await to.port.files.upload(
            to.speaker.leg, to.speaker.owner, frame.filename, frame.content_type.lower(), frame.size
        )
    except Refused as no:
        raise Declined(ErrorCode.TOO_LARGE, no.words) from None
    to.put(Upload(ref=frame.ref, id=id, url=url))
