"""What a channel is given to send, and what it says of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import IO

from bridge.core.content import Attachment
from bridge.core.ids import BindingKey, DeliveryId, EndpointKey, EventKey, RemoteId
from bridge.core.log import ContactView, ConversationNews, ConversationView, MessageNews, ReceiptNews


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """The counterpart of a conversation on this channel. `key` is None until it was opened; `address` is the customer's and empty
    on an agents' leg; `meta` is what the adapter said of it when it was opened or seen."""

    endpoint: EndpointKey
    key: BindingKey | None = None
    address: str = ""
    network: str = ""
    meta: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """An attachment fetched from the other network: `body` is open at its start, `size` in bytes; `link` is a signed URL by which
    a network that fetches files itself may do so for a day."""

    attachment: Attachment
    body: IO[bytes]
    size: int
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a leg in the form of records is sent: what happened, and to whom it belongs, as it is now. `at` is epoch seconds."""

    bridge: str
    at: float
    conversation: ConversationView
    contact: ContactView
    news: MessageNews | ConversationNews | ReceiptNews


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbound:
    """One part of a message: one remote call. `author` is whom the other side sees; `reply_to` names an earlier message
    by this channel's own id. `record` is the whole, and text and file are empty, where the leg's form is records."""

    delivery: DeliveryId
    binding: Binding
    author: str
    text: str = ""
    file: File | None = None
    reply_to: RemoteId | None = None
    record: Record | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """The text of our message `remote` is to become `text`; `caption` says that it stands below a file."""

    delivery: DeliveryId
    binding: Binding
    remote: RemoteId
    text: str
    caption: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The network has it; `segments` are those of an SMS. Where it numbers messages: `index`, the place that ours took in
    `binding`, and `key`, under which its event would come. `next_at` (epoch seconds): before that the endpoint shouldn't be
    written to again."""

    remote: RemoteId
    next_at: float = field(default=0.0, compare=False)
    binding: BindingKey | None = None
    index: int | None = None
    key: EventKey | None = None
    segments: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """A delivery that may have arrived: what was sent, and `since`, the epoch seconds of the first attempt."""

    delivery: DeliveryId
    binding: Binding
    text: str
    has_file: bool
    since: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A counterpart to be made. `title` is its name for people; `binding.key` names what is gone or closed, None at first;
    `closed` says that it may be opened again as it was."""

    binding: Binding
    title: str
    author: str
    closed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The counterpart exists under `key`; the adapter gets `meta` back with each delivery."""

    key: BindingKey
    meta: str = ""
