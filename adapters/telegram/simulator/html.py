"""HTML as the Bot API understands it: a few tags, strict nesting, and an error for anything else.

Source of tags and words: `parse_html` in td/telegram/MessageEntity.cpp. Places in the errors count UTF-8 bytes.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from .errors import ApiError, bad
from .params import whole
from .records import Json

_TAGS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler", "code": "code",
    "pre": "pre", "a": "text_link", "blockquote": "blockquote", "span": "spoiler", "tg-emoji": "custom_emoji",
    "tg-time": "date_time",
}  # fmt: skip
_TAG = re.compile(r"<(/?)([A-Za-z0-9-]*)((?:\s[^>]*)?)>", re.DOTALL)
_ATTRIBUTE = re.compile(r"""([A-Za-z0-9_-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?""")
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|#\d{1,7}|#x[0-9a-fA-F]{1,6});")


@dataclass
class _Open:
    """A start tag that waits for its end; `at` is its UTF-16 offset in the text, `byte` its place in the source."""

    tag: str
    at: int
    byte: int
    attributes: dict[str, str]


def parse_html(source: str) -> tuple[str, list[Json]]:
    """Plain text and entities. Raises ``can't parse entities: …`` for what Telegram refuses."""
    text: list[str] = []
    length = 0
    stack: list[_Open] = []
    entities: list[Json] = []
    place = 0
    while True:
        start = source.find("<", place)
        plain = _unescape(source[place : start if start >= 0 else len(source)])
        text.append(plain)
        length += len(plain.encode("utf-16-le")) // 2
        if start < 0:
            break
        place = _tag(source, start, length, stack, entities)
    if stack:
        raise _wrong(f'Can\'t find end tag corresponding to start tag "{stack[-1].tag}"')
    return "".join(text), sorted(entities, key=lambda one: (one["offset"], -one["length"]))


def _tag(source: str, start: int, at: int, stack: list[_Open], entities: list[Json]) -> int:
    """Takes the tag at `start` in; returns where the text goes on."""
    byte = len(source[:start].encode("utf-8", "replace"))
    found = _TAG.match(source, start)
    if not found:
        raise _wrong(f"Unclosed start tag at byte offset {byte}")
    closing, tag = found[1], found[2].lower()
    if closing:
        _close(tag, byte, at, stack, entities)
        return found.end()
    if tag not in _TAGS:
        raise _wrong(f'Unsupported start tag "{tag}" at byte offset {byte}')
    attributes = {one[1].lower(): _unescape(one[2] or one[3] or one[4] or "") for one in _ATTRIBUTE.finditer(found[3])}
    if tag == "span" and attributes.get("class") != "tg-spoiler":
        raise _wrong(f'Tag "span" must have class "tg-spoiler" at byte offset {byte}')
    stack.append(_Open(tag, at, byte, attributes))
    return found.end()


def _close(tag: str, byte: int, at: int, stack: list[_Open], entities: list[Json]) -> None:
    if not stack:
        raise _wrong(f"Unexpected end tag at byte offset {byte}")
    opened = stack.pop()
    if tag and tag != opened.tag:
        raise _wrong(f'Unmatched end tag at byte offset {byte}, expected "</{opened.tag}>", found "</{tag}>"')
    if at > opened.at and (entity := _entity(opened)):
        entities.append({"offset": opened.at, "length": at - opened.at, **entity})


def _entity(opened: _Open) -> Json | None:
    """The entity that a tag stands for; None for a link that leads nowhere."""
    given = opened.attributes
    match opened.tag:
        case "a":
            return {"type": "text_link", "url": given["href"]} if given.get("href") else None
        case "tg-emoji":
            return {"type": "custom_emoji", "custom_emoji_id": given.get("emoji-id", "")}
        case "tg-time":
            return {"type": "date_time", "unix_time": whole(given.get("unix", ""))}
        case "blockquote" if "expandable" in given:
            return {"type": "expandable_blockquote"}
    return {"type": _TAGS[opened.tag]}


def _unescape(text: str) -> str:
    """Named and numeric entities that Telegram knows; any other stays as it was written."""
    return _ENTITY.sub(lambda found: html.unescape(found[0]), text) if "&" in text else text


def _wrong(words: str) -> ApiError:
    return bad(f"can't parse entities: {words}")
