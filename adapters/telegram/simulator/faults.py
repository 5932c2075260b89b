"""Turns the switches and makes them felt: in the network's answers, or as changes of a group, of which the bot is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .clock import Clock
from .errors import flood
from .limits import Limits
from .records import ALL_RIGHTS, Group, Json
from .state import State
from .switches import BY_ID, SWITCHES, Switches
from .world import World

FREE = {
    "getMe", "getUpdates", "setWebhook", "deleteWebhook", "getWebhookInfo", "answerCallbackQuery", "getFile",
}  # fmt: skip


class Faults:
    """What the methods and the page ask of the switches."""

    def __init__(self, switches: Switches, state: State, world: World, clock: Clock) -> None:
        """The limits begin empty with it."""
        self.switches = switches
        self._state = state
        self._world = world
        self._clock = clock
        self._limits = Limits()

    def listing(self, everything: bool = False) -> list[Json]:
        """The switches as the page wants them; `everything` adds those that only tests turn."""
        return [
            {"id": one.id, "label": one.label, "on": self.on(one.id), "hint": one.hint}
            for one in SWITCHES
            if one.listed or everything
        ]

    def on(self, id: str) -> bool:
        """Whether a switch is on, for any group where it is one of groups."""
        if id in _GROUP:
            return any(_GROUP[id](group) for group in self._state.groups.values())
        return self.switches.on(id)

    def set(self, id: str, on: bool, value: Any = None) -> None:
        """Turns a switch. Raises ValueError for an unknown one or a value it can't use."""
        if id not in BY_ID:
            raise ValueError(f"there is no fault {id!r}")
        value = BY_ID[id].default if value is None else value
        if id not in _GROUP:
            self.switches.set(id, on, value)
            if id == "limit":
                self._limits.clear()
            return
        for group in self._state.groups.values():
            self._change(group, id, on, value)
            self._state.save(group)

    def check_rate(self, method: str) -> None:
        """Raises a 429 while the switch `rate` is on, for all but the free methods."""
        if method not in FREE and self.on("rate"):
            raise flood(self._clock.real_seconds(self.switches.value("rate") - self._clock.now()))

    def spend(self, family: str, chat: int, count: int = 1) -> None:
        """Takes from the chat's bucket; raises a 429 where it is empty and the limit is on."""
        if not self.on("limit"):
            return
        wait = self._limits.wait(family, chat, self._clock.now(), count)
        if wait > 0:
            raise flood(self._clock.real_seconds(wait))

    def _change(self, group: Group, id: str, on: bool, value: Any) -> None:
        match id:
            case "kicked":
                self._world.change_membership(group, status="kicked" if on else "administrator")
            case "no_topic_right":
                self._world.change_membership(group, rights={**group.rights, "can_manage_topics": not on})
            case "rights":
                self._world.change_membership(group, rights={**ALL_RIGHTS, **(value if on else {})})
            case "muted":
                group.muted = on
            case "not_forum":
                group.is_forum = not on
            case "reactions":
                group.available_reactions = list(value) if on else None
            case "migrated":
                group.id = int(value) if on else group.key


_GROUP: dict[str, Callable[[Group], bool]] = {
    "kicked": lambda group: group.status == "kicked",
    "no_topic_right": lambda group: not group.rights["can_manage_topics"],
    "rights": lambda group: group.rights != ALL_RIGHTS,
    "muted": lambda group: group.muted,
    "not_forum": lambda group: not group.is_forum,
    "reactions": lambda group: group.available_reactions is not None,
    "migrated": lambda group: group.id != group.key,
}
