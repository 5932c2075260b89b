"""What may come of one remote call, cut by what happens next. Adapters raise these; nothing else of an adapter's is caught.

SendError
├── RateLimited     wait until `retry_at`, the whole `scope`; not an attempt
├── Unavailable     certainly not sent: back off
├── Unsure          may have been sent: look, then decide
├── Refused         final for this message: its author is told
├── BindingGone     repair the binding, then once more
└── Misconfigured   the channel (or one endpoint of it) rests, the admin is told
"""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """Whom an outcome concerns: one binding, all of one endpoint (a Telegram group), or the whole channel."""

    BINDING = "binding"
    ENDPOINT = "endpoint"
    CHANNEL = "channel"


class SendError(Exception):
    """`words` are for a person; `code` and `raw` are the network's own."""

    def __init__(self, words: str, *, code: str = "", raw: str = "") -> None:
        super().__init__(words)
        self.words = words
        self.code = code
        self.raw = raw

    def __str__(self) -> str:
        return f"{self.words} ({self.code})" if self.code else self.words


class RateLimited(SendError):
    """`retry_at` in epoch seconds, None where the network didn't say."""

    def __init__(
        self, words: str, *, retry_at: float | None = None, scope: Scope = Scope.BINDING, code: str = "", raw: str = ""
    ) -> None:
        super().__init__(words, code=code, raw=raw)
        self.retry_at = retry_at
        self.scope = scope


class Unavailable(SendError):
    """The network can't be reached or says that it did nothing; certainly not sent."""


class FileAway(Unavailable):
    """The file that belongs to it can't be had now from where it lies: no word about the network that it goes to."""


class Unsure(SendError):
    """The request left and no answer came that tells what became of it."""


class Refused(SendError):
    """The network will never take this message."""


class BindingGone(SendError):
    """The counterpart is closed or deleted; `closed` says that it may be opened again as it was."""

    def __init__(self, words: str, *, code: str = "", raw: str = "", closed: bool = False) -> None:
        super().__init__(words, code=code, raw=raw)
        self.closed = closed


class Misconfigured(SendError):
    """Only an admin can mend it; `words` say what to change."""

    def __init__(self, words: str, *, code: str = "", raw: str = "", scope: Scope = Scope.CHANNEL) -> None:
        super().__init__(words, code=code, raw=raw)
        self.scope = scope
