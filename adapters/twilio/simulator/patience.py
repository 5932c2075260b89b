"""How long a webhook is waited for, and what is tried again (docs: webhooks-connection-overrides).

Programmable Messaging takes overrides from the URL's fragment, which is never sent nor signed; Conversations takes none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl

CONNECT, READ, CLIENT_ERROR, SERVER_ERROR = "ct", "rt", "4xx", "5xx"
KINDS = (CONNECT, READ, CLIENT_ERROR, SERVER_ERROR)
CHAT_RETRIED = {429, 503, 504}
"""And every missing answer: the retry rule of the Chat service below Conversations (docs: chat/rest/service-resource)."""


@dataclass(frozen=True)
class Patience:
    """`connect`, `read` and `total` are seconds, `total` over all attempts; `again` says whether an outcome is retried."""

    connect: float
    read: float
    total: float
    retries: int
    again: Callable[[int | None, str], bool]


def of_conversations(timeout: float, retries: int) -> Patience:
    """One limit for each attempt; retries only where the service was told to make some."""
    return Patience(
        timeout,
        timeout,
        timeout * (retries + 1),
        retries,
        lambda status, kind: status is None or status in CHAT_RETRIED,
    )


def of_messaging(url: str) -> Patience:
    """By the fragment `ct`, `rt`, `tt` (milliseconds), `rc` (retries), `rp` (what is retried); one retry, after a failed
    connection alone, where it says nothing."""
    given = dict(parse_qsl(url.partition("#")[2]))
    policies = [one for one in given.get("rp", CONNECT).split(",") if one]
    retried = set(KINDS) if "all" in policies else set(policies)
    return Patience(
        connect=_within(given.get("ct"), 100, 10000, 5000) / 1000,
        read=_within(given.get("rt"), 100, 15000, 15000) / 1000,
        total=_within(given.get("tt"), 100, 15000, 15000) / 1000,
        retries=_within(given.get("rc"), 0, 5, 1),
        again=lambda status, kind: kind in retried,
    )


def _within(text: str | None, least: int, most: int, default: int) -> int:
    """A number between bounds; the default where it is none."""
    return min(most, max(least, int(text))) if text is not None and text.isdecimal() else default


def kind_of(status: int) -> str:
    """What went wrong with an answer; empty where it was a success."""
    return "" if 200 <= status < 300 else CLIENT_ERROR if 400 <= status < 500 else SERVER_ERROR
