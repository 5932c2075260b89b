"""The channel against the simulator over real HTTP, through aiogram; and against worse."""

from __future__ import annotations

import asyncio
import json
import logging
import tempfile
import time
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.telegram import channel as room
from adapters.telegram.channel import TelegramChannel
from adapters.telegram.inbound import KINDS
from adapters.telegram.pace import Learned
from adapters.telegram.settings import Settings
from adapters.telegram.simulator.testing import Running, receive, serve
from bridge.channel import (
    Adapter,
    Binding,
    Edit,
    EditsMessages,
    Events,
    FetchesMedia,
    File,
    Forged,
    Health,
    Ignored,
    Opening,
    OpensBindings,
    Outbound,
    Request,
    Runs,
    Sent,
    Unreadable,
    Warms,
)
from bridge.core.content import Attachment
from bridge.core.events import MessageReceived, NotUnderstood
from bridge.core.ids import BindingKey, ChannelName, DeliveryId, EndpointKey, RemoteId
from bridge.core.outcomes import BindingGone, Misconfigured, RateLimited, Refused, Scope, SendError, Unavailable, Unsure
from tests.adapters.kit import RecordingPort, a_file, http, nowhere, odd, until

CHAT = -1001234567890
TOKEN = "700000000:AAF-simulated-telegram-bot-token-000"
SECRET = "the_webhook_secret"
KEYS = {"bot_token": TOKEN, "webhook_secret": SECRET, "topics_per_minute": 0}


def port(**more: Any) -> RecordingPort:
    log = logging.getLogger("trunkline.channel.telegram")
    return RecordingPort(**{"name": ChannelName("telegram"), "log": log, "url": "http://127.0.0.1:9/hook", **more})


def settings(url: str, **keys: Any) -> Settings:
    return Settings.model_validate(KEYS | {"api_url": url} | keys)


@asynccontextmanager
async def opened(how: Settings, given: RecordingPort | None = None) -> AsyncIterator[TelegramChannel]:
    channel = TelegramChannel(how, [CHAT], given or port())
    await channel.warm()
    try:
        yield channel
    finally:  # as close() does, less the quarter of a second that aiogram gives to TLS
        assert channel._client is not None
        if session := channel._client._session._session:
            await session.close()


