"""What a file is by its first bytes, and as what a browser is shown it. Pure.

Browsers run HTML, SVG, XML and PDF in the name of the site that serves them, so whoever sends us a file must not choose what
it is taken for: only pictures, sounds and films that are what they say are shown, the rest is saved.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

HEAD_BYTES = 4096
"""How much of a file's start is looked at."""
UNKNOWN = "application/octet-stream"

_INLINE = frozenset(
    """image/jpeg image/png image/gif image/webp audio/mpeg audio/ogg audio/mp4 audio/aac audio/amr audio/amr-wb audio/wav
    audio/webm audio/3gpp audio/flac video/mp4 video/webm video/ogg video/3gpp video/quicktime""".split()
)
_ACTIVE = frozenset("text/html application/xhtml+xml image/svg+xml application/xml".split())
_PLAIN = frozenset(
    "text/plain text/csv text/markdown text/vcard text/x-vcard text/directory text/calendar application/json".split()
)
"""Without a mark of their own; believed, and saved all the same."""
_ALIASES = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "audio/mp3": "audio/mpeg",
    "audio/m4a": "audio/mp4",
    "audio/x-m4a": "audio/mp4",
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "audio/opus": "audio/ogg",
    "audio/aacp": "audio/aac",
    "audio/x-flac": "audio/flac",
    "application/x-zip-compressed": "application/zip",
}
_ALSO = {
    "video/mp4": ("audio/mp4", "video/3gpp", "audio/3gpp", "video/quicktime"),
    "audio/mp4": ("video/mp4",),
    "video/3gpp": ("audio/3gpp", "video/mp4", "audio/mp4"),
    "video/webm": ("audio/webm",),
    "audio/ogg": ("video/ogg",),
    "image/heic": ("image/heif",),
    "application/zip": (
        "application/vnd.openxmlformats-officedocument.",
        "application/vnd.oasis.opendocument.",
        "application/epub+zip",
        "application/vnd.apple.",
    ),
    "application/x-ole-storage": ("application/msword", "application/vnd.ms-"),
}
"""Containers that carry several types: the beginnings of the names that one may have too."""

_STARTS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"#!AMR-WB\n", "audio/amr-wb"),
    (b"#!AMR\n", "audio/amr"),
    (b"fLaC", "audio/flac"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"{\\rtf", "application/rtf"),
    (b"%PDF-", "application/pdf"),
)
_BRANDS = (
    (re.compile(rb"hei[cxms]|hev[cxms]|mif1|msf1"), "image/heic"),
    (re.compile(rb"avi[fs]"), "image/avif"),
    (re.compile(rb"qt  "), "video/quicktime"),
    (re.compile(rb"3g[epgrs2].", re.DOTALL), "video/3gpp"),
    (re.compile(rb"M4[AB] "), "audio/mp4"),
    (re.compile(rb"iso\w|mp4\d|avc1|dash|M4V[HP ]|MSNV|mmp4|f4v |XAVC"), "video/mp4"),
)
_MARKUP = re.compile(
    rb"\s*(<!--.*?-->\s*)*<(!doctype|html|head|title|body|script|style|iframe|svg|table|div|font|meta|link|img|video|object"
    rb"|embed|form|h1|a|b|p|br)[\s/>]",
    re.DOTALL,
)
_RUNS = re.compile(rb"<(script|html|svg|iframe|!doctype|body)[\s/>]")


@dataclass(frozen=True, slots=True)
class Shown:
    """What the answer's ``Content-Type`` says, and whether a browser may show it in place."""

    content_type: str
    inline: bool


def sniff(head: bytes) -> str:
    """The content type that the first bytes prove (`HEAD_BYTES` of them are enough); empty where they prove none.

    >>> sniff(b"GIF89a..."), sniff(b"\\n<svg onload=alert(1)>"), sniff(b"hello")
    ('image/gif', 'image/svg+xml', '')
    """
    head = head[:HEAD_BYTES]
    for start, content_type in _STARTS:
        if head.startswith(start):
            return content_type
    return _container(head) or _sound(head) or _markup(head) or ("application/pdf" if b"%PDF-" in head[:1024] else "")


