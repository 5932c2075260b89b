"""Files on every leg: uploads, links, what a browser would run, what is too large, links that are no longer good."""

from __future__ import annotations

import asyncio
import base64
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from bridge.media.links import sign
from tests.e2e.test_legs import crm_says, on_socket, records, said, soon
from tests.rig import Rig, as_file, rig

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PAGE = b"<html><script>alert(1)</script></html>"
MB = 1024 * 1024


@pytest.fixture
def r(tmp_path: Path) -> Iterator[Rig]:
    with rig(tmp_path, legs=True) as r:
        yield r


@contextmanager
def serving(size: int) -> Iterator[str]:
    """A file of `size` bytes by a server of this test's own, sent piece by piece."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/zip")
            self.end_headers()
            piece = b"\0" * MB
            try:
                for _ in range(size // MB):
                    self.wfile.write(piece)
            except OSError:
                pass  # whoever asked has enough

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/large.zip"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def test_a_page_that_is_named_a_picture_is_never_run(r: Rig) -> None:
    async with on_socket(r, "agent", "eve") as (_, heard):
        ana = r.customer("+15550170")
        await asyncio.to_thread(ana.says, "look", [as_file("cat.jpg", "image/jpeg", PAGE)])
        (message,) = await soon(lambda: said(heard), "the message")
        answer = await asyncio.to_thread(httpx.get, message.files[0].url)
        assert answer.content == PAGE
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]


async def test_links_that_are_no_longer_good(r: Rig) -> None:
    async with on_socket(r, "agent", "eve") as (_, heard):
        ana = r.customer("+15550171")
        await asyncio.to_thread(ana.says, "look", [as_file("cat.png", "image/png", PNG)])
        (message,) = await soon(lambda: said(heard), "the message")
        url = message.files[0].url
        good = await asyncio.to_thread(httpx.get, url)
        assert (good.status_code, good.content, good.headers["content-type"]) == (200, PNG, "image/png")
        tampered = url[:-1] + ("A" if url[-1] != "A" else "B")
        assert (await asyncio.to_thread(httpx.get, tampered)).status_code == 403
        with closing(sqlite3.connect(r.folder / "bridge.db")) as db:
            (key,) = db.execute("select value from secret where name = 'media'").fetchone()
        old = sign(base64.b64decode(key), "GET", message.files[0].id, 1_000_000)
        assert (await asyncio.to_thread(httpx.get, url.partition("?")[0] + "?" + old)).status_code == 410
        other = urlsplit(url)._replace(path="/media/other.1.0").geturl()
        assert (await asyncio.to_thread(httpx.get, other)).status_code == 403


async def test_a_visitors_picture_reaches_the_topic(r: Rig) -> None:
    async with on_socket(r, "customer", "v1") as (visitor, shown):
        await soon(lambda: shown, "the welcome")
        id, url = await visitor.upload("cat.png", "image/png", len(PNG))
        put = await asyncio.to_thread(httpx.put, url, content=PNG, headers={"Content-Type": "image/png"})
        assert put.status_code == 201
        await visitor.send("my cat", attachments=[id])
        topic = await asyncio.to_thread(r.topic, "v1 · web")
        message = await soon(lambda: [m for m in topic.messages() if m["text"] == "my cat"])
        assert message[0]["kind"] == "photo"


async def test_two_hundred_megabytes_are_told_and_hold_up_nothing(r: Rig) -> None:
    ana = r.customer("+15550172")
    await asyncio.to_thread(ana.says, "Hi")
    (first,) = await soon(lambda: records(r), "the first record")
    conversation = first["conversation"]["id"]
    with serving(200 * MB) as url:
        attachments = [{"url": url, "content_type": "application/zip"}]
        await asyncio.to_thread(crm_says, r, "big", conversation=conversation, text="see", attachments=attachments)
        await asyncio.to_thread(crm_says, r, "next", conversation=conversation, text="and now")
        await asyncio.to_thread(ana.heard, "see")
        await asyncio.to_thread(ana.heard, "and now")
        topic = await asyncio.to_thread(r.topic, "+15550172 · SMS")
        words = lambda: [x["reason"] or "" for x in records(r, "receipt.updated")]  # noqa: E731
        await soon(lambda: [w for w in words() if "100 MB" in w], "a word to the author")
        await soon(lambda: [t for t in topic.texts() if t.endswith("and now")])
        assert [t for t in topic.texts() if t.startswith("Bot (crm): see")], "the text goes without it"
