"""How fast we send, pure: buckets that are asked with the time of day.

Documented for a group: 20 messages a minute (https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this).
"""

from __future__ import annotations

from dataclasses import dataclass, field

WINDOW_S = 60.0
DOCUMENTED_S = 3.0
"""Between two messages to a group."""
EVIDENCE = 10
"""So many messages let through tell the limit; a 429 after fewer has another cause, and asks for a little more time each."""
FIRST_S = 0.5


@dataclass(slots=True)
class Bucket:
    """So many at once, then so many a minute. `take` gives 0.0 and takes one, or says when there is one (epoch seconds)."""

    burst: float
    per_minute: float
    tokens: float = -1.0
    at: float = 0.0

    def take(self, now: float) -> float:
        if self.tokens < 0:
            self.tokens = self.burst
        elif now > self.at:
            self.tokens = min(self.burst, self.tokens + (now - self.at) * self.per_minute / 60)
        self.at = now
        if self.tokens > 1 - 1e-4:  # the time of day is no finer
            self.tokens -= 1
            return 0.0
        return self.next_at

    @property
    def next_at(self) -> float:
        """When there is one (epoch seconds)."""
        return self.at + max(0.0, 1 - self.tokens) * 60 / self.per_minute


@dataclass(slots=True)
class Learned:
    """No limit until the network sets one. After a 429 the chat is paced at what it had let through: the messages since the
    window began, over the time until it lets the next one through, and never slower than documented. Several that were under
    way may be told so at once: none of them was let through. Each quiet minute gives back a tenth."""

    interval_s: float = 0.0
    next_at: float = 0.0
    eased_at: float = 0.0
    sent: list[float] = field(default_factory=list)

    def take(self, now: float) -> float:
        """As `Bucket.take`."""
        self._ease(now)
        if self.interval_s and now < self.next_at:
            return self.next_at
        self.next_at = max(now, self.next_at) + self.interval_s if self.interval_s else now
        self.sent = [t for t in self.sent if t > now - WINDOW_S][-200:]
        self.sent.append(now)
        return 0.0

    def limited(self, now: float, retry_at: float) -> None:
        """The network said 429, and when it will hear us again."""
        self.sent = [t for t in self.sent if t > now - WINDOW_S][:-1]  # the refused one is the last
        learned = self.interval_s
        if len(self.sent) >= EVIDENCE:
            learned = (retry_at - self.sent[0]) / len(self.sent)
        elif now >= self.next_at:  # else it was under way when the first was refused
            learned = max(self.interval_s * 2, FIRST_S)
        self.interval_s = min(max(learned, self.interval_s), DOCUMENTED_S)
        self.next_at = self.eased_at = max(self.next_at, retry_at)

    def _ease(self, now: float) -> None:
        minutes = int((now - self.eased_at) // 60) if self.interval_s else 0
        if minutes > 0:
            self.interval_s *= 0.9 ** min(minutes, 100)
            self.eased_at = now
            if self.interval_s < 0.02:
                self.interval_s = 0.0
