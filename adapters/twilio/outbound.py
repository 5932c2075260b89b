"""What goes to Twilio, pure: capabilities by address, and the forms of requests."""

from __future__ import annotations

import json
from urllib.parse import quote, urlsplit

from adapters.twilio import addresses
from bridge.channel import Binding, Outbound
from bridge.core.capabilities import Capabilities, MediaRule
from bridge.core.ids import BindingKey, DeliveryId
from bridge.core.segments import segments

KB = 1024
MB = 1024 * 1024
MAX_TEXT = 1600
"""Of a message to SMS and WhatsApp, and of Body by either API, so of Messenger too, which by itself would take 2,000.
Source: https://www.twilio.com/docs/conversations-classic/conversations-limits"""
SETTLE_S = 20.0
"""Twice our longest request: what Twilio hasn't done by then it won't do."""
PAIR_SETTLE_S = 30.0
"""A message by the Messages API carries nothing of ours: its first callback gets so long to name it."""
MMS = (
    MediaRule(
        types=("image/jpeg", "image/png", "audio/mpeg", "audio/amr", "video/mp4", "application/pdf"), max_bytes=5 * MB
    ),
)
"""Conversations fan these out to MMS; others, and larger ones, it drops without a word (same page)."""
PAIR_MMS = (
    MediaRule(types=("image/jpeg", "image/png", "image/gif"), max_bytes=5 * MB),
    MediaRule(
        types=("image/*", "audio/*", "video/*", "application/pdf", "text/vcard", "text/x-vcard", "text/calendar"),
        max_bytes=500 * KB,
    ),
)
"""Source: https://www.twilio.com/docs/messaging/api/message-resource (MediaUrl): other types than these images are limited."""
WHATSAPP = (
    MediaRule(
        types=(
            "image/jpeg",
            "image/png",
            "image/webp",
            "audio/*",
            "video/mp4",
            "video/3gpp",
            "application/pdf",
            "application/msword",
            "application/vnd.*",
            "text/*",
        ),
        max_bytes=16 * MB,
    ),
)
MESSENGER = (
    MediaRule(types=("image/jpeg", "image/png", "image/gif"), max_bytes=8 * MB),
    MediaRule(
        types=("audio/*", "video/*", "application/pdf", "application/msword", "application/vnd.*", "text/*"),
        max_bytes=25 * MB,
    ),
)
"""Twilio names no limits of its own. Source: https://developers.facebook.com/docs/messenger-platform/send-messages."""
_NOUNS = {"SMS": "an SMS", "RCS": "an RCS message"}


def network(binding: Binding) -> str:
    return binding.network or addresses.network(binding.address or binding.endpoint)


def capabilities(binding: Binding, in_flight: int) -> Capabilities:
    """Of the network that the customer's address is on; text and file go apart, for together Twilio drops the text."""
    name, paired = network(binding), is_pair(binding.key)
    mms = PAIR_MMS if paired else MMS
    return Capabilities(
        noun=_NOUNS.get(name, f"a {name} message"),
        max_text=MAX_TEXT,
        text_unit="utf16",
        media={"SMS": mms, "RCS": mms, "Messenger": MESSENGER}.get(name, WHATSAPP),
        receipts=True,
        send_once="lookup",
        settle_s=PAIR_SETTLE_S if paired else SETTLE_S,
        max_in_flight=in_flight,
    )


def is_pair(key: BindingKey | None) -> bool:
    """Does what is said there go by the Messages API?"""
    return addresses.pair_of(key or "") is not None


def message_form(out: Outbound, media_sid: str | None) -> dict[str, str]:
    """``POST …/Conversations/{CH}/Messages``."""
    form = {"Author": out.author, "Attributes": attributes(out.delivery)}
    if out.text:
        form["Body"] = out.text
    if media_sid:
        form["MediaSid"] = media_sid
    return form


def attributes(delivery: DeliveryId) -> str:
    """By this a message of ours is known again, whatever became of the request that made it."""
    return json.dumps({"trunkline": {"d": delivery}}, separators=(",", ":"))


def pair_form(out: Outbound, callback: str) -> dict[str, str]:
    """``POST …/Messages.json``. From stands beside the service, where there is one: the customer gets the answer from the
    address that was written to. The callback's URL names the delivery: nothing else of the message could."""
    form = {
        "To": out.binding.address,
        "From": out.binding.endpoint,
        "StatusCallback": f"{callback}?d={quote(out.delivery, safe='')}",
    }
    if out.binding.meta.startswith("MG"):
        form["MessagingServiceSid"] = out.binding.meta
    if out.file:
        form["MediaUrl"] = out.file.link
    else:
        form["Body"] = out.text
    return form


def segments_of(binding: Binding, text: str, *, has_file: bool) -> int | None:
    """What it counts as an SMS; a file is one. None on other networks."""
    if network(binding) != "SMS":
        return None
    return 1 if has_file else segments(text).count


def unfit(url: str) -> str:
    """Why Twilio won't call back at `url`, for a person; empty where it will.

    >>> unfit("https://my_host.example.com/x")
    'Twilio calls no host with an underscore in its name (my_host.example.com): give public_url another one'
    >>> unfit("https://host.example.com/my_path")
    ''
    """
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    return (
        f"Twilio calls no host with an underscore in its name ({host}): give public_url another one"
        if "_" in host
        else ""
    )
