"""``/media`` over real HTTP: who holds which link gets what, and what a browser is told of it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette

from bridge.commands.serving import Server, bind
from bridge.media.blobs import Blob, TooLarge
from bridge.media.files import FileBlobs
from bridge.media.links import sign
from bridge.server import limits, media
from bridge.server.limits import LimitedProtocol
from bridge.server.media import GUARDS, Found, MediaAway, routes
from tests.server.conftest import parsed

KEY = b"k" * 32
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Desk:
    """What is on record, in memory; the bytes are in a real folder."""

    blobs: FileBlobs
    keys: list[bytes] = field(default_factory=lambda: [KEY])
    files: dict[str, Found | Exception] = field(default_factory=dict)
    places: dict[str, tuple[str, str]] = field(default_factory=dict)
    found: int = 0
    port: int = 0

    async def find(self, id: str) -> Found | None:
        self.found += 1
        match self.files.get(id):
            case Exception() as error:
                raise error
            case there:
                return there

    async def stored(self, id: str, blob: Blob) -> Blob | None:
        if id not in self.places:
            return None
        content_type, filename = self.places[id]
        there = self.files.setdefault(id, Found(blob=blob, content_type=content_type, filename=filename))
        assert isinstance(there, Found)
        return there.blob

    async def has(self, id: str, body: bytes, content_type: str = "image/png", filename: str = "cat.png") -> str:
        """Puts a file on record; gives the path and query that get it."""
        blob = await self.blobs.put(pieces(body), len(body))
        self.files[id] = Found(blob=blob, content_type=content_type, filename=filename)
        return get(id)

    def place(self, id: str, size: int, content_type: str = "image/png") -> str:
        self.places[id] = (content_type, "cat.png")
        query = sign(KEY, "PUT", id, int(time.time()) + 60, size=size, content_type=content_type)
        return f"/media/{id}?{query}"

    @property
    def on_disk(self) -> list[Path]:
        return [p for p in self.blobs.folder.rglob("*") if p.is_file()]

    async def raw(self, *sent: bytes, pause: float = 0.0) -> bytes:
        """What comes back for `sent`, whose pieces go out `pause` seconds apart for as long as there is no answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        reading = asyncio.create_task(reader.read())
        try:
            with contextlib.suppress(ConnectionError):
                for piece in sent:
                    writer.write(piece)
                    await writer.drain()
                    if pause and (await asyncio.wait([reading], timeout=pause))[0]:
                        break
            return await asyncio.wait_for(reading, 10)
        except ConnectionError:
            return b""
        finally:
            writer.close()

    async def ask(self, method: str, target: str, body: bytes | None = None, *headers: str) -> Answer:
        return parsed(await self.raw(head(method, target, body, *headers) + (body or b"")))

    async def put(self, target: str, body: bytes, *headers: str, content_type: str = "image/png") -> int:
        return (await self.ask("PUT", target, body, f"Content-Type: {content_type}", *headers))[0]


async def pieces(body: bytes) -> AsyncIterator[bytes]:
    yield body


def get(id: str, expires_in: int = 60, key: bytes = KEY) -> str:
    return f"/media/{id}?{sign(key, 'GET', id, int(time.time()) + expires_in)}"


def head(method: str, target: str, body: bytes | None = None, *headers: str) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: x", "Connection: close", *headers]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with serving(Desk(FileBlobs(tmp_path / "media"))) as desk:
        yield desk


@asynccontextmanager
async def serving(desk: Desk) -> AsyncIterator[Desk]:
    sock: socket.socket = bind("127.0.0.1", 0)
    desk.port = sock.getsockname()[1]
    app: Any = Starlette(routes=[*routes(desk)])
    server = Server(uvicorn.Config(app, http=LimitedProtocol, lifespan="off", log_config=None, access_log=False))
    task = asyncio.create_task(server.serve(sockets=[sock]))
    await server.listening.wait()
    try:
        yield desk
    finally:
        server.should_exit = True
        await task


# ---- down


async def test_a_file_and_what_a_browser_is_told_of_it(desk: Desk) -> None:
    link = await desk.has("c1.7.0", PNG, filename="süß.png")
    status, headers, body = await desk.ask("GET", link)
    assert (status, body) == (200, PNG)
    assert (headers["content-type"], headers["content-length"]) == ("image/png", str(len(PNG)))
    assert headers["content-disposition"] == "inline; filename=\"s__.png\"; filename*=UTF-8''s%C3%BC%C3%9F.png"
    for name, value in GUARDS.items():
        assert headers[name.lower()] == value
    found = desk.files["c1.7.0"]
    assert isinstance(found, Found)
    assert headers["etag"] == f'"{found.blob.hash}"'
    private, _, age = headers["cache-control"].partition(", max-age=")
    assert private == "private"
    assert 55 <= int(age) <= 60, "not beyond the link"


