"""Routes: ``GET``, ``HEAD`` and ``PUT /media/{id}``, by signed and expiring link: who holds one has the right."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import IO, Protocol

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from bridge.media.blobs import Blob, Blobs, Missing, StorageUnavailable, TooLarge, digest
from bridge.media.found import RETRY_S, Found, MediaAway
from bridge.media.links import Expired, Tampered, Valid, verify
from bridge.media.names import disposition
from bridge.media.ranges import Extent, extent
from bridge.media.sniff import HEAD_BYTES, essence, shown_as

DISCARDED_BYTES = 16 * 1024 * 1024
"""So much of a body that is refused is read even so: who is cut off while it sends never reads the answer."""
PIECE_BYTES = 256 * 1024
GRACE_S = 30.0
SLOWEST_BYTES_PER_S = 16 * 1024
"""Who is slower than that, after `GRACE_S`, trickles and is cut off, up or down."""
MORE_TIME = "trunkline.more_time"
"""The ASGI extension by which a request with a valid link gets more time to arrive: its ``give`` is called with seconds."""
GUARDS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag",
}
"""On every answer. The page of a shop, of another origin, shows what is here; nothing here may act in our origin's name."""
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, PUT",
    "Access-Control-Allow-Headers": "Content-Type, If-None-Match, If-Range, Range",
    "Access-Control-Max-Age": "86400",
}
_log = logging.getLogger("trunkline.media")


class MediaDesk(Protocol):
    """What these routes ask of the application."""

    @property
    def keys(self) -> Sequence[bytes]:
        """Those that sign links: each of them verifies."""

    @property
    def blobs(self) -> Blobs: ...

    async def find(self, id: str) -> Found | None:
        """The file `id`, fetched from its network first where it must be; None where there is none, or not yet.
        Raises `MediaAway`, `TooLarge` or `StorageUnavailable`."""

    async def stored(self, id: str, blob: Blob) -> Blob | None:
        """The bytes of the upload `id` are in `blobs`. Answers what stands there now: what was there before stays, and None says
        that the place is gone. Atomic. Raises `MediaAway`."""


class _Short(Exception):
    """The body ended before it was all there."""


def routes(desk: MediaDesk, now: Callable[[], float] = time.time) -> list[Route]:
    """The routes over `desk`; `now` is in epoch seconds, as in the links."""

    async def media(http: Request) -> Response:
        answer = await _answer(desk, http, now)
        answer.headers.setdefault("Cache-Control", "no-store")
        answer.headers.update(GUARDS)
        return answer

    return [Route("/media/{id}", media, methods=["GET", "HEAD", "PUT", "OPTIONS"])]


async def _answer(desk: MediaDesk, http: Request, now: Callable[[], float]) -> Response:
    if http.method == "OPTIONS":
        return Response(status_code=204, headers=PREFLIGHT)
    body = http.stream()
    try:
        answer = await _by_link(desk, http, body, now)
    except ClientDisconnect:
        return Response(status_code=400)
    except MediaAway as away:
        answer = _away(away)
    except TooLarge as error:
        answer = _says(413, f"{error}")
    except StorageUnavailable as error:
        _log.error("%s", error)  # its words name a folder of ours
        answer = _away(MediaAway("files can’t be kept now"))
    if http.method == "PUT" and answer.status_code >= 400 and not await _discarded(http, body):
        answer.headers["Connection"] = "close"
    return answer


async def _by_link(desk: MediaDesk, http: Request, body: AsyncIterator[bytes], now: Callable[[], float]) -> Response:
    """The link is looked at before a byte of the body is."""
    id = http.path_params["id"]
    link = verify(desk.keys, http.method, id, http.scope["query_string"].decode("latin-1"), now())
    match link:
        case Tampered():
            return _says(403, link.words)
        case Expired():
            return _says(410, "the link has expired: ask for a new one")
        case Valid():
            if http.method == "PUT":
                return await _upload(desk, http, id, link, body)
            return await _download(desk, http, id, lambda: link.expires - now())


# ---- down


async def _download(desk: MediaDesk, http: Request, id: str, left: Callable[[], float]) -> Response:
    found = await desk.find(id)
    if found is None:
        return _says(404, "there is no such file")
    etag = f'"{found.blob.hash}"'
    headers = {
        "ETag": etag,
        "Cache-Control": f"private, max-age={max(0, math.floor(left()))}",
        "Accept-Ranges": "bytes",
    }
    if _names(http.headers.get("if-none-match", ""), etag):
        return Response(status_code=304, headers=headers)
    try:
        file, head = await _opened(desk.blobs, found.blob)
    except Missing:
        _log.error("a file that is on record is not in the storage, or not as a whole", extra={"file": id})
        return _says(404, "the file is no longer there")
    shown = shown_as(found.content_type, head)
    headers |= {
        "Content-Type": shown.content_type,
        "Content-Disposition": disposition(found.filename, inline=shown.inline),
    }
    wanted = extent(_range(http, etag), found.blob.size)
    if wanted is None or http.method == "HEAD":
        await _closed(file)
    if wanted is None:
        return _says(416, "the file has no such range", {"Content-Range": f"bytes */{found.blob.size}"})
    return _sent(http, file, found.blob.size, wanted, headers)


def _sent(http: Request, file: IO[bytes], size: int, wanted: Extent, headers: dict[str, str]) -> Response:
    headers["Content-Length"] = str(wanted.length)
    if http.method == "HEAD":
        return Response(headers=headers)
    if not wanted.partial:
        return _File(file, wanted, 200, headers)
    headers["Content-Range"] = f"bytes {wanted.start}-{wanted.start + wanted.length - 1}/{size}"
    return _File(file, wanted, 206, headers)


