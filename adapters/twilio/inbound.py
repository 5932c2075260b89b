"""Conversations webhooks and REST records -> events. Pure.

Source: https://www.twilio.com/docs/conversations-classic/conversations-webhooks (events and their parameters).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from adapters.twilio import addresses
from adapters.twilio.errors import receipt_words
from adapters.twilio.forms import clean, decoded, instant, number
from bridge.channel import Events, Ignored, Received
from bridge.core.content import Attachment, Author, Content, Role, kind_of
from bridge.core.events import (
    BindingChanged,
    BindingSeen,
    Event,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    NotUnderstood,
    ReceiptReceived,
)
from bridge.core.ids import BindingKey, DeliveryId, EndpointKey, EventKey, RemoteId
from bridge.core.receipts import ReceiptState

Fields = Mapping[str, str]
ROAD = "conversations"
"""The way by which these messages come; a number's own webhook is another one."""
RECEIPTS = {
    "sent": ReceiptState.SENT,
    "delivered": ReceiptState.DELIVERED,
    "read": ReceiptState.READ,
    "failed": ReceiptState.FAILED,
    "undelivered": ReceiptState.FAILED,
}
_SOURCES = {"MESSENGER": "Messenger", "RCS": "RCS"}
"""Of a receipt, where one code has several meanings."""
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+")
"""A media type; whatever else stands there would become a header of ours."""
IGNORED = frozenset(
    "onConversationAdd onConversationUpdate onConversationRemove onMessageAdd onMessageUpdate onMessageRemove "
    "onParticipantAdd onParticipantUpdate onParticipantRemove onUserUpdate onUserAdded onUserUpdated "
    "onConversationUpdated onParticipantRemoved".split()
)
"""Known and not ours: pre-events (an empty 200 publishes unchanged), and post-events that change nothing for us."""


def received(fields: Fields, at: float) -> Received:
    """What a verified webhook says; `at` is when it came, for what carries no time."""
    name = fields.get("EventType", "")
    if name in IGNORED or (name == "onParticipantUpdated" and not fields.get("MessagingBinding.Address")):
        return Ignored(reason=name)
    translate = _TRANSLATE.get(name)
    event = translate(fields, at) if translate else None
    raw = "&".join(f"{k}={v}" for k, v in sorted(fields.items()) if k != "RetryCount")
    return Events(events=(event or unknown(f"EventType {name[:64]!r}", raw, at),))


def unknown(what: str, raw: str, at: float) -> NotUnderstood:
    """Authentic, and kept as it came."""
    key = EventKey(f"unknown:{hashlib.sha256(raw.encode('utf-8', 'replace')).hexdigest()}")
    return NotUnderstood(key=key, at=at, what=what, raw=raw)


# ---- one function per event; None where a field that makes it the event is missing


def _binding(fields: Fields, at: float) -> Event | None:
    sid, their = fields.get("ConversationSid", ""), fields.get("MessagingBinding.Address", "")
    if not sid:
        return None
    people = _addresses(their)
    ours = fields.get("MessagingBinding.ProxyAddress") or fields.get("MessagingBinding.ProjectedAddress", "")
    if not people:
        return _nobody(sid, fields, at)
    subject = fields.get("ParticipantSid") or sid
    at = instant(fields.get("DateCreated", ""), at)
    event = seen(
        f"{fields['EventType']}:{subject}", sid, people, ours, at, name=fields.get("MessagingBinding.Name", "")
    )
    return replace(event, meta=fields.get("ChatServiceSid", ""))


def _renamed(fields: Fields, at: float) -> Event | None:
    """A participant changed, perhaps in its address: since July 2026 a WhatsApp user may trade the number for a username."""
    their, when = fields["MessagingBinding.Address"], fields.get("DateUpdated", "")
    event = _binding(fields, at)
    if not isinstance(event, BindingSeen) or not fields.get("ParticipantSid") or event.others:
        return event
    key = EventKey(f"renamed:{fields['ParticipantSid']}:{when}:{their}")
    return replace(event, key=key, at=instant(when, at), renamed=True)


