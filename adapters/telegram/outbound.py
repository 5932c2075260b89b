"""What goes to Telegram, pure: capabilities, and how a file is best sent."""

from __future__ import annotations

from bridge.core.capabilities import Capabilities, MediaRule, Support
from bridge.core.content import Attachment

MB = 1024 * 1024
MAX_TEXT = 4096
MAX_CAPTION = 1024
"""Unicode characters, after entities were parsed: https://core.telegram.org/bots/api#sendmessage, #sendphoto"""
MAX_UPLOAD = 50_000_000
MAX_PHOTO = 10 * MB

CAPABILITIES = Capabilities(
    noun="Telegram",
    max_text=MAX_TEXT,
    media=(MediaRule(types=("*",), max_bytes=MAX_UPLOAD),),
    max_caption=MAX_CAPTION,
    edit=Support.FULL,
    delete=Support.PARTIAL,
    reply=Support.FULL,
    send_once="none",
    settle_s=5.0,
    max_in_flight=32,
)


def filename(attachment: Attachment, kind: str) -> str:
    """A name that can stand in a header; a customer may call a file anything.

    >>> filename(Attachment(ref="", content_type="a/b", filename='x\\r\\n".pdf'), "document")
    "x__'.pdf"
    """
    printable = "".join(c if c.isprintable() else "_" for c in attachment.filename).replace('"', "'").replace("\\", "_")
    return printable.strip()[-100:] or kind


def method_for(attachment: Attachment, size: int) -> str:
    """The way a file is shown best: ``photo video animation audio voice document``.

    >>> method_for(Attachment(ref="", content_type="image/png", kind="image"), 1000)
    'photo'
    """
    match attachment.content_type:
        case "image/jpeg" | "image/png" | "image/webp" if size <= MAX_PHOTO:
            return "photo"
        case "image/gif":
            return "animation"
        case "video/mp4":
            return "video"
        case "audio/ogg" if attachment.kind == "voice":
            return "voice"
        case "audio/mpeg" | "audio/mp4" | "audio/x-m4a":
            return "audio"
        case _:
            return "document"
