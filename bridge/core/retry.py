"""Retry is a pure decision: what came of an attempt, how often, since when, now, and a random number -> the next state."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bridge.core.capabilities import Capabilities
from bridge.core.outcomes import BindingGone, Misconfigured, RateLimited, Refused, SendError, Unavailable, Unsure

FIRST_DELAY_S = 1.0
LONGEST_DELAY_S = 60.0
PROBE_S = 60.0
"""How often a resting channel is tried again."""
LONGEST_TOLD_S = 3600.0
"""A network that asks for a longer pause is believed for this long, then asked again."""
LOOK_S = 5.0
"""How often the network is asked for a message that may have arrived, where it can't be asked just now."""
BUG_ATTEMPTS = 3
UNKNOWN = "It is not known whether the message arrived: the network took it without an answer and can’t be asked"
TWICE = "The message may be here twice, or not at all: the network took it twice without an answer"


class State(StrEnum):
    """Of a delivery. The first three are open: while one is, the next of its lane waits."""

    READY = "ready"
    SENDING = "sending"
    UNSURE = "unsure"
    SENT = "sent"
    FAILED = "failed"
    HELD = "held"
    SKIPPED = "skipped"


OPEN_STATES = (State.READY, State.SENDING, State.UNSURE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What the decision needs to know of a delivery. `attempt` counts from 1; times are epoch seconds. It waits `since` it was
    written, also behind others: an author must not wait for ever because many did."""

    attempt: int
    since: float
    claimed_at: float
    give_up_after_s: float
    possibly_twice: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """`due` is set where the state is open; `words` and `code` where it is final and went wrong."""

    state: State
    due: float = 0.0
    code: str = ""
    words: str = ""
    possibly_twice: bool = False
    counts: bool = True
    """Whether the attempt counts: waiting as told does not."""
    died_at: float | None = None
    """When the attempt ended in doubt: from then on the network has `settle_s` to carry it out."""


def backoff(attempt: int, rand: float) -> float:
    """Seconds to wait after attempt number `attempt`: exponential, half of it jitter; `rand` is from [0, 1).

    >>> backoff(1, 0.0), backoff(3, 1.0), backoff(99, 0.0)
    (0.5, 4.0, 30.0)
    """
    longest = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** min(attempt - 1, 20))
    return longest * (0.5 + rand / 2)


def after_failure(error: Exception, tried: Tried, caps: Capabilities, now: float, rand: float) -> Decision:
    """The next state after `error`. Anything but a `SendError` is a bug of ours: tried a few times, then set aside."""
    twice = tried.possibly_twice
    match error:
        case Refused():
            return Decision(state=State.FAILED, code=error.code, words=error.words, possibly_twice=twice)
        case RateLimited():
            told = error.retry_at if error.retry_at is not None else now + backoff(tried.attempt, rand)
            due = min(max(told, now), now + LONGEST_TOLD_S)
            return _later(error, due, tried, now, counts=error.retry_at is None)
        case Misconfigured():
            return _later(error, now + PROBE_S * (0.9 + rand / 5), tried, now, counts=False)
        case Unavailable() | BindingGone():
            return _later(error, now + backoff(tried.attempt, rand), tried, now)
        case Unsure() if caps.send_once == "lookup":
            return Decision(state=State.UNSURE, due=now + 1.0, possibly_twice=twice, died_at=now)
        case Unsure() if twice:
            return Decision(state=State.HELD, code=error.code, words=TWICE, possibly_twice=True)
        case Unsure():
            return Decision(state=State.READY, due=now + caps.settle_s, possibly_twice=True)
        case _ if tried.attempt >= BUG_ATTEMPTS:
            return Decision(state=State.HELD, code="bug", words="an error of Trunkline's own; see the log")
        case _ if caps.send_once == "lookup":
            # Nobody knows how far it came: asked, not sent once more.
            return Decision(
                state=State.UNSURE, due=now + backoff(tried.attempt, rand), possibly_twice=twice, died_at=now
            )
        case _:
            return Decision(state=State.READY, due=now + backoff(tried.attempt, rand), possibly_twice=twice)


def _later(error: SendError, due: float, tried: Tried, now: float, *, counts: bool = True) -> Decision:
    """Tried again, at the latest when patience is over; a network that names its time is believed."""
    end = tried.since + tried.give_up_after_s
    if now >= end:
        words = f"given up after {_duration(tried.give_up_after_s)}: {error.words}"
        return Decision(state=State.FAILED, code=error.code, words=words)
    if not isinstance(error, RateLimited):
        due = min(due, max(now, end))
    return Decision(state=State.READY, due=due, possibly_twice=tried.possibly_twice, counts=counts)


def _duration(seconds: float) -> str:
    """
    >>> _duration(86400.0), _duration(90.0), _duration(20.0)
    ('24 hours', '1.5 minutes', '20 seconds')
    """
    for size, unit in ((3600.0, "hours"), (60.0, "minutes")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} seconds"


def after_failed_look(error: Exception, tried: Tried, now: float, rand: float) -> Decision:
    """The network couldn't be asked whether it has the message: that proves nothing, so the lane waits."""
    if now - tried.since >= tried.give_up_after_s:
        code = error.code if isinstance(error, SendError) else "bug"
        return Decision(state=State.HELD, code=code, words=UNKNOWN, possibly_twice=tried.possibly_twice)
    due = now + LOOK_S * (0.8 + rand * 0.4)
    if isinstance(error, RateLimited) and error.retry_at is not None:
        due = max(due, min(error.retry_at, now + LONGEST_TOLD_S))
    elif isinstance(error, Misconfigured):
        due = now + PROBE_S
    return Decision(state=State.UNSURE, due=due, possibly_twice=tried.possibly_twice)


def after_absence(tried: Tried, caps: Capabilities, now: float) -> Decision:
    """The network was asked and doesn't have it. Before `settle_s` is over that proves nothing: the request may still land."""
    settled = tried.claimed_at + caps.settle_s
    if now >= settled:
        return Decision(state=State.READY, due=now)
    return Decision(state=State.UNSURE, due=min(settled, now + 5.0))