def _addresses(text: str) -> list[str]:
    """One address, or the JSON list of a group's."""
    listed = decoded(text) if text.startswith("[") else None
    if isinstance(listed, list):
        return [clean(a) for a in listed if isinstance(a, str)]
    return [text] if text else []


def _nobody(sid: str, fields: Fields, at: float) -> Event:
    """A conversation without a phone in it yet, or a chat participant: nothing to know, but no mystery either."""
    subject = fields.get("ParticipantSid") or sid
    return BindingChanged(
        key=EventKey(f"{fields['EventType']}:{subject}"), binding=BindingKey(sid), at=at, state="open"
    )


def seen(
    key: str, sid: str, people: list[str], ours: str, at: float, *, name: str = "", state: str = "open"
) -> BindingSeen:
    """A conversation between a customer's address and one of ours."""
    first = people[0] if people else ""
    return BindingSeen(
        key=EventKey(key),
        binding=BindingKey(sid),
        at=at,
        endpoint=EndpointKey(ours),
        address=first,
        person=addresses.person(first),
        label=addresses.label(first),
        network=addresses.network(first),
        name=name,
        others=max(0, len(people) - 1),
        state="closed" if state == "closed" else "open",
    )


def _message(fields: Fields, at: float) -> Event | None:
    sid, im = fields.get("ConversationSid", ""), fields.get("MessageSid", "")
    if not sid or not im:
        return None
    files = decoded(fields.get("Media", "")) if fields.get("Media") else None
    service = fields.get("ChatServiceSid", "")
    return MessageReceived(
        key=EventKey(im),
        binding=BindingKey(sid),
        at=instant(fields.get("DateCreated", ""), at),
        remote=RemoteId(im),
        author=author(fields.get("Author", "")),
        content=content(fields.get("Body", ""), [_snake(f) for f in _dicts(files)], service, sid),
        index=number(fields.get("Index", "")),
        delivery=our_delivery(fields.get("Attributes", "")),
        road=ROAD,
    )


def _edited(fields: Fields, at: float) -> Event | None:
    sid, im = fields.get("ConversationSid", ""), fields.get("MessageSid", "")
    if not sid or not im:
        return None
    text, updated = fields.get("Body", ""), fields.get("DateUpdated", "")
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]
    key = EventKey(f"edited:{im}:{updated}:{digest}")
    return MessageEdited(key=key, binding=BindingKey(sid), at=instant(updated, at), remote=RemoteId(im), text=text)


def _removed(fields: Fields, at: float) -> Event | None:
    sid, im = fields.get("ConversationSid", ""), fields.get("MessageSid", "")
    if not sid or not im:
        return None
    removed = instant(fields.get("DateRemoved", ""), at)
    return MessageDeleted(key=EventKey(f"removed:{im}"), binding=BindingKey(sid), at=removed, remote=RemoteId(im))


def _receipt(fields: Fields, at: float) -> Event | None:
    sid, im, status = fields.get("ConversationSid", ""), fields.get("MessageSid", ""), fields.get("Status", "")
    state = RECEIPTS.get(status.lower())
    if not sid or not im or state is None:
        return None
    code = fields.get("ErrorCode", "")
    failed = state is ReceiptState.FAILED
    return ReceiptReceived(
        key=EventKey(f"receipt:{fields.get('DeliveryReceiptSid') or im}:{status.lower()}"),
        binding=BindingKey(sid),
        at=instant(fields.get("DateUpdated", ""), at),
        remote=RemoteId(im),
        state=state,
        code=code if failed and code != "0" else "",
        words=receipt_words(code, _SOURCES.get(fields.get("Source", "").upper(), "")) if failed else "",
    )


def _state(fields: Fields, at: float) -> Event | None:
    sid, to = fields.get("ConversationSid", ""), fields.get("StateTo", "").lower()
    if not sid or to not in ("active", "inactive", "closed", "initializing"):
        return None
    when = fields.get("StateUpdated", "")
    key = EventKey(f"state:{sid}:{to}:{when or at}")
    return BindingChanged(
        key=key, binding=BindingKey(sid), at=instant(when, at), state="closed" if to == "closed" else "open"
    )


