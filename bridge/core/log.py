"""The message log as those see it who follow it: views of conversations, messages and receipts, and what happened to them.

A view is made for one side. Toward customers it holds only what was meant for them: `for_customer` is the one place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from bridge.core.content import Author, Role, Side
from bridge.core.ids import BridgeName, ChannelName, ConversationId, EndpointKey
from bridge.core.receipts import ReceiptState

AGENT_ID = "agent"
"""The author's id that customers see, whoever answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileView:
    """A file of a message. `id` is the one of ``/media/{id}``; `size` in bytes, None where it isn't known yet."""

    id: str
    content_type: str
    filename: str
    size: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageView:
    """A message as it is now. `channel` is the one that it came by and `remote` its id there; `at`, `edited_at` and `deleted_at`
    are epoch seconds, the latter two None where that never happened; of a deleted one no text and no file is left."""

    conversation: ConversationId
    seq: int
    channel: ChannelName
    remote: str
    author: Author
    text: str
    files: tuple[FileView, ...] = ()
    reply_to: int | None = None
    at: float
    edited_at: float | None = None
    deleted_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactView:
    """A customer as a person, with all addresses that are known."""

    id: str
    name: str
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationView:
    """`state` is ``open`` or ``closed``; `key` is the customer's own name of the conversation, where a channel's customers have
    such names and the view is made for that channel."""

    id: ConversationId
    bridge: BridgeName
    title: str
    state: str
    last_seq: int
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptView:
    """What became of a message at the leg on `channel`, which stands on `side`. `segments` are an SMS's, None elsewhere."""

    conversation: ConversationId
    seq: int
    channel: ChannelName
    side: Side
    state: ReceiptState
    code: str = ""
    words: str = ""
    segments: int | None = None


class Change(StrEnum):
    """What happened to a message or to a conversation."""

    CREATED = "created"
    EDITED = "edited"
    DELETED = "deleted"
    UPDATED = "updated"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageNews:
    change: Change
    message: MessageView


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationNews:
    change: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptNews:
    receipt: ReceiptView


@dataclass(frozen=True, slots=True, kw_only=True)
class TypingNews:
    """Somebody is writing; lives for a moment and is stored nowhere."""

    author: Author


Happening = MessageNews | ConversationNews | ReceiptNews | TypingNews


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLeg:
    """Whose view it is: an agents' endpoint sees every conversation of its bridge, a customer (by `address`) the own one."""

    endpoint: EndpointKey
    side: Side
    address: str = ""


def for_customer(message: MessageView, agent_name: str) -> MessageView:
    """What a customer may see of a message: of who answers only the name that the bridge gives.

    >>> from bridge.core.ids import ChannelName, ConversationId
    >>> eve = Author(id="77", role=Role.AGENT, name="Eve")
    >>> c, t = ConversationId("c"), ChannelName("t")
    >>> m = MessageView(conversation=c, seq=1, channel=t, remote="5", author=eve, text="Hi", at=0)
    >>> for_customer(m, "Support").author
    Author(id='agent', role=<Role.AGENT: 'agent'>, name='Support')
    """
    if message.author.role is Role.CUSTOMER:
        return message
    return replace(message, remote="", author=Author(id=AGENT_ID, role=Role.AGENT, name=agent_name))
