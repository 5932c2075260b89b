"""The switches: what can be made to go wrong, and what is only believed of Telegram and so can be had either way.

A listed one's hint is a sentence for people; the others' hints name the value for tests. The value of `rate` is in seconds,
of `webhook_lost_answer` a count. Numbers after F- are rows of the fault list in facts/reliability.md: `rate` is F-090, `down`
F-091, `kicked` and `no_topic_right` F-100, `not_forum` F-098 and F-100.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from .clock import Clock
from .records import Json
from .state import State


@dataclass(frozen=True)
class Switch:
    """One switch. `listed` ones are offered on the sandbox's page; `kept` ones outlive a restart; `default` is the value
    of one that is turned on without any; of a `number` it is checked to be one."""

    id: str
    label: str
    hint: str
    listed: bool = False
    kept: bool = False
    default: Any = True
    number: bool = False


SWITCHES = (
    Switch("rate", "Telegram answers 429 for 10 s", "Every send is told to come back later; the bridge waits as long as it says.",
           listed=True, default=10, number=True),
    Switch("down", "Telegram is down", "Every call gets an error page, and nothing is heard from the group until it is back.",
           listed=True),
    Switch("limit", "A group takes 20 messages a minute", "As the real one does. Who sends more is told how long to wait.",
           listed=True, kept=True),
    Switch("webhook_lost_answer", "Telegram misses the bridge’s next answer",
           "It sends the same update again; the customer must not get it twice.", listed=True, default=1, number=True),
    Switch("kicked", "The bot was kicked from the group", "Nothing can be sent there until it is let in again.", listed=True),
    Switch("no_topic_right", "The bot may not manage topics", "New customers get no topic until an admin allows it.",
           listed=True),
    Switch("not_forum", "Topics are switched off in the group", "There is one chat for everybody until they are back.",
           listed=True),
    Switch("cut_before", "The connection is cut before a send is done", "value: N, or {count, method}", default=1, number=True),
    Switch("cut_after", "A send is done, its answer lost", "value: N, or {count, method} (F-092)", default=1, number=True),
    Switch("slow", "Answers come late", "value: seconds between the effect and the answer", default=3, number=True),
    Switch("answer", "A set answer", "value: {method?, code, description, count?, html?, parameters?}",
           default={"code": 500}),
    Switch("rights", "The bot's rights", "value: {right: bool}", default={}),
    Switch("muted", "The group lets nobody write", "400 not enough rights to send …"),
    Switch("reactions", "The group allows some reactions only", "value: list of emoji", default=[]),
    Switch("migrated", "The group became another chat", "value: the new id (F-099)", default=-1009876543210),
    Switch("topic_deleted_text", "A deleted topic is told as TOPIC_DELETED", "Unverified (F-097)", kept=True),
    Switch("closed_writable", "A bot may write into a closed topic", "Unverified", kept=True),
    Switch("bot_to_bot", "Bots hear other bots", "Bot-to-bot mode", kept=True),
)  # fmt: skip
BY_ID = {switch.id: switch for switch in SWITCHES}
SENDS = {
    "sendMessage", "sendPhoto", "sendVideo", "sendAudio", "sendVoice", "sendDocument", "sendAnimation", "sendSticker",
    "sendVideoNote", "sendMediaGroup", "sendLocation", "sendVenue", "sendContact", "copyMessage",
}  # fmt: skip


class Switches:
    """The switches that are on, with their values. Those of a group are changes of the group, and not kept here."""

    def __init__(self, state: State, clock: Clock, limit: bool) -> None:
        """`limit` is how that switch stands where nothing was stored before."""
        self._state = state
        self._clock = clock
        self._on: Json = dict(state.meta.get("switches") or {"limit": limit})
        self.up = asyncio.Event()
        """Set while Telegram isn't down."""
        self.up.set()

    def on(self, id: str) -> bool:
        """Whether a switch is on."""
        if id == "rate":
            return float(self._on.get("rate", 0.0)) > self._clock.now()
        return bool(self._on.get(id))

    def set(self, id: str, on: bool, value: Any) -> None:
        """Turns a switch; of `rate` the value is how many seconds it lasts. Raises ValueError for a value it can't use."""
        if on and BY_ID[id].number and not isinstance(value, dict):
            value = float(value)
        if id == "rate":
            self._on[id] = self._clock.now() + value if on else 0.0
        else:
            self._on[id] = value if on else False
        (self.up.clear if self.on("down") else self.up.set)()
        kept = {one.id: self._on[one.id] for one in SWITCHES if one.kept and one.id in self._on}
        self._state.keep("switches", kept)

    def value(self, id: str) -> Any:
        """The value of a switch that is on, else something false."""
        return self._on.get(id)

    def take(self, id: str, method: str = "") -> bool:
        """Uses up one of a switch that counts; whether there was one for `method` (of sends, unless it names another)."""
        found = self._on.get(id)
        count, wanted = (found.get("count", 1), found.get("method")) if isinstance(found, dict) else (found, None)
        fits = not method or (method in SENDS if wanted is None else method == wanted)
        if not count or not fits:
            return False
        left = int(count) - 1
        self._on[id] = {**found, "count": left} if isinstance(found, dict) else left
        return True

    def set_answer(self, method: str) -> Json | None:
        """The answer that a test has set for `method`, used up by one; None where there is none."""
        found = self._on.get("answer")
        if not isinstance(found, dict) or found.get("method", method) != method or found.get("count", 1) < 1:
            return None
        self._on["answer"] = {**found, "count": int(found.get("count", 1)) - 1}
        return found
