"""From a webhook's form to its fields, and the small formats inside. Pure; hostile input ends in a value, not an exception."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

MAX_FIELDS = 1000


def parse(body: str) -> list[tuple[str, str]] | None:
    """The fields as they came, empty ones too (Twilio signs them); None where it is no form."""
    try:
        return parse_qsl(body, keep_blank_values=True, max_num_fields=MAX_FIELDS, strict_parsing=bool(body))
    except ValueError:
        return None


def clean(text: str) -> str:
    """What isn't text can't be stored as such: lone surrogates and NUL, which no network sends; JSON can spell them out.

    >>> clean("a\\0b")
    'a\ufffdb'
    """
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def instant(text: str, otherwise: float) -> float:
    """Epoch seconds of an ISO 8601 time.

    >>> instant("2026-08-10T18:00:58.111Z", 0.0)
    1786384858.111
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return otherwise
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def number(text: str) -> int | None:
    """
    >>> number("7"), number(""), number("1e9")
    (7, None, None)
    """
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def decoded(text: str) -> Any:
    """The JSON in a field, None where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def lies_at(url: str, hosts: Iterable[str]) -> bool:
    """Has `url` the scheme, host and port of one of `hosts`?

    >>> lies_at("https://api.twilio.com/x", ["https://api.twilio.com/"]), lies_at("https://evil.example/x", ["https://api.twilio.com/"])
    (True, False)
    """
    origin = _origin(url)
    return origin is not None and any(origin == _origin(host) for host in hosts)


def _origin(url: str) -> tuple[str, str | None, int | None] | None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    return parts.scheme, parts.hostname, port