@asynccontextmanager
async def runs(channel: TelegramChannel) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(channel.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with serve() as one:
        yield one


@pytest.fixture
def telegram(server: Running) -> Iterator[Running]:
    """The simulator without faults and without a webhook."""
    for fault in server.get("faults")["faults"]:
        if fault["on"]:
            server.post("fault", id=fault["id"], on=False)
    server.call("deleteWebhook", drop_pending_updates=True)
    server.events.clear()
    yield server
    assert TOKEN not in json.dumps(server.events)


@pytest.fixture
async def channel(telegram: Running) -> AsyncIterator[TelegramChannel]:
    async with opened(settings(telegram.url)) as one:
        yield one


@pytest.fixture
def topic(telegram: Running) -> BindingKey:
    made = telegram.call("createForumTopic", chat_id=CHAT, name="Ana · SMS")[1]["result"]
    return BindingKey(f"{CHAT}:{made['message_thread_id']}")


def to(key: str | None) -> Binding:
    return Binding(endpoint=EndpointKey(str(CHAT)), key=BindingKey(key) if key else None)


def out(key: str, text: str = "", file: File | None = None, reply: str | None = None) -> Outbound:
    return Outbound(
        delivery=DeliveryId("c1-1"),
        binding=to(key),
        author="Ana",
        text=text,
        file=file,
        reply_to=RemoteId(reply) if reply else None,
    )


def said(telegram: Running, key: str) -> list[dict[str, Any]]:
    """What the bot wrote into a topic."""
    thread = int(key.rpartition(":")[2])
    return [m for m in telegram.get("accepted")["accepted"] if m["thread"] == thread]


def calls(telegram: Running, method: str) -> list[dict[str, Any]]:
    """Ended calls of a method."""
    found = [e["call"] for e in list(telegram.events) if e.get("type") == "wire"]
    return [c for c in found if c["event"] == method and c["ms"] is not None]


async def ended(telegram: Running, method: str, count: int = 1) -> list[dict[str, Any]]:
    """The record of a call ends after its answer."""
    found: list[dict[str, Any]] = await until(lambda: len(c := calls(telegram, method)) >= count and c, method)
    return found


def png(width: int = 64, height: int = 36) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x00\x00\x00\x00"
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def test_it_is_what_it_says() -> None:
    from adapters.telegram.adapter import adapter

    entry: Adapter = adapter
    channel = entry.open(settings("http://127.0.0.1:9"), [], port())
    for ability in (OpensBindings, EditsMessages, FetchesMedia, Warms, Runs):
        assert isinstance(channel, ability)


# ---- sending


HOSTILE = [
    "Hello",
    "<b>&amp; *x* _y_ `z` [a](tg://user?id=1)",
    "/close @everyone #tag",
    "{{7*7}} <script>",
    "👨‍👩‍👧‍👦 Grüße\nzwei",
    "x" * 4096,
    "👋" * 4096,
]


def fields(form: str) -> dict[str, Any]:
    """A form as it was sent, its values read where they are JSON."""
    read = {}
    for name, value in parse_qsl(form, keep_blank_values=True):
        try:
            read[name] = json.loads(value)
        except ValueError:
            read[name] = value
    return read


@pytest.mark.parametrize("text", HOSTILE, ids=lambda t: t[:9])
async def test_a_text_is_shown_as_it_is(
    telegram: Running, channel: TelegramChannel, topic: BindingKey, text: str
) -> None:
    sent = await channel.send(out(topic, text))
    (message,) = said(telegram, topic)
    assert (message["text"], message["kind"]) == (text, "text")
    assert sent == Sent(remote=RemoteId(f"{CHAT}:{message['message_id']}"))
    body = fields((await ended(telegram, "sendMessage"))[0]["request"]["body"]) if len(text) < 4000 else {}
    assert "parse_mode" not in body
    assert not body or body["link_preview_options"] == {"is_disabled": True}


@pytest.mark.parametrize(
    ("content_type", "kind", "data", "expected"),
    [
        ("image/png", "image", png(), "photo"),
        ("image/gif", "image", b"GIF89a" + bytes(60), "animation"),
        ("video/mp4", "video", bytes(300_000), "video"),
        ("audio/ogg", "voice", b"OggS" + bytes(99), "voice"),
        ("audio/mpeg", "audio", b"ID3" + bytes(99), "audio"),
        ("application/pdf", "file", b"%PDF" + bytes(range(256)) * 2000, "document"),
        ("image/png", "image", b"no picture at all", "document"),
        ("image/png", "image", png(9000, 9000), "document"),
        ("image/png", "image", png(30, 3000), "document"),
    ],
)
@pytest.mark.parametrize("caption", ["", "look <b>"])
async def test_a_file(
    telegram: Running,
    channel: TelegramChannel,
    topic: BindingKey,
    content_type: str,
    kind: str,
    data: bytes,
    expected: str,
    caption: str,
) -> None:
    """With captions, and as a document where it can't be what it says."""
    sent = await channel.send(out(topic, caption, a_file(data, content_type, "ä b.bin", kind)))
    (message,) = said(telegram, topic)
    assert (message["kind"], message["text"]) == (expected, caption)
    assert sent.remote == f"{CHAT}:{message['message_id']}"
    shown = (await ended(telegram, "send" + expected.title()))[-1]
    result = json.loads(shown["response"]["body"])["result"]
    file = result[expected][-1] if expected == "photo" else result[expected]
    async with channel.open_media(Attachment(ref=file["file_id"], content_type=content_type)) as chunks:
        assert b"".join([c async for c in chunks]) == data, "whole, also where it was sent twice"


async def test_a_spooled_file_is_streamed(telegram: Running, channel: TelegramChannel, topic: BindingKey) -> None:
    """Never more than a piece of it is read at once."""
    pieces: list[int] = []
    with tempfile.SpooledTemporaryFile(max_size=1) as body:
        body.write(bytes(1_000_000))
        body.seek(0)
        read = body.read

        def counted(n: int = -1) -> bytes:
            piece = read(n)
            pieces.append(len(piece))
            return piece

        body.read = counted  # type: ignore[method-assign]
        file = File(attachment=Attachment(ref="", content_type="application/zip"), body=body, size=1_000_000)
        await channel.send(out(topic, file=file))
    assert max(pieces) <= 64 * 1024
    assert sum(pieces) == 1_000_000
    (message,) = said(telegram, topic)
    assert message["kind"] == "document"


@pytest.mark.parametrize("name", ['a"b\\c.pdf', "a\r\nX-Evil: 1.pdf", "\u202efdp.exe", "", "ä" * 400])
async def test_any_name_of_a_file(telegram: Running, channel: TelegramChannel, topic: BindingKey, name: str) -> None:
    await channel.send(out(topic, file=a_file(b"x", "application/pdf", name)))
    assert len(said(telegram, topic)) == 1


async def test_a_reply(telegram: Running, channel: TelegramChannel, topic: BindingKey) -> None:
    first = await channel.send(out(topic, "one"))
    await channel.send(out(topic, "two", reply=first.remote))
    await channel.send(out(topic, "three", reply=f"{CHAT}:999999"))
    await channel.send(out(topic, "four", reply="-100777:5"))
    await channel.send(out(topic, "", a_file(png(), "image/png"), reply=first.remote))
    number = int(first.remote.rpartition(":")[2])
    assert [m["reply_to"] == number for m in said(telegram, topic)] == [False, True, False, False, True]


# ---- topics


async def test_a_topic_is_made_reopened_made_anew(telegram: Running, channel: TelegramChannel) -> None:
    made = await channel.open_binding(Opening(binding=to(None), title="Bea · SMS", author="Support"))
    chat, _, thread = made.key.rpartition(":")
    assert chat == str(CHAT)
    (listed,) = [t for t in telegram.get("topics")["topics"] if t["name"] == "Bea · SMS"]
    assert listed["message_thread_id"] == int(thread)

    telegram.call("closeForumTopic", chat_id=CHAT, message_thread_id=int(thread))
    with pytest.raises(BindingGone) as closed:
        await channel.send(out(made.key, "x"))
    assert closed.value.closed
    opening = Opening(binding=to(made.key), title="Bea · SMS", author="Support", closed=True)
    assert (await channel.open_binding(opening)).key == made.key
    assert (await channel.open_binding(opening)).key == made.key, "open already is open"
    await channel.send(out(made.key, "again"))

    for switch in (False, True):
        telegram.post("fault", id="topic_deleted_text", on=switch)
        telegram.call("deleteForumTopic", chat_id=CHAT, message_thread_id=int(thread))
        with pytest.raises(BindingGone) as deleted:
            await channel.send(out(made.key, "x"))
        assert not deleted.value.closed
    anew = await channel.open_binding(Opening(binding=to(made.key), title="Bea · SMS", author="Support"))
    assert anew.key != made.key


async def test_with_topics_off_nothing_stays_where_everybody_reads_it(
    telegram: Running, channel: TelegramChannel, topic: BindingKey
) -> None:
    telegram.post("fault", id="not_forum")
    with pytest.raises(BindingGone, match="outside"):
        await channel.send(out(topic, "for Ana's topic"))
    landed = [m for m in telegram.get("accepted")["accepted"] if m["text"] == "for Ana's topic"]
    assert [m["deleted"] for m in landed] == [True]
    with pytest.raises(Misconfigured, match="Topics on"):
        await channel.open_binding(Opening(binding=to(topic), title="T", author="Support"))


async def test_topics_are_made_slowly(telegram: Running) -> None:
    clock = port()
    async with opened(settings(telegram.url, topics_per_minute=60), clock) as channel:
        opening = Opening(binding=to(None), title="T", author="Support")
        for _ in range(10):
            await channel.open_binding(opening)
        with pytest.raises(RateLimited) as raised:
            await channel.open_binding(opening)
        assert raised.value.scope is Scope.BINDING
        assert raised.value.retry_at is not None
        assert 0 < raised.value.retry_at - time.time() < 2
        clock.ahead = 3
        await channel.open_binding(opening)


# ---- edits


async def test_edits(telegram: Running, channel: TelegramChannel, topic: BindingKey) -> None:
    text = await channel.send(out(topic, "one"))
    photo = await channel.send(out(topic, "under", a_file(png(), "image/png")))

    def edit(remote: str, words: str, *, caption: bool = False) -> Edit:
        return Edit(
            delivery=DeliveryId("c1-2"), binding=to(topic), remote=RemoteId(remote), text=words, caption=caption
        )

    await channel.edit(edit(text.remote, "one, mended <i>"))
    await channel.edit(edit(text.remote, "one, mended <i>"))  # nothing to change is success
    await channel.edit(edit(photo.remote, "below", caption=True))
    assert [m["text"] for m in said(telegram, topic)] == ["one, mended <i>", "below"]
    for wrong in (
        edit(f"{CHAT}:999999", "x"),
        edit("-100777:1", "x"),
        edit(photo.remote, "x"),
        edit(text.remote, "x", caption=True),
    ):
        with pytest.raises(Refused):
            await channel.edit(wrong)


# ---- what goes wrong


async def test_a_429_rests_the_group_as_told(telegram: Running, topic: BindingKey) -> None:
    clock = port()
    async with opened(settings(telegram.url), clock) as channel:
        for i in range(3):
            await channel.send(out(topic, str(i)))
        telegram.post("fault", id="rate", value=30)
        with pytest.raises(RateLimited) as raised:
            await channel.send(out(topic, "x"))
        assert raised.value.scope is Scope.ENDPOINT
        assert raised.value.retry_at is not None
        assert 25 < raised.value.retry_at - time.time() <= 31
        before = len(await ended(telegram, "sendMessage", 4))
        for ask in (
            channel.send(out(topic, "x")),
            channel.open_binding(Opening(binding=to(None), title="T", author="S")),
        ):
            with pytest.raises(RateLimited) as again:
                await ask
            assert again.value.retry_at == raised.value.retry_at
        assert len(calls(telegram, "sendMessage")) == before, "not asked before the time"
        telegram.post("fault", id="rate", on=False)
        clock.ahead = 32
        await channel.send(out(topic, "after"))
        with pytest.raises(RateLimited) as slower:
            await channel.send(out(topic, "too soon"))
        assert slower.value.retry_at is not None
        assert slower.value.retry_at - clock.now() < 31


async def test_the_documented_pace(telegram: Running, topic: BindingKey) -> None:
    clock = port()
    async with opened(settings(telegram.url, pace="documented"), clock) as channel:
        for i in range(20):
            await channel.send(out(topic, str(i)))
        with pytest.raises(RateLimited) as raised:
            await channel.send(out(topic, "x"))
        assert raised.value.scope is Scope.ENDPOINT
        clock.ahead = 3.5
        await channel.send(out(topic, "y"))


FAULTS: list[tuple[str, dict[str, Any], type[SendError], int]] = [
    # fault, value, what is raised, how many messages Telegram took all the same
    ("cut_before", {"value": 1}, Unsure, 0),
    ("cut_after", {"value": 1}, Unsure, 1),
    ("down", {}, Unsure, 0),
    ("answer", {"value": {"code": 500}}, Unsure, 0),
    ("answer", {"value": {"code": 502, "html": True}}, Unsure, 0),
    ("answer", {"value": {"code": 401, "description": "Unauthorized"}}, Misconfigured, 0),
    ("answer", {"value": {"code": 409, "description": "Conflict: terminated by other"}}, Misconfigured, 0),
    ("answer", {"value": {"code": 429, "description": "Too Many Requests: retry after 5"}}, RateLimited, 0),
    ("answer", {"value": {"code": 400, "description": "Bad Request: message is too long"}}, Refused, 0),
    ("answer", {"value": {"code": 413, "html": True}}, Refused, 0),
    ("kicked", {}, Misconfigured, 0),
    ("muted", {}, Misconfigured, 0),
    ("migrated", {}, Misconfigured, 0),
]


@pytest.mark.parametrize(("fault", "value", "expected", "count"), FAULTS, ids=lambda v: str(v)[:50])
@pytest.mark.parametrize("with_file", [False, True])
async def test_faults(
    telegram: Running,
    channel: TelegramChannel,
    topic: BindingKey,
    with_file: bool,
    fault: str,
    value: dict[str, Any],
    expected: type[SendError],
    count: int,
) -> None:
    telegram.post("fault", id=fault, **value)
    with pytest.raises(SendError) as raised:
        await channel.send(out(topic, "Hello", a_file(b"x", "application/pdf") if with_file else None))
    telegram.post("fault", id=fault, on=False)
    assert type(raised.value) is expected, raised.value
    assert len(said(telegram, topic)) == count
    assert TOKEN not in f"{raised.value!r} {raised.value} {raised.value.raw} {raised.value.__cause__!r}"


async def test_no_right_to_make_topics(telegram: Running, channel: TelegramChannel) -> None:
    telegram.post("fault", id="no_topic_right")
    with pytest.raises(Misconfigured, match="manage topics") as raised:
        await channel.open_binding(Opening(binding=to(None), title="T", author="Support"))
    assert raised.value.scope is Scope.ENDPOINT


async def test_nobody_there() -> None:
    async with opened(settings(await nowhere())) as channel:
        with pytest.raises(Unavailable, match="can’t be reached") as raised:
            await channel.send(out(f"{CHAT}:5", "Hello"))
        assert TOKEN not in f"{raised.value!r} {raised.value.__cause__!r} {raised.value.__context__}"


def ok(result: Any) -> bytes:
    return http(200, json.dumps({"ok": True, "result": result}).encode(), "Content-Type: application/json")


ODD_ANSWERS: list[tuple[str, bytes, type[SendError]]] = [
    ("no HTTP at all", b"SSH-2.0-OpenSSH_9.9\r\n\r\n", Unsure),
    ("nothing", b"", Unsure),
    ("half a body", b'HTTP/1.1 200 X\r\nContent-Length: 99\r\n\r\n{"ok"', Unsure),
    ("a page", http(200, b"<html>"), Unsure),
    ("cut JSON", http(200, b'{"ok":true,"result":{"mess'), Unsure),
    ("ok without a result", http(200, b'{"ok":true}'), Unsure),
    ("ok of another kind", ok([]), Unsure),
    ("ok without a number", ok({"date": 1}), Unsure),
    ("a number of another kind", ok({"message_id": "7"}), Unsure),
    ("deep JSON", http(200, b"[" * 100_000), Unsure),
    ("not ok, no word", http(200, b'{"ok":false}'), Unsure),
    ("a proxy's page", http(502, b"<html>"), Unsure),
    ("a redirect", http(302, b"", "Location: http://127.0.0.1:9/"), Misconfigured),
]


@pytest.mark.parametrize(("answer", "expected"), [r[1:] for r in ODD_ANSWERS], ids=[r[0] for r in ODD_ANSWERS])
async def test_odd_answers(answer: bytes, expected: type[SendError]) -> None:
    async with odd(answer) as server, opened(settings(server.url)) as channel:
        for ask in (
            channel.send(out(f"{CHAT}:5", "Hello")),
            channel.send(out(f"{CHAT}:5", "", a_file(b"x", "application/pdf"))),
            channel.open_binding(Opening(binding=to(None), title="T", author="S")),
        ):
            before = len(server.heard)
            with pytest.raises(SendError) as raised:
                await ask
            assert type(raised.value) is expected, raised.value
            assert TOKEN not in f"{raised.value!r} {raised.value.__cause__!r} {raised.value.__context__!r}"
            assert len(server.heard) <= before + 1, "neither repeated nor followed"


async def test_a_redirect_takes_nothing_along() -> None:
    async with odd(ok({"message_id": 1, "message_thread_id": 5})) as elsewhere:
        moved = http(307, b"", f"Location: {elsewhere.url}/x")
        async with odd(moved) as server, opened(settings(server.url)) as channel:
            with pytest.raises(Misconfigured, match="api_url"):
                await channel.send(out(f"{CHAT}:5", "Hello"))
        assert elsewhere.heard == []


async def test_too_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    from adapters.telegram import client

    monkeypatch.setattr(client, "TIMEOUT_S", 0.2)
    async with odd(None) as server, opened(settings(server.url)) as channel:
        with pytest.raises(Unsure) as raised:
            await channel.send(out(f"{CHAT}:5", "Hello"))
        assert TOKEN not in f"{raised.value!r} {raised.value.__cause__!r} {raised.value.__context__!r}"


# ---- media


async def fetched(channel: TelegramChannel, ref: str) -> bytes:
    async with channel.open_media(Attachment(ref=ref, content_type="x/y")) as chunks:
        return b"".join([c async for c in chunks])


async def test_an_agents_file_and_one_that_is_gone(
    telegram: Running, channel: TelegramChannel, topic: BindingKey
) -> None:
    import base64

    data = bytes(range(256)) * 4000
    file = {"filename": "a.pdf", "content_type": "application/pdf", "data": base64.b64encode(data).decode()}
    telegram.say("", topic.rpartition(":")[2], files=[file])
    update = telegram.call("getUpdates", offset=0)[1]["result"][-1]
    received = heard(update)
    assert isinstance(received, Events)
    (event,) = received.events
    assert isinstance(event, MessageReceived)
    (attachment,) = event.content.attachments
    assert (attachment.filename, attachment.size) == ("a.pdf", len(data))
    assert await fetched(channel, attachment.ref) == data
    with pytest.raises(Refused):
        await fetched(channel, "nonsense!")
    telegram.post("fault", id="down")
    with pytest.raises(Unavailable):
        await fetched(channel, attachment.ref)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (http(404), Refused),
        (http(500), Unavailable),
        (http(302, b"", "Location: http://127.0.0.1:9/"), Unavailable),
        (b"HTTP/1.1 200 X\r\nContent-Length: 99\r\n\r\nhalf", Unavailable),
        (b"nonsense\r\n\r\n", Unavailable),
    ],
)
async def test_a_download_that_fails(answer: bytes, expected: type[SendError]) -> None:
    async with odd(lambda r: answer if b" /file/" in r.split(b"\r\n")[0] else ok({"file_path": "a/b"})) as server:
        async with opened(settings(server.url)) as channel:
            with pytest.raises(expected) as raised:
                await fetched(channel, "f1")
        assert TOKEN not in f"{raised.value!r} {raised.value.__cause__!r} {raised.value.__context__!r}"


