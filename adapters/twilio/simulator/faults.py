"""The switches: what goes wrong on request."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from .records import Json

EVERYONE = "*"


@dataclass
class Fault:
    """`left` counts the times that it still acts; None means until it is turned off. `listed` ones stand on the page.

    `once` faults act one time unless told otherwise: `plain` says that a bare number as value is that count, `counted`
    that ``{"count": n}`` is.
    """

    id: str
    label: str
    hint: str
    listed: bool = False
    once: bool = False
    plain: bool = False
    counted: bool = True
    on: bool = False
    value: Any = None
    left: int | None = None

    def setting(self, name: str, default: Any = None) -> Any:
        """One field of a value that is an object; the default otherwise."""
        return self.value.get(name, default) if isinstance(self.value, dict) else default


CATALOGUE = (
    Fault("down", "Twilio is down", "Every request gets an error; the phones go on writing.", listed=True),
    # value: an address, a list of them, or {address, code, status}; without one all
    Fault(
        "refuse",
        "The carrier refuses the number",
        "What is sent there comes back as undelivered (30003), and the agent is told.",
        listed=True,
    ),
    # value: so many calls, or {count, retry_after}
    Fault(
        "rate",
        "Twilio says 429",
        "Every request is told to slow down; the bridge waits and tries again.",
        listed=True,
        plain=True,
    ),
    # value: so many, or {count, event}; a customer's message by default, else the wire's name of an event
    Fault(
        "drop_webhook",
        "Lose the next webhook",
        "The next message of a customer never reaches the bridge: Twilio doesn’t ask twice.",
        listed=True,
        once=True,
        plain=True,
    ),
    # value: legacy, 2026 (the default), or {mode, verified}
    Fault(
        "trial",
        "The account is a trial account",
        "It writes to nobody whom it has not verified, and newer ones only Twilio’s own templates.",
        listed=True,
    ),
    Fault("queue_full", "The sender’s queue is full", "value: the next N messages are refused (21611)", plain=True),
    Fault("unroutable", "Nothing leads to the number", "value: an address, or all; refused at once (21612)"),
    Fault("cut_before", "Close instead of taking a message", "value: the next N", once=True, plain=True),
    Fault("cut_after", "Take a message, then close without an answer", "value: the next N", once=True, plain=True),
    Fault(
        "error_before", "Answer 5xx instead of taking a message", "value: N or {count, status}", once=True, plain=True
    ),
    Fault("error_after", "Take a message, then answer 5xx", "value: N or {count, status}", once=True, plain=True),
    Fault("garble", "Take a message, then answer nonsense", "{count, kind: html | empty | cut | no_sid}", once=True),
    Fault("unauthorized", "Credentials are refused", "Every REST call answers 401, as for a suspended account"),
    Fault("redirect", "Redirect every REST call", "value: the URL to name"),
    Fault("slow", "Twilio is slow", "value: seconds before a REST call is processed, or {count, seconds}"),
    Fault("problem_json", "Errors as RFC 9457 problem documents", "as Twilio's newer hosts do"),
    Fault("window_closed", "WhatsApp's 24 hours are over", "value: an address, or all; 63016 after the 201"),
    Fault(
        "reorder",
        "Webhooks overtake each other",
        "{count, wait}: so many of one conversation are collected (2, for at most 1 s) and sent last first",
        counted=False,
    ),
    Fault("duplicate", "Every webhook comes twice", "value: how many times; all at once, each with its own token"),
    Fault("delay_webhook", "Webhooks are late", "value: seconds"),
    Fault("skip_index", "Message indexes skip numbers", "value: how many before the next message", once=True),
    Fault("carrier_silent", "No receipts come", "messages are accepted, and nothing more is heard until it is off"),
    Fault("doubled_receipts", "Receipts come twice and backwards", "after the last one the first is told again"),
    Fault("media_lost", "Media can't be fetched", "value: 404 (the default), empty or html instead of the bytes"),
)


class Faults:
    """The switches of one simulator. They are not kept over a restart."""

    def __init__(self) -> None:
        self._faults = {fault.id: replace(fault) for fault in CATALOGUE}

    def set(self, id: str, on: bool, value: Any = None) -> None:
        """Turns one on or off; raises ValueError for an unknown one."""
        fault = self._faults.get(id)
        if fault is None:
            raise ValueError(f"there is no fault {id!r}; there are {', '.join(self._faults)}")
        fault.on, fault.value, fault.left = on, value, None
        if on:
            fault.left = _count(fault, value)

    def get(self, id: str) -> Fault | None:
        """The fault where it is on, without using it up."""
        fault = self._faults[id]
        return fault if fault.on else None

    def take(self, id: str) -> Fault | None:
        """The fault where it is on, used once: a counted one turns itself off after its last time."""
        fault = self.get(id)
        if fault is not None and fault.left is not None:
            fault.left -= 1
            fault.on = fault.left > 0
        return fault

    def hits(self, id: str, address: str) -> Fault | None:
        """The fault where it is on and names this address, or names none."""
        fault = self.get(id)
        if fault is None:
            return None
        named = fault.setting("address", EVERYONE) if isinstance(fault.value, dict) else fault.value or EVERYONE
        return (
            fault if named == EVERYONE or address == named or (isinstance(named, list) and address in named) else None
        )

    def listed(self, every: bool = False) -> list[Json]:
        """The switches for the page, or every one."""
        return [
            {"id": one.id, "label": one.label, "on": one.on, "hint": one.hint, "value": one.value}
            for one in self._faults.values()
            if every or one.listed
        ]


def _count(fault: Fault, value: Any) -> int | None:
    """How often it acts: the number given, once for a `once` fault without a number, else for ever."""
    if isinstance(value, dict):
        value = value.get("count") if fault.counted else None
    elif not fault.plain:
        value = None
    return max(1, value) if isinstance(value, int) and not isinstance(value, bool) else (1 if fault.once else None)
