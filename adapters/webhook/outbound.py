"""What happened -> the body of a webhook, and what this kind of channel can carry. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from adapters.webhook.forms import Json, encoded, rfc3339
from bridge.channel import Record
from bridge.core.capabilities import Capabilities, Form, MediaRule, Support
from bridge.core.ids import message_id
from bridge.core.log import (
    ConversationNews,
    ConversationView,
    FileView,
    MessageNews,
    MessageView,
    ReceiptNews,
    ReceiptView,
)

Link = Callable[[str], str]
"""A signed URL of a file by its id."""
CAPABILITIES = Capabilities(
    noun="a webhook",
    form=Form.RECORDS,
    max_text=1024 * 1024,
    media=(MediaRule(types=("*",), max_bytes=2**40),),
    edit=Support.FULL,
    delete=Support.FULL,
    reply=Support.FULL,
    send_once="key",
    settle_s=0.5,
    max_in_flight=4,
)
"""Files go by their URL: no size is too large. Who gets a ``webhook-id`` twice takes it once: sending again does no harm."""


def body(record: Record, link: Link) -> bytes:
    """The whole of it, the same bytes for the same record and links."""
    type, data = _told(record, link)
    return encoded({"type": type, "timestamp": rfc3339(record.at), "data": data})


def _told(record: Record, link: Link) -> tuple[str, Json]:
    news = record.news
    match news:
        case MessageNews():
            return f"message.{news.change}", _whole(record) | {"message": _message(news.message, link)}
        case ConversationNews():
            return f"conversation.{news.change}", _whole(record)
        case ReceiptNews():
            return "receipt.updated", _receipt(record.conversation, news.receipt)
        case _:
            assert_never(news)


def _whole(record: Record) -> Json:
    contact = record.contact
    return {
        "bridge": record.bridge,
        "conversation": _named(record.conversation)
        | {"title": record.conversation.title, "state": record.conversation.state},
        "contact": {"id": contact.id, "name": contact.name, "addresses": list(contact.addresses)},
    }


def _named(conversation: ConversationView) -> Json:
    """Our id, and the customer's own name of it where there is one."""
    return {"id": conversation.id} | ({"key": conversation.key} if conversation.key else {})


def _message(message: MessageView, link: Link) -> Json:
    reply_to = message.reply_to
    shown: Json = {
        "id": message_id(message.conversation, message.seq),
        "seq": message.seq,
        "author": {"id": message.author.id, "name": message.author.name, "role": message.author.role},
        "text": message.text,
        "attachments": [_file(file, link) for file in message.files],
        "reply_to": None if reply_to is None else message_id(message.conversation, reply_to),
        "at": rfc3339(message.at),
    }
    if message.edited_at is not None:
        shown["edited_at"] = rfc3339(message.edited_at)
    if message.deleted_at is not None:
        shown["deleted_at"] = rfc3339(message.deleted_at)
    return shown


def _file(file: FileView, link: Link) -> Json:
    return {
        "id": file.id,
        "url": link(file.id),
        "content_type": file.content_type,
        "filename": file.filename,
        "size": file.size,
    }


def _receipt(conversation: ConversationView, receipt: ReceiptView) -> Json:
    """`code` and `reason` are null where all is well, and toward customers, who learn no reasons."""
    told: Json = {
        "conversation": _named(conversation),
        "message": {"id": message_id(receipt.conversation, receipt.seq)},
        "leg": {"channel": receipt.channel},
        "state": receipt.state,
        "code": receipt.code or None,
        "reason": receipt.words or None,
    }
    return told | ({"segments": receipt.segments} if receipt.segments is not None else {})
