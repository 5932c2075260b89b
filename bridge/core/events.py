"""What may happen on a channel: a closed union of frozen records, made by adapters, decided by the relay.

Each has `key`: delivered again with the same key, an event is the same event and changes nothing. `binding` is the network's
name of the conversation that it belongs to; `at` is epoch seconds (UTC) by the network's clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bridge.core.content import Author, Content
from bridge.core.ids import BindingKey, ChannelName, ConversationId, DeliveryId, EndpointKey, EventKey, RemoteId
from bridge.core.receipts import ReceiptState

BindingState = Literal["open", "closed", "gone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """A conversation by our own id, as one endpoint of the channel sees it: for channels that speak with our ids."""

    endpoint: EndpointKey
    conversation: ConversationId


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """An agents' endpoint writes first: to the customer's address `to`, from our address `sender`, which is one of the bridge's.
    The relay fills in `addressee`, whom the customer's own `channel` knows by that address."""

    endpoint: EndpointKey
    to: str
    sender: EndpointKey
    channel: ChannelName | None = None
    addressee: BindingSeen | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRef:
    """A message by our own id."""

    conversation: ConversationId
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReceived:
    """Somebody wrote. `index` is the message's place in its binding where the network numbers them, else None.

    `delivery` names the delivery of ours that this message carries, where the network gives back what we sent. `to` stands in
    place of `binding` where the network speaks with our ids; `quotes` in place of `reply_to`. A network that has no name for a
    message leaves `remote` empty: then it is ours. `digest` is kept with the key, so that a repeat with another content is seen.
    `road` names the way, where a network has several: the same text by another road within a minute is the same message.
    """

    key: EventKey
    binding: BindingKey
    at: float
    remote: RemoteId
    author: Author
    content: Content
    index: int | None = None
    reply_to: RemoteId | None = None
    quotes: MessageRef | None = None
    delivery: DeliveryId | None = None
    to: Within | First | None = None
    digest: str = ""
    road: str = ""
    kind: Literal["message"] = "message"


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexTaken:
    """A place in the binding's order is taken by what we sent: nothing to relay, and no gap."""

    key: EventKey
    binding: BindingKey
    at: float
    index: int
    kind: Literal["index"] = "index"


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingSeen:
    """A conversation exists at the network, between a customer's address and an endpoint of ours.

    `person` is what makes two addresses the same customer (the bare number for SMS, WhatsApp and RCS); `label` is the address
    as people read it; `network` the word for people ("SMS"). `others` counts further people in the thread: such a conversation
    is recorded and not relayed. `meta` is the adapter's own memory of the binding, given back to it with each delivery. `renamed`
    says that the customer of this binding has another address now, and nobody was added.
    """

    key: EventKey
    binding: BindingKey
    at: float
    endpoint: EndpointKey
    address: str
    person: str
    label: str
    network: str
    name: str = ""
    others: int = 0
    state: BindingState = "open"
    meta: str = ""
    renamed: bool = False
    kind: Literal["binding"] = "binding"


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingChanged:
    """The network closed, removed or reopened a conversation. What a person did to a topic by hand changes nothing."""

    key: EventKey
    binding: BindingKey
    at: float
    state: BindingState
    kind: Literal["state"] = "state"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEdited:
    """The text of `remote` is `text` now; an edit that leaves the text as it was changes nothing. `message` stands in place of
    `remote` where the network speaks with our ids; then only `author` may change what it wrote, at the same `endpoint`."""

    key: EventKey
    binding: BindingKey
    at: float
    remote: RemoteId
    text: str
    message: MessageRef | None = None
    author: str = ""
    endpoint: EndpointKey | None = None
    digest: str = ""
    kind: Literal["edited"] = "edited"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDeleted:
    """As `MessageEdited`, and nothing is left of it."""

    key: EventKey
    binding: BindingKey
    at: float
    remote: RemoteId
    message: MessageRef | None = None
    author: str = ""
    endpoint: EndpointKey | None = None
    digest: str = ""
    kind: Literal["deleted"] = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptReceived:
    """What became of `remote`, a message that we sent. `code` is the network's, `words` for a person; empty where all is well.
    `delivery` names it where the network gives that back: it settles a send that died without an answer."""

    key: EventKey
    binding: BindingKey
    at: float
    remote: RemoteId
    state: ReceiptState
    code: str = ""
    words: str = ""
    delivery: DeliveryId | None = None
    kind: Literal["receipt"] = "receipt"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorTold:
    """Somebody wrote what can't be relayed, or may not speak here: `words` are told once per key, as a reply to it."""

    key: EventKey
    binding: BindingKey
    at: float
    remote: RemoteId
    words: str
    kind: Literal["told"] = "told"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotUnderstood:
    """Authentic, and nothing that this version knows: kept as it came and said once in the log."""

    key: EventKey
    at: float
    what: str
    raw: str
    kind: Literal["unknown"] = "unknown"


Event = (
    MessageReceived
    | IndexTaken
    | BindingSeen
    | BindingChanged
    | MessageEdited
    | MessageDeleted
    | ReceiptReceived
    | AuthorTold
    | NotUnderstood
)
