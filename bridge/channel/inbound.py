"""What `Channel.receive` may return: events of a verified sender, or one of three ways to say no. Never an exception."""

from __future__ import annotations

from dataclasses import dataclass, field

from bridge.channel.http import Reply
from bridge.core.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """Verified and understood; `reply` is given once all of `events` are durable, together."""

    events: tuple[Event, ...]
    reply: Reply = field(default_factory=Reply)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """Verified, known, and not for us: answered 2xx and counted."""

    reason: str
    reply: Reply = field(default_factory=Reply)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forged:
    """Not from whom it claims: 403, nothing stored; `reason` goes to the log with what was verified, never to the sender."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """The body is not of the form at all (no form, no JSON object): 400."""

    reason: str


Received = Events | Ignored | Forged | Unreadable
