"""What a Telegram message holds: files by reference, and a sentence for each kind that isn't carried. Pure.

Source: https://core.telegram.org/bots/api#message and #getfile (bots fetch at most 20 MB).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from adapters.telegram.text import plain
from bridge.core.content import Attachment, Content
from bridge.core.fitting import describe

MAX_DOWNLOAD = 20 * 1024 * 1024
Json = Mapping[str, Any]
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+")
"""A media type. An agent's client may say anything, and it becomes a header of ours."""


def content(message: Json) -> tuple[Content, tuple[str, ...]]:
    """What can be relayed, and what its author must be told of the rest."""
    body = str(message.get("text") or message.get("caption") or "")
    entities = message.get("entities") or message.get("caption_entities") or ()
    text = plain(body, [e for e in entities if isinstance(e, Mapping)])
    files = [a for a in (_file(message),) if a is not None]
    small = tuple(a for a in files if a.size is None or a.size <= MAX_DOWNLOAD)
    told = tuple(_too_large(a) for a in files if a not in small)
    sentences = tuple(s for name, say in _SENTENCES.items() if name in message and (s := say(message[name])))
    if not (text or files or sentences):
        sentences = ("sent something that can’t be shown here",)
    return Content(text=text, attachments=small, sentences=sentences), told


def _too_large(a: Attachment) -> str:
    words = f"{describe(a)} was not sent: Telegram lets bots fetch at most 20 MB."
    return words[0].upper() + words[1:]


def _file(message: Json) -> Attachment | None:
    """The one file of a message. An animation carries a document too: the same file."""
    if photos := message.get("photo"):
        largest = max(photos, key=lambda p: (p.get("width") or 0) * (p.get("height") or 0))
        return _attachment(largest, "image", "image/jpeg", "photo.jpg")
    for name, (kind, content_type, filename) in _FILES.items():
        if isinstance(found := message.get(name), Mapping):
            return _attachment(found, kind, content_type, filename)
    return None


_FILES = {
    "animation": ("video", "video/mp4", "animation.mp4"),
    "video": ("video", "video/mp4", "video.mp4"),
    "video_note": ("video", "video/mp4", "video.mp4"),
    "voice": ("voice", "audio/ogg", "voice.ogg"),
    "audio": ("audio", "audio/mpeg", "audio.mp3"),
    "document": ("file", "application/octet-stream", "file"),
}


def _attachment(file: Json, kind: str, content_type: str, filename: str) -> Attachment:
    size = file.get("file_size")
    told = str(file.get("mime_type") or "").partition(";")[0].strip().lower()
    return Attachment(
        ref=str(file.get("file_id") or ""),
        content_type=told if _TYPE.fullmatch(told) else content_type,
        kind=kind,
        filename=str(file.get("file_name") or filename),
        size=size if isinstance(size, int) and size >= 0 else None,
    )


def _place(location: Json) -> str:
    return f"sent a location: https://maps.google.com/?q={location.get('latitude')},{location.get('longitude')}"


def _contact(contact: Json) -> str:
    name = " ".join(str(contact[k]) for k in ("first_name", "last_name") if contact.get(k))
    return f"sent a contact: {name} {contact.get('phone_number', '')}".rstrip()


_SENTENCES: dict[str, Callable[[Json], str]] = {
    "sticker": lambda s: f"sent a sticker {s.get('emoji', '')}".rstrip(),
    "poll": lambda p: f"sent a poll: {p.get('question', '')}".rstrip(": "),
    "location": _place,
    "venue": lambda v: f"at {v.get('title', '')}, {v.get('address', '')}",
    "contact": _contact,
    "dice": lambda d: f"rolled {d.get('emoji', 'a die')}: {d.get('value', '')}",
    "game": lambda _: "sent a game",
    "story": lambda _: "forwarded a story",
    "checklist": lambda _: "sent a checklist",
    "paid_media": lambda _: "sent paid media",
    "invoice": lambda _: "sent an invoice",
    "giveaway": lambda _: "sent a giveaway",
    "giveaway_winners": lambda _: "forwarded a giveaway’s winners",
    "rich_message": lambda _: "sent a rich message",
}