async def test_head_says_the_same_without_the_file(desk: Desk) -> None:
    link = await desk.has("a", PNG)
    _, of_get, _ = await desk.ask("GET", link)
    status, of_head, body = await desk.ask("HEAD", link, None, "Range: bytes=0-3")
    assert (status, body) == (200, b"")
    changing = ("date", "cache-control")
    assert {k: v for k, v in of_head.items() if k not in changing} == {
        k: v for k, v in of_get.items() if k not in changing
    }


async def test_a_large_file_arrives_whole(desk: Desk) -> None:
    large = PNG * 4000
    status, _, body = await desk.ask("GET", await desk.has("a", large))
    assert (status, len(body), body == large) == (200, len(large), True)


async def test_an_empty_file(desk: Desk) -> None:
    link = await desk.has("a", b"", "text/plain", "")
    status, headers, body = await desk.ask("GET", link)
    assert (status, body, headers["content-disposition"]) == (200, b"", 'attachment; filename="file"')
    assert (await desk.ask("GET", link, None, "Range: bytes=0-"))[0] == 416


@pytest.mark.parametrize(
    ("label", "content_type", "body"),
    [
        ("html as a photo", "image/jpeg", b"<html><script>alert(1)</script>"),
        ("svg", "image/svg+xml", b"<svg onload='alert(1)'/>"),
        ("a script", "text/javascript", b"alert(1)"),
        ("a header in the type", "image/png\r\nX-Bad: 1", b"hello"),
    ],
)
async def test_what_runs_is_saved_and_not_shown(desk: Desk, label: str, content_type: str, body: bytes) -> None:
    status, headers, answer = await desk.ask("GET", await desk.has("a", body, content_type, 'x"\r\nX-Bad: 1.jpg'))
    assert (status, answer, headers["content-type"]) == (200, body, "application/octet-stream"), label
    assert headers["content-disposition"].startswith("attachment; ")
    assert "x-bad" not in headers


async def test_a_link_that_is_not_ours_or_over(desk: Desk) -> None:
    link = await desk.has("a", PNG)
    await desk.has("b", PNG)
    before = desk.found
    for label, method, target, status in [
        ("unsigned", "GET", "/media/a", 403),
        ("a changed signature", "GET", link[:-1] + ("A" if link[-1] != "A" else "B"), 403),
        ("another file", "GET", link.replace("/media/a", "/media/b"), 403),
        ("another time", "GET", link.replace("expires=", "expires=9"), 403),
        ("another key", "GET", get("a", key=b"x" * 32), 403),
        ("a link for GET can't put", "PUT", link, 403),
        ("over", "GET", get("a", -1), 410),
        ("over and changed", "GET", get("a", -1) + "x", 403),
        ("a link for PUT can't get", "GET", desk.place("a", 5), 403),
        ("no method of ours", "DELETE", link, 405),
    ]:
        found, headers, _ = await desk.ask(method, target)
        assert found == status, label
        if status != 405:
            assert (headers["cache-control"], headers["x-content-type-options"]) == ("no-store", "nosniff"), label
    assert desk.found == before, "nothing was looked for"


async def test_an_old_key_opens_until_it_is_gone(desk: Desk) -> None:
    link = await desk.has("a", PNG)
    desk.keys = [b"n" * 32, KEY]
    assert (await desk.ask("GET", link))[0] == 200
    desk.keys = [b"n" * 32]
    assert (await desk.ask("GET", link))[0] == 403


