"""Rows as the decisions see them: loaded by `bridge.store.world`, changed in place, written back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bridge.core.content import Attachment, Role, Side
from bridge.core.events import BindingSeen, BindingState, Event
from bridge.core.ids import (
    BindingId,
    BindingKey,
    BridgeName,
    ChannelName,
    ContactId,
    ConversationId,
    EndpointKey,
    RemoteId,
)
from bridge.core.receipts import ReceiptState
from bridge.core.retry import State


def full(channel: ChannelName, key: str) -> str:
    """A network's name made unique over the channels: the primary key of inbox, binding_key and remote_id.

    >>> full(ChannelName("phone"), "CH1")
    'phone:CH1'
    """
    return f"{channel}:{key}"


@dataclass(frozen=True, slots=True)
class Lane:
    """One conversation on one binding: the unit of order. `endpoint` is whose limits it shares."""

    channel: ChannelName
    binding: BindingId
    endpoint: EndpointKey


@dataclass(slots=True, kw_only=True)
class BindingRecord:
    id: BindingId
    conversation: ConversationId
    channel: ChannelName
    side: Side
    endpoint: EndpointKey
    address: str = ""
    label: str = ""
    network: str = ""
    key: BindingKey | None = None
    meta: str = ""
    roads: str = ""
    new: bool = False
    changed: bool = False

    @property
    def scoped_address(self) -> str:
        """The id of the customer's address among those of all channels."""
        return full(self.channel, self.address)

    @property
    def lane(self) -> Lane:
        return Lane(self.channel, self.id, self.endpoint)


@dataclass(slots=True, kw_only=True)
class ConversationRecord:
    id: ConversationId
    bridge: BridgeName
    contact: ContactId
    name: str = ""
    state: str = "open"
    last_seq: int = 0
    last_n: int = 0
    last_binding: int = 0
    answer: BindingId | None = None
    moved_to: ConversationId | None = None
    created_at: float = 0.0
    active_at: float = 0.0
    bindings: dict[BindingId, BindingRecord] = field(default_factory=dict)
    new: bool = False
    changed: bool = False

    def several_addresses(self) -> bool:
        return len({b.address for b in self.bindings.values() if b.side is Side.CUSTOMER}) > 1

    def next_seq(self) -> int:
        self.last_seq += 1
        self.changed = True
        return self.last_seq

    def next_n(self) -> int:
        self.last_n += 1
        self.changed = True
        return self.last_n


@dataclass(slots=True, kw_only=True)
class KeyRecord:
    """A network's name of a binding; `seen` is what it said of it, None where we made it."""

    id: str
    channel: ChannelName
    key: BindingKey
    binding: BindingId | None = None
    conversation: ConversationId | None = None
    state: BindingState = "open"
    next_index: int = 0
    held: int = 0
    seen: BindingSeen | None = None
    new: bool = False
    changed: bool = False


@dataclass(slots=True, kw_only=True)
class ContactRecord:
    id: ContactId
    name: str
    created_at: float
    addresses: set[str] = field(default_factory=set)
    new: bool = False
    changed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteRecord:
    """Where a network's message id leads; `n` is -1 where the message came from there."""

    conversation: ConversationId
    seq: int
    n: int
    binding: BindingId


@dataclass(slots=True, kw_only=True)
class MessageRecord:
    """`text` is the newest one; `changes` counts the edits and deletions so far."""

    conversation: ConversationId
    seq: int
    binding: BindingId
    remote: RemoteId
    author_id: str
    author_name: str
    role: Role
    text: str
    changes: int = 0
    deleted: bool = False


@dataclass(slots=True, kw_only=True)
class DeliveryRecord:
    conversation: ConversationId
    n: int
    binding: BindingId
    kind: str
    seq: int | None
    attachment: int | None
    text: str | None
    state: State
    receipt: ReceiptState | None
    fence: int = 0
    segments: int | None = None


@dataclass(frozen=True, slots=True)
class InboxRecord:
    """What is stored of an event; `conversation` and `seq` are of the message that it made or changed."""

    state: str
    conversation: ConversationId | None = None
    seq: int | None = None
    digest: str = ""


@dataclass(slots=True, kw_only=True)
class Recent:
    """A message that came by one of several roads a moment ago; `twin` once it came by another one too."""

    conversation: ConversationId
    seq: int
    binding: BindingId
    road: str
    fingerprint: str
    accepted_at: float
    twin: bool = False


@dataclass(slots=True, kw_only=True)
class Pending:
    """A row of the inbox that waits. `waits_on` is a full key of a binding or of a message."""

    id: str
    event: Event
    channel: ChannelName
    waits_for: str
    waits_on: str
    due: float
    tries: int = 0


@dataclass(slots=True)
class Written:
    """Rows to insert, table by table, in the order in which they were decided."""

    inbox: list[dict[str, Any]] = field(default_factory=list)
    inbox_updates: list[dict[str, Any]] = field(default_factory=list)
    addresses: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[dict[str, Any]] = field(default_factory=list)
    participants: list[dict[str, Any]] = field(default_factory=list)
    remotes: list[dict[str, Any]] = field(default_factory=list)
    deliveries: list[dict[str, Any]] = field(default_factory=list)
    settled: list[dict[str, Any]] = field(default_factory=list)
    receipts: list[dict[str, Any]] = field(default_factory=list)
    twins: list[dict[str, Any]] = field(default_factory=list)
    moved: list[dict[str, Any]] = field(default_factory=list)
    """Addresses that belong to another contact now."""


def attachment_row(
    conversation: ConversationId, seq: int, position: int, channel: ChannelName, a: Attachment
) -> dict[str, Any]:
    return {
        "conversation_id": conversation,
        "seq": seq,
        "position": position,
        "channel": channel,
        "ref": a.ref,
        "kind": a.kind,
        "content_type": a.content_type,
        "filename": a.filename,
        "size": a.size,
    }
