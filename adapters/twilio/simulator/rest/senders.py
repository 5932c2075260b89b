"""WhatsApp and RCS senders with their webhooks (docs: whatsapp/api/senders), as far as set-up code looks."""

from __future__ import annotations

import json

from adapters.twilio.simulator.call import Answer, Call
from adapters.twilio.simulator.errors import invalid
from adapters.twilio.simulator.paging import page
from adapters.twilio.simulator.records import Json, Number, channel_of

CHANNELS = ("whatsapp", "rcs")
WEBHOOK = {
    "callback_url": "sms_url",
    "callback_method": "sms_method",
    "fallback_url": "sms_fallback_url",
    "fallback_method": "sms_fallback_method",
    "status_callback_url": "status_callback",
    "status_callback_method": "status_callback_method",
}


def show(call: Call, one: Number) -> Json:
    """The resource; what was never set is null."""
    sid = sid_of(one)
    return {
        "sid": sid,
        "status": "ONLINE",
        "sender_id": one.address,
        "configuration": None,
        "webhook": {name: getattr(one, field) or None for name, field in WEBHOOK.items()},
        "profile": None,
        "properties": None,
        "offline_reasons": None,
        "compliance": None,
        "url": f"{call.root}/Channels/Senders/{sid}",
    }


def listing(call: Call) -> Answer:
    """GET Channels/Senders?Channel=whatsapp."""
    channel = call.query.get("Channel") or ""
    if channel not in CHANNELS:
        raise invalid(20001, "Missing or invalid parameter Channel")
    rows = [one for one in call.world.state.numbers.all() if channel_of(one.address) == channel]
    return page(call, "senders", rows, lambda one: show(call, one))


def fetch(call: Call) -> Answer:
    """GET Channels/Senders/{XE}."""
    return Answer(200, show(call, _one(call)))


def update(call: Call) -> Answer:
    """POST Channels/Senders/{XE} with JSON; of it the webhook counts here."""
    one = _one(call)
    try:
        given = dict(json.loads(call.body or b"{}").get("webhook") or {})
    except (ValueError, AttributeError, TypeError):
        raise invalid(20001, "The body is no JSON object") from None
    for name, field in WEBHOOK.items():
        if name in given:
            setattr(one, field, str(given[name] or ("POST" if name.endswith("method") else "")))
    call.world.state.touch(one)
    return Answer(202, show(call, one))


def sid_of(one: Number) -> str:
    """A sender's sid begins with XE."""
    return "XE" + one.sid[2:]


def _one(call: Call) -> Number:
    for one in call.world.state.numbers.all():
        if channel_of(one.address) in CHANNELS and sid_of(one) == call.names[0]:
            return one
    raise call.missing()
