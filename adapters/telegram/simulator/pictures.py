"""Looks into a picture's first bytes for what it is and how large; nothing is decoded."""

from __future__ import annotations

_MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"BM")
_UNKNOWN = (800, 600)
_NO_FRAME = {0xC4, 0xC8, 0xCC}


def is_picture(data: bytes) -> bool:
    """Whether the bytes begin like a picture that Telegram takes as a photo."""
    return data.startswith(_MAGIC) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")


def picture_size(data: bytes) -> tuple[int, int]:
    """Width and height; a common size where the header doesn't tell."""
    if data.startswith(b"\x89PNG") and len(data) >= 24:
        return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    if data.startswith(b"GIF8") and len(data) >= 10:
        return int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
    if data.startswith(b"\xff\xd8"):
        return _jpeg_size(data)
    return _UNKNOWN


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """Walks a JPEG's segments up to the frame header (SOF0 to SOF15), which holds the size."""
    place = 2
    while place + 9 <= len(data) and data[place] == 0xFF:
        mark = data[place + 1]
        if 0xC0 <= mark <= 0xCF and mark not in _NO_FRAME:
            return int.from_bytes(data[place + 7 : place + 9], "big"), int.from_bytes(
                data[place + 5 : place + 7], "big"
            )
        place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return _UNKNOWN
