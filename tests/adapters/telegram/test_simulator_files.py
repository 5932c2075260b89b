"""Files both ways: uploads of every kind, albums, ids used again, downloads and their limits. Facts: telegram.md 6.2, 6.3."""

from __future__ import annotations

import base64
import json
import urllib.request
import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from telegram import Bot, InputMediaDocument, InputMediaPhoto, InputMediaVideo, Message
from telegram.error import BadRequest, NetworkError

from adapters.telegram.simulator.testing import Running, serve

BINARY = bytes(range(256)) + b"\r\n--boundary\r\n\r\n"


def png(width: int = 640, height: int = 360) -> bytes:
    """The smallest PNG that says its size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x00\x00\x00\x00"
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.fixture
def server() -> Iterator[Running]:
    with serve() as running:
        yield running


@pytest.fixture
async def bot(server: Running) -> AsyncIterator[Bot]:
    async with Bot(**server.ptb()) as one:
        yield one


async def download(bot: Bot, file_id: str) -> bytes:
    return bytes(await (await bot.get_file(file_id)).download_as_bytearray())


async def test_a_document_comes_back_byte_for_byte(bot: Bot, server: Running) -> None:
    message = await bot.send_document(server.chat, BINARY, filename="Rechnung für Ana.pdf", caption="the bill")
    document = message.document
    assert document is not None
    assert (document.file_name, document.file_size, message.caption) == (
        "Rechnung für Ana.pdf",
        len(BINARY),
        "the bill",
    )
    assert await download(bot, document.file_id) == BINARY


async def test_every_kind(bot: Bot, server: Running) -> None:
    chat = server.chat
    photo = await bot.send_photo(chat, png(), caption="look")
    assert [(size.width, size.height) for size in photo.photo] == [(90, 50), (640, 360)]
    assert await download(bot, photo.photo[-1].file_id) == png()
    video = await bot.send_video(chat, BINARY, duration=3, width=320, height=240)
    assert video.video is not None
    assert (video.video.width, video.video.mime_type) == (320, "application/octet-stream")
    audio = await bot.send_audio(chat, BINARY, title="Song", filename="song.mp3")
    assert audio.audio is not None
    assert (audio.audio.title, audio.audio.mime_type) == ("Song", "audio/mpeg")
    voice = await bot.send_voice(chat, BINARY, duration=2, filename="v.ogg")
    assert voice.voice is not None
    assert voice.voice.mime_type == "audio/ogg"
    animation = await bot.send_animation(chat, BINARY, filename="a.mp4")
    assert animation.animation is not None
    assert animation.document is not None
    sticker = await bot.send_sticker(chat, BINARY)
    assert sticker.sticker is not None
    note = await bot.send_video_note(chat, BINARY)
    assert note.video_note is not None
    kinds = [one["kind"] for one in server.get("accepted")["accepted"]]
    assert kinds == ["photo", "video", "audio", "voice", "animation", "sticker", "video_note"]


async def test_an_id_is_used_again_and_the_unique_one_names_the_content(bot: Bot, server: Running) -> None:
    first = (await bot.send_document(server.chat, BINARY)).document
    again = (await bot.send_document(server.chat, BINARY)).document
    assert first is not None
    assert again is not None
    assert first.file_id != again.file_id
    assert first.file_unique_id == again.file_unique_id
    by_id = (await bot.send_document(server.chat, first.file_id)).document
    assert by_id is not None
    assert by_id.file_id == first.file_id
    with pytest.raises(BadRequest, match="Can't use file of type document as photo"):
        await bot.send_photo(server.chat, first.file_id)
    with pytest.raises(BadRequest, match="Wrong file identifier/http url specified"):
        await bot.send_document(server.chat, "BQACAgIAAxnobody")
    with pytest.raises(BadRequest, match="Failed to get http url content"):
        await bot.send_document(server.chat, "https://x.example/a.pdf")
    with pytest.raises(BadRequest, match="Invalid file_id"):
        await bot.get_file("nobody")


def test_both_ways_of_naming_an_upload(server: Running) -> None:
    for fields, part in ({}, "document"), ({"document": "attach://f0"}, "f0"):
        given: dict[str, str] = {"chat_id": str(server.chat), "caption": "é", **fields}
        status, answer = upload(server, "sendDocument", given, {part: ("a.bin", BINARY)})
        assert (status, answer["result"]["document"]["file_size"]) == (200, len(BINARY))
        assert answer["result"]["caption"] == "é"
    status, answer = upload(server, "sendDocument", {"chat_id": str(server.chat)}, {})
    assert (status, answer["description"]) == (400, "Bad Request: there is no document in the request")


def upload(
    server: Running, method: str, fields: dict[str, str], files: dict[str, tuple[str, bytes]]
) -> tuple[int, Any]:
    """One multipart request, written by hand."""
    mark = b"--b0undary\r\n"
    body = b"".join(
        mark + f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ) + b"".join(
        mark + f'Content-Disposition: form-data; name="{name}"; filename="{title}"\r\n\r\n'.encode() + data + b"\r\n"
        for name, (title, data) in files.items()
    )
    url = f"{server.url}/bot{server.token}/{method}"
    return server.send("POST", url, body + b"--b0undary--\r\n", "multipart/form-data; boundary=b0undary")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<svg/>", "Image_process_failed"),
        (png(9000, 1001), "Photo_invalid_dimensions"),
        (png(2100, 100), "Photo_invalid_dimensions"),
        (png() + bytes(10 * 1024 * 1024), "is too big for a photo"),
    ],
)
async def test_pictures_that_are_no_photos(bot: Bot, server: Running, data: bytes, words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        await bot.send_photo(server.chat, data)


async def test_twenty_megabytes_down_and_fifty_up(bot: Bot, server: Running) -> None:
    message = await bot.send_document(server.chat, bytes(20 * 1024 * 1024 + 1))
    assert message.document is not None
    with pytest.raises(BadRequest, match="File is too big"):
        await bot.get_file(message.document.file_id)
    with pytest.raises(NetworkError, match="Request Entity Too Large"):
        await bot.send_document(server.chat, bytes(50 * 1000 * 1000 + 1), read_timeout=30, write_timeout=30)


async def test_albums(bot: Bot, server: Running) -> None:
    parts = await bot.send_media_group(server.chat, [InputMediaPhoto(png(), caption="two"), InputMediaVideo(BINARY)])
    assert len({part.media_group_id for part in parts} - {None}) == 1
    assert parts[1].message_id == parts[0].message_id + 1
    assert parts[0].caption == "two"
    with pytest.raises(BadRequest, match="Document can't be mixed with other media types"):
        await bot.send_media_group(server.chat, [InputMediaPhoto(png()), InputMediaDocument(BINARY)])
    many = [{"type": "photo", "media": parts[0].photo[-1].file_id}] * 11
    assert "too many messages" in server.call("sendMediaGroup", chat_id=server.chat, media=many)[1]["description"]


async def test_media_and_captions_are_edited(bot: Bot, server: Running) -> None:
    message = await bot.send_document(server.chat, BINARY, caption="one")
    edited = await bot.edit_message_caption(server.chat, message.message_id, caption="two")
    assert isinstance(edited, Message)
    assert edited.caption == "two"
    with pytest.raises(BadRequest, match="There is no text in the message to edit"):
        await bot.edit_message_text("x", server.chat, message.message_id)
    with pytest.raises(BadRequest, match="Message caption is too long"):
        await bot.edit_message_caption(server.chat, message.message_id, caption="x" * 1025)
    changed = await bot.edit_message_media(InputMediaPhoto(png(), caption="now"), server.chat, message.message_id)
    assert isinstance(changed, Message)
    assert (changed.document, changed.caption, bool(changed.photo)) == (None, "now", True)


def test_what_agents_attach(server: Running) -> None:
    def file(name: str, kind: str, data: bytes) -> dict[str, str]:
        return {"filename": name, "content_type": kind, "data": base64.b64encode(data).decode()}

    picture, paper = file("p.png", "image/png", png()), file("d.pdf", "application/pdf", BINARY)
    single = server.say("a bill", files=[paper])
    server.say("", files=[file("v.ogg", "audio/ogg", BINARY)])
    album = server.say("both", files=[picture, picture])
    assert len(album["message_ids"]) == 2
    updates = server.call("getUpdates")[1]["result"]
    messages = [update["message"] for update in updates]
    assert messages[0]["message_id"] == single["message_id"]
    assert (messages[0]["document"]["file_name"], messages[0]["caption"]) == ("d.pdf", "a bill")
    assert messages[1]["voice"]["mime_type"] == "audio/ogg"
    assert messages[2]["media_group_id"] == messages[3]["media_group_id"]
    assert [message.get("caption") for message in messages[2:]] == ["both", None]
    assert server.say("x", files=[{"data": "%"}])["error"] == "the file is not base64"
    assert server.say("x", files=["a.pdf"])["error"] == "a file has a filename, a content_type and data"


def test_the_page_may_load_a_file_and_nothing_in_it_runs(server: Running) -> None:
    page = base64.b64encode(b"<script>alert(1)</script>").decode()
    server.say("", files=[{"filename": "x.html", "content_type": "text/html", "data": page}])
    media = server.get("snapshot")["groups"][0]["topics"][0]["messages"][0]["media"][0]
    assert media["url"].startswith(f"{server.url}/_sim/file/")
    assert (media["filename"], media["content_type"], media["size"]) == ("x.html", "text/html", 25)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(media["url"]) as answer:
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"] == "attachment"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.read() == b"<script>alert(1)</script>"


async def test_a_download_is_on_the_wire_without_its_bytes(bot: Bot, server: Running) -> None:
    message = await bot.send_document(server.chat, BINARY, filename="a.bin")
    assert message.document is not None
    await download(bot, message.document.file_id)
    call = server.get("wire")["calls"][-1]
    assert call["event"] == "file"
    assert call["url"].endswith(f"/file/bot{server.token.partition(':')[0]}:***/documents/file_1.bin")
    assert call["response"]["body"] == f"<{len(BINARY)} bytes of application/octet-stream>"


def test_the_wire_shows_no_bytes(server: Running) -> None:
    upload(server, "sendDocument", {"chat_id": str(server.chat), "caption": "c"}, {"document": ("a.bin", BINARY)})
    call = server.get("wire")["calls"][0]
    assert call["request"]["body"] == (
        f"chat_id={server.chat}\ncaption=c\ndocument=<{len(BINARY)} bytes of application/octet-stream>"
    )
    assert json.loads(call["response"]["body"])["ok"] is True
