"""Lists in pages as the 2010 API gives them: flat keys, and paths relative to the host."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlencode

from adapters.twilio.simulator.call import Answer, Call
from adapters.twilio.simulator.errors import invalid
from adapters.twilio.simulator.records import Json, Record

R = TypeVar("R", bound=Record)
DEFAULT_SIZE, LARGEST = 50, 1000


def page(call: Call, key: str, rows: list[R], show: Callable[[R], Json]) -> Answer:
    """One page of `rows`, which are newest first. The token holds the place of the last record shown before."""
    size = max(1, min(call.query.number("PageSize") or DEFAULT_SIZE, LARGEST))
    number = max(0, call.query.number("Page") or 0)
    token = call.query.get("PageToken") or ""
    start, end = _span(rows, token, size)
    shown = rows[start:end]
    following = f"PA{shown[-1].seq}" if end < len(rows) and shown else None
    before = f"PB{shown[0].seq}" if start > 0 and shown else None
    return Answer(
        200,
        {
            "first_page_uri": _uri(call, size, 0, ""),
            "next_page_uri": _uri(call, size, number + 1, following) if following else None,
            "previous_page_uri": _uri(call, size, max(0, number - 1), before) if before else None,
            "page": number,
            "page_size": size,
            "start": start,
            "end": max(start, start + len(shown) - 1),
            "uri": _uri(call, size, number, token),
            key: [show(row) for row in shown],
        },
    )


def _span(rows: list[R], token: str, size: int) -> tuple[int, int]:
    """The page's bounds: after the record of a PA token, or before the one of a PB token."""
    if not token:
        return 0, size
    kind, place = token[:2], token[2:]
    if kind not in ("PA", "PB") or not place.isdecimal():
        raise invalid(20001, "Invalid PageToken")
    newer = sum(1 for row in rows if row.seq > int(place))
    if kind == "PB":
        return max(0, newer - size), newer
    start = newer + sum(1 for row in rows if row.seq == int(place))
    return start, start + size


def _uri(call: Call, size: int, number: int, token: str) -> str:
    kept = [(name, value) for name, value in call.query.pairs if name not in ("PageSize", "Page", "PageToken")]
    moved = [("PageSize", str(size)), ("Page", str(number))] + ([("PageToken", token)] if token else [])
    return f"{call.path}?{urlencode(kept + moved)}"