def shown_as(declared: str, head: bytes) -> Shown:
    """As what a file is served that its sender calls `declared`. The bytes decide, and what they don't prove is saved, not shown.

    >>> shown_as("image/jpg", b"\\xff\\xd8\\xff\\xe0"), shown_as("image/jpeg", b"<html>")
    (Shown(content_type='image/jpeg', inline=True), Shown(content_type='application/octet-stream', inline=False))
    """
    named, found = essence(declared), sniff(head)
    if found in _ACTIVE:
        return Shown(UNKNOWN, inline=False)
    if not found:
        return Shown(named if named in _PLAIN else UNKNOWN, inline=False)
    exact = named if named.startswith(_ALSO.get(found, ("?",))) else found
    return Shown(exact, inline=exact in _INLINE and _family(exact) == _family(named))


def essence(content_type: str) -> str:
    """The type without its parameters, in its usual spelling; what is no content type is `UNKNOWN`.

    >>> essence("Image/JPG; q=1"), essence("x\\r\\nSet-Cookie: y")
    ('image/jpeg', 'application/octet-stream')
    """
    named = content_type.partition(";")[0].strip().lower()
    if len(named) > 127 or not re.fullmatch(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*", named):
        return UNKNOWN
    return _ALIASES.get(named, named)


def _family(content_type: str) -> str:
    return content_type.partition("/")[0]


def _container(head: bytes) -> str:
    """ISO media (the brand tells), RIFF, Ogg, Matroska, and QuickTime from before brands."""
    if head[4:8] == b"ftyp":
        return _branded(head)
    if head[4:8] in (b"moov", b"mdat", b"wide", b"pnot"):
        return "video/quicktime"
    if head[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}.get(head[8:12], "")
    if head[:4] == b"OggS":
        return "video/ogg" if b"\x80theora" in head[:128] else "audio/ogg"
    if head[:4] == b"\x1aE\xdf\xa3":
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    return ""


def _branded(head: bytes) -> str:
    """The major brand, else the first known one of those that it is compatible with."""
    end = min(int.from_bytes(head[:4]), len(head), 256)
    for at in (8, *range(16, end, 4)):
        for brand, content_type in _BRANDS:
            if brand.fullmatch(head[at : at + 4]):
                return content_type
    return ""


def _sound(head: bytes) -> str:
    """MPEG audio: a tag, or the sync word of a frame with bit rate and sample rate that exist."""
    if head[:3] == b"ID3" and len(head) >= 10 and head[3] < 0x10 and head[4] < 0xFF:
        return "audio/mpeg"
    if len(head) < 4 or head[0] != 0xFF:
        return ""
    if head[1] & 0xF6 == 0xF0:
        return "audio/aac" if (head[2] >> 2) & 0x0F < 13 else ""
    real = head[2] >> 4 not in (0, 15) and (head[2] >> 2) & 3 != 3
    # Layer III alone: the others' sync words are also the byte order mark of UTF-16.
    return "audio/mpeg" if head[1] & 0xE6 == 0xE2 and real else ""


def _markup(head: bytes) -> str:
    """HTML, SVG or XML, also in UTF-16: some reader would take it for that."""
    text = head.removeprefix(b"\xef\xbb\xbf").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff").replace(b"\0", b"")
    text = text.lower()
    if text.lstrip().startswith(b"<?xml") or re.match(rb"\s*<(!doctype\s+)?svg[\s/>]", text):
        if b"<svg" in text:
            return "image/svg+xml"
        return "application/xhtml+xml" if b"<html" in text else "application/xml"
    return "text/html" if _MARKUP.match(text) or _RUNS.search(text) else ""
