"""How many segments a text takes, as Twilio's segment calculator counts them."""

from __future__ import annotations

from collections.abc import Iterator

from .alphabet import GSM, GSM_EXTENSION, SMART

PART_BITS = 1120
HEADER_BITS = 48
"""So many of a part are lost where there are several."""
_SMART = str.maketrans({one: good for good, bad in SMART.items() for one in bad})


def count(text: str) -> int:
    """The segments of a text, 1 for an empty one. A character that takes two units is never split over two parts."""
    widths = list(_septets(text) if (GSM | GSM_EXTENSION).issuperset(text) else _pairs(text))
    if sum(widths) <= PART_BITS:
        return 1
    parts, room = 0, 0
    for width in widths:
        if width > room:
            parts, room = parts + 1, PART_BITS - HEADER_BITS
        room -= width
    return parts


def _septets(text: str) -> Iterator[int]:
    return (14 if one in GSM_EXTENSION else 7 for one in text)


def _pairs(text: str) -> Iterator[int]:
    """UTF-16, in bits."""
    return (32 if ord(one) > 0xFFFF else 16 for one in text)


def smart(text: str) -> str:
    """The text with Smart Encoding on."""
    return text.translate(_SMART)