# ---- the webhook


async def test_the_webhook_is_registered_only_where_it_differs(telegram: Running) -> None:
    with receive() as receiver:
        async with opened(settings(telegram.url), port(url=receiver.url)) as channel:
            for _ in range(2):
                async with runs(channel):
                    await until(lambda: calls(telegram, "getWebhookInfo"), "the question")
                    await until(lambda: telegram.call("getWebhookInfo")[1]["result"]["url"] == receiver.url)
            async with runs(channel):
                asked = len(calls(telegram, "getWebhookInfo"))
                await until(lambda: len(calls(telegram, "getWebhookInfo")) > asked)
        (call,) = await ended(telegram, "setWebhook")
        assert fields(call["request"]["body"]) | {"secret_token": ""} == {
            "url": receiver.url,
            "secret_token": "",
            "allowed_updates": list(KINDS),
            "drop_pending_updates": False,
        }


async def test_what_waits_is_never_dropped(telegram: Running, topic: BindingKey) -> None:
    telegram.say("written before", topic.rpartition(":")[2])
    with receive() as receiver:
        async with opened(settings(telegram.url), port(url=receiver.url)) as channel, runs(channel):
            arrived = await until(lambda: [u for u in receiver.arrived if "written before" in json.dumps(u)])
            assert isinstance(heard(arrived[0]), Events)
    telegram.call("deleteWebhook")


