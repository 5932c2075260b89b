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

_UPGRADE = "or upgrade the account in Twilio’s console"
_VERIFY = "verify the number in Twilio’s console, or upgrade the account"
_TRIAL = f"a trial account can only write to numbers that it has verified: {_VERIFY}"
_NOT_OURS = (
    "our own address can’t send there: check in Twilio’s console that it is this account’s and can send messages"
)
_SERVICE = "the Messaging Service that this number is in can’t send: check it in Twilio’s console"
WORDS = {
    # what is said and to whom
    "21211": "the address is not a valid number",
    "21217": "the address is not a valid number",
    "21408": "sending to this country is not enabled in the Twilio account",
    "21602": "there is nothing in the message to send",
    "21604": "the message names no recipient",
    "21610": "the customer has opted out by texting STOP",
    "21611": "the number’s queue at Twilio is full",
    "21612": "Twilio has no route between these two numbers",
    "21614": "the number can’t receive SMS",
    "21617": "the text is longer than Twilio takes",
    "21620": "Twilio can’t read the link to the file",
    "21623": "there are more files than a message may have",
    # who sends
    "21212": _NOT_OURS,
    "21603": _NOT_OURS,
    "21606": _NOT_OURS,
    "21657": _NOT_OURS,
    "21609": "Twilio refuses the URL for status callbacks, whose host must be public and without underscore: check public_url",
    "21701": _SERVICE,
    "21702": _SERVICE,
    "21703": _SERVICE,
    "21704": _SERVICE,
    "21705": _SERVICE,
    # templates
    "21654": "a template is needed, and none was named",
    "21655": "the template named doesn’t exist",
    "21656": "the template’s variables don’t fit it",
    "21658": "a variable of the template is too long",
    # trial accounts
    "10002": "a trial account can’t use this: upgrade the account in Twilio’s console",
    "21219": _TRIAL,
    "21607": f"a trial account can only send from its own trial number: use that one, {_UPGRADE}",
    "21608": _TRIAL,
    "572002": f"a trial account writes to this recipient only from the number that Twilio gave it for that: use it, {_UPGRADE}",
    "572005": _TRIAL,
    "572006": "a trial account can only send Twilio’s own templates, no free text: upgrade the account in Twilio’s console",
    "573002": f"a trial account calls this recipient only from the number that Twilio gave it for that: use it, {_UPGRADE}",
    "573005": f"a trial account can only call numbers that it has verified: {_VERIFY}",
    "575001": "a trial account has no Verify: upgrade the account in Twilio’s console",
    # carriers
    "30001": "the queue at Twilio overflowed",
    "30002": "the Twilio account is suspended",
    "30003": "the handset is unreachable",
    "30004": "the message was blocked by the recipient or the carrier",
    "30005": "the number is unknown or no longer exists",
    "30006": "it is a landline, or the carrier can’t be reached",
    "30007": "the carrier filtered the message as spam",
    "30008": "the carrier gave no reason",
    "30010": "the message would cost more than the account allows",
    "30022": "the number’s registration (A2P 10DLC) allows no more messages right now",
    "30023": "the number’s registration (A2P 10DLC) allows no more messages today",
    "30024": "the number isn’t set up at this carrier",
    "30027": "the carrier takes no more messages from this brand today",
    "30032": "the toll-free number hasn’t been verified yet",
    "30033": "the number’s registration (A2P 10DLC) is suspended",
    "30034": "the number isn’t registered for texting to the US (A2P 10DLC)",
    "30035": "the number is still being set up for texting to the US (A2P 10DLC)",
    "30036": "the message expired before it could be delivered",
    "30037": "sending messages is switched off for this Twilio account",
    "30038": "it looks like a one-time password, which is filtered",
    "30039": "it looks like part of a loop between machines, which is filtered",
    "14107": "too many quick replies went between these two numbers, and Twilio takes it for a loop; try again in a minute",
    # Conversations
    "50407": "Twilio doesn’t take the customer’s address",
    "50413": "our own address isn’t this Twilio account’s",
    "50414": "the customer’s address and ours are on different networks",
    "50415": "our own address isn’t set up for WhatsApp",
    "50416": "this customer is in another Twilio conversation already",
    "50512": "the file is larger than Twilio takes",
    # WhatsApp, Messenger, RCS
    "63001": "the network refuses the credentials that Twilio has for our account there",
    "63002": "our own address isn’t known on this network",
    "63003": "the recipient can’t be reached on this network",
    "63005": "the network doesn’t take what the message holds",
    "63006": "the network doesn’t take what the message holds",
    "63007": "our own address isn’t known on this network",
    "63008": "the sender isn’t set up right in Twilio’s console",
    "63009": "the network is out of order",
    "63010": "Twilio is out of order",
    "63012": "the network is out of order",
    "63013": "it breaks a rule of the network",
    "63014": "the recipient has blocked us",
    "63015": "the recipient hasn’t joined the WhatsApp sandbox",
    "63016": "WhatsApp takes free text only within 24 hours of the customer’s last message",
    "63017": "the sender is at its limit on this network",
    "63018": "the WhatsApp sender is at its limit",
    "63019": "the file couldn’t be fetched",
    "63020": "the account at Meta has a problem: see its Business Manager",
    "63021": "the network doesn’t take what the message holds",
    "63023": "the network gave no reason",
    "63024": "the recipient isn’t on WhatsApp",
    "63026": "the network filtered the message as spam",
    "63030": "the network doesn’t take what the message holds",
    "63031": "the customer’s address is our own",
    "63032": "WhatsApp declined to deliver this message to this user",
    "63033": "the recipient can’t get messages from us on this network",
    "63034": "the file is larger than the network takes",
    "63035": "the RCS sender isn’t launched yet and this recipient isn’t one of its testers",
    "63036": "the recipient can’t be reached by RCS",
    "63037": "the file couldn’t be handed to the network",
    "63038": "the account takes no more messages today",
    "63039": "Meta warns that too much is sent outside the 24 hours after the customer’s last message",
    "63049": "WhatsApp declined to deliver this message",
    "63051": "the WhatsApp account is locked: see Meta’s Business Manager",
}
"""Sources: https://www.twilio.com/docs/api/errors, and of trial accounts https://www.twilio.com/docs/usage/trials."""
_ELSEWHERE = {
    ("Messenger", "63016"): "Messenger takes messages only within 24 hours of the customer’s last one",
    ("Messenger", "63018"): "the Messenger page is at its limit",
    ("Messenger", "63024"): "the recipient can’t be reached on Messenger",
    ("RCS", "63016"): "the recipient can’t get free text by RCS now",
    ("RCS", "63018"): "the RCS sender is at its limit",
    ("RCS", "63024"): "the recipient can’t be reached by RCS",
}
"""What one code means on another network than WhatsApp."""
GONE = {"50377", "50350", "20404"}
"""Any use of a closed conversation; one that isn't there. 20404 says it of whatever the path names: whose path names no
conversation yet must not read it so."""
OUT = {"20003", "20005", "20006", "10001"}
"""We may not come in: credentials, or the account itself."""
CALLBACK = "21609"


def receipt_words(code: str, network: str = "") -> str:
    """Why a delivery failed, for a person; `network` is the word for it where that is known.

    >>> receipt_words("30003")
    'the handset is unreachable'
    """
    if words := _ELSEWHERE.get((network, code)):
        return words
    return WORDS.get(code, "the network reported a failure" if code in ("", "0") else "the network reported an error")


def answered(status: int, body: Any, retry_after: str, now: float, *, creates: bool) -> SendError:
    """The error that a non-2xx answer means. `creates`: the request wasn't safe to repeat, so a 5xx leaves it in doubt."""
    code, message = _code_and_message(status, body)
    words = WORDS.get(code) or message or f"Twilio answered {status}"
    if status == 429:
        return RateLimited(words, retry_at=_retry_at(retry_after, now), scope=Scope.CHANNEL, code=code)
    if status == 401 or code in OUT:
        return Misconfigured("Twilio refuses our credentials: check account_sid, auth_token and api_key", code=code)
    if code == CALLBACK:
        return Misconfigured(words, code=code, scope=Scope.ENDPOINT)
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
