"""A text frame -> a typed frame, or why not. Any text has an answer; nothing raises but the two refusals. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Never, cast

from pydantic import ValidationError

from adapters.websocket.errors import Close, Declined, Ended, ErrorCode
from adapters.websocket.frames import BY_TYPE, LARGEST, MOST_BYTES, FromClient
from adapters.websocket.text import storable
from bridge.core.ids import ConversationId

DEEPEST = 32
"""So many arrays and objects within each other: more than any frame of ours has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """A `hello`: `token` is empty where there is none, `since` is epoch seconds. `problems` say what was wrong in the rest, which
    is left out: a session begins even so."""

    token: str
    resume: dict[ConversationId, int] = field(default_factory=dict)
    since: float | None = None
    problems: tuple[str, ...] = ()


def read_object(data: str | bytes) -> dict[str, Any]:
    """The JSON object of a frame. Raises `Ended` where it is none, or too large."""
    if isinstance(data, bytes):
        raise Ended(Close.MALFORMED, "a binary frame; right are text frames")
    if len(data) > MOST_BYTES or len(data.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise Ended(Close.TOO_LARGE, f"a frame may have {MOST_BYTES} bytes")
    try:
        found = json.loads(data, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Ended(Close.MALFORMED, "the frame is no JSON (RFC 8259), or a name stands in it twice") from None
    if not isinstance(found, dict) or not isinstance(found.get("type"), str):
        raise Ended(Close.MALFORMED, "the frame is no JSON object with a type")
    if _too_deep(found):
        raise Ended(Close.MALFORMED, f"the frame is nested deeper than {DEEPEST}")
    return found


def ref_of(found: dict[str, Any]) -> str | None:
    """The `ref` to answer by, where there is one that may be said back."""
    ref = found.get("ref")
    return ref if isinstance(ref, str) and 0 < len(ref) <= 128 and storable(ref) else None


def read_frame(found: dict[str, Any]) -> FromClient:
    """The frame that `found` is. Raises `Declined`: of a type that isn't there, or a field that isn't right."""
    kind = found["type"]
    if kind not in BY_TYPE:
        raise Declined(ErrorCode.BAD_REQUEST, "there is no frame of this type")
    if kind == "command":
        raise Declined(ErrorCode.UNSUPPORTED, "there are no commands yet")
    try:
        frame = BY_TYPE[kind].model_validate(found)
    except ValidationError as error:
        raise Declined(ErrorCode.BAD_REQUEST, _words(error)) from None
    return cast(FromClient, frame)


def read_hello(found: dict[str, Any]) -> Greeting:
    """What is right in a `hello`, and what is wrong, in words. Never raises."""
    problems: list[str] = []
    resume: dict[ConversationId, int] = {}
    named = found.get("resume")
    if not isinstance(named, dict | None):
        problems.append("resume: right is an object of conversations, each with the last seq that was seen")
    for conversation, seq in (named or {}).items() if isinstance(named, dict) else ():
        if type(seq) is int and 0 <= seq <= LARGEST and 0 < len(conversation) <= 256 and storable(conversation):
            resume[ConversationId(conversation)] = seq
        else:
            problems.append("resume: a seq is a whole number from 0 up to the conversation’s last one")
    since = found.get("since")
    at = moment(since) if isinstance(since, str) else None
    if since is not None and at is None:
        problems.append("since: right is a server_time, as in 2026-11-25T12:00:00.000Z")
    token = found.get("token")
    return Greeting(
        token=token if isinstance(token, str) else "", resume=resume, since=at, problems=tuple(dict.fromkeys(problems))
    )


def moment(text: str) -> float | None:
    """The epoch seconds of an RFC 3339 time with an offset; None where it is none.

    >>> moment("1970-01-01T00:00:01.500Z")
    1.5
    """
    try:
        found = datetime.fromisoformat(text)
        return found.timestamp() if found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_number(word: str) -> Never:
    raise ValueError(f"{word} is no JSON")


def _too_deep(found: object) -> bool:
    """Without recursion: the depth is what is in doubt."""
    level: list[object] = [found]
    for _ in range(DEEPEST):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else cast(list[object], outer))
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def _words(error: ValidationError) -> str:
    """The first thing that is wrong, without what was sent."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(p) for p in first["loc"])
    return f"{place}: {first['msg'].removeprefix('Value error, ')}"