async def test_a_changed_secret_is_noticed_by_its_403(
    telegram: Running, topic: BindingKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "WATCH_S", 0.02)
    with receive() as receiver:
        receiver.reaction = lambda update: 200 if receiver_has_new() else 403

        def receiver_has_new() -> bool:
            return bool(calls(telegram, "setWebhook"))

        telegram.call("deleteWebhook", drop_pending_updates=True)  # of the topic that was made
        telegram.call("setWebhook", url=receiver.url, secret_token="the_old_one", allowed_updates=list(KINDS))
        await ended(telegram, "setWebhook")
        telegram.events.clear()
        async with opened(settings(telegram.url), port(url=receiver.url)) as channel, runs(channel):
            await until(lambda: len(calls(telegram, "getWebhookInfo")) > 2)
            assert calls(telegram, "setWebhook") == [], "nothing to see yet"
            telegram.say("Hello", topic.rpartition(":")[2])
            await until(lambda: calls(telegram, "setWebhook"), "the new secret")
            await until(lambda: any(h.get("x-telegram-bot-api-secret-token") == SECRET for h in receiver.headers))
            asked = len(calls(telegram, "getWebhookInfo"))
            await until(lambda: len(calls(telegram, "getWebhookInfo")) > asked + 3)
            assert len(calls(telegram, "setWebhook")) == 1
    telegram.call("deleteWebhook", drop_pending_updates=True)


