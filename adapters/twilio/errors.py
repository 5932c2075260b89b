"""Twilio's answers -> what happens next. Pure; nothing else in this adapter looks at a status code.

Source: https://www.twilio.com/docs/api/errors and the two shapes of error bodies: the classic one with ``code`` and ``message``,
and RFC 9457 problem details with ``code``, ``title`` and ``detail``.
"""

from __future__ import annotations

import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

from bridge.core.outcomes import BindingGone, Misconfigured, RateLimited, Refused, Scope, SendError, Unavailable, Unsure

WORDS = {
    "21211": "the address is not a valid number",
    "21408": "sending to this country is not enabled in the Twilio account",
    "21608": "a trial account can only write to numbers that were verified in the Twilio console",
    "21610": "the customer has opted out by texting STOP",
    "21611": "the number’s queue at Twilio is full",
    "21612": "Twilio has no route between these two numbers",
    "21614": "the number can’t receive SMS",
    "21617": "the text is longer than Twilio takes",
    "30001": "the queue at Twilio overflowed",
    "30002": "the Twilio account is suspended",
    "30003": "the handset is unreachable",
    "30004": "the message was blocked by the recipient or the carrier",
    "30005": "the number is unknown or no longer exists",
    "30006": "it is a landline, or the carrier can’t be reached",
    "30007": "the carrier filtered the message as spam",
    "30008": "the carrier gave no reason",
    "30022": "the number’s registration (A2P 10DLC) allows no more messages right now",
    "30023": "the number’s registration (A2P 10DLC) allows no more messages today",
    "30027": "the carrier takes no more messages from this brand today",
    "30032": "the toll-free number hasn’t been verified yet",
    "30034": "the number isn’t registered for texting to the US (A2P 10DLC)",
    "30035": "the number is still being set up for texting to the US (A2P 10DLC)",
    "30036": "the message expired before it could be delivered",
    "30038": "it looks like a one-time password, which is filtered",
    "30039": "it looks like part of a loop between machines, which is filtered",
    "50416": "this customer is in another Twilio conversation already",
    "572006": "a trial account can only send Twilio’s own templates",
    "63003": "the recipient can’t be reached on this network",
    "63007": "our own address isn’t known on this network",
    "63015": "the recipient hasn’t joined the WhatsApp sandbox",
    "63016": "WhatsApp takes free text only within 24 hours of the customer’s last message",
    "63018": "the WhatsApp sender is at its limit",
    "63024": "the recipient isn’t on WhatsApp",
    "63032": "WhatsApp declined to deliver this message to this user",
    "63033": "the recipient can’t get messages from us on this network",
    "63049": "WhatsApp declined to deliver this message",
}
GONE = {"50377", "50350", "20404"}
"""Any use of a closed conversation; one that isn't there. 20404 says it of whatever the path names: whose path names no
conversation yet must not read it so."""
OUT = {"20003", "20005", "20006", "10001"}
"""We may not come in: credentials, or the account itself."""


def receipt_words(code: str) -> str:
    """Why a delivery failed, for a person.

    >>> receipt_words("30003")
    'the handset is unreachable'
    """
    return WORDS.get(code, "the network reported a failure" if code in ("", "0") else "the network reported an error")


def answered(status: int, body: Any, retry_after: str, now: float, *, creates: bool) -> SendError:
    """The error that a non-2xx answer means. `creates`: the request wasn't safe to repeat, so a 5xx leaves it in doubt."""
    code, message = _code_and_message(status, body)
    words = WORDS.get(code) or message or f"Twilio answered {status}"
    if status == 429:
        return RateLimited(words, retry_at=_retry_at(retry_after, now), scope=Scope.CHANNEL, code=code)
    if status == 401 or code in OUT:
        return Misconfigured("Twilio refuses our credentials: check account_sid, auth_token and api_key", code=code)
    if 300 <= status < 400 or (status == 404 and not isinstance(body, dict)):
        return Misconfigured(f"what answers there is not Twilio’s API ({status}): check api_url", code=code)
    if code in GONE or (status == 404 and code == "404"):
        return BindingGone("the Twilio conversation has ended", code=code, raw=message)
    if status >= 500 or status == 408:
        return Unsure(words, code=code) if creates else Unavailable(words, code=code)
    return Refused(words, code=code, raw=message)


def broke(cause: str, *, left: bool, creates: bool) -> SendError:
    """What a request that got no answer means; `left` says that it may have reached Twilio, `cause` names what happened."""
    if not left:
        return Unavailable(f"Twilio can’t be reached ({cause})")
    if creates:
        return Unsure(f"the connection to Twilio broke before its answer ({cause})")
    return Unavailable(f"Twilio didn’t answer ({cause})")


def holder(message: str) -> str | None:
    """The conversation that holds a number pair: 50416 names it in its text alone.

    >>> holder("A binding for this participant and proxy address already exists in Conversation CH" + "a" * 32)
    'CHaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
    """
    found = re.search(r"\bCH[0-9a-fA-F]{32}\b", message)
    return found[0] if found else None


def _code_and_message(status: int, body: Any) -> tuple[str, str]:
    if not isinstance(body, dict):
        return str(status), ""
    code = body.get("code") or status
    message = body.get("message") or body.get("detail") or body.get("title") or ""
    return str(code), str(message)[:300]


def _retry_at(retry_after: str, now: float) -> float | None:
    """Epoch seconds, None where the header says nothing that makes sense."""
    if retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 10:
        return now + int(retry_after) if int(retry_after) > 0 else None
    try:
        moment = parsedate_to_datetime(retry_after)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
