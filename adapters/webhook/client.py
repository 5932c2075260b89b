"""Our side of HTTP: webhooks are posted, files fetched; every outcome mapped, nobody led inside."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from urllib.parse import urljoin, urlsplit

import aiohttp
import httpx

from adapters.webhook import errors, guard
from adapters.webhook.addresses import Address, is_loopback, is_public
from adapters.webhook.files import flaw
from bridge.core.fitting import megabytes
from bridge.core.outcomes import Misconfigured, Refused, SendError, Unavailable

TIMEOUT_S = 15.0
"""Of a webhook, all in all: the least that the specification recommends."""
TRANSFER_TIMEOUT_S = 60.0
ANSWER_LIMIT = 64 * 1024
FILE_LIMIT = 100 * 1024 * 1024
REDIRECTS = 3
CONNECTIONS = 8
BROKEN = (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, TimeoutError)
"""The transport hands on as it is what it knows no name for: an answer that is no HTTP."""


class Client:
    """`loopback` says that this machine is no foreign place: we are only reached on it ourselves. `private` says that `url` may
    lead to any address, and that files may lie on the host of `url`, wherever that is."""

    def __init__(
        self,
        url: str,
        *,
        private: bool,
        loopback: bool,
        resolve: guard.Resolve = guard.resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        def outside(address: Address) -> bool:
            return is_public(address) or (loopback and is_loopback(address))

        def anywhere(address: Address) -> bool:
            return True

        self._url = url
        self._host = urlsplit(url).hostname
        self._loopback = loopback
        self._hooks = guard.client(anywhere if private else outside, resolve, CONNECTIONS, tls)
        self._files = guard.client(outside, resolve, CONNECTIONS, tls)

    async def close(self) -> None:
        await self._hooks.aclose()
        await self._files.aclose()

    async def post(self, body: bytes, headers: Mapping[str, str]) -> None:
        """One webhook. Raises `SendError`; sending it again under the same id does no harm."""
        sent = {"Content-Type": "application/json", **headers}
        answer: httpx.Response | None = None
        try:
            async with (
                asyncio.timeout(TIMEOUT_S),
                self._hooks.stream("POST", self._url, content=body, headers=sent) as response,
            ):
                answer = response
                await _thrown_away(response)
        except guard.Forbidden as error:
            raise Misconfigured(errors.PRIVATE, code="private") from error
        except BROKEN as error:
            if answer is None:  # else it was answered, and how its body ends says nothing
                raise Unavailable(f"the receiver can’t be reached ({_cause(error)})") from error
        if answer is not None:
            retry_after = answer.headers.get("Retry-After", "")
            if failure := errors.answered(answer.status_code, retry_after, time.time()):
                raise failure

    @asynccontextmanager
    async def download(self, url: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """A file, by GET and without any credentials, over up to three redirects. Raises `Refused` for where nothing may be
        fetched from, in the same words whatever is there."""
        try:
            async with asyncio.timeout(TRANSFER_TIMEOUT_S), self._followed(url) as response:
                retry_after = response.headers.get("Retry-After", "")
                if failure := errors.file_answered(response.status_code, retry_after, time.time()):
                    raise failure
                async with aclosing(_limited(response)) as chunks:
                    yield chunks
        except guard.Forbidden as error:
            raise Refused("the file lies where nothing is fetched from", code="private") from error
        except BROKEN as error:
            raise _file_broke(error) from error

    @asynccontextmanager
    async def _followed(self, url: str) -> AsyncIterator[httpx.Response]:
        """The first answer that is no redirect. Each hop is looked at as the first one was."""
        for _ in range(REDIRECTS + 1):
            if wrong := flaw(url, loopback=self._loopback):
                raise Refused(f"the file can’t be fetched: {wrong}", code="url")
            client = self._hooks if urlsplit(url).hostname == self._host else self._files
            async with client.stream("GET", url) as response:
                location = response.headers.get("Location", "")
                if not (response.has_redirect_location and location):
                    yield response
                    return
                url = _joined(url, location)
        raise Refused("the file can’t be fetched: too many redirects", code="redirects")


async def _thrown_away(response: httpx.Response) -> None:
    """What a receiver says is nobody's business; read, so that the connection may serve again, but not without end."""
    size = 0
    async for chunk in response.aiter_raw():
        size += len(chunk)
        if size > ANSWER_LIMIT:
            break


def _joined(url: str, location: str) -> str:
    """Where a redirect leads; empty where that is nowhere."""
    try:
        return urljoin(url, location)
    except ValueError:
        return ""


async def _limited(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    size = 0
    async for chunk in response.aiter_raw():
        size += len(chunk)
        if size > FILE_LIMIT:
            raise Refused(f"the file is larger than {megabytes(FILE_LIMIT)}", code="too_large")
        yield chunk


def _cause(error: Exception) -> str:
    """A word for what broke: the transport calls every broken connection by one name, only aiohttp's own error tells."""
    cause = error if isinstance(error, TimeoutError | aiohttp.ClientError) else error.__cause__
    return type(cause or error).__name__


def _file_broke(error: Exception) -> SendError:
    """A name that doesn't exist won't exist later: the message doesn't wait for it."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, socket.gaierror) and cause.errno == socket.EAI_NONAME:
            return Refused("the file’s host doesn’t exist", code="url")
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return Refused("the file can’t be fetched: not a URL", code="url")
    return Unavailable(f"the file couldn’t be fetched ({_cause(error)})")