async def test_another_bots_token(telegram: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "RESTING_S", 0.01)
    monkeypatch.setattr(room, "AGAIN_S", 0.01)
    for answer, state, words in (
        (ok({"id": 9, "username": "other_bot"}), Health.RESTING, "other_bot"),
        (http(401, b'{"ok":false,"error_code":401,"description":"Unauthorized"}'), Health.RESTING, "bot_token"),
        (http(502, b"<html>"), Health.UNREACHABLE, "502"),
    ):
        ours = port()
        async with odd(answer) as server, opened(settings(server.url), ours) as channel, runs(channel):
            await until(lambda ours=ours: len(ours.healths) > 1)
        assert {s for s, _ in ours.healths} == {state}
        assert words in ours.healths[0][1]
        assert TOKEN not in str(ours.healths)


# ---- polling


async def test_polling_moves_on_only_after_the_commit(
    telegram: Running, topic: BindingKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "AGAIN_S", 0.01)
    ours = port(refusals=2)
    thread = topic.rpartition(":")[2]
    for text in ("one", "two"):
        telegram.say(text, thread)
    async with opened(settings(telegram.url, updates="polling"), ours) as channel, runs(channel):
        await until(lambda: ours.refused == 2, "two refusals")
        await until(lambda: ours.events, "the third time")
        assert [e.content.text for e in ours.events if isinstance(e, MessageReceived)] == ["one", "two"]
        telegram.say("three", thread)
        await until(lambda: len(ours.events) == 3)
        await until(
            lambda: telegram.call("getWebhookInfo")[1]["result"]["pending_update_count"] == 0, "the confirmation"
        )
    assert Health.UNREACHABLE in [s for s, _ in ours.healths]
    assert ours.healths[-1][0] is Health.OK


