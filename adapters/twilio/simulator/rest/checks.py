"""Checks that several resources share."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

from adapters.twilio.simulator.call import Call
from adapters.twilio.simulator.errors import invalid
from adapters.twilio.simulator.records import Json

ADDRESS = re.compile(
    r"\+[1-9]\d{6,14}|(whatsapp|rcs):\+[1-9]\d{6,14}|whatsapp:[A-Z]{2}\.[A-Za-z0-9.]{1,128}|(messenger|rcs):[^\s:]+"
)
CONVERSATION_ATTRIBUTES = 16 * 1024
MESSAGE_ATTRIBUTES = 4 * 1024
PARTICIPANT_ATTRIBUTES = 4 * 1024


def is_sid(text: str, prefix: str) -> bool:
    """Two letters and 32 hexadecimal digits."""
    return re.fullmatch(prefix + "[0-9a-fA-F]{32}", text) is not None


def attributes(call: Call, values: Json, longest: int) -> None:
    """Takes Attributes where given: a text that holds JSON; an empty one resets it."""
    text = call.form.get("Attributes")
    if text is None:
        return
    if len(text.encode()) > longest:
        raise invalid(50303, "Attributes too long")
    try:
        json.loads(text or "{}")
    except ValueError:
        raise invalid(50304, "Attributes not valid JSON") from None
    values["attributes"] = text or "{}"


def dates(call: Call, values: Json) -> None:
    """Takes DateCreated and DateUpdated, with which an import backdates."""
    for name, field, code in (("DateCreated", "created", 50308), ("DateUpdated", "updated", 50309)):
        text = call.form.get(name)
        if text:
            at = moment(text)
            if at is None:
                raise invalid(code, f"Invalid {name} parameter")
            values[field] = at


def moment(text: str) -> float | None:
    """Epoch seconds of an ISO 8601 date or time, None for anything else; without an offset it is UTC."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
