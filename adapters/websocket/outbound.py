"""What is known of conversations and messages -> the frames that say it. Pure, but for the links to files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal, assert_never, cast
from urllib.parse import quote

from adapters.websocket.frames import (
    Author,
    Conversation,
    ConversationState,
    Deleted,
    Edited,
    File,
    Message,
    Receipt,
    ServerFrame,
    Writing,
)
from bridge.core import content
from bridge.core.capabilities import Capabilities, Form, MediaRule, Support
from bridge.core.content import Side
from bridge.core.ids import ChannelName, ConversationId, RemoteId, message_id
from bridge.core.log import (
    Change,
    ConversationNews,
    ConversationView,
    Happening,
    MessageNews,
    MessageView,
    ReceiptNews,
    ReceiptView,
    TypingNews,
)

Link = Callable[[str], str]
"""A signed URL of a file's id."""

CAPABILITIES = Capabilities(
    noun="a web message",
    max_text=256 * 1024,
    form=Form.LOG,
    media=(MediaRule(types=("*",), max_bytes=2**40),),
    edit=Support.FULL,
    delete=Support.FULL,
    reply=Support.FULL,
    receipts=True,
)


def time_text(at: float) -> str:
    """
    >>> time_text(1.5)
    '1970-01-01T00:00:01.500Z'
    """
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def remote_id(subject: str, ref: str) -> RemoteId:
    """The name of a message that came by this channel: whose it is and what the client calls it.

    >>> remote_id("a/b", "1")
    'a%2Fb/1'
    """
    return RemoteId(f"{quote(subject, safe='')}/{ref}")


def own_ref(message: MessageView, channel: ChannelName, subject: str, side: Side) -> str | None:
    """What the client calls the message, where `subject` wrote it by this channel."""
    if message.channel != channel or message.author.id != subject or message.author.role != side.value:
        return None
    before = remote_id(subject, "")
    return message.remote.removeprefix(before) if message.remote.startswith(before) else None


def state(view: ConversationView) -> ConversationState:
    return ConversationState(id=view.id, title=view.title, state=_state(view), last_seq=view.last_seq)


def conversation(view: ConversationView) -> Conversation:
    return Conversation(id=view.id, title=view.title, state=_state(view), last_seq=view.last_seq)


def message(view: MessageView, link: Link, ref: str | None = None) -> Message:
    """`ref` is given where the reader wrote it."""
    return Message(**_said(view, link, ref))


def edited(view: MessageView, link: Link, ref: str | None = None) -> Edited:
    return Edited(**_said(view, link, ref))


def happening(view: ConversationView, what: Happening, link: Link, ref: str | None = None) -> ServerFrame:
    """The frame that says what happened."""
    match what:
        case MessageNews(change=Change.EDITED):
            return edited(what.message, link, ref)
        case MessageNews(change=Change.DELETED):
            return _deleted(what.message)
        case MessageNews():
            return message(what.message, link, ref)
        case ConversationNews():
            return conversation(view)
        case ReceiptNews():
            return _receipt(what.receipt)
        case TypingNews():
            return Writing(conversation=view.id, author=_author(what.author))
        case _:
            assert_never(what)


def _said(view: MessageView, link: Link, ref: str | None) -> dict[str, object]:
    files = [
        File(id=f.id, url=link(f.id), content_type=f.content_type, filename=f.filename, size=f.size) for f in view.files
    ]
    fields: dict[str, object] = {
        "conversation": view.conversation,
        "message": message_id(view.conversation, view.seq),
        "seq": view.seq,
        "author": _author(view.author),
        "text": view.text,
        "attachments": files,
        "reply_to": None if view.reply_to is None else message_id(view.conversation, view.reply_to),
        "at": time_text(view.at),
    }
    if ref is not None:
        fields["ref"] = ref
    if view.edited_at is not None:
        fields["edited_at"] = time_text(view.edited_at)
    if view.deleted_at is not None:
        fields["deleted_at"] = time_text(view.deleted_at)
    return fields


def _deleted(view: MessageView) -> Deleted:
    at = view.at if view.deleted_at is None else view.deleted_at
    return Deleted(conversation=view.conversation, message=message_id(view.conversation, view.seq), at=time_text(at))


def _receipt(view: ReceiptView) -> Receipt:
    more = {"code": view.code, "reason": view.words, "segments": view.segments}
    return Receipt(
        conversation=view.conversation,
        message=message_id(ConversationId(view.conversation), view.seq),
        state=view.state.value,
        **{key: value for key, value in more.items() if value},
    )


def _author(author: content.Author) -> Author:
    return Author(id=author.id, name=author.name, role=author.role.value)


def _state(view: ConversationView) -> Literal["open", "closed"]:
    return cast(Literal["open", "closed"], view.state)
