"""What goes to Twilio, pure: capabilities by address, and the forms of requests."""

from __future__ import annotations

import json

from adapters.twilio import addresses
from bridge.channel import Binding, Outbound
from bridge.core.capabilities import Capabilities, MediaRule
from bridge.core.ids import DeliveryId

MB = 1024 * 1024
MAX_TEXT = 1600
"""Of a message to SMS and WhatsApp. Source: https://www.twilio.com/docs/conversations-classic/conversations-limits"""
SETTLE_S = 20.0
"""Twice our longest request: what Twilio hasn't done by then it won't do."""
MMS = MediaRule(
    types=("image/jpeg", "image/png", "audio/mpeg", "audio/amr", "video/mp4", "application/pdf"), max_bytes=5 * MB
)
"""Conversations fan these out to MMS; others, and larger ones, it drops without a word (same page)."""
WHATSAPP = MediaRule(
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
)


def capabilities(binding: Binding, in_flight: int) -> Capabilities:
    """Of the network that the customer's address is on; text and file go apart, for together Twilio drops the text."""
    network = binding.network or addresses.network(binding.address or binding.endpoint)
    media = MMS if network in ("SMS", "RCS") else WHATSAPP
    return Capabilities(
        noun={"SMS": "an SMS", "RCS": "an RCS message"}.get(network, f"a {network} message"),
        max_text=MAX_TEXT,
        text_unit="utf16",
        media=(media,),
        receipts=True,
        send_once="lookup",
        settle_s=SETTLE_S,
        max_in_flight=in_flight,
    )


def message_form(out: Outbound, media_sid: str | None) -> dict[str, str]:
    form = {"Author": out.author, "Attributes": attributes(out.delivery)}
    if out.text:
        form["Body"] = out.text
    if media_sid:
        form["MediaSid"] = media_sid
    return form


def attributes(delivery: DeliveryId) -> str:
    """By this a message of ours is known again, whatever became of the request that made it."""
    return json.dumps({"trunkline": {"d": delivery}}, separators=(",", ":"))
