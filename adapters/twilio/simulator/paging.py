"""Lists in pages, as v1 APIs give them: `meta` with absolute URLs, and a token that alone moves."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlencode

from .call import Answer, Call
from .errors import invalid
from .records import Json, Record

R = TypeVar("R", bound=Record)
DEFAULT_SIZE = 50


def page(
    call: Call, key: str, rows: list[R], show: Callable[[R], Json], *, largest: int = 100, descending: bool = False
) -> Answer:
    """One page of `rows` (oldest first).

    The token holds a place in the account's order of records, so that removing or adding one between two pages neither
    repeats nor skips another.
    """
    size = max(1, min(call.query.number("PageSize") or DEFAULT_SIZE, largest))
    number = max(0, call.query.number("Page") or 0)
    ordered = rows[::-1] if descending else rows
    start, end = _span(ordered, call.query.get("PageToken") or "", size, descending)
    shown = ordered[start:end]
    more = end < len(ordered)
    meta: Json = {
        "page": number,
        "page_size": size,
        "first_page_url": _url(call, size, 0, ""),
        "previous_page_url": _url(call, size, max(0, number - 1), f"PB{shown[0].seq}") if start > 0 and shown else None,
        "url": _url(call, size, number, call.query.get("PageToken") or ""),
        "next_page_url": _url(call, size, number + 1, f"PA{shown[-1].seq}") if more else None,
        "key": key,
    }
    return Answer(200, {"meta": meta, key: [show(row) for row in shown]})


def _span(ordered: list[R], token: str, size: int, descending: bool) -> tuple[int, int]:
    """The page's bounds: after the record of a PA token, or before the one of a PB token."""
    if not token:
        return 0, size
    kind, place = token[:2], token[2:]
    if kind not in ("PA", "PB") or not place.isdigit():
        raise invalid(20001, "Invalid PageToken")
    seq = int(place)
    before = sum(1 for row in ordered if (row.seq > seq if descending else row.seq < seq))
    if kind == "PB":
        return max(0, before - size), before
    start = before + (1 if before < len(ordered) and ordered[before].seq == seq else 0)
    return start, start + size


def _url(call: Call, size: int, number: int, token: str) -> str:
    """The list's URL with its filters kept; PageSize, Page and PageToken come last."""
    kept = [(name, value) for name, value in call.query.pairs if name not in ("PageSize", "Page", "PageToken")]
    moved = [("PageSize", str(size)), ("Page", str(number))] + ([("PageToken", token)] if token else [])
    return f"{call.link(*_below(call))}?{urlencode(kept + moved)}"


def _below(call: Call) -> list[str]:
    """The call's path below its root or its service."""
    parts = call.path.strip("/").split("/")
    return parts[2:] if call.service else parts
