"""The two webhooks of Programmable Messaging, field by field.

Sources: docs: messaging/guides/webhook-request (inbound), track-outbound-message-status (status callbacks); ExternalUserId
and MessageType by a capture.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

from .events import Event, Fields, optional
from .records import Json, Text, channel_of

API_VERSION = "2010-04-01"
KINDS_OF_MEDIA = {"image": "image", "audio": "audio", "video": "video"}
INSTALLATION = "XE" + "5a" * 16
"""The sender's installation on its channel, a constant here."""


def inbound_event(account: str, text: Text, media_root: str, name: str, person: str, extra: Json) -> Event:
    """A customer's message. `name` is the profile name on WhatsApp, `person` what stays the same when the address changes.

    `extra` holds what only some messages have: location, reply_to, button, opt_out, forwarded, fields.
    """
    fields: Fields = [(key, text.sid) for key in ("MessageSid", "SmsSid", "SmsMessageSid")]
    fields += [("AccountSid", account), *optional(("MessagingServiceSid", text.service))]
    fields += [("From", text.sender or ""), ("To", text.to), ("Body", text.body)]
    fields += [("NumMedia", str(len(text.media))), ("NumSegments", str(text.segments))]
    fields += [("ApiVersion", API_VERSION), ("SmsStatus", "received")]
    for n, one in enumerate(text.media):
        url = f"{media_root}/{text.sid}/Media/{one['sid']}"
        fields += [(f"MediaUrl{n}", url), (f"MediaContentType{n}", one["content_type"])]
    if channel_of(text.to) == "whatsapp":
        fields += _whatsapp(text, name, person, extra)
    place = extra.get("location") or {}
    names = ("Latitude", "Longitude", "Address", "Label")
    fields += [(name, str(place[name.lower()])) for name in names if place.get(name.lower()) not in (None, "")]
    fields += optional(("OptOutType", extra.get("opt_out")))
    fields += [(str(key), str(value)) for key, value in dict(extra.get("fields") or {}).items()]
    return Event("inbound message", text.pair, "", fields, text=text.body, programmable=True)


def _whatsapp(text: Text, name: str, person: str, extra: Json) -> Fields:
    """What only WhatsApp tells. Whether a user without a number has a WaId is not known: none is sent."""
    sender = (text.sender or "").partition(":")[2]
    fields: Fields = [*optional(("ProfileName", name))]
    if sender.startswith("+"):
        fields.append(("WaId", sender[1:]))
    fields += [("MessageType", message_type(text, extra)), ("ExternalUserId", external_id(person))]
    reply = extra.get("reply_to") or {}
    fields += optional(("OriginalRepliedMessageSender", reply.get("sender")))
    fields += optional(("OriginalRepliedMessageSid", reply.get("sid")))
    if extra.get("forwarded"):
        fields.append(("Forwarded", "true"))
    button = extra.get("button") or {}
    fields += optional(("ButtonText", button.get("text")), ("ButtonPayload", button.get("payload")))
    fields += optional(("ButtonType", str(button.get("type") or "REPLY") if button else None))
    fields.append(("ChannelMetadata", json.dumps({"type": "whatsapp", "data": {"context": {"ProfileName": name}}})))
    fields.append(("ReferralNumMedia", "0"))
    return fields


def message_type(text: Text, extra: Json) -> str:
    """WhatsApp's word for what a message is."""
    if extra.get("button"):
        return "button"
    if extra.get("location"):
        return "location"
    if text.media:
        return KINDS_OF_MEDIA.get(text.media[0]["content_type"].partition("/")[0], "document")
    return "text"


def external_id(person: str) -> str:
    """The user's own id on WhatsApp: of one person always the same, whatever the address."""
    return f"whatsapp:ID.{int(hashlib.sha256(person.encode()).hexdigest()[:13], 16):016d}"


def status_event(account: str, text: Text, message: str) -> Event:
    """What became of a message of ours; `message` explains its error code. The body is not told."""
    words = [("ErrorCode", str(text.error_code)), ("ErrorMessage", message)] if text.error_code else []
    fields: Fields = [("AccountSid", account), ("From", text.sender or ""), ("To", text.to)]
    fields += [("MessageSid", text.sid), ("SmsSid", text.sid), ("MessageStatus", text.status)]
    fields += [
        ("SmsStatus", text.status),
        ("ApiVersion", API_VERSION),
        *optional(("MessagingServiceSid", text.service)),
    ]
    fields += words
    channel = channel_of(text.to)
    if channel == "sms" and text.status in ("delivered", "undelivered"):
        fields.append(("RawDlrDoneDate", datetime.fromtimestamp(text.updated, UTC).strftime("%y%m%d%H%M")))
    if channel != "sms":
        fields += [("ChannelInstallSid", INSTALLATION), ("ChannelPrefix", channel)]
        fields += optional(("ChannelStatusMessage", message if text.error_code else ""))
        if text.status in ("delivered", "read"):
            fields.append(("EventType", text.status.upper()))
    return Event(f"status {text.status}", text.pair, "", fields, programmable=True)
