"""The parameters of every Conversations webhook, field by field (docs: conversations-webhooks; order: captures).

A field that the documentation marks as optional is left out where it has no value. Every other one is sent, empty where
it has none, and signed like the rest.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from .records import Conversation, Message, Participant, Receipt, channel_of, iso, iso_ms

Fields = list[tuple[str, str]]

POST_EVENTS = [
    "onConversationAdded",
    "onConversationUpdated",
    "onConversationRemoved",
    "onConversationStateUpdated",
    "onMessageAdded",
    "onMessageUpdated",
    "onMessageRemoved",
    "onParticipantAdded",
    "onParticipantUpdated",
    "onParticipantRemoved",
    "onDeliveryUpdated",
]
PRE_EVENTS = [
    "onConversationAdd",
    "onConversationUpdate",
    "onConversationRemove",
    "onMessageAdd",
    "onMessageUpdate",
    "onMessageRemove",
    "onParticipantAdd",
    "onParticipantUpdate",
    "onParticipantRemove",
]
USER_EVENTS = ["onUserAdded", "onUserUpdate", "onUserUpdated"]
RETRY_COUNT = "RetryCount"


@dataclass
class Event:
    """One event on its way out. `settled` hears whether every receiver took it, with words where one did not.

    A Programmable Messaging event takes connection overrides (`programmable`); `answered` hears what it was answered.
    """

    name: str
    conversation_sid: str
    service_sid: str
    fields: Fields
    text: str = ""
    settled: Callable[[bool, str], None] | None = None
    programmable: bool = False
    answered: Callable[[str], None] | None = None


def conversation_event(
    name: str,
    account: str,
    source: str,
    one: Conversation,
    *,
    removed: float | None = None,
    binding: Participant | None = None,
) -> Event:
    """onConversationAdded, -Updated, -Removed. An autocreated one tells the number pair that made it (`binding`)."""
    own: Fields = [
        ("ConversationSid", one.sid),
        ("DateCreated", iso_ms(one.created)),
        ("DateUpdated", iso_ms(one.updated)),
    ]
    if removed is not None:
        own.append(("DateRemoved", iso_ms(removed)))
    own += optional(("FriendlyName", one.friendly_name))
    own += (
        optional(("UniqueName", one.unique_name))
        if name == "onConversationAdded"
        else [("UniqueName", one.unique_name or "")]
    )
    own += [
        ("Attributes", one.attributes),
        ("ChatServiceSid", one.parent),
        ("MessagingServiceSid", one.messaging_service_sid or ""),
    ]
    if binding is not None:
        own += optional(("MessagingBinding.ProxyAddress", binding.proxy), ("MessagingBinding.Address", binding.address))
        own += optional(("MessagingBinding.AuthorAddress", binding.address))
    own.append(("State", one.state))
    return Event(name, one.sid, one.parent, common(name, account, source) + own)


def state_event(account: str, source: str, one: Conversation, before: str, reason: str) -> Event:
    """onConversationStateUpdated; `reason` is API, TIMER or EVENT."""
    name = "onConversationStateUpdated"
    own: Fields = [
        ("ChatServiceSid", one.parent),
        ("StateUpdated", iso(one.updated)),
        ("StateFrom", before),
        ("StateTo", one.state),
        ("ConversationSid", one.sid),
        ("Reason", reason),
        ("MessagingServiceSid", one.messaging_service_sid or ""),
    ]
    return Event(name, one.sid, one.parent, common(name, account, source) + own)


def participant_event(
    name: str, account: str, source: str, thread: Conversation, one: Participant, *, removed: float | None = None
) -> Event:
    """onParticipantAdded, -Updated, -Removed."""
    own: Fields = [("ConversationSid", thread.sid), ("ParticipantSid", one.sid), ("DateCreated", iso_ms(one.created))]
    if name != "onParticipantAdded":
        own.append(("DateUpdated", iso_ms(one.updated)))
    if removed is not None:
        own.append(("DateRemoved", iso_ms(removed)))
    own += optional(("Identity", one.identity))
    own += [("RoleSid", one.role_sid or ""), ("Attributes", one.attributes)]
    own += optional(("MessagingBinding.ProxyAddress", one.proxy), ("MessagingBinding.Address", one.address))
    own += optional(("MessagingBinding.ProjectedAddress", one.projected))
    own.append(("MessagingBinding.Type", channel_of(one.address).upper() if one.address else "CHAT"))
    if name == "onParticipantUpdated":
        own.append(("LastReadMessageIndex", "" if one.last_read_index is None else str(one.last_read_index)))
    return Event(name, thread.sid, thread.parent, common(name, account, source) + own)


def message_event(
    name: str, account: str, source: str, thread: Conversation, one: Message, *, removed: float | None = None
) -> Event:
    """onMessageAdded, -Updated, -Removed, in the order of the one full capture; what newer handlers get comes last."""
    fields: Fields = [("EventType", name), ("Attributes", one.attributes), ("DateCreated", iso_ms(one.created))]
    if name != "onMessageAdded":
        fields.append(("DateUpdated", iso_ms(one.updated)))
    if removed is not None:
        fields.append(("DateRemoved", iso_ms(removed)))
    fields += [
        ("Index", str(one.index)),
        ("MessageSid", one.sid),
        ("AccountSid", account),
        ("Source", source),
        ("ClientIdentity", ""),
        (RETRY_COUNT, "0"),
        ("Author", one.author),
    ]
    fields += optional(("ParticipantSid", one.participant_sid))
    fields += [("Body", one.body or ""), ("ConversationSid", thread.sid)]
    fields += [("MessagingServiceSid", thread.messaging_service_sid or ""), ("ChatServiceSid", thread.parent)]
    if one.media:
        fields.append(("Media", media_text(one)))
    return Event(name, thread.sid, thread.parent, fields, text=one.body or "")


def delivery_event(account: str, source: str, thread: Conversation, one: Receipt) -> Event:
    """onDeliveryUpdated."""
    name = "onDeliveryUpdated"
    own: Fields = [
        ("ConversationSid", thread.sid),
        ("ChatServiceSid", thread.parent),
        ("MessageSid", one.parent),
        ("DeliveryReceiptSid", one.sid),
        ("ChannelMessageSid", one.channel_message_sid),
        ("ParticipantSid", one.participant_sid),
        ("Status", one.status or ""),
        ("ErrorCode", str(one.error_code) if one.error_code else ""),
        ("DateCreated", iso_ms(one.created)),
        ("DateUpdated", iso_ms(one.updated)),
    ]
    return Event(name, thread.sid, thread.parent, common(name, account, source) + own)


def common(name: str, account: str, source: str) -> Fields:
    """What every event carries. ClientIdentity names an SDK client, never one of ours; RetryCount is undocumented."""
    return [
        ("EventType", name),
        ("AccountSid", account),
        ("Source", source),
        ("ClientIdentity", ""),
        (RETRY_COUNT, "0"),
    ]


def optional(*pairs: tuple[str, str | None]) -> Fields:
    """Those that have a value."""
    return [(name, value) for name, value in pairs if value]


def media_text(message: Message) -> str:
    """The Media parameter: a JSON text with keys unlike those of REST."""
    return json.dumps(
        [
            {"Sid": one["sid"], "Filename": one["filename"], "ContentType": one["content_type"], "Size": one["size"]}
            for one in message.media
        ]
    )
