"""What happened, for whoever watches: every request in and out, and what the phones show."""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable, Mapping

from .records import Json

Observer = Callable[[Json], None]

KEPT = 2000
LONGEST_BODY = 16 * 1024
READABLE = (
    "application/x-www-form-urlencoded",
    "application/json",
    "application/problem+json",
    "text/",
    "application/xml",
)


class Wire:
    """Tells the observer, and keeps the last events for those who ask later."""

    def __init__(self, observe: Observer) -> None:
        self._observe = observe
        self._ids = itertools.count(1)
        self._run = f"{time.time_ns():x}"
        self._events: deque[tuple[int, Json]] = deque(maxlen=KEPT)
        self._last = 0

    def tell(self, event: Json) -> None:
        """Reports one event. A call is copied, because it goes on changing."""
        if event["type"] == "wire":
            event = {"type": "wire", "call": dict(event["call"])}
        self._last += 1
        self._events.append((self._last, event))
        self._observe(event)

    def after(self, number: int) -> Json:
        """The events since that number: ``{"last", "events": [{"n", …}]}``."""
        return {"last": self._last, "events": [{"n": n, **event} for n, event in self._events if n > number]}

    def begin(
        self,
        direction: str,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        event: str,
        ref: str = "",
        text: str = "",
        attempt: int = 1,
    ) -> Json:
        """A request starts; the CALL that is returned goes to `end`."""
        call: Json = {
            "id": f"twilio-{self._run}-{next(self._ids)}",
            "network": "twilio",
            "direction": direction,
            "at": time.time(),
            "ms": None,
            "method": method,
            "url": url,
            "event": event,
            "status": None,
            "error": "",
            "signature": "none",
            "attempt": attempt,
            "ref": ref,
            "text": text,
            "request": {"headers": masked(headers), "body": readable(headers, body)},
            "response": {"headers": {}, "body": ""},
        }
        self.tell({"type": "wire", "call": call})
        return call

    def end(
        self,
        call: Json,
        status: int | None,
        headers: Mapping[str, str],
        body: bytes,
        *,
        error: str = "",
        signature: str = "none",
    ) -> None:
        """The request is over; `status` None where no answer came."""
        call["ms"] = round((time.time() - call["at"]) * 1000, 3)
        call.update(status=status, error=error, signature=signature)
        call["response"] = {"headers": masked(headers), "body": readable(headers, body)}
        self.tell({"type": "wire", "call": call})


def masked(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers without secrets: of Authorization only the scheme is shown."""
    return {
        name: f"{value.partition(' ')[0]} ***" if name.lower() == "authorization" else value
        for name, value in headers.items()
    }


def readable(headers: Mapping[str, str], body: bytes) -> str:
    """A body for people: text up to 16 KiB, anything else by its size and type."""
    if not body:
        return ""
    kind = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    if not kind.startswith(READABLE):
        return f"<{len(body)} bytes of {kind or 'unknown type'}>"
    return body[:LONGEST_BODY].decode("utf-8", "replace")