def _gone(fields: Fields, at: float) -> Event | None:
    sid = fields.get("ConversationSid", "")
    if not sid:
        return None
    when = instant(fields.get("DateRemoved", ""), at)
    return BindingChanged(key=EventKey(f"gone:{sid}"), binding=BindingKey(sid), at=when, state="gone")


_TRANSLATE: dict[str, Callable[[Fields, float], Event | None]] = {
    "onConversationAdded": _binding,
    "onParticipantAdded": _binding,
    "onParticipantUpdated": _renamed,
    "onMessageAdded": _message,
    "onMessageUpdated": _edited,
    "onMessageRemoved": _removed,
    "onDeliveryUpdated": _receipt,
    "onConversationStateUpdated": _state,
    "onConversationRemoved": _gone,
}


# ---- the parts that webhooks and REST records share


def author(name: str) -> Author:
    """An address is a customer; anything else a program or a person at Twilio's own console."""
    name = clean(name)
    if addresses.is_address(name):
        return Author(id=name, role=Role.CUSTOMER)
    return Author(id=name or "system", role=Role.SYSTEM, name=name or "system")


def content(body: str, files: list[Mapping[str, Any]], service: str, conversation: str) -> Content:
    """`files` by the names of the REST API: sid, content_type, filename, size."""
    return Content(
        text=clean(body), attachments=tuple(_attachment(f, service, conversation) for f in files if f.get("sid"))
    )


def _attachment(file: Mapping[str, Any], service: str, conversation: str) -> Attachment:
    content_type = media_type(str(file.get("content_type") or ""))
    size = file.get("size")
    return Attachment(
        ref=f"{service}/{conversation}/{clean(str(file['sid'])).replace('/', '')}",
        content_type=content_type,
        kind=kind_of_file(content_type),
        filename=clean(str(file.get("filename") or "")),
        size=size if isinstance(size, int) and size >= 0 else None,
    )


def media_type(told: str) -> str:
    """
    >>> media_type("Audio/Ogg; codecs=opus"), media_type("a/b\\r\\nX: y")
    ('audio/ogg', 'application/octet-stream')
    """
    found = told.partition(";")[0].strip().lower()
    return found if _TYPE.fullmatch(found) else "application/octet-stream"


def kind_of_file(content_type: str) -> str:
    """What phones record is Ogg."""
    return "voice" if content_type == "audio/ogg" else kind_of(content_type)


def _dicts(value: Any) -> list[Mapping[str, Any]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def _snake(file: Mapping[str, Any]) -> dict[str, Any]:
    """Webhooks say Sid, ContentType, Filename, Size."""
    names = {"Sid": "sid", "ContentType": "content_type", "Filename": "filename", "Size": "size"}
    return {ours: file[theirs] for theirs, ours in names.items() if theirs in file}


def our_delivery(attributes: str) -> DeliveryId | None:
    """The delivery that a message of ours carries, ``{"trunkline": {"d": ID}}``."""
    found = decoded(attributes) if "trunkline" in attributes else None
    ours = found.get("trunkline") if isinstance(found, dict) else None
    id = ours.get("d") if isinstance(ours, dict) else None
    return DeliveryId(clean(id)) if isinstance(id, str) else None


def from_record(record: Mapping[str, Any], conversation: str, service: str, at: float) -> MessageReceived:
    """A message of the REST API's list, as if its webhook had come."""
    sid = clean(str(record.get("sid", "")))
    index = record.get("index")
    return MessageReceived(
        key=EventKey(sid),
        binding=BindingKey(conversation),
        at=instant(str(record.get("date_created") or ""), at),
        remote=RemoteId(sid),
        author=author(str(record.get("author") or "")),
        content=content(str(record.get("body") or ""), _dicts(record.get("media")), service, conversation),
        index=index if isinstance(index, int) else None,
        delivery=our_delivery(str(record.get("attributes") or "")),
        road=ROAD,
    )
