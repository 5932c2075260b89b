"""One type per identifier. All are opaque outside the room that makes them."""

from __future__ import annotations

from typing import NewType

ChannelName = NewType("ChannelName", str)
"""The NAME of a ``[channels.NAME]`` table."""
BridgeName = NewType("BridgeName", str)
"""The NAME of a ``[bridges.NAME]`` table."""
ContactId = NewType("ContactId", str)
ConversationId = NewType("ConversationId", str)
BindingId = NewType("BindingId", str)
"""``CONVERSATION.k``: bindings are numbered within their conversation."""
DeliveryId = NewType("DeliveryId", str)
"""``CONVERSATION-n``: deliveries are numbered within their conversation, so no id needs a global sequence."""

BindingKey = NewType("BindingKey", str)
"""The network's own name of a conversation: a ConversationSid, ``chat:topic``. Made and read by its adapter alone."""
RemoteId = NewType("RemoteId", str)
"""The network's own name of a message; unique within its channel."""
EventKey = NewType("EventKey", str)
"""What makes an event the same event when the network delivers it again; unique within its channel."""
EndpointKey = NewType("EndpointKey", str)
"""What tells one configured endpoint of a channel from another: an address of ours, a chat, a room."""


def delivery_id(conversation: ConversationId, n: int) -> DeliveryId:
    """
    >>> delivery_id(ConversationId("c1"), 7)
    'c1-7'
    """
    return DeliveryId(f"{conversation}-{n}")


def parse_delivery_id(id: DeliveryId | str) -> tuple[ConversationId, int] | None:
    """The conversation and number of a delivery id, or None where it is none of ours: it comes back from the network.

    >>> parse_delivery_id("c1-7")
    ('c1', 7)
    >>> parse_delivery_id("anything")
    """
    conversation, dash, n = id.rpartition("-")
    if not dash or not conversation or not (n.isascii() and n.isdigit()) or len(n) > 15:
        return None
    return ConversationId(conversation), int(n)


def message_id(conversation: ConversationId, seq: int) -> str:
    """The public id of a message; (conversation, seq) is what the store keeps."""
    return f"{conversation}.{seq}"


def parse_message_id(id: str) -> tuple[ConversationId, int] | None:
    """The conversation and seq of a message's public id, or None where it is none of ours: it comes from outside.

    >>> parse_message_id("c1.7"), parse_message_id("c1.7.0")
    (('c1', 7), None)
    """
    conversation, dot, seq = id.rpartition(".")
    if not dot or not conversation or "." in conversation or not (seq.isascii() and seq.isdigit()) or len(seq) > 15:
        return None
    return ConversationId(conversation), int(seq)


def attachment_id(conversation: ConversationId, seq: int, position: int) -> str:
    """The public id of a message's file; the last part of ``/media/{id}``.

    >>> attachment_id(ConversationId("c1"), 7, 0)
    'c1.7.0'
    """
    return f"{message_id(conversation, seq)}.{position}"


def parse_attachment_id(id: str) -> tuple[ConversationId, int, int] | None:
    """
    >>> parse_attachment_id("c1.7.0"), parse_attachment_id("c1.7")
    (('c1', 7, 0), None)
    """
    message, _, position = id.rpartition(".")
    parsed = parse_message_id(message)
    if parsed is None or not (position.isascii() and position.isdigit()) or len(position) > 4:
        return None
    return (*parsed, int(position))