async def test_an_odd_update_does_not_stop_the_others() -> None:
    """aiogram's own polling stands still for a day."""
    good = {
        "message_id": 7,
        "chat": {"id": CHAT},
        "from": {"id": 1},
        "message_thread_id": 5,
        "is_topic_message": True,
        "text": "Hi",
    }
    updates = [
        {"update_id": 1, "message": good | {"photo": 7}},
        {"update_id": 2, "message": good | {"poll": "x"}},
        "nonsense",
        {"update_id": 3, "new": {}},
        {"update_id": 4, "message": good | {"text": "\ud800"}},
        {"update_id": 5, "message": good | {"message_id": 8}},
    ]

    def answer(request: bytes) -> bytes:
        head, _, body = request.partition(b"\r\n\r\n")
        if b"/getUpdates " not in head.split(b"\r\n")[0]:
            return ok({"id": 700000000} if b"/getMe" in head else True)
        offsets.append(fields(body.decode()).get("offset"))
        return ok(updates if offsets[-1] is None else [])

    offsets: list[int | None] = []
    ours = port()
    async with odd(answer) as server, opened(settings(server.url, updates="polling"), ours) as channel, runs(channel):
        await until(lambda: len(offsets) > 1)
    assert offsets[:2] == [None, 6]
    assert [type(e).__name__ for e in ours.events] == [
        "NotUnderstood", "NotUnderstood", "NotUnderstood", "MessageReceived", "MessageReceived",
    ]  # fmt: skip


