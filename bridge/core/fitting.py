"""The one reader of `Capabilities`: a message and what a binding can carry -> parts, and what was lost on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bridge.core.capabilities import Capabilities, MediaRule
from bridge.core.content import Attachment, Content
from bridge.core.splitting import length, split


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one remote call carries: a text, a file (its place among the message's attachments), or a file with its caption."""

    text: str = ""
    attachment: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """`lost`: a sentence for each file that the binding can't carry, those that go as a link too."""

    parts: tuple[Part, ...]
    lost: tuple[str, ...] = ()


MAX_FILE = 100 * 1024 * 1024
"""In bytes: a larger file isn't kept, and so goes nowhere as a link."""
Linking = Callable[[int], str]
"""The signed URL of the file at a place among the message's attachments."""


def fit(content: Content, caps: Capabilities, prefix: str = "", link: Linking | None = None) -> Fitted:
    """The parts of `content` in their order: the text first, then one file a part; a short text goes as the only file's caption
    where the network has captions. `prefix` stands before the text ("Eve (web): "), also where there is only a file. What the
    binding can't carry goes as a link, in a part of its own behind the text."""
    kept: list[int] = []
    lost: list[str] = []
    links: list[str] = []
    for i, attachment in enumerate(content.attachments):
        words = refusal(attachment, caps)
        if not words:
            kept.append(i)
        elif link is not None and (attachment.size or 0) <= MAX_FILE:
            lost.append(as_link(words))
            links.append(linked(attachment, link(i)))
        else:
            lost.append(words)
    text = _text(content, prefix, bool(kept))
    if len(kept) == 1 and not links and text and length(text, caps.text_unit) <= caps.max_caption:
        return Fitted(parts=(Part(text=text, attachment=kept[0]),), lost=tuple(lost))
    parts = [Part(text=t) for t in split(text, caps.max_text, caps.text_unit) if t.strip()]  # no network takes a blank
    lines = "\n".join(links) if text or not prefix else prefix + "\n".join(links)
    parts += [Part(text=t) for t in split(lines, caps.max_text, caps.text_unit) if links]
    parts += [Part(attachment=i) for i in kept]
    return Fitted(parts=tuple(parts), lost=tuple(lost))


def _text(content: Content, prefix: str, has_files: bool) -> str:
    words = content.words if content.text.strip() or content.sentences or not content.attachments else ""
    if not words:
        return prefix.rstrip() if has_files else ""
    return prefix + words


def refusal(attachment: Attachment, caps: Capabilities) -> str:
    """Why the file can't go, in words; empty where it can.

    >>> refusal(Attachment(ref="", content_type="audio/ogg", kind="audio"), Capabilities(noun="an SMS", max_text=1600))
    'the audio file (audio/ogg) was not sent: an SMS can’t carry this type'
    """
    rule = caps.rule_for(attachment.content_type)
    if rule is None:
        return f"{describe(attachment)} was not sent: {caps.noun} can’t carry this type{_accepted(caps)}"
    if attachment.size is not None and attachment.size > rule.max_bytes:
        return too_large(attachment, rule, caps)
    return ""


def as_link(words: str) -> str:
    """The refusal of a file that goes as a link.

    >>> as_link("the file (a/b) was not sent: an SMS carries at most 5 MB of it")
    'the file (a/b) went as a link: an SMS carries at most 5 MB of it'
    """
    return words.replace("was not sent", "went as a link", 1)


def linked(attachment: Attachment, url: str) -> str:
    """The line that stands for a file.

    >>> linked(Attachment(ref="", content_type="a/b", filename="a.b", size=1536), "https://x.example/media/1")
    'a.b (1.5 kB): https://x.example/media/1'
    """
    size = f" ({megabytes(attachment.size)})" if attachment.size is not None else ""
    return f"{attachment.filename or attachment.content_type}{size}: {url}"


def too_large(attachment: Attachment, rule: MediaRule, caps: Capabilities) -> str:
    """The sentence for a file over its limit; its size may have become known while it was fetched."""
    return f"{describe(attachment)} was not sent: {caps.noun} carries at most {megabytes(rule.max_bytes)} of it"


def describe(attachment: Attachment) -> str:
    """
    >>> describe(Attachment(ref="", content_type="image/png", kind="image", filename="a.png", size=1536))
    'the image a.png (image/png, 1.5 kB)'
    """
    noun = {"image": "the image", "video": "the video", "audio": "the audio file", "voice": "the voice message"}.get(
        attachment.kind, "the file"
    )
    size = f", {megabytes(attachment.size)}" if attachment.size is not None else ""
    name = f" {attachment.filename}" if attachment.filename else ""
    return f"{noun}{name} ({attachment.content_type}{size})"


def megabytes(n: int) -> str:
    """
    >>> megabytes(5 * 1024 * 1024), megabytes(50_000_000), megabytes(900)
    ('5 MB', '50 MB', '900 bytes')
    """
    if n and n % 1_000_000 == 0:
        return f"{n // 1_000_000} MB"  # so a network says it whose megabytes are decimal
    if n < 1024:
        return f"{n} bytes"
    value, unit = (n / 1024, "kB") if n < 1024 * 1024 else (n / 1024 / 1024, "MB")
    return f"{value:.1f}".removesuffix(".0") + f" {unit}"


def _accepted(caps: Capabilities) -> str:
    names = [_type_name(t) for rule in caps.media for t in rule.types]
    return f" (it takes {', '.join(dict.fromkeys(names))})" if names else ""


def _type_name(pattern: str) -> str:
    family, _, kind = pattern.partition("/")
    return family if kind == "*" else kind.upper()
