"""A long text cut into parts at sensible places, never inside a character."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

Unit = Literal["characters", "utf16"]
_PLACES = ("\n\n", "\n", ". ", "! ", "? ", " ")
"""Where to cut, best first: between paragraphs, lines, sentences, words."""


def length(text: str, unit: Unit) -> int:
    """
    >>> length("a😀", "characters"), length("a😀", "utf16")
    (2, 3)
    """
    return len(text) if unit == "characters" else len(text) + sum(c > "\uffff" for c in text)


def split(text: str, limit: int, unit: Unit = "characters") -> list[str]:
    """The parts of `text`, each at most `limit` units long; joined they are `text` again.

    A cut falls behind a paragraph, line, sentence or word in the second half of a part, else between two characters as people
    see them (grapheme clusters). A single cluster longer than the limit is cut between code points.

    >>> split("one two three", 8)
    ['one two ', 'three']
    """
    if length(text, unit) <= limit:
        return [text]
    parts = []
    while length(text, unit) > limit:
        end = _cut(text, limit, unit)
        parts.append(text[:end])
        text = text[end:]
    return [*parts, text] if text else parts


def _cut(text: str, limit: int, unit: Unit) -> int:
    """The index at which the first part of `text` ends."""
    fits = _fitting_prefix(text, limit, unit)
    for place in _PLACES:
        at = text.rfind(place, fits // 2, fits)
        if at > 0:
            return at + len(place)
    return _whole_clusters(text, fits)


def _fitting_prefix(text: str, limit: int, unit: Unit) -> int:
    if unit == "characters":
        return min(limit, len(text))
    used = 0
    for i, c in enumerate(text):
        used += 2 if c > "\uffff" else 1
        if used > limit:
            return i
    return len(text)


def _whole_clusters(text: str, end: int) -> int:
    """The last cluster boundary at or before `end`; `end` itself where the first cluster alone is longer."""
    last = 0
    for boundary in _boundaries(text):
        if boundary > end:
            return last or end
        last = boundary
    return last or end


def _boundaries(text: str) -> Iterator[int]:
    import regex  # only long texts without a space need it

    return (m.end() for m in regex.finditer(r"\X", text))
