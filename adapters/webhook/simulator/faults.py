"""The switches: how this receiver may fail."""

from __future__ import annotations

from typing import Any

from .journal import Json

SWITCHES = {
    "down": ("The receiver is down", "Answers 503.", None),
    "slow": ("The receiver never answers", "Holds each request until the switch is off, or who asks goes away.", None),
    "lost": ("Its answers are lost", "Takes what comes, and a proxy before it answers 502: it comes again.", None),
    "rate": ("The receiver asks for pauses", "Answers 429, Retry-After: 1.", 1),
    "gone": ("The receiver wants no more", "Answers 410 Gone.", None),
    "redirect": ("The receiver moved", "Answers 307, and nobody should follow.", None),
    "status": ("The receiver answers oddly", "Answers any other status.", 418),
}


class Faults:
    """Which are on, and with which value."""

    def __init__(self) -> None:
        self._on: dict[str, Any] = {}

    def listed(self) -> list[Json]:
        return [
            {"id": id, "label": label, "on": id in self._on, "hint": hint} for id, (label, hint, _) in SWITCHES.items()
        ]

    def set(self, id: str, on: bool, value: Any = None) -> None:
        """Raises ValueError for one that there isn't."""
        if id not in SWITCHES:
            raise ValueError(f"there is no fault {id!r}")
        if on:
            self._on[id] = SWITCHES[id][2] if value is None else value
        else:
            self._on.pop(id, None)

    def on(self, id: str) -> bool:
        return id in self._on

    def answer(self, base_url: str) -> tuple[int, dict[str, str]] | None:
        """The status and headers of a refusal, None where all is well."""
        if self.on("down"):
            return 503, {}
        if self.on("gone"):
            return 410, {}
        if self.on("rate"):
            return 429, {"retry-after": str(self._on["rate"])}
        if self.on("redirect"):
            return 307, {"location": f"{base_url}/elsewhere"}
        if self.on("status"):
            return int(self._on["status"]), {}
        return None
