"""Trial accounts, in both of Twilio's models (docs: usage/trials; errors 21608, 572002, 572005, 572006)."""

from __future__ import annotations

from .errors import TwilioError, invalid
from .faults import Faults
from .options import Options

LEGACY, NEW = "legacy", "2026"
PREFIX = "Sent from your Twilio trial account - "
TEMPLATES = {
    "sms_2fa": "Your verification code is 123456.",
    "sms_appointment_reminders": "You have an appointment tomorrow at 10:00.",
}
"""The names that the newer model takes for a Body, and words that stand for Twilio's."""


class Trial:
    """What a trial account may send; nothing is forbidden where it is none."""

    def __init__(self, options: Options, faults: Faults) -> None:
        self._options = options
        self._faults = faults

    @property
    def mode(self) -> str:
        """Empty, `legacy` or `2026`; the fault goes before the option."""
        fault = self._faults.get("trial")
        if fault is None:
            return self._options.trial
        value = fault.setting("mode") if isinstance(fault.value, dict) else fault.value
        return LEGACY if value == LEGACY else NEW

    def problem(self, sender: str | None, to: str, body: str) -> TwilioError | None:
        """Why this may not be sent; None where it may. `sender` None leaves the choice to Twilio."""
        mode, verified = self.mode, to.rpartition(":")[2] in self._verified()
        if mode == LEGACY and not verified:
            words = f"The number {to} is unverified. Trial accounts cannot send messages to unverified numbers"
            return invalid(21608, words)
        if mode != NEW:
            return None
        if not verified:
            return invalid(572005, "Destination number has not completed verification")
        assigned = self._options.assigned.get(to)
        if assigned and sender is not None and sender != assigned:
            return invalid(572002, "The 'From' number isn't assigned to this verified Messaging recipient")
        return None if body in TEMPLATES else invalid(572006, "Invalid template name")

    def text(self, body: str) -> str:
        """What is really sent: with the older model's prefix, or the newer one's template."""
        mode = self.mode
        return PREFIX + body if mode == LEGACY and body else TEMPLATES.get(body, body) if mode == NEW else body

    def _verified(self) -> set[str]:
        fault = self._faults.get("trial")
        named = fault.setting("verified", ()) if fault is not None else ()
        return {one.rpartition(":")[2] for one in (*self._options.verified, *named)}
