"""One webhook request: form encoding, signature, timeout, and retries where they are turned on.

It is sent by aiohttp, not by httpx: httpx's pool takes five times the CPU with many requests in flight, and its aiohttp
transport rewrites escapes in the URL over which the signature was made.
"""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from .events import RETRY_COUNT, Event, Fields
from .faults import Faults
from .options import Options
from .records import Json
from .signing import signature, signed_url
from .wire import Wire

if TYPE_CHECKING:
    import aiohttp

IN_FLIGHT = 32
RETRIED = {
    429,
    503,
    504,
}  # and timeouts: the retry rule of the Chat service below Conversations (docs: chat/rest/service-resource)
LONGEST_ANSWER = 64 * 1024
FORM = "application/x-www-form-urlencoded; charset=utf-8"


@dataclass(frozen=True)
class Target:
    """Where an event goes."""

    url: str
    method: str = "POST"


class Sender:
    """Sends webhooks, at most `IN_FLIGHT` at once."""

    def __init__(self, options: Options, faults: Faults, wire: Wire) -> None:
        self._options = options
        self._faults = faults
        self._wire = wire
        self._http: aiohttp.ClientSession | None = None
        self._places = asyncio.Semaphore(IN_FLIGHT)

    async def send(self, target: Target, event: Event) -> str:
        """Delivers one event to one target; returns "" when it was taken (2xx), else words."""
        delay = self._faults.get("delay_webhook")
        if delay is not None:
            await asyncio.sleep(float(delay.value or 1))
        if self._dropped(event):
            self._lose(target, event)
            return "the webhook was lost on its way"
        twice = self._faults.get("duplicate")
        copies = max(1, int(twice.value or 2)) if twice is not None else 1
        words = await asyncio.gather(*(self._attempts(target, event) for _ in range(copies)))
        return next((one for one in words if one), "")

    async def close(self) -> None:
        """Closes the connections."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    def _dropped(self, event: Event) -> bool:
        fault = self._faults.get("drop_webhook")
        if fault is None or event.name != fault.setting("event", "onMessageAdded"):
            return False
        self._faults.take("drop_webhook")
        return True

    def _lose(self, target: Target, event: Event) -> None:
        call = self._begin(target, event, signed_url(target.url), {}, b"", 1)
        self._wire.end(call, None, {}, b"", error="lost on its way, as asked")

    async def _attempts(self, target: Target, event: Event) -> str:
        token = str(uuid.uuid4())
        words = ""
        for attempt in range(1, self._options.webhook_retries + 2):
            status, words = await self._once(target, event, token, attempt)
            if not words or (status is not None and status not in RETRIED):
                break
        return words

    async def _once(self, target: Target, event: Event, token: str, attempt: int) -> tuple[int | None, str]:
        """One request: (status, "") when taken, else (status or None, words)."""
        fields = [(name, str(attempt - 1) if name == RETRY_COUNT else value) for name, value in event.fields]
        url, headers, body = self._request(target, fields, token)
        async with self._places:
            call = self._begin(target, event, url, headers, body, attempt)
            try:
                status, answered, content = await self._exchange(target.method, url, headers, body)
            except TimeoutError:
                return self._failed(call, f"no answer within {self._options.webhook_timeout:g} s")
            except Exception as problem:  # a transport may raise anything; Twilio only notes that nobody answered
                return self._failed(call, f"no answer: {str(problem) or type(problem).__name__}")
        self._wire.end(call, status, answered, content, signature="refused" if status == 403 else "ok")
        return status, "" if 200 <= status < 300 else f"the webhook was answered {status}"

    async def _exchange(
        self, method: str, url: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """Sends it; the URL goes out byte for byte as it was signed. Redirects are not followed."""
        import aiohttp
        from yarl import URL

        if self._http is None:  # made on first use: the import is not cheap
            connector = aiohttp.TCPConnector(limit=IN_FLIGHT)
            self._http = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        limit = aiohttp.ClientTimeout(total=self._options.webhook_timeout)
        exact = URL(url, encoded=True)
        async with self._http.request(
            method, exact, data=body or None, headers=headers, timeout=limit, allow_redirects=False
        ) as reply:
            return reply.status, dict(reply.headers), await reply.content.read(LONGEST_ANSWER)

    def _failed(self, call: Json, words: str) -> tuple[None, str]:
        self._wire.end(call, None, {}, b"", error=words)
        return None, words

    def _request(self, target: Target, fields: Fields, token: str) -> tuple[str, dict[str, str], bytes]:
        """URL, headers and body. With GET the parameters stand in the URL, which alone is then signed."""
        url = target.url.partition("#")[0]
        headers = {"User-Agent": "TwilioProxy/1.1", "Accept": "*/*", "I-Twilio-Idempotency-Token": token}
        if target.method == "GET":
            url += ("&" if "?" in url else "?") + urlencode(fields)
            headers["X-Twilio-Signature"] = signature(self._options.auth_token, url, ())
            return url, headers, b""
        headers["Content-Type"] = FORM
        headers["X-Twilio-Signature"] = signature(self._options.auth_token, url, fields)
        return url, headers, urlencode(fields).encode()

    def _begin(
        self, target: Target, event: Event, url: str, headers: dict[str, str], body: bytes, attempt: int
    ) -> Json:
        return self._wire.begin(
            "webhook",
            target.method,
            url,
            headers,
            body,
            event=event.name,
            ref=event.conversation_sid,
            text=event.text,
            attempt=attempt,
        )