def _range(http: Request, etag: str) -> str | None:
    """The range that is asked for; only GET has one, and only of the file that the client knows (RFC 9110, 13.1.5)."""
    known = http.headers.get("if-range", etag)
    return http.headers.get("range") if http.method == "GET" and known == etag else None


def _names(header: str, etag: str) -> bool:
    """Does an ``If-None-Match`` name this file?"""
    return header.strip() == "*" or etag in (t.strip().removeprefix("W/") for t in header.split(","))


async def _opened(blobs: Blobs, blob: Blob) -> tuple[IO[bytes], bytes]:
    """The file and its first bytes. Raises `Missing` also where it isn't as long as it was."""
    file = await blobs.open(blob.hash)
    try:
        head, size = await asyncio.to_thread(_measured, file)
        if size != blob.size:
            raise Missing(blob.hash)
    except BaseException:
        await _closed(file)
        raise
    return file, head


def _measured(file: IO[bytes]) -> tuple[bytes, int]:
    return file.read(HEAD_BYTES), file.seek(0, 2)


async def _closed(file: IO[bytes]) -> None:
    """In a thread and whatever else is cancelled: a read may still be going on there."""
    await asyncio.shield(asyncio.to_thread(file.close))


class _File(StreamingResponse):
    """Part of an open file, which it closes."""

    def __init__(self, file: IO[bytes], wanted: Extent, status: int, headers: Mapping[str, str]) -> None:
        super().__init__(_pieces(file, wanted), status, headers)
        self._file = file
        self._seconds = _time_for(wanted.length)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                await super().__call__(scope, receive, send)
        except TimeoutError:
            _log.info("a reader was too slow and is cut off")
        finally:
            await _closed(self._file)


async def _pieces(file: IO[bytes], wanted: Extent) -> AsyncIterator[bytes]:
    left = wanted.length
    await asyncio.to_thread(file.seek, wanted.start)
    while left and (piece := await asyncio.to_thread(file.read, min(left, PIECE_BYTES))):
        left -= len(piece)
        yield piece


# ---- up


async def _upload(desk: MediaDesk, http: Request, id: str, link: Valid, body: AsyncIterator[bytes]) -> Response:
    """Holds the client to what the link says: so many bytes of that type, once."""
    size, content_type = link.claims.get("size", ""), link.claims.get("content_type", "")
    if not size.isdecimal():
        return _says(403, "the link says no size")
    if refusal := _refusal(http, int(size), content_type):
        return refusal
    before = await desk.find(id)
    # What can't be kept is not written: who holds a link could fill the disk with it.
    keep = desk.blobs.put if before is None else digest
    seconds = _time_for(int(size))
    _give_time(http, seconds)
    try:
        async with asyncio.timeout(seconds):
            blob = await keep(_exactly(body, int(size)), int(size))
    except TimeoutError:
        return _says(408, f"the file wasn’t here after {seconds:.0f} s", {"Connection": "close"})
    except _Short:
        return _says(400, f"the body is shorter than the {size} bytes that were announced")
    stands = before.blob if before is not None else await desk.stored(id, blob)
    if stands is None:
        return _says(404, "there is no such upload")
    if stands.hash != blob.hash:
        return _says(409, "another file was put here before")
    return _says(201 if before is None else 200, "stored")


def _refusal(http: Request, size: int, content_type: str) -> Response | None:
    """What the head of an upload shows to be wrong already."""
    given = http.headers.get("content-type", "")
    if given and essence(given) != essence(content_type):
        return _says(415, f"the link is for {essence(content_type)}, and this is {essence(given)}")
    if http.headers.get("content-encoding", "identity").lower() != "identity":
        return _says(415, "a file is put as it is, without a Content-Encoding")
    length = http.headers.get("content-length", str(size))
    if not length.isdecimal() or int(length) == size:
        return None
    words = f"the link is for {size} bytes, and these are {length}"
    return _says(413 if int(length) > size else 400, words)


async def _exactly(body: AsyncIterator[bytes], size: int) -> AsyncIterator[bytes]:
    """Raises `_Short` where less than `size` bytes come; who reads it has the limit above."""
    async for chunk in body:
        size -= len(chunk)
        yield chunk
    if size > 0:
        raise _Short


async def _discarded(http: Request, body: AsyncIterator[bytes]) -> bool:
    """Reads on after a refusal; False where there is more than we care for. Who waits for ``100 Continue`` hasn't sent any."""
    if "expect" in http.headers:
        return False
    size = 0
    with contextlib.suppress(ClientDisconnect):
        async for chunk in body:
            size += len(chunk)
            if size > DISCARDED_BYTES:
                return False
    return True


def _time_for(size: int) -> float:
    return GRACE_S + size / SLOWEST_BYTES_PER_S


def _give_time(http: Request, seconds: float) -> None:
    """The server's limit comes after ours, which has an answer."""
    if extension := http.scope.get("extensions", {}).get(MORE_TIME):
        extension["give"](seconds + RETRY_S)


# ---- both


def _says(status: int, words: str, headers: Mapping[str, str] | None = None) -> Response:
    return Response(f"{words}\n", status, headers, media_type="text/plain")


def _away(away: MediaAway) -> Response:
    if away.retry_after_s is None:
        return _says(502, away.words)
    return _says(503, away.words, {"Retry-After": str(away.retry_after_s)})
