"""What `Channel.receive` may return: events of a verified sender, or one of three ways to say no. Never an exception."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from bridge.channel.http import Reply
from bridge.core.events import Event
from bridge.core.ids import ConversationId


class Fate(StrEnum):
    """What became of an event: DONE, REPEATED (its key was known), WAITING (stored, to be decided later), KEPT (stored, relayed
    nowhere), ABSENT (what it speaks of isn't there for this channel, and nothing was stored)."""

    DONE = "done"
    REPEATED = "repeated"
    WAITING = "waiting"
    KEPT = "kept"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Of one event, once it is durable. `conversation` and `seq` are of the message that it made or changed, now or when it came
    first; `digest` is the one that its key was stored with; `words` say why it is ABSENT, for a person."""

    fate: Fate
    conversation: ConversationId | None = None
    seq: int | None = None
    digest: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """Verified and understood; `reply` is given once all of `events` are durable, together: as it stands, or made of what became
    of each."""

    events: tuple[Event, ...]
    reply: Reply | Callable[[Sequence[Outcome]], Reply] = field(default_factory=Reply)


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
    """The body is not of the form at all (no form, no JSON object): 400, or the `reply` that says what would be right. `reason`
    goes to the log and holds nothing of the body."""

    reason: str
    reply: Reply | None = None


Received = Events | Ignored | Forged | Unreadable