async def test_what_cannot_be_had(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.files = {
        "away": MediaAway("the network can’t be reached", retry_after_s=7),
        "gone": MediaAway("the network doesn’t have it any more", retry_after_s=None),
        "large": TooLarge(5),
    }
    assert (await desk.ask("GET", get("none")))[0] == 404
    status, headers, body = await desk.ask("GET", get("away"))
    assert (status, headers["retry-after"], body.decode()) == (503, "7", "the network can’t be reached\n")
    assert (await desk.ask("GET", get("gone")))[0] == 502
    assert (await desk.ask("GET", get("large")))[0] == 413
    assert caplog.records == []


async def test_a_file_that_was_lost_or_cut_off_is_not_served(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    link = await desk.has("a", PNG)
    (path,) = desk.on_disk
    path.write_bytes(PNG[:100])
    assert (await desk.ask("GET", link))[0] == 404
    path.unlink()
    assert (await desk.ask("GET", link))[0] == 404
    assert [r.message for r in caplog.records] == [
        "a file that is on record is not in the storage, or not as a whole"
    ] * 2


async def test_a_folder_that_cannot_be_used(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.blobs.folder.write_text("in the way")
    desk.files["a"] = Found(blob=Blob(hash="a" * 64, size=1), content_type="image/png", filename="")
    for status, headers, body in (
        await desk.ask("GET", get("a")),
        await desk.ask("PUT", desk.place("u", 1), b"x", "Content-Type: image/png"),
    ):
        assert (status, headers["retry-after"]) == (503, "5")
        assert str(desk.blobs.folder).encode() not in body
    assert all("must be a folder" in r.message for r in caplog.records)
    assert len(caplog.records) == 2


@pytest.mark.parametrize(
    ("asked", "status", "start", "end"),
    [
        ("bytes=0-3", 206, 0, 4),
        ("bytes=1000-", 206, 1000, len(PNG)),
        ("bytes=-5", 206, len(PNG) - 5, len(PNG)),
        ("bytes=1000-99999", 206, 1000, len(PNG)),
        (f"bytes={len(PNG)}-", 416, 0, 0),
        ("bytes=1-2,4-5", 200, 0, len(PNG)),
        ("bytes=rubbish", 200, 0, len(PNG)),
        ("bytes=" + ",".join(["0-"] * 10_000), 416, 0, 0),
    ],
)
async def test_ranges(desk: Desk, asked: str, status: int, start: int, end: int) -> None:
    link = await desk.has("a", PNG)
    began = time.monotonic()
    found, headers, body = await desk.ask("GET", link, None, f"Range: {asked}")
    assert time.monotonic() - began < 1
    assert found == status
    assert headers.get("accept-ranges") == (None if status == 416 else "bytes")
    if status == 416:
        assert headers["content-range"] == f"bytes */{len(PNG)}"
    else:
        assert body == PNG[start:end]
        assert headers.get("content-range") == (f"bytes {start}-{end - 1}/{len(PNG)}" if status == 206 else None)


async def test_what_a_client_has_is_not_sent_again(desk: Desk) -> None:
    link = await desk.has("a", PNG)
    etag = (await desk.ask("GET", link))[1]["etag"]
    for header in (f"If-None-Match: {etag}", f'If-None-Match: "x", W/{etag}', "If-None-Match: *"):
        status, headers, body = await desk.ask("GET", link, None, header)
        assert (status, body, headers["etag"]) == (304, b"", etag)
        assert headers["cache-control"].startswith("private, max-age=")
    assert (await desk.ask("GET", link, None, 'If-None-Match: "x"'))[0] == 200
    assert (await desk.ask("GET", link, None, "Range: bytes=0-0", f"If-Range: {etag}"))[0] == 206
    assert (await desk.ask("GET", link, None, "Range: bytes=0-0", 'If-Range: "x"'))[0] == 200


async def test_a_reader_that_leaves_or_stands_still_leaves_no_file_open(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    link = await desk.has("a", PNG * 40_000)  # more than sockets buffer
    reader, writer = await asyncio.open_connection("127.0.0.1", desk.port)
    writer.write(head("GET", link))
    await reader.readexactly(100)
    assert open_files(desk) == 1
    writer.transport.abort()
    await until(lambda: open_files(desk) == 0)

    monkeypatch.setattr(media, "GRACE_S", 0.3)
    monkeypatch.setattr(media, "SLOWEST_BYTES_PER_S", 10**12)
    with caplog.at_level("INFO", "trunkline.media"):
        reader, writer = await asyncio.open_connection("127.0.0.1", desk.port, limit=1024)
        writer.write(head("GET", link))
        await reader.readexactly(100)
        await until(lambda: open_files(desk) == 0)
        writer.transport.abort()
    assert "a reader was too slow and is cut off" in caplog.text


def open_files(desk: Desk) -> int:
    links = (p.readlink() for p in Path("/proc/self/fd").iterdir() if p.is_symlink())
    return sum(desk.blobs.folder in p.parents for p in links)


async def until(holds: Any) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.01)


async def test_pages_of_other_origins_may_ask(desk: Desk) -> None:
    status, headers, _ = await desk.ask(
        "OPTIONS", "/media/u?x", None, "Origin: https://shop.example", "Access-Control-Request-Method: PUT"
    )
    assert status == 204
    assert headers["access-control-allow-origin"] == "*"
    assert "PUT" in headers["access-control-allow-methods"]
    assert "content-type" in headers["access-control-allow-headers"].lower()
    assert "access-control-allow-credentials" not in headers


# ---- up


async def test_an_upload_and_again(desk: Desk) -> None:
    link = desk.place("u", len(PNG))
    assert await desk.put(link, PNG) == 201
    assert (await desk.ask("GET", get("u")))[2] == PNG
    assert await desk.put(link, PNG) == 200, "the same again is no mistake"
    assert await desk.put(link, PNG[::-1]) == 409
    assert (await desk.ask("GET", get("u")))[2] == PNG
    assert len(desk.on_disk) == 1, "what can't be kept isn't"


async def test_two_at_once_and_one_stays(desk: Desk) -> None:
    link = desk.place("u", len(PNG))
    answers = await asyncio.gather(*(desk.put(link, bytes([i]) + PNG[1:]) for i in range(6)))
    assert sorted(answers) == [201, 409, 409, 409, 409, 409]
    body = (await desk.ask("GET", get("u")))[2]
    assert body[0] == answers.index(201)


@pytest.mark.parametrize(
    ("label", "body", "content_type", "header", "status"),
    [
        ("as said", PNG, "image/png", "X: y", 201),
        ("the type in another spelling", PNG, "Image/PNG; q=1", "X: y", 201),
        ("another type", PNG, "text/html", "X: y", 415),
        ("packed", PNG, "image/png", "Content-Encoding: gzip", 415),
        ("shorter", PNG[1:], "image/png", "X: y", 400),
        ("longer", PNG + b"x", "image/png", "X: y", 413),
        ("much longer", PNG * 4000, "image/png", "X: y", 413),
    ],
)
async def test_the_client_is_held_to_its_word(
    desk: Desk, label: str, body: bytes, content_type: str, header: str, status: int
) -> None:
    found = await desk.put(desk.place("u", len(PNG)), body, header, content_type=content_type)
    assert (found, len(desk.on_disk)) == (status, int(status == 201)), label


@pytest.mark.parametrize(
    ("label", "chunks", "status"),
    [
        ("as said", [1000, 24], 201),
        ("shorter", [1000, 23], 400),
        ("longer", [1000, 25], 413),
        ("much longer", [1000] * 3000, 413),
    ],
)
async def test_chunks_are_counted(desk: Desk, label: str, chunks: list[int], status: int) -> None:
    start = head("PUT", desk.place("u", 1024), None, "Content-Type: image/png", "Transfer-Encoding: chunked")
    answer = await desk.raw(start, *(b"%x\r\n" % n + b"x" * n + b"\r\n" for n in chunks), b"0\r\n\r\n")
    assert (parsed(answer)[0], len(desk.on_disk)) == (status, int(status == 201)), label


async def test_no_type_is_what_the_link_says_too(desk: Desk) -> None:
    link = desk.place("u", 5, "")
    assert (await desk.ask("PUT", link, b"hello"))[0] == 201


async def test_the_link_is_looked_at_before_the_body(desk: Desk) -> None:
    """Who asks first is told before it sends anything."""
    link = desk.place("u", 5)
    waits = ("Expect: 100-continue", "Content-Type: image/png", "Content-Length: 5")
    assert (await desk.raw(head("PUT", link + "x", None, *waits))).startswith(b"HTTP/1.1 403")
    answer = await desk.raw(head("PUT", link, None, *waits), b"hello")
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201")
    for label, target, status in [
        ("forged", link.replace("size=5", "size=50000000"), 403),
        ("over", f"/media/u?{sign(KEY, 'PUT', 'u', 1, size=5, content_type='image/png')}", 410),
        ("without a size", f"/media/u?{sign(KEY, 'PUT', 'u', 2**40)}", 403),
    ]:
        assert await desk.put(target, PNG * 3000) == status, label
    assert len(desk.on_disk) == 1


async def test_a_place_that_is_gone(desk: Desk) -> None:
    link = desk.place("u", 5)
    desk.places.clear()
    assert await desk.put(link, b"hello") == 404


async def test_a_sender_that_leaves_half_way(desk: Desk) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", desk.port)
    size = 2_000_000
    writer.write(head("PUT", desk.place("u", size), b"x" * size, "Content-Type: image/png") + b"x" * 1_000_000)
    await until(lambda: len(desk.on_disk) == 1)
    writer.close()
    await until(lambda: desk.on_disk == [])
    assert await desk.put(desk.place("u", 5), b"hello") == 201


async def test_a_trickle_ends(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "GRACE_S", 0.3)
    start = head("PUT", desk.place("u", 1000), b"x" * 1000, "Content-Type: image/png")
    status, headers, _ = parsed(await desk.raw(start, *[b"x"] * 20, pause=0.05))
    assert (status, headers["connection"], desk.on_disk) == (408, "close", [])


async def test_who_has_a_link_is_given_time_and_nobody_else(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ARRIVAL_S", 0.3)
    link = desk.place("u", 20)
    rest = [b"x"] * 20
    start = head("PUT", link, b"x" * 20, "Content-Type: image/png")
    assert parsed(await desk.raw(start, *rest, pause=0.05))[0] == 201
    start = head("PUT", link + "x", b"x" * 20, "Content-Type: image/png")
    assert not (await desk.raw(start, *rest, pause=0.05)).startswith(b"HTTP/1.1 20")
