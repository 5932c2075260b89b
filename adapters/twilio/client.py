"""The connection to Twilio's REST API: one client, at most so many requests at once, every outcome mapped."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import IO, Any
from urllib.parse import urljoin

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from adapters.twilio.errors import answered, broke
from adapters.twilio.forms import lies_at
from adapters.twilio.settings import Settings
from bridge.core.outcomes import Refused, SendError, Unavailable

TIMEOUT_S = 10.0
"""Of a request, all in all: half of the time after which an absence counts."""
TRANSFER_TIMEOUT_S = 60.0
KEEPALIVE_S = 4.0
"""Shorter than servers keep idle connections: a POST on a connection that was just closed would be in doubt."""
ANSWER_LIMIT = 8 * 1024 * 1024
"""A page of a hundred messages of 32 kB, escaped."""
BROKEN = (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, TimeoutError)
"""The transport hands on as it is what it knows no name for: an answer that is no HTTP."""
Json = dict[str, Any]
Form = Mapping[str, str | list[str]]


class Client:
    """httpx on aiohttp's connections: httpx's own pool gets slower with every request in flight (encode/httpx#3215)."""

    def __init__(self, settings: Settings) -> None:
        self._api_url = settings.api_url
        self._auth = _credentials(settings)
        self._slots = asyncio.Semaphore(settings.max_in_flight)
        limit = settings.max_in_flight

        def session() -> aiohttp.ClientSession:
            connector = aiohttp.TCPConnector(limit=limit, keepalive_timeout=KEEPALIVE_S)
            return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

        self._http = httpx.AsyncClient(
            transport=AiohttpTransport(client=session),
            headers={"User-Agent": "trunkline", "Accept-Encoding": "identity"},
            timeout=httpx.Timeout(TIMEOUT_S),
            follow_redirects=False,
            trust_env=False,
        )

    def url(self, product: str, path: str) -> str:
        return self._api_url.replace("{product}", product) + path

    async def close(self) -> None:
        await self._http.aclose()

    async def get(self, product: str, path: str, params: Mapping[str, str] | None = None) -> Json:
        return await self._json("GET", self.url(product, path), params=params)

    async def pages(self, product: str, path: str, key: str, params: Mapping[str, str]) -> AsyncIterator[list[Json]]:
        """The pages of a list, by the URLs that Twilio gives: the page number means nothing. Never to another host."""
        url: str | None = self.url(product, path)
        given: Mapping[str, str] | None = params
        while url:
            page = await self._json("GET", url, params=given)
            rows = page.get(key)
            if not isinstance(rows, list):
                raise Unavailable(f"Twilio’s answer holds no {key}")
            yield [r for r in rows if isinstance(r, dict)]
            url, given = self._following(product, page), None

    def _following(self, product: str, page: Json) -> str | None:
        """Newer APIs name the next page by its URL, the oldest one by its path."""
        meta, path = page.get("meta"), page.get("next_page_uri")
        if isinstance(path, str) and path.startswith("/"):
            return self.url(product, path)
        following = meta.get("next_page_url") if isinstance(meta, dict) else None
        return following if isinstance(following, str) and self.is_ours(following, product) else None

    async def post(self, product: str, path: str, form: Form, *, creates: bool = True) -> Json:
        """`creates`: repeating it would make a second one, so a lost answer leaves it in doubt."""
        return await self._json("POST", self.url(product, path), data=form, creates=creates)

    async def delete(self, product: str, path: str) -> None:
        await self._json("DELETE", self.url(product, path))

    async def upload(self, path: str, body: IO[bytes], size: int, content_type: str, filename: str) -> Json:
        """Raw bytes to the media service; uploading twice leaves an unused file there, no second message."""
        params = {"Filename": filename} if filename else {}
        headers = {"Content-Type": content_type, "Content-Length": str(size)}
        url, content = self.url("mcs.us1", path), _chunks(body)
        return await self._json(
            "POST", url, params=params, content=content, headers=headers, timeout_s=TRANSFER_TIMEOUT_S
        )

    @asynccontextmanager
    async def download(self, url: str, *, signed: bool) -> AsyncIterator[AsyncIterator[bytes]]:
        """A file. `signed` links refuse credentials. An API may send us on to such a link, once and to that host alone. Raises
        `Refused` for another host than Twilio's."""
        self._check(url, "media.us1", "mcs.us1", "api")
        async with self._slots:
            try:
                async with asyncio.timeout(TRANSFER_TIMEOUT_S), AsyncExitStack() as stack:
                    auth = None if signed else self._auth
                    response = await stack.enter_async_context(self._http.stream("GET", url, auth=auth))
                    if response.has_redirect_location and not signed:
                        link = _joined(url, response.headers["Location"])
                        self._check(link, "media.us1")
                        response = await stack.enter_async_context(self._http.stream("GET", link, auth=None))
                    _check_file(response)
                    yield response.aiter_raw()
            except BROKEN as error:
                raise _broke(error, creates=False) from error

    def _check(self, url: str, *products: str) -> None:
        if not self.is_ours(url, *products):
            raise Refused("the file lies on a host that isn’t Twilio’s", code="media")

    def is_ours(self, url: str, *products: str) -> bool:
        """Does the URL lie on one of these products' hosts?"""
        return lies_at(url, [self.url(product, "/") for product in products])

    async def _json(
        self,
        method: str,
        url: str,
        *,
        creates: bool = False,
        timeout_s: float = TIMEOUT_S,
        **request: Any,
    ) -> Json:
        try:
            async with (
                self._slots,
                asyncio.timeout(timeout_s),
                self._http.stream(method, url, auth=self._auth, **request) as response,
            ):
                body = _parsed(await _limited(response))
        except BROKEN as error:
            raise _broke(error, creates=creates) from error
        if response.is_success:
            if isinstance(body, dict):
                return body
            if response.status_code == 204:
                return {}
            raise broke("an answer that is no JSON", left=True, creates=creates)
        retry_after = response.headers.get("Retry-After", "")
        raise answered(response.status_code, body, retry_after, time.time(), creates=creates)


def _credentials(settings: Settings) -> tuple[str, str]:
    if settings.api_key and settings.api_secret:
        return settings.api_key, settings.api_secret.get_secret_value()
    return settings.account_sid, settings.auth_token[0].get_secret_value()


def _check_file(response: httpx.Response) -> None:
    if response.status_code in (404, 410, 403):
        raise Refused("the file is no longer at Twilio", code=str(response.status_code))
    if response.status_code != 200:
        raise Unavailable("the file couldn’t be fetched", code=str(response.status_code))


def _broke(error: Exception, *, creates: bool) -> SendError:
    """The transport calls every broken connection a ConnectTimeout; only aiohttp's own error tells whether anything left."""
    cause = error if isinstance(error, TimeoutError | aiohttp.ClientError) else error.__cause__
    never_left = isinstance(
        cause, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError | aiohttp.InvalidURL
    ) or isinstance(error, httpx.UnsupportedProtocol | httpx.InvalidURL)
    return broke(type(cause or error).__name__, left=not never_left, creates=creates)


async def _limited(response: httpx.Response) -> bytes:
    """The body, and no more of it than an answer may have, unpacked too."""
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > ANSWER_LIMIT:
            return b""
    return bytes(body)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


async def _chunks(body: IO[bytes]) -> AsyncIterator[bytes]:
    while chunk := await asyncio.to_thread(body.read, 64 * 1024):
        yield chunk


def _joined(url: str, location: str) -> str:
    """Where a redirect leads; empty where that is no URL."""
    try:
        return urljoin(url, location)
    except ValueError:
        return ""
