"""Every request and answer as it happened, for the page and for tests: the sandbox's CALL records, secrets masked."""

from __future__ import annotations

import itertools
import os
import time
from collections import deque
from collections.abc import Callable

from .records import Json

BODY_CUT = 16 * 1024
KEPT = 2000


class Wire:
    """Tells the observer of each call's begin and end, and keeps the last ones."""

    def __init__(self, observe: Callable[[Json], None], token: str) -> None:
        self._observe = observe
        self._masks = {token: token.partition(":")[0] + ":***"}
        self._numbers = itertools.count(1)
        # Ids of two runs must not meet on a page that outlives a restart.
        self._run = os.urandom(3).hex()
        self._ended: deque[tuple[int, Json]] = deque(maxlen=KEPT)
        self._order = itertools.count(1)

    def hide(self, secret: str) -> None:
        """Masks one more secret from now on."""
        if secret:
            self._masks[secret] = "***"

    def begin(
        self, direction: str, method: str, url: str, event: str, headers: Json, body: str, **more: object
    ) -> Json:
        """A call that begins; `more` may hold ref, text, attempt, at. Returns the CALL for `end`."""
        call: Json = {
            "id": f"telegram-{self._run}-{next(self._numbers)}",
            "network": "telegram",
            "direction": direction,
            "at": time.time(),
            "ms": None,
            "method": method,
            "url": self._mask(url),
            "event": event,
            "status": None,
            "error": "",
            "signature": "none",
            "attempt": 1,
            "ref": "",
            "text": "",
            "request": {"headers": self._headers(headers), "body": self._mask(body[:BODY_CUT])},
            "response": {"headers": {}, "body": ""},
            **more,
        }
        self._observe({"type": "wire", "call": dict(call)})
        return call

    def end(self, call: Json, status: int | None, headers: Json, body: str, **more: object) -> None:
        """The call is over; `more` may hold error, signature, ref."""
        call.update(more)
        call["ms"] = round((time.time() - call["at"]) * 1000, 3)
        call["status"] = status
        call["response"] = {"headers": self._headers(headers), "body": self._mask(body[:BODY_CUT])}
        self._ended.append((next(self._order), call))
        self._observe({"type": "wire", "call": call})

    def after(self, number: int) -> Json:
        """The ended calls behind the `number`th: ``{"calls": [CALL], "last": N}``."""
        found = [(order, call) for order, call in self._ended if order > number]
        return {"calls": [call for _, call in found], "last": found[-1][0] if found else number}

    def _headers(self, headers: Json) -> Json:
        return {name: self._mask(str(value)) for name, value in headers.items()}

    def _mask(self, text: str) -> str:
        for secret, mask in self._masks.items():
            if secret in text:
                text = text.replace(secret, mask)
        return text