async def test_two_pollers_do_not_spin(telegram: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "RESTING_S", 3600)
    ours = port()
    telegram.post(
        "fault", id="answer", value={"method": "getUpdates", "code": 409, "count": 99, "description": "Conflict: x"}
    )
    async with opened(settings(telegram.url, updates="polling"), ours) as channel, runs(channel):
        await until(lambda: [h for h in ours.healths if h[0] is Health.RESTING])
        assert "another program" in ours.healths[-1][1]
    assert len(await ended(telegram, "getUpdates")) == 1
    assert fields((await ended(telegram, "deleteWebhook"))[0]["request"]["body"]) == {"drop_pending_updates": False}


# ---- receiving


def heard(update: Any, secret: str = SECRET, channel: TelegramChannel | None = None) -> Any:
    ear = channel or TelegramChannel(settings("http://127.0.0.1:9"), [CHAT], port())
    body = update if isinstance(update, bytes) else json.dumps(update).encode()
    return ear.receive(Request(method="POST", rest="", headers={"x-telegram-bot-api-secret-token": secret}, body=body))


UPDATE = {
    "update_id": 1,
    "message": {
        "message_id": 7,
        "chat": {"id": CHAT},
        "from": {"id": 1, "first_name": "Eve"},
        "message_thread_id": 5,
        "is_topic_message": True,
        "text": "Hi",
        "date": 1,
    },
}


def test_a_signed_update() -> None:
    received = heard(UPDATE)
    assert isinstance(received, Events)
    assert isinstance(received.events[0], MessageReceived)
    assert isinstance(heard({"update_id": 1, "callback_query": {}}), Ignored)
    assert isinstance(heard({"update_id": 1, "news": {}}).events[0], NotUnderstood)


@pytest.mark.parametrize(
    "secret", ["", SECRET[:-1], SECRET + "x", SECRET.upper(), "x" * 10_240, "ÿ", "\udcff\ud800", f"{SECRET}, {SECRET}"]
)
def test_another_secret_is_forged(secret: str) -> None:
    received = heard(UPDATE, secret)
    assert isinstance(received, Forged)
    assert SECRET not in received.reason


