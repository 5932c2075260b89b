"""From a webhook's form to its fields, and the small formats inside. Pure; hostile input ends in a value, not an exception."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

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
