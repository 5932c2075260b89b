"""One webhook request: form encoding, signature, timeouts, and retries where there are any.

It is sent by aiohttp, not by httpx: httpx's pool takes five times the CPU with many requests in flight, and its aiohttp
transport rewrites escapes in the URL over which the signature was made.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from .events import RETRY_COUNT, Event, Fields
from .faults import Faults
from .options import Options
from .patience import CONNECT, READ, Patience, kind_of, of_conversations, of_messaging
from .records import Json
from .signing import signature, signed_url
from .wire import Wire

if TYPE_CHECKING:
    import aiohttp

IN_FLIGHT = 32
LONGEST_ANSWER = 64 * 1024
FETCH_S = 15.0
HTTP_RETRIEVAL_FAILURE = "11200"
CUSTOMERS_MESSAGES = ("onMessageAdded", "inbound message")
FORM = "application/x-www-form-urlencoded; charset=utf-8"


@dataclass(frozen=True)
class Target:
    """Where an event goes, and where else when nobody takes it there."""

    url: str
    method: str = "POST"
    fallback: str = ""
    fallback_method: str = "POST"


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
        refused = next((one for one in words if one), "")
        if not refused or not target.fallback:
            return refused
        told = [("ErrorCode", HTTP_RETRIEVAL_FAILURE), ("ErrorUrl", target.url)]
        return await self._attempts(
            Target(target.fallback, target.fallback_method), replace(event, fields=event.fields + told)
        )

    async def fetch(self, url: str, largest: int) -> tuple[int, str, bytes]:
        """Gets a file as Twilio does for a MediaUrl: (status, content type, bytes, cut at `largest` + 1).

        Raises OSError or TimeoutError where there is no answer.
        """
        import aiohttp

        headers = {"User-Agent": "TwilioProxy/1.1", "Accept": "*/*"}
        call = self._wire.begin("webhook", "GET", url, headers, b"", event="fetch media")
        try:
            async with self._session().get(url, headers=headers, timeout=aiohttp.ClientTimeout(total=FETCH_S)) as reply:
                content = await _at_most(reply.content, largest + 1)
                kind = reply.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        except (aiohttp.ClientError, ValueError) as problem:
            self._wire.end(call, None, {}, b"", error=f"no answer: {problem}")
            raise OSError(str(problem)) from problem
        except TimeoutError:
            self._wire.end(call, None, {}, b"", error=f"no answer within {FETCH_S:g} s")
            raise
        self._wire.end(call, reply.status, dict(reply.headers), content)
        return reply.status, kind, content

    async def close(self) -> None:
        """Closes the connections."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    def _dropped(self, event: Event) -> bool:
        fault = self._faults.get("drop_webhook")
        named = fault.setting("event") if fault is not None else None
        if fault is None or (event.name != named if named else event.name not in CUSTOMERS_MESSAGES):
            return False
        self._faults.take("drop_webhook")
        return True

    def _lose(self, target: Target, event: Event) -> None:
        call = self._begin(target, event, signed_url(target.url), {}, b"", 1)
        self._wire.end(call, None, {}, b"", error="lost on its way, as asked")

    async def _attempts(self, target: Target, event: Event) -> str:
        token = str(uuid.uuid4())
        options = self._options
        patience = (
            of_messaging(target.url)
            if event.programmable
            else of_conversations(options.webhook_timeout, options.webhook_retries)
        )
        end = time.monotonic() + patience.total
        words = ""
        for attempt in range(1, patience.retries + 2):
            left = end - time.monotonic()
            if left <= 0:
                break
            status, kind, words = await self._once(target, event, token, attempt, patience, left)
            if not words or not patience.again(status, kind):
                break
        return words

    async def _once(
        self, target: Target, event: Event, token: str, attempt: int, patience: Patience, left: float
    ) -> tuple[int | None, str, str]:
        """One request: (status, "", "") when taken, else (status or None, what went wrong, words)."""
        fields = [(name, str(attempt - 1) if name == RETRY_COUNT else value) for name, value in event.fields]
        url, headers, body = self._request(target, fields, token)
        async with self._places:
            call = self._begin(target, event, url, headers, body, attempt)
            try:
                status, answered, content = await self._exchange(target.method, url, headers, body, patience, left)
            except TimeoutError as problem:
                kind = CONNECT if _never_connected(problem) else READ
                return self._failed(call, kind, f"no answer within {min(patience.read, left):.3g} s")
            except Exception as problem:  # a transport may raise anything; Twilio only notes that nobody answered
                kind = CONNECT if _never_connected(problem) else READ
                return self._failed(call, kind, f"no answer: {str(problem) or type(problem).__name__}")
        self._wire.end(call, status, answered, content, signature="refused" if status == 403 else "ok")
        if not 200 <= status < 300:
            return status, kind_of(status), f"the webhook was answered {status}"
        if event.answered is not None:
            event.answered(content.decode("utf-8", "replace"))
        return status, "", ""

    async def _exchange(
        self, method: str, url: str, headers: dict[str, str], body: bytes, patience: Patience, left: float
    ) -> tuple[int, dict[str, str], bytes]:
        """Sends it; the URL goes out byte for byte as it was signed. Redirects are not followed."""
        import aiohttp
        from yarl import URL

        limit = aiohttp.ClientTimeout(
            total=min(patience.read + patience.connect, left), sock_connect=patience.connect, sock_read=patience.read
        )
        if patience.read == patience.connect:  # one limit for all of it
            limit = aiohttp.ClientTimeout(total=min(patience.read, left))
        async with self._session().request(
            method, URL(url, encoded=True), data=body or None, headers=headers, timeout=limit, allow_redirects=False
        ) as reply:
            return reply.status, dict(reply.headers), await reply.content.read(LONGEST_ANSWER)

    def _session(self) -> aiohttp.ClientSession:
        """Made on first use: the import is not cheap."""
        import aiohttp

        if self._http is None:
            connector = aiohttp.TCPConnector(limit=IN_FLIGHT)
            self._http = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        return self._http

    def _failed(self, call: Json, kind: str, words: str) -> tuple[None, str, str]:
        self._wire.end(call, None, {}, b"", error=words)
        return None, kind, words

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


def _never_connected(problem: BaseException) -> bool:
    """Did the request fail before anybody could have heard it."""
    import aiohttp

    return isinstance(problem, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)


async def _at_most(stream: aiohttp.StreamReader, most: int) -> bytes:
    """The stream's bytes, and no more than so many."""
    content = bytearray()
    async for chunk in stream.iter_chunked(64 * 1024):
        content += chunk
        if len(content) >= most:
            break
    return bytes(content[:most])