def test_no_header_and_no_secret() -> None:
    ear = TelegramChannel(settings("http://127.0.0.1:9"), [CHAT], port())
    assert isinstance(ear.receive(Request(method="POST", rest="", body=json.dumps(UPDATE).encode())), Forged)
    polling = Settings.model_validate({"bot_token": TOKEN, "updates": "polling"})
    assert isinstance(heard(UPDATE, "", TelegramChannel(polling, [CHAT], port())), Forged)


@pytest.mark.parametrize("body", [b"", b"x", b"[]", b"7", b"null", b'"x"', b"\xff", b"[" * 100_000, b'{"a":' * 100_000])
def test_no_object(body: bytes) -> None:
    assert isinstance(heard(body), Unreadable)


@pytest.mark.parametrize("depth", range(100, 1100, 25))
def test_deep_updates(depth: int, caplog: pytest.LogCaptureFixture) -> None:
    body = b'{"update_id":1,"message":{"chat":{"id":%d},"poll":' % CHAT + b"[" * depth + b"]" * depth + b"}}"
    assert isinstance(heard(body), Events | Ignored | Unreadable)
    body = b'{"update_id":1,"news":' + b"[" * depth + b"]" * depth + b"}"
    assert isinstance(heard(body), Events | Ignored | Unreadable)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from([CHAT, UPDATE["message"]]),
    lambda i: (
        st.lists(i, max_size=3)
        | st.dictionaries(st.sampled_from(["message", "chat", "from", "id", "text"]), i, max_size=4)
    ),
    max_leaves=8,
)


@given(st.binary(max_size=100), st.text(max_size=20))
def test_any_bytes_are_a_value(body: bytes, secret: str) -> None:
    assert isinstance(heard(body, secret), Forged)
    assert isinstance(heard(body), Events | Ignored | Unreadable)


@given(st.dictionaries(st.sampled_from(["update_id", "message", "edited_message", "x"]), values, max_size=3))
def test_any_object_is_a_value_that_can_be_stored(update: dict[str, Any]) -> None:
    logging.disable(logging.CRITICAL)
    try:
        received = heard(update)
    finally:
        logging.disable(logging.NOTSET)
    assert isinstance(received, Events | Ignored)
    for event in received.events if isinstance(received, Events) else ():
        assert "".join(str(getattr(event, f)) for f in event.__slots__).encode()


async def test_no_secret_is_ever_said(
    telegram: Running, channel: TelegramChannel, topic: BindingKey, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for fault, value, *_ in FAULTS:
        telegram.post("fault", id=fault, **value)
        with pytest.raises(SendError):
            await channel.send(out(topic, "Hello"))
        channel._paces.clear()
        telegram.post("fault", id=fault, on=False)
    heard(UPDATE, "wrong", channel)
    heard({"update_id": 1, "message": 7}, channel=channel)
    records = [r.getMessage() + repr(r.__dict__) for r in caplog.records]
    assert not [r for r in records if TOKEN in r or SECRET in r]
    assert TOKEN not in repr(channel._settings)


async def test_closing_leaves_nothing_behind(telegram: Running) -> None:
    before = asyncio.all_tasks()
    channel = TelegramChannel(settings(telegram.url), [CHAT], port())
    await channel.close()
    await channel.warm()
    async with runs(channel):
        await until(lambda: calls(telegram, "getMe"))
    await channel.close()
    assert asyncio.all_tasks() == before


async def test_a_closed_topic_is_reopened_without_another_turn(
    telegram: Running, channel: TelegramChannel, topic: BindingKey
) -> None:
    """The send that found it closed had its turn: if the reopening waited for one, the next send would find it closed again."""
    await channel.send(out(topic, "Hello"))
    pace = channel._paces[CHAT]
    assert isinstance(pace, Learned)
    pace.interval_s, pace.next_at = 3.0, time.time() + 60
    telegram.call("closeForumTopic", chat_id=CHAT, message_thread_id=int(topic.rpartition(":")[2]))
    made = await channel.open_binding(
        Opening(binding=Binding(endpoint=EndpointKey(str(CHAT)), key=topic), title="x", author="Support", closed=True)
    )
    assert made.key == topic
    assert not next(t for t in telegram.get("topics")["topics"] if f"{CHAT}:{t['message_thread_id']}" == topic)[
        "closed"
    ]
