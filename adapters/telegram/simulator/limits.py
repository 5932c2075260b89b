"""The group's limit: 20 messages a minute for one chat, whichever of its topics they go to.

Sends, edits and the creation of topics share one bucket; typing has another (Bot FAQ; tdlib/td#2592, #3034).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

PER_MINUTE = 20
WINDOW = 60.0
ACTIONS = 20
ACTION_WINDOW = 5.0


@dataclass
class Bucket:
    """At most `size` in any `window` simulated seconds; who goes on asking while told to wait waits longer."""

    size: int
    window: float
    taken: deque[float] = field(default_factory=deque)
    closed_until: float = 0.0

    def take(self, now: float, count: int = 1) -> float:
        """Takes `count` and returns 0, or takes nothing and returns the seconds to wait."""
        while self.taken and self.taken[0] <= now - self.window:
            self.taken.popleft()
        if now < self.closed_until:
            # The wait grows for a client that doesn't listen, but never past a full window.
            self.closed_until = min(self.closed_until + 1.0, now + self.window)
            return self.closed_until - now
        excess = len(self.taken) + count - self.size
        if excess > 0 and self.taken:
            self.closed_until = self.taken[min(excess, len(self.taken)) - 1] + self.window
            return self.closed_until - now
        self.taken.extend([now] * count)
        return 0.0


class Limits:
    """The buckets of all chats; in memory alone, as Telegram forgets a minute as well."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, int], Bucket] = {}

    def wait(self, family: str, chat: int, now: float, count: int = 1) -> float:
        """Takes `count` of the chat's bucket ("message" or "action"); the seconds to wait where it is empty."""
        size, window = (ACTIONS, ACTION_WINDOW) if family == "action" else (PER_MINUTE, WINDOW)
        bucket = self._buckets.setdefault((family, chat), Bucket(size, window))
        return bucket.take(now, count)

    def clear(self) -> None:
        """Forgets what was taken: for a switch that is turned off and on again."""
        self._buckets.clear()
