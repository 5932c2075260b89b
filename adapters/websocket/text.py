"""Which texts of a stranger may be stored and sent back. Pure."""

from __future__ import annotations


def storable(text: str) -> bool:
    """No NUL, which PostgreSQL doesn't take, and no half of a surrogate pair, which isn't UTF-8.

    >>> storable("Grüße"), storable("\\x00"), storable("\\ud83d")
    (True, False, False)
    """
    return "\x00" not in text and not any("\ud800" <= c <= "\udfff" for c in text)
