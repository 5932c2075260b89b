"""Telegram's texts as plain ones, pure. Entity offsets count UTF-16 units: https://core.telegram.org/api/entities"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def clean(value: Any) -> Any:
    """JSON less what isn't text and can't be stored: lone surrogates and NUL, which JSON can spell out.

    >>> clean({"a": ["\\0", 1]})
    {'a': ['�', 1]}
    """
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
    if isinstance(value, list):
        return [clean(v) for v in value]
    if isinstance(value, dict):
        return {k: clean(v) for k, v in value.items()}
    return value


def plain(text: str, entities: Sequence[Mapping[str, Any]]) -> str:
    """The text with what plain text can't hold written out: where a link is hidden behind words, it stands behind them.

    >>> plain("see here", [{"type": "text_link", "offset": 4, "length": 4, "url": "https://x.example/"}])
    'see here (https://x.example/)'
    """
    links = [(e["offset"] + e["length"], str(e["url"])) for e in entities if _is_link(e)]
    if not links:
        return text
    units = text.encode("utf-16-le", "surrogatepass")
    for end, url in sorted(links, reverse=True):
        if url.rstrip("/") not in text:
            units = units[: end * 2] + f" ({url})".encode("utf-16-le") + units[end * 2 :]
    return units.decode("utf-16-le", "replace")


def _is_link(entity: Mapping[str, Any]) -> bool:
    numbers = (entity.get("offset"), entity.get("length"))
    return (
        entity.get("type") == "text_link"
        and bool(entity.get("url"))
        and all(isinstance(n, int) and n >= 0 for n in numbers)
    )
