"""Programmable Messaging's webhooks -> events: a customer's message, and what became of one of ours. Pure.

Sources: https://www.twilio.com/docs/messaging/guides/webhook-request (inbound), and
https://www.twilio.com/docs/messaging/guides/track-outbound-message-status (status callbacks).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from adapters.twilio import addresses
from adapters.twilio.errors import WORDS, receipt_words
from adapters.twilio.forms import clean, decoded, number
from adapters.twilio.inbound import Fields, kind_of_file, media_type, unknown
from bridge.channel import Events, Ignored, Received, Reply
from bridge.core.content import Attachment, Author, Content, Role
from bridge.core.events import BindingSeen, MessageReceived, ReceiptReceived
from bridge.core.ids import DeliveryId, EndpointKey, EventKey, RemoteId
from bridge.core.receipts import ReceiptState

ROAD = "messages"
NO_ANSWER = Reply(content_type="text/xml", body=b'<?xml version="1.0" encoding="UTF-8"?><Response/>')
"""To a message Twilio wants TwiML: with this it says nothing to the customer of its own accord."""
MOST_FILES = 20
"""Twice of what a message may hold."""
_MEDIA = re.compile(
    r"/2010-04-01/Accounts/(AC[0-9a-f]{32})/Messages/([SM]M[0-9a-f]{32})/Media/(ME[0-9a-f]{32})\Z", re.IGNORECASE
)
URL = "url/"
"""Before a ref that is a URL."""
_SERVICE = re.compile(r"MG[0-9a-f]{32}", re.IGNORECASE)
_ON_ITS_WAY = ("accepted", "queued", "sending")
RECEIPTS = {
    **dict.fromkeys(_ON_ITS_WAY, ReceiptState.SENT),
    "sent": ReceiptState.SENT,
    "partially_delivered": ReceiptState.SENT,
    "delivered": ReceiptState.DELIVERED,
    "read": ReceiptState.READ,
    "failed": ReceiptState.FAILED,
    "undelivered": ReceiptState.FAILED,
    "canceled": ReceiptState.FAILED,
}


def received(fields: Fields, at: float, at_twilio: Callable[[str], bool] = lambda url: False) -> Received:
    """What ``…/messages`` is told; `at` is when it came, for a message carries no time."""
    if fields.get("MessageStatus"):
        return status(fields, "", at)
    sid, ours = fields.get("MessageSid") or fields.get("SmsSid", ""), fields.get("To", "")
    theirs = fields.get("From") or fields.get("ExternalUserId", "")
    if not (sid and ours and theirs) or "|" in ours:
        return Events(events=(unknown("a message without its addresses", _raw(fields), at),), reply=NO_ANSWER)
    binding = addresses.pair(ours, theirs)
    message = MessageReceived(
        key=EventKey(sid),
        binding=binding,
        at=at,
        remote=RemoteId(sid),
        author=Author(id=theirs, role=Role.CUSTOMER),
        content=content(fields, at_twilio),
        reply_to=RemoteId(fields["OriginalRepliedMessageSid"]) if fields.get("OriginalRepliedMessageSid") else None,
        road=ROAD,
    )
    return Events(events=(seen(ours, theirs, fields, at), message), reply=NO_ANSWER)


def seen(ours: str, theirs: str, fields: Fields, at: float) -> BindingSeen:
    """The pair, as each of its messages tells it: the same until something about it changes."""
    name, told = fields.get("ProfileName", ""), fields.get("MessagingServiceSid", "")
    service = told if _SERVICE.fullmatch(told) else ""
    binding = addresses.pair(ours, theirs)
    version = hashlib.sha256(f"{name}|{service}".encode("utf-8", "replace")).hexdigest()[:16]
    return BindingSeen(
        key=EventKey(f"pair:{binding}:{version}"),
        binding=binding,
        at=at,
        endpoint=EndpointKey(ours),
        address=theirs,
        person=addresses.person(theirs),
        label=addresses.label(theirs),
        network=addresses.network(theirs),
        name=name,
        meta=service,
    )


def status(fields: Fields, delivery: str, at: float) -> Received:
    """What ``…/messages/status`` is told; `delivery` is ours, from the callback's URL.

    `queued` is news only where the delivery is named: then it is Twilio's word that it has the message, and settles a request
    whose answer was lost, seconds before `sent`. Otherwise the request's own answer has said as much.
    """
    sid = fields.get("MessageSid") or fields.get("SmsSid", "")
    told = (fields.get("MessageStatus") or fields.get("SmsStatus", "")).lower()
    state = RECEIPTS.get(told)
    if not sid or not told or (state is None and told not in ("scheduled", "receiving", "received")):
        return Events(events=(unknown(f"message status {told[:64]!r}", _raw(fields), at),))
    if state is None or (told in _ON_ITS_WAY and not delivery):
        return Ignored(reason=f"message {told}")
    failed = state is ReceiptState.FAILED
    code = fields.get("ErrorCode", "") if failed and fields.get("ErrorCode") != "0" else ""
    return Events(
        events=(
            ReceiptReceived(
                key=EventKey(f"receipt:{sid}:{told}"),
                binding=addresses.pair(fields.get("From", ""), fields.get("To", "")),
                at=at,
                remote=RemoteId(sid),
                state=state,
                code=code,
                words=_why(told, code, fields) if failed else "",
                delivery=DeliveryId(delivery) if delivery else None,
            ),
        )
    )


def _why(told: str, code: str, fields: Fields) -> str:
    """Ours where the code is known, else the network's own."""
    if told == "canceled":
        return "the message was canceled at Twilio"
    theirs = fields.get("ChannelStatusMessage") or fields.get("ErrorMessage", "")
    return (
        theirs[:300] if theirs and code not in WORDS else receipt_words(code, addresses.network(fields.get("To", "")))
    )


