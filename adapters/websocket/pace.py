"""How fast one client may write: some frames at once, then so many a second; who stays over that is slowed, then closed. Pure."""

from __future__ import annotations

FREE = 200
PER_SECOND = 50.0
PATIENCE_S = 10.0
RECOVERED = PER_SECOND / 2
"""Frames that must be free again before a client counts as keeping to the limit: a hiccup of the server's frees a few."""


class TooFast(Exception):
    """The client was over the limit for all of `PATIENCE_S`."""


class Pace:
    """A bucket of `FREE` frames that fills at `PER_SECOND`. Times are seconds of any clock that only goes forward."""

    def __init__(self, now: float) -> None:
        self._left = float(FREE)
        self._at = now
        self._over_since: float | None = None

    def frame(self, now: float) -> float:
        """A frame came: how many seconds to wait before it is looked at and the next is read. Raises `TooFast`."""
        self._left = min(float(FREE), self._left + (now - self._at) * PER_SECOND)
        self._at = now
        self._left -= 1
        if self._left >= RECOVERED:
            self._over_since = None
        if self._over_since is None:
            if self._left >= 0:
                return 0.0
            self._over_since = now
        elif self._left < 0 and now - self._over_since >= PATIENCE_S:
            raise TooFast
        return max(0.0, -self._left / PER_SECOND)
