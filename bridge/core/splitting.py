"""A long text cut into parts at sensible places, never inside a character."""

from __future__ import annotations

from bisect import bisect_right
from typing import Literal

Unit = Literal["characters", "utf16", "utf8"]
_PLACES = ("\n\n", "\n", ". ", "! ", "? ", " ")
"""Where to cut, best first: between paragraphs, lines, sentences, words."""
_LONGEST_CLUSTER = 256
"""So far beyond a cut is looked to see whether it falls inside a character."""


def length(text: str, unit: Unit) -> int:
    """
    >>> length("a😀", "characters"), length("a😀", "utf16"), length("a😀", "utf8")
    (2, 3, 5)
    """
    return len(text) if unit == "characters" else sum(_units(c, unit) for c in text)


def _units(c: str, unit: Unit) -> int:
    if unit == "utf16":
        return 2 if c > "\uffff" else 1
    return 1 if c < "\x80" else 2 if c < "\u0800" else 3 if c <= "\uffff" else 4


def split(text: str, limit: int, unit: Unit = "characters") -> list[str]:
    """The parts of `text`, each at most `limit` units long; joined they are `text` again.

    A cut falls behind a paragraph, line, sentence or word in the second half of a part, else between two characters as people
    see them (grapheme clusters). A single cluster longer than the limit is cut between code points.

    >>> split("one two three", 8)
    ['one two ', 'three']
    """
    parts, start = [], 0
    while (fits := _fitting(text, start, limit, unit)) < len(text):
        end = _cut(text, start, fits)
        parts.append(text[start:end])
        start = end
    return [*parts, text[start:]]


def _fitting(text: str, start: int, limit: int, unit: Unit) -> int:
    """The index up to which `text` from `start` is within the limit; at least one code point is."""
    end = min(start + limit, len(text))
    if unit == "characters":
        return end
    used = 0
    for i in range(start, end):
        used += _units(text[i], unit)
        if used > limit:
            return max(i, start + 1)
    return end


def _cut(text: str, start: int, fits: int) -> int:
    """The index at which the part of `text` that begins at `start` ends."""
    window = text[start : fits + _LONGEST_CLUSTER]
    boundaries: list[int] | None = None
    for place in _PLACES:
        at = text.rfind(place, start + (fits - start) // 2, fits)
        while at > start:
            end = at + len(place)
            if text[end] < "\u0300":  # nothing below joins with what stands before it
                return end
            boundaries = boundaries if boundaries is not None else _boundaries(window)
            if end - start in boundaries:
                return end
            at = text.rfind(place, start + (fits - start) // 2, end - 1)
    boundaries = boundaries if boundaries is not None else _boundaries(window)
    whole = bisect_right(boundaries, fits - start)
    return start + boundaries[whole - 1] if whole else fits


def _boundaries(text: str) -> list[int]:
    """Where the characters of `text` as people see them end, ascending."""
    import regex  # only long texts without a good place need it

    return [m.end() for m in regex.finditer(r"\X", text)]