def _raw(fields: Fields) -> str:
    return "&".join(f"{k}={v}" for k, v in sorted(fields.items()))


# ---- what a message holds


def content(fields: Fields, at_twilio: Callable[[str], bool] = lambda url: False) -> Content:
    """Text, files, and a sentence for each thing that is neither."""
    text = fields.get("Body") or fields.get("ButtonText", "")
    files = [_file(fields, i, at_twilio) for i in range(min(number(fields.get("NumMedia", "")) or 0, MOST_FILES))]
    sentences = [f for f in files if isinstance(f, str)]
    sentences += [s for s in (_place(fields), _form(fields, bool(text)), _advertisement(fields)) if s]
    attachments = tuple(f for f in files if isinstance(f, Attachment))
    kind = fields.get("MessageType", "")
    if kind not in ("", "text") and not (text.strip() or attachments or sentences):
        sentences = [f"sent something that can’t be shown here ({kind[:64]})"]
    return Content(text=text, attachments=attachments, sentences=tuple(sentences))


def _file(fields: Fields, i: int, at_twilio: Callable[[str], bool]) -> Attachment | str:
    """By the SIDs in its URL, or by the URL where that lies on a host of the API itself: no other host is ever asked."""
    content_type = media_type(fields.get(f"MediaContentType{i}", ""))
    try:
        found = _MEDIA.search(urlsplit(fields.get(f"MediaUrl{i}", "")).path)
    except ValueError:
        found = None
    kind, url = kind_of_file(content_type), clean(fields.get(f"MediaUrl{i}", ""))
    if found is None and len(url) <= 2048 and at_twilio(url):
        return Attachment(ref=URL + url, content_type=content_type, kind=kind)
    if found is None:
        return f"sent a file ({content_type}) that doesn’t lie at Twilio"
    return Attachment(ref="/".join(("messages", *found.groups())), content_type=content_type, kind=kind)


def media_path(ref: str) -> str | None:
    """Where the API has the file of a `ref`; None where it came by another road."""
    road, _, sids = ref.partition("/")
    if road != "messages" or sids.count("/") != 2:
        return None
    account, message, media = sids.split("/")
    return f"/2010-04-01/Accounts/{account}/Messages/{message}/Media/{media}"


def _place(fields: Fields) -> str:
    latitude, longitude = fields.get("Latitude", ""), fields.get("Longitude", "")
    if not (latitude and longitude):
        return ""
    named = ", ".join(v for v in (fields.get("Label", ""), fields.get("Address", "")) if v)
    where = f"https://maps.google.com/?q={latitude},{longitude}"
    return f"sent a location: {named} {where}" if named else f"sent a location: {where}"


def _form(fields: Fields, has_text: bool) -> str:
    """A filled-in form, or a choice that no text tells."""
    if answers := _flat(decoded(fields.get("FlowData", "") or "null")):
        return f"filled in a form: {answers}"
    chosen = "" if has_text else _flat(decoded(fields.get("InteractiveData", "") or "null"))
    return f"chose: {chosen}" if chosen else ""


def _flat(value: Any) -> str:
    """
    >>> _flat({"size": "L", "extras": ["a", {"b": 1}]})
    'size: L; extras: a, b: 1'
    """
    return clean(_flattened(value, 4))[:500]


def _flattened(value: Any, depth: int) -> str:
    if not depth or value is None:
        return ""
    if isinstance(value, Mapping):
        return "; ".join(f"{k}: {v}" for k, one in value.items() if (v := _flattened(one, depth - 1)))
    if isinstance(value, list):
        return ", ".join(v for one in value if (v := _flattened(one, depth - 1)))
    return str(value)


def _advertisement(fields: Fields) -> str:
    """Where the customer clicked to write to us."""
    headline, url = fields.get("ReferralHeadline", ""), fields.get("ReferralSourceUrl", "")
    what = " ".join(v for v in (headline, url) if v)
    return f"came by an advertisement: {what}" if what else ""
