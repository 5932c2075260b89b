"""The Twilio adapter by the conformance kit; what is signed here is signed as Twilio's own SDK does."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from twilio.request_validator import RequestValidator

from adapters.twilio.adapter import adapter
from adapters.twilio.simulator import create
from bridge.channel.conformance import Conformance, Failure, Fault, Posts, Subject


def sign(settings: Any, url: str, body: bytes, at: float) -> dict[str, str]:
    fields: dict[str, Any] = {}
    for name, value in parse_qsl(body.decode("utf-8", "surrogateescape"), keep_blank_values=True):
        known = fields.get(name)
        fields[name] = value if known is None else [*(known if isinstance(known, list) else [known]), value]
    validator = RequestValidator(settings.auth_token[0].get_secret_value())
    try:
        return {"X-Twilio-Signature": validator.compute_signature(url, fields)}
    except UnicodeEncodeError:  # no text, so nothing that Twilio could have signed
        return {"X-Twilio-Signature": "none"}


class TestTwilio(Conformance):
    subject = Subject(
        adapter=adapter,
        simulator=create,
        faults={
            Failure.RATE: Fault("rate", {"retry_after": 2}),
            Failure.UNAUTHORIZED: Fault("unauthorized"),
            Failure.DOWN: Fault("down"),
            Failure.ERROR_AFTER: Fault("error_after"),
            Failure.CUT_BEFORE: Fault("cut_before"),
            Failure.CUT_AFTER: Fault("cut_after"),
            Failure.GARBAGE: Fault("garble", {"kind": "html"}),
            Failure.SLOW: Fault("slow", 1),
        },
        posts=Posts(
            sign=sign,
            rest="conversations",
            unknown=(b"EventType=onHologramAdded&ConversationSid=CH1", b"ConversationSid=CH1", b"a=b"),
        ),
    )
