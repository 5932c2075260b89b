"""Messages of the 2010 API (docs: messaging/api/message-resource): send, read, redact, cancel, delete, list."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlsplit

from adapters.twilio.simulator.call import Answer, Call
from adapters.twilio.simulator.errors import TwilioError, invalid
from adapters.twilio.simulator.records import Json, Pool, Text, channel_of, new_sid, rfc2822
from adapters.twilio.simulator.text_events import API_VERSION
from adapters.twilio.simulator.texts import ON_ITS_WAY, explained

from . import checks, classic

LONGEST = 1600
MOST_FILES = 10
NUMBER = re.compile(r"\+[1-9]\d{6,14}")
PRICE = 0.0079
SOONEST_S, LATEST_S = 900, 35 * 86400
"""A message can be scheduled so far ahead."""


def show(call: Call, one: Text) -> Json:
    """The resource: numbers are texts, dates RFC 2822, and a price comes once it was sent."""
    uri = f"/{API_VERSION}/Accounts/{one.parent}/Messages/{one.sid}"
    inbound = one.direction == "inbound"
    return {
        "sid": one.sid,
        "account_sid": one.parent,
        "api_version": API_VERSION,
        "body": one.body,
        "date_created": rfc2822(one.created),
        "date_sent": rfc2822(one.sent_at),
        "date_updated": rfc2822(one.updated),
        "direction": one.direction,
        "error_code": one.error_code or None,
        "error_message": explained(one.error_code) or None,
        "from": one.sender,
        "messaging_service_sid": one.service,
        "num_media": str(one.num_media),
        "num_segments": str(one.segments),
        "price": f"-{PRICE * one.segments:.5f}" if one.sent_at is not None and not inbound else None,
        "price_unit": "USD",
        "status": one.status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": one.to,
        "uri": f"{uri}.json",
    }


def create(call: Call) -> Answer:
    """POST Messages.json."""
    _ours(call)
    to = call.form.get("To") or ""
    if not to:
        raise invalid(21604, "A 'To' phone number is required.")
    if not checks.ADDRESS.fullmatch(to):
        raise invalid(21211, f"The 'To' number {to} is not a valid phone number.")
    pool = _pool(call)
    sender = _sender(call, to, pool)
    body, urls = _content(call, to)
    text = Text(
        sid=new_sid("MM" if urls else "SM"),
        parent=call.world.state.account_sid,
        sender=sender,
        to=to,
        body=body,
        urls=urls,
        service=pool.sid if pool is not None else None,
        callback=_callback(call),
        send_at=_send_at(call, pool),
    )
    call.world.texts.send(text, smart_encoding=call.form.flag("SmartEncoded"))
    return Answer(201, show(call, text))


def fetch(call: Call) -> Answer:
    """GET Messages/{SM}.json."""
    return Answer(200, show(call, one_of(call)))


def update(call: Call) -> Answer:
    """POST Messages/{SM}.json: an empty Body takes the text away, Status=canceled the message."""
    one = one_of(call)
    status = call.form.get("Status")
    if status:
        if status != "canceled":
            raise invalid(20001, "Invalid parameter Status")
        call.world.texts.cancel(one)
    if "Body" in call.form:
        if call.form.get("Body"):
            raise invalid(20001, "Body can only be emptied")
        if one.status in ON_ITS_WAY:
            raise invalid(20009, "Cannot redact this resource before it is complete")
        one.body = ""
        call.world.state.touch(one)
    return Answer(200, show(call, one))


def delete(call: Call) -> Answer:
    """DELETE Messages/{SM}.json, once nothing more becomes of it."""
    one = one_of(call)
    if one.status in (*ON_ITS_WAY, "scheduled"):
        raise invalid(20009, "Cannot delete this resource before it is complete")
    call.world.state.drop(one)
    return Answer(204)


def listing(call: Call) -> Answer:
    """GET Messages.json, newest first, by To, From and the date of sending."""
    _ours(call)
    to, sender = call.query.get("To"), call.query.get("From")
    rows = [
        one
        for one in reversed(call.world.state.texts.all())
        if (not to or one.to == to) and (not sender or one.sender == sender)
    ]
    for name, test in DATES.items():
        given = call.query.get(name)
        if given:
            day = _moment(given)
            rows = [one for one in rows if one.sent_at is not None and test(one.sent_at, day, len(given))]
    return classic.page(call, "messages", rows, lambda one: show(call, one))


def one_of(call: Call) -> Text:
    """The message of the path."""
    sid = call.member(1)
    found = call.world.state.texts.get(sid)
    if found is None:
        raise call.missing()
    return found


# -- what a request says ---


def _ours(call: Call) -> None:
    if call.names[0] != call.world.state.account_sid:
        raise call.missing()


def _pool(call: Call) -> Pool | None:
    """The Messaging Service that is named; raises 21701 and 21705."""
    sid = call.form.get("MessagingServiceSid")
    if not sid:
        return None
    if not checks.is_sid(sid, "MG"):
        raise invalid(21705, "The Messaging Service Sid is invalid")
    found = call.world.state.pools.get(sid)
    if found is None:
        raise TwilioError(404, 21701, "The Messaging Service does not exist")
    return found


def _sender(call: Call, to: str, pool: Pool | None) -> str | None:
    """From; None where a service is to choose."""
    sender = call.form.get("From") or ""
    if not sender:
        if pool is None:
            raise invalid(21603, "A 'From' or 'MessagingServiceSid' parameter is required.")
        if not pool.senders:
            raise invalid(21704, "The Messaging Service contains no phone numbers")
        return None
    channel = channel_of(sender)
    if channel == "sms" and not NUMBER.fullmatch(sender):
        raise invalid(
            21212, f"The 'From' number {sender} is not a valid phone number, shortcode, or alphanumeric sender."
        )
    if channel != channel_of(to):
        raise invalid(21910, "'From' and 'To' are not of the same channel")
    if call.world.roads.number(sender) is None:
        if channel == "sms":
            raise invalid(21606, f"The 'From' number {sender} is not a message-capable number of this account.")
        raise invalid(63007, "Twilio could not find a Channel with the specified From address")
    if pool is not None and sender not in pool.senders:
        raise invalid(21711, "The 'From' number is not in the Messaging Service")
    return sender


def _content(call: Call, to: str) -> tuple[str, list[str]]:
    """Text and files; raises where there is neither, or too much of one."""
    body, urls = call.form.get("Body") or "", call.form.all("MediaUrl")
    if call.form.get("ContentSid"):
        raise invalid(21655, "The ContentSid is Invalid")
    if not body and not urls:
        raise invalid(21602, "Message body is required.")
    if len(body) > LONGEST:
        raise invalid(21617, f"The concatenated message body exceeds the {LONGEST} character limit")
    if any(not _is_url(url) for url in urls):
        raise invalid(21620, "Invalid media URL(s)")
    if len(urls) > (MOST_FILES if channel_of(to) == "sms" else 1):
        raise invalid(21623, "Number of media files exceeds allowed limit")
    return body, urls


def _callback(call: Call) -> str:
    """StatusCallback, whose host may hold no underscore."""
    url = call.form.get("StatusCallback") or ""
    if url and (not _is_url(url) or "_" in (urlsplit(url).hostname or "")):
        raise invalid(21609, f"The 'StatusCallback' URL {url} is not a valid URL.")
    return url


def _is_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _send_at(call: Call, pool: Pool | None) -> float | None:
    """When a scheduled message leaves; by a service alone (the codes are from memory)."""
    if not call.form.get("ScheduleType") and not call.form.get("SendAt"):
        return None
    if pool is None:
        raise invalid(35118, "MessagingServiceSid is required to schedule a message")
    at = checks.moment(call.form.get("SendAt") or "")
    if at is None:
        raise invalid(35111, "SendAt is missing or no date")
    if not SOONEST_S <= at - call.world.state.now() + 1 <= LATEST_S:
        raise invalid(35114, "SendAt is not within the window in which messages can be scheduled")
    return at


def _moment(text: str) -> float:
    at = checks.moment(text)
    if at is None:
        raise invalid(20001, "Invalid parameter DateSent")
    return at


def _same_day(sent: float, asked: float, length: int) -> bool:
    return datetime.fromtimestamp(sent, UTC).date() == datetime.fromtimestamp(asked, UTC).date()


def _until(sent: float, asked: float, length: int) -> bool:
    """On or before a day; before a moment."""
    return sent < asked + (86400 if length <= len("2026-11-25") else 0)


DATES: dict[str, Callable[[float, float, int], bool]] = {
    "DateSent": _same_day,
    "DateSent<": _until,
    "DateSent>": lambda sent, asked, length: sent >= asked,
}
