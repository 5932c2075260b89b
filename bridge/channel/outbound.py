"""What a channel is given to send, and what it says of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import IO

from bridge.core.content import Attachment
from bridge.core.ids import BindingKey, DeliveryId, EndpointKey, EventKey, RemoteId


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
    """An attachment fetched from the other network: `body` is open at its start, `size` in bytes."""

    attachment: Attachment
    body: IO[bytes]
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbound:
    """One part of a message: one remote call. `author` is whom the other side sees; `reply_to` names an earlier message
    by this channel's own id."""

    delivery: DeliveryId
    binding: Binding
    author: str
    text: str = ""
    file: File | None = None
    reply_to: RemoteId | None = None


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
    """The network has it. Where it numbers messages: `index`, the place that ours took in `binding`, and `key`, under which its
    event would come. `next_at` (epoch seconds): before that the endpoint shouldn't be written to again."""

    remote: RemoteId
    next_at: float = field(default=0.0, compare=False)
    binding: BindingKey | None = None
    index: int | None = None
    key: EventKey | None = None


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
