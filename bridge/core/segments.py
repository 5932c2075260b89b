"""How many segments a text takes as an SMS, exactly: the alphabet of a phone, or two bytes for each character.

Source: 3GPP TS 23.038 (the alphabet and its extension) and 23.040 (a segment holds 1,120 bits, 48 fewer as one of several).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Encoding = Literal["GSM-7", "UCS-2"]
BASIC = frozenset(
    "\n\r !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
    "¡£¤¥§¿ÄÅÆÇÉÑÖØÜßàäåæèéìñòöøùüΓΔΘΛΞΠΣΦΨΩ"
)
"""One unit each. One character that is neither here nor below makes the whole text UCS-2."""
EXTENSION = frozenset("\f[\\]^{|}~€")
"""Two units each, an escape and a letter, which stay together."""
ALONE: dict[Encoding, int] = {"GSM-7": 160, "UCS-2": 70}
TOGETHER: dict[Encoding, int] = {"GSM-7": 153, "UCS-2": 67}


@dataclass(frozen=True, slots=True, kw_only=True)
class Segments:
    """`units` are septets in GSM-7, and UTF-16 units in UCS-2; so many more (`left`) fit before there is another segment."""

    count: int
    encoding: Encoding
    units: int
    left: int


def segments(text: str) -> Segments:
    """The segments of `text` as it stands; none of an empty one.

    >>> segments("Hello")
    Segments(count=1, encoding='GSM-7', units=5, left=155)
    >>> segments("€" * 81).count, segments("😀" * 36).count, segments("ç").encoding
    (2, 2, 'UCS-2')
    """
    encoding: Encoding = "GSM-7" if BASIC.union(EXTENSION).issuperset(text) else "UCS-2"
    alone, together = ALONE[encoding], TOGETHER[encoding]
    widths = list(_widths(text, encoding))
    units = sum(widths)
    if units <= alone:
        return Segments(count=min(units, 1), encoding=encoding, units=units, left=alone - units)
    count, used = 1, 0
    for width in widths:
        if used + width > together:
            count, used = count + 1, 0
        used += width
    return Segments(count=count, encoding=encoding, units=units, left=together - used)


def _widths(text: str, encoding: Encoding) -> Iterator[int]:
    """The units of each character; those of one are never split over two segments."""
    for c in text:
        yield 2 if (c in EXTENSION if encoding == "GSM-7" else c > "\uffff") else 1


def smart(text: str) -> str:
    """`text` with look-alikes replaced, as a network does it that was told to spare segments.

    >>> smart("“Straße” – 1½…")
    '"Straße" - 11/2...'
    """
    return text.translate(_SMART)


_LOOK_ALIKES = {
    "": "\x00\x03\x04\x10\x11\x12\x13\x14\x17\x19\u200b\u2060\ufeff",
    " ": "\u2001\u2028\u2029",
    "!": "\u01c3\ufe15\ufe57\uff01",
    '"': "\xab\xbb\u02ba\u02ee\u201c\u201d\u201e\u201f\u275d\u275e\u301d\u301e\uff02",
    "#": "\ufe5f\uff03",
    "$": "\ufe69\uff04",
    "%": "\ufe6a\uff05",
    "&": "\ufe60\uff06",
    "'": "\x60\xb4\u02b9\u02bb\u02bc\u02bd\u02c8\u02ca\u02cb\u0313\u0314\u2018\u2019\u201b\u275b\u275c\ufe10\ufe11\uff07",
    "(": "\u2768\u276a\u27ee\u2985\ufe59\uff08",
    ")": "\u2769\u276b\u27ef\u2986\ufe5a\uff09",
    "*": "\u204e\u2217\u229b\u2722\u2723\u2724\u2725\u2731\u2732\u2733\u273a\u273b\u273c\u273d\u2743\u2749"
    "\u274a\u274b\u29c6\ufe61\uff0a",
    "+": "\u02d6\ufe62\uff0b",
    ",": "\u0326\u201a\u3001\ufe50\ufe51\uff0c\uff64",
    "-": "\u2010\u2013\u2014\u2015\u2022\u2043\u23bc\u23bd\ufe63\uff0d",
    ".": "\u3002\ufe52\uff0e\uff61",
    "/": "\xf7\u0337\u0338\u2044\u2215\u29f8\uff0f",
    "0": "\uff10",
    "1": "\uff11",
    "2": "\uff12",
    "3": "\uff13",
    "4": "\uff14",
    "5": "\uff15",
    "6": "\uff16",
    "7": "\uff17",
    "8": "\uff18",
    "9": "\uff19",
    ":": "\u02d0\u02f8\u2982\ua789\ufe13\uff1a",
    ";": "\u204f\ufe14\ufe54\uff1b",
    "<": "\u203a\ufe64\uff1c",
    "=": "\u0347\ua78a\ufe66\uff1d",
    ">": "\u2039\ufe65\uff1e",
    "?": "\ufe16\ufe56\uff1f",
    "@": "\ufe6b\uff20",
    "A": "\u1d00\uff21",
    "B": "\u0299\uff22",
    "C": "\u1d04\uff23",
    "D": "\u1d05\uff24",
    "E": "\u1d07\uff25",
    "F": "\ua730\uff26",
    "G": "\u0262\uff27",
    "H": "\u029c\uff28",
    "I": "\u026a\uff29",
    "J": "\u1d0a\uff2a",
    "K": "\u1d0b\uff2b",
    "L": "\u029f\uff2c",
    "M": "\u1d0d\uff2d",
    "N": "\u0274\uff2e",
    "O": "\u1d0f\uff2f",
    "P": "\u1d18\uff30",
    "Q": "\uff31",
    "R": "\u0280\uff32",
    "S": "\ua731\uff33",
    "T": "\u1d1b\uff34",
    "U": "\u1d1c\uff35",
    "V": "\u1d20\uff36",
    "W": "\u1d21\uff37",
    "X": "\uff38",
    "Y": "\u028f\uff39",
    "Z": "\u1d22\uff3a",
    "[": "\uff3b",
    "\\": "\u20e5\u29f5\u29f9\ufe68\uff3c",
    "]": "\uff3d",
    "^": "\u02c6\u0302\u1dcd\uff3e",
    "_": "\u0332\u2017\uff3f",
    "{": "\u2774\ufe5b\uff5b",
    "|": "\u20d2\u20d3\u2223\u239c\u239f\u23b8\u23b9\u23d0\uff5c",
    "}": "\u2775\ufe5c\uff5d",
    "~": "\u02dc\u02f7\u0303\u0330\u0334\u223c\uff5e",
    "  ": "\x80\x8d\x90\x9b\x9f\xa0\u2000\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000",
    "!!": "\u203c",
    "...": "\u2026",
    "1/2": "\xbd",
    "1/4": "\xbc",
    "3/4": "\xbe",
    "       ": "\x09",
}
"""What is put in place, and for which characters. Some get longer, and angle quotes change sides: as the network does it.
Source: https://github.com/TwilioDevEd/message-segment-calculator (SmartEncodingMap)."""
_SMART = {ord(c): put for put, characters in _LOOK_ALIKES.items() for c in characters}
