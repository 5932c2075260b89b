"""Every request and answer as it happened, for the page and for tests: the sandbox's CALL records."""

from __future__ import annotations

import itertools
import os
import time
from collections import deque
from collections.abc import Callable

from .journal import Json

BODY_CUT = 16 * 1024
KEPT = 2000


class Wire:
    """Tells the observer of each call's begin and end, and keeps the last ones. Nothing secret is in a webhook's headers."""

    def __init__(self, observe: Callable[[Json], None]) -> None:
        self._observe = observe
        self._numbers = itertools.count(1)
        self._run = os.urandom(3).hex()
        self._ended: deque[tuple[int, Json]] = deque(maxlen=KEPT)

    def begin(self, direction: str, url: str, headers: Json, body: bytes, **more: object) -> Json:
        """A call that begins; `more` may hold method, event, ref, text, attempt, signature."""
        call: Json = {
            "id": f"webhook-{self._run}-{next(self._numbers)}",
            "network": "webhook",
            "direction": direction,
            "at": time.time(),
            "ms": None,
            "method": "POST",
            "url": url,
            "event": "",
            "status": None,
            "error": "",
            "signature": "none",
            "attempt": 1,
            "ref": "",
            "text": "",
            "request": {"headers": headers, "body": body[:BODY_CUT].decode("utf-8", "replace")},
            "response": {"headers": {}, "body": ""},
            **more,
        }
        self._observe({"type": "wire", "call": dict(call)})
        return call

    def end(self, call: Json, status: int | None, headers: Json, body: bytes, **more: object) -> None:
        """The call is over; status None: there was no answer."""
        call.update(more)
        call["ms"] = round((time.time() - call["at"]) * 1000, 3)
        call["status"] = status
        call["response"] = {"headers": headers, "body": body[:BODY_CUT].decode("utf-8", "replace")}
        self._ended.append((next(self._numbers), call))
        self._observe({"type": "wire", "call": call})

    def after(self, number: int) -> Json:
        """The ended calls behind number `number`: ``{"calls": [CALL], "last": N}``."""
        found = [(n, call) for n, call in self._ended if n > number]
        return {"calls": [call for _, call in found], "last": found[-1][0] if found else number}
