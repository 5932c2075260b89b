"""Which part of a file a ``Range`` header asks for (RFC 9110, 14). Pure, and quick whatever is sent."""

from __future__ import annotations

import re
from dataclasses import dataclass

MANY_RANGES = 5
"""A list of up to so many is answered with the whole file, a longer one refused (RFC 9110, 14.2; CVE-2025-62727)."""
_ONE = re.compile(r"bytes=[ \t]*(\d{0,18})-(\d{0,18})[ \t]*", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Extent:
    """`length` bytes from `start`; `partial` says that they were asked for."""

    start: int
    length: int
    partial: bool = False


def extent(header: str | None, size: int) -> Extent | None:
    """What to send of a file of `size` bytes; None where the answer is 416. What can't be read asks for nothing.

    >>> extent("bytes=2-4", 10), extent("bytes=-3", 10), extent("bytes=10-", 10)
    (Extent(start=2, length=3, partial=True), Extent(start=7, length=3, partial=True), None)
    >>> extent(None, 10)
    Extent(start=0, length=10, partial=False)
    """
    whole = Extent(0, size)
    if header is None:
        return whole
    if header.count(",") >= MANY_RANGES:
        return None
    match = _ONE.fullmatch(header)
    if match is None or match.group(1, 2) == ("", ""):
        return whole
    first, last = match.groups()
    if not first:
        length = min(int(last), size)
        return Extent(size - length, length, partial=True) if length else None
    start, end = int(first), int(last or size)
    if end < start and last:
        return whole
    return Extent(start, min(end, size - 1) - start + 1, partial=True) if start < size else None
