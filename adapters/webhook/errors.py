"""A receiver's answers -> what happens next. Pure; nothing else in this adapter looks at a status code.

A record is sent under the same ``webhook-id`` again, so nothing is ever in doubt: what wasn't received is sent once more.
Source: https://github.com/standard-webhooks/standard-webhooks (spec, delivery success and failure).
"""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime

from bridge.core.outcomes import Misconfigured, RateLimited, Refused, Scope, SendError, Unavailable

PRIVATE = "url leads to a private address: right is a public one, or allow_private = true where that is meant"


def answered(status: int, retry_after: str, now: float) -> SendError | None:
    """What the answer to one of our webhooks means, None where it was received. `now` is epoch seconds."""
    code = str(status)
    if 200 <= status < 300:
        return None
    if status == 410:
        return Misconfigured(
            "the receiver wants no more webhooks (410): have it take them again, change url, or take the channel out",
            code=code,
        )
    if status == 429 or (status == 503 and retry_after):
        words = f"the receiver asks for a pause ({status})"
        return RateLimited(words, retry_at=retry_at(retry_after, now), scope=Scope.CHANNEL, code=code)
    if 300 <= status < 400:
        return Unavailable(
            f"the receiver answers {status}, and redirects are not followed: give the final url", code=code
        )
    if status in (401, 403):
        return Unavailable(
            f"the receiver answers {status}: check that it has the same secret and its clock is right", code=code
        )
    return Unavailable(f"the receiver answers {status}", code=code)


def file_answered(status: int, retry_after: str, now: float) -> SendError | None:
    """What the answer to a request for a file means, None where the file follows."""
    code = str(status)
    if status == 200:
        return None
    if status == 429 or (status == 503 and retry_after):
        return RateLimited("the file’s host asks for a pause", retry_at=retry_at(retry_after, now), code=code)
    if status >= 500 or status == 408:
        return Unavailable("the file couldn’t be fetched", code=code)
    return Refused("the file can’t be had at its URL", code=code)


def retry_at(retry_after: str, now: float) -> float | None:
    """Epoch seconds from seconds or a date, None where the header says nothing that makes sense.

    >>> retry_at("7", 100.0), retry_at("Fri, 31 Dec 1999 23:59:59 GMT", 0.0), retry_at("soon", 100.0)
    (107.0, 946684799.0, None)
    """
    if retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 10:
        return now + int(retry_after) if int(retry_after) > 0 else None
    try:
        moment = parsedate_to_datetime(retry_after)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
