"""What a binding can carry, as plain data: the one thing by which the core tells networks apart."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from fnmatch import fnmatchcase
from typing import Literal


class Support(IntEnum):
    """How far an ability reaches. DROPPED is lost in silence by the network, FALLBACK carried in another form."""

    REJECTED = 0
    DROPPED = 1
    FALLBACK = 2
    PARTIAL = 3
    FULL = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaRule:
    """Files whose type matches one of `types` (``image/*``) may be up to `max_bytes`."""

    types: tuple[str, ...]
    max_bytes: int

    def matches(self, content_type: str) -> bool:
        return any(fnmatchcase(content_type, t) for t in self.types)


class Form(StrEnum):
    """In which form a leg takes what is said: PARTS, messages fitted to the network; RECORDS, each whole, with receipts and news
    of the conversation; LOG, nothing is sent: whoever is there follows the message log."""

    PARTS = "parts"
    RECORDS = "records"
    LOG = "log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """Of one binding. `noun` names a message of this network in a sentence ("an SMS"); `media` is read in order, the first rule
    that matches holds, and a type that none matches isn't carried. `max_caption` 0: text and files go apart."""

    noun: str
    max_text: int
    form: Form = Form.PARTS
    text_unit: Literal["characters", "utf16", "utf8"] = "characters"
    media: tuple[MediaRule, ...] = ()
    max_caption: int = 0
    edit: Support = Support.REJECTED
    delete: Support = Support.REJECTED
    reply: Support = Support.REJECTED
    receipts: bool = False
    send_once: Literal["lookup", "key", "none"] = "none"
    """How an ambiguous send is resolved: by asking the network, by sending it again under the same key, or not at all."""
    settle_s: float = 5.0
    """How long after a request that died the network may still carry it out; an absence counts only then."""
    max_in_flight: int = 16
    """Requests of this channel at once."""

    def rule_for(self, content_type: str) -> MediaRule | None:
        return next((r for r in self.media if r.matches(content_type)), None)
