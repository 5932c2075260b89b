"""Text as Telegram takes it in: cleaned, trimmed, measured, its entities checked and the obvious ones found.

Sources: `clean_input_string` in td/telegram/misc.cpp, `get_formatted_text` and `fix_formatted_text` in
td/telegram/MessageEntity.cpp. Offsets of entities count UTF-16 units; limits count code points.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .errors import bad
from .html import parse_html
from .params import Params
from .records import Json

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
RAW_LIMIT = 32768
ENTITIES_LIMIT = 100

_DROPPED = re.compile("[\r\u2028-\u202e\u0333\u033f\u030a]")
_BLANKED = re.compile("[\x00-\x09\x0b\x0c\x0e-\x1f]")
_EMPTY = re.compile("[\\s\u200b-\u200f\u202e\ufeff\u00a0\u2800\ufffc]*\\Z")
_BLANK = " \n"
_FOUND = (
    ("url", re.compile(r"(?:https?://|www\.)[^\s<>\"]+[^\s<>\".,:;!?)\]]", re.IGNORECASE)),
    ("email", re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]*\w", re.ASCII)),
    ("mention", re.compile(r"(?<!\w)@[A-Za-z]\w{3,31}\b", re.ASCII)),
    ("bot_command", re.compile(r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?(?![\w/])", re.ASCII)),
    ("hashtag", re.compile(r"(?<!\w)#\w*[^\W\d]\w*")),
    ("phone_number", re.compile(r"(?<!\w)\+\d{9,15}(?!\w)", re.ASCII)),
)
_TYPES = {
    "mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "bold", "italic", "underline",
    "strikethrough", "spoiler", "blockquote", "expandable_blockquote", "code", "pre", "text_link", "text_mention",
    "custom_emoji", "date_time",
}  # fmt: skip
_OURS = {"mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number"}


def utf16(text: str) -> int:
    """The length of `text` in UTF-16 units."""
    return len(text) + sum(char > "\uffff" for char in text)


def message_text(params: Params) -> Json:
    """The content fields `text` and `entities` of a text message, or the refusal that Telegram would give."""
    raw = params.text("text")
    if not raw:
        raise bad("message text is empty")
    text, entities = formatted(raw, params.text("parse_mode"), params.listing("entities", "entities"))
    if not text:
        raise bad("text must be non-empty")
    if len(text) > TEXT_LIMIT:
        raise bad("message is too long")
    return with_entities("text", text, "entities", entities)


def message_caption(params: Params) -> Json:
    """The content fields `caption` and `caption_entities`; empty without a caption."""
    listing = params.listing("caption_entities", "caption entities")
    return caption_fields(params.text("caption"), params.text("parse_mode"), listing)


def caption_fields(raw: str, mode: str, listing: list[Any] | None) -> Json:
    """As `message_caption`, from values: albums and edited media carry theirs inside another object."""
    text, entities = formatted(raw, mode, listing) if raw else ("", [])
    if len(text) > CAPTION_LIMIT:
        raise bad("message caption is too long")
    return with_entities("caption", text, "caption_entities", entities) if text else {}


def with_entities(name: str, text: str, entities_name: str, entities: list[Json]) -> Json:
    """The two fields, the second one only where there are entities."""
    return {name: text, entities_name: entities} if entities else {name: text}


def formatted(raw: str, mode: str, listing: list[Any] | None) -> tuple[str, list[Json]]:
    """Clean text and its entities. `mode` wins over `listing`, as at Telegram (get_formatted_text)."""
    try:
        size = len(raw.encode())
    except UnicodeEncodeError:
        raise bad("strings must be encoded in UTF-8") from None
    if size > RAW_LIMIT:
        raise bad("text is too long")
    if mode.lower() == "html":
        raw, entities = parse_html(raw)
    elif mode and mode.lower() != "none":
        raise bad("unsupported parse_mode")
    else:
        entities = _checked(listing or [], utf16(raw))
    text, entities = _clean(raw, entities)
    if _EMPTY.match(text):
        return "", []
    return text, _with_found(text, entities)


def _checked(listing: list[Any], length: int) -> list[Json]:
    """The given entities that Telegram keeps; it refuses unknown types and what ends behind the text."""
    entities: list[Json] = []
    for one in listing:
        if (
            not isinstance(one, dict)
            or not isinstance(one.get("offset"), int)
            or not isinstance(one.get("length"), int)
        ):
            raise bad('can\'t parse MessageEntity: Field "offset" must be of type Number')
        if one.get("type") not in _TYPES:
            raise bad("can't parse MessageEntity: Unsupported type specified")
        offset, size = one["offset"], one["length"]
        if offset < 0 or size <= 0:
            continue
        if offset >= length:
            raise bad(f"Entity begins after the end of the text at UTF-16 offset {offset}")
        if offset + size > length:
            end = offset + size
            raise bad(
                f"Entity beginning at UTF-16 offset {offset} ends after the end of the text at UTF-16 offset {end}"
            )
        # Kinds that Telegram finds by itself are not taken from the sender.
        if one["type"] not in _OURS:
            entities.append(dict(one))
    return sorted(entities[:ENTITIES_LIMIT], key=lambda one: (one["offset"], -one["length"]))


def _clean(raw: str, entities: list[Json]) -> tuple[str, list[Json]]:
    """Drops and blanks what Telegram does, trims the ends, and moves the entities along."""
    blanked = _BLANKED.sub(" ", raw)
    text = _DROPPED.sub("", blanked)
    shift: Callable[[int], int] = (lambda offset: offset) if text == blanked else _shifter(blanked)
    left = len(text) - len(text.lstrip(_BLANK))
    text = text.strip(_BLANK)
    size = utf16(text)
    moved: list[Json] = []
    for one in entities:
        start = max(shift(one["offset"]) - left, 0)
        end = min(shift(one["offset"] + one["length"]) - left, size)
        if end > start:
            moved.append({**one, "offset": start, "length": end - start})
    return text, moved


def _shifter(text: str) -> Callable[[int], int]:
    """Maps a UTF-16 offset in `text` to the one after `_DROPPED` was taken out."""
    gone = [utf16(text[: found.start()]) for found in _DROPPED.finditer(text)]
    return lambda offset: offset - sum(place < offset for place in gone)


def _with_found(text: str, entities: list[Json]) -> list[Json]:
    """Adds links, commands, mentions and the like, where no code, link or other find stands already."""
    taken = [(one["offset"], one["offset"] + one["length"]) for one in entities if one["type"] in _SEALED]
    found: list[Json] = []
    for kind, pattern in _FOUND:
        for match in pattern.finditer(text):
            start = utf16(text[: match.start()])
            end = start + utf16(match[0])
            if all(end <= left or start >= right for left, right in taken):
                taken.append((start, end))
                found.append({"type": kind, "offset": start, "length": end - start})
    return sorted(entities + found, key=lambda one: (one["offset"], -one["length"]))


_SEALED = {"code", "pre", "text_link", "text_mention"}
