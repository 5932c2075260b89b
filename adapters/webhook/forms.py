"""The small formats of bodies: what stands in JSON, times, problems. Pure; hostile input ends in a value or in `Unfit`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from unicodedata import category

from bridge.channel import Reply

Json = dict[str, Any]
LONGEST_KEY = 256
TITLES = {400: "Bad Request", 404: "Not Found"}


class Unfit(Exception):
    """A field isn't what it should be; `words` name it and say what would be right, and repeat nothing of it."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


def decoded(body: bytes) -> Json:
    """The JSON object in a body. Raises `Unfit`."""
    try:
        found = json.loads(body.decode())
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Unfit("the body is no JSON object in UTF-8")
    return found


def clean(text: str) -> str:
    """What isn't text can't be stored as such: JSON can spell out lone surrogates and NUL.

    >>> clean("a\\0b")
    'a\ufffdb'
    """
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def text(within: Mapping[str, Any], name: str, where: str) -> str:
    """A text, empty where there is none; null counts as none. `where` is the place of `within`. Raises `Unfit`."""
    value = within.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unfit(f"{where}{name}: not a string")
    return clean(value)


def key(within: Mapping[str, Any], name: str, where: str) -> str:
    """As `text`, but what names something: up to 256 printable characters. Raises `Unfit`."""
    value = within.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unfit(f"{where}{name}: not a string")
    if len(value) > LONGEST_KEY or not value.isprintable() or value != value.strip():
        raise Unfit(f"{where}{name}: right are up to {LONGEST_KEY} printable characters, without spaces around them")
    return value


def one_line(value: str, longest: int) -> str:
    """A name as people read it, whatever spaces and line ends stand in it.

    >>> one_line(" Eve\\n Adams\\t", 7)
    'Eve Ada'
    """
    return " ".join("".join(c if c.isprintable() or category(c) == "Cf" else " " for c in value).split())[:longest]


def instant(value: Any, otherwise: float) -> float:
    """Epoch seconds of an RFC 3339 time, and never later than `otherwise`, which is also for what is none.

    >>> instant("2026-08-10T18:00:58.111Z", 2e9), instant("2026-08-10T18:00:58", 7.0), instant(None, 7.0)
    (1786384858.111, 7.0, 7.0)
    """
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return otherwise
    if moment is None or moment.tzinfo is None or moment.timestamp() < 0:
        return otherwise
    return min(moment.timestamp(), otherwise)


def rfc3339(at: float) -> str:
    """
    >>> rfc3339(1786384858.111)
    '2026-08-10T18:00:58.111Z'
    """
    ms = round(at * 1000)
    return f"{datetime.fromtimestamp(ms // 1000, UTC):%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


def encoded(value: Json) -> bytes:
    """The same bytes for the same value: they are signed."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def problem(status: int, detail: str) -> Reply:
    """RFC 9457 problem details."""
    body = {"type": "about:blank", "title": TITLES[status], "status": status, "detail": detail}
    return Reply(status=status, content_type="application/problem+json", body=encoded(body))
