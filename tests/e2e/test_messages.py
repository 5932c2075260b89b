"""Every cell of docs/messages.md: a kind of message, a direction, a network; it arrives, or its author reads a sentence."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import httpx
import pytest

from tests.rig import Customer, Json, Rig, Topic, as_file, rig, until

pytestmark = pytest.mark.slow
MB = 1024 * 1024
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
LONG = "Where does a long text end? In a part of its own. " * 80


def png(size: int = 8) -> bytes:
    """A picture that decoders take."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = b"".join(b"\0" + b"\x40\x80\xc0" * size for _ in range(size))
    head = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


FILES = {
    "picture": as_file("car.png", "image/png", png()),
    "video": as_file("clip.mp4", "video/mp4", b"\0\0\0\x18ftypmp42" + b"v" * 2000),
    "audio": as_file("song.mp3", "audio/mpeg", b"ID3" + b"a" * 2000),
    "voice": as_file("voice.ogg", "audio/ogg", b"OggS" + b"o" * 2000),
    "pdf": as_file("bill.pdf", "application/pdf", b"%PDF-1.4 " + b"p" * 2000),
    "word": as_file(
        "letter.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", b"PK" + b"w" * 2000
    ),
    "zip": as_file("files.zip", "application/zip", b"PK" + b"z" * 2000),
    "large pdf": as_file("book.pdf", "application/pdf", b"%PDF-1.4 " + b"p" * (6 * MB)),
}
NETWORKS = {"SMS": "+15550190", "WhatsApp": "whatsapp:+15550191"}


@pytest.fixture(scope="module")
def r(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with rig(tmp_path_factory.mktemp("messages")) as running:
        yield running


@pytest.fixture(params=NETWORKS)
def network(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def ana(r: Rig, network: str) -> Customer:
    return r.customer(NETWORKS[network])


@pytest.fixture
def topic(r: Rig, ana: Customer, network: str) -> Topic:
    """The customer's topic; made by a first message."""
    name = f"{ana.address.removeprefix('whatsapp:')} · {network}"
    if name not in {t.name for t in r.topics()}:
        ana.says("Hello")
    return r.topic(name)


def after(listed: list[Json], mark: int) -> list[Json]:
    return listed[mark:]


# ---- a customer writes


def test_customer_text(ana: Customer, topic: Topic) -> None:
    ana.says("how are you? 😀")
    topic.heard("how are you? 😀")


def test_customer_long_text(ana: Customer, topic: Topic) -> None:
    mark, text = len(topic.messages()), LONG + LONG
    ana.says(text)
    parts = until(lambda: m if len(m := after(topic.messages(), mark)) == 2 else None)
    assert " ".join("".join(p["text"] + " " for p in parts).split()) == " ".join(text.split())


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("picture", "photo"),
        ("video", "video"),
        ("audio", "audio"),
        ("voice", "voice"),
        ("pdf", "document"),
        ("word", "document"),
        ("zip", "document"),
        ("large pdf", "document"),
    ],
)
def test_customer_file(ana: Customer, topic: Topic, kind: str, shown: str) -> None:
    mark = len(topic.messages())
    ana.says("", [FILES[kind]])
    (message,) = until(lambda: after(topic.messages(), mark))
    assert message["kind"] == shown
    assert message["text"] == ""


def test_customer_picture_with_words(ana: Customer, topic: Topic) -> None:
    mark = len(topic.messages())
    ana.says("my car", [FILES["picture"]])
    (message,) = until(lambda: after(topic.messages(), mark))
    assert (message["kind"], message["text"]) == ("photo", "my car")


def test_customer_file_that_telegram_does_not_take(ana: Customer, topic: Topic) -> None:
    mark = len(topic.messages())
    ana.says("look", [as_file("film.mp4", "video/mp4", b"\0" * (50 * MB + 1))])
    both = until(lambda: m if len(m := after(topic.messages(), mark)) == 2 else None)
    words, link = (m["text"] for m in both)
    assert words == "look\n(the video film.mp4 (video/mp4, 50 MB) went as a link: Telegram carries at most 50 MB of it)"
    assert link.startswith("film.mp4 (50 MB): http")


def test_customer_edits(r: Rig, ana: Customer, topic: Topic) -> None:
    said = ana.says("I am cming", name="Ana")
    shown = topic.heard("I am cming")
    r.twilio_control(
        "act", {"do": "edit", "person": _person(r, ana), "message": _bubble(r, ana, said), "text": "I am coming"}
    )
    edited = topic.heard("I am coming")
    assert edited["message_id"] == shown["message_id"]


def test_customer_removes(r: Rig, ana: Customer, topic: Topic) -> None:
    said = ana.says("never mind", name="Ana")
    topic.heard("never mind")
    r.twilio_control("act", {"do": "remove", "person": _person(r, ana), "message": _bubble(r, ana, said)})
    topic.heard("never mind\n(deleted by the customer)")


def _person(r: Rig, who: Customer) -> str:
    people = r.twilio_control("snapshot")["people"]
    return next(str(p["id"]) for p in people if p["address"] == who.address)


def _bubble(r: Rig, who: Customer, said: Json) -> str:
    people = r.twilio_control("snapshot")["people"]
    messages = next(p["messages"] for p in people if p["address"] == who.address)
    return next(str(m["id"]) for m in messages if said["message_sid"] in m["id"])


# ---- an agent writes


def test_agent_text(ana: Customer, topic: Topic) -> None:
    topic.says("we are fine 😀")
    assert ana.heard("we are fine 😀")["author"] == "Support"


def test_agent_long_text(ana: Customer, topic: Topic) -> None:
    mark = len(ana.got())
    topic.says(LONG)
    parts = until(lambda: m if len(m := after(ana.got(), mark)) == 3 else None)
    assert "".join(p["body"] for p in parts) == LONG.rstrip()  # Telegram trims what people write
    assert all(len(p["body"].encode("utf-16-le")) <= 3200 for p in parts)


@pytest.mark.parametrize("kind", ["picture", "video", "audio", "pdf"])
def test_agent_file(ana: Customer, topic: Topic, kind: str) -> None:
    mark = len(ana.got())
    topic.says("", files=[FILES[kind]])
    (message,) = until(lambda: after(ana.got(), mark))
    assert message["media"]
    assert not message["body"]


@pytest.mark.parametrize(
    ("kind", "refused"),
    [
        (
            "voice",
            {"SMS": "The voice message voice.ogg (audio/ogg, 2 kB) went as a link: an SMS can’t carry this type"},
        ),
        ("word", {"SMS": "letter.docx"}),
        (
            "zip",
            {
                "SMS": "files.zip (application/zip, 2 kB) went as a link: an SMS",
                "WhatsApp": "a WhatsApp message can’t carry",
            },
        ),
        ("large pdf", {"SMS": "book.pdf (application/pdf, 6 MB) went as a link: an SMS carries at most 5 MB of it"}),
    ],
)
def test_agent_file_that_not_all_carry(
    ana: Customer, topic: Topic, network: str, kind: str, refused: dict[str, str]
) -> None:
    to, told = len(ana.got()), len(topic.messages())
    said = topic.says("with words", files=[FILES[kind]])
    assert until(lambda: after(ana.got(), to))[0]["body"] == "with words"
    if network in refused:
        (notice,) = until(lambda: after(topic.messages(), told))
        assert refused[network] in notice["text"]
        assert notice["reply_to"] == said["message_id"]
        until(lambda: len(after(ana.got(), to)) == 2)
        assert httpx.get(after(ana.got(), to)[1]["body"].rpartition(" ")[2]).content
    else:
        until(lambda: len(after(ana.got(), to)) == 2)
        assert after(ana.got(), to)[1]["media"]


def test_agent_picture_with_words_goes_apart(ana: Customer, topic: Topic) -> None:
    mark = len(ana.got())
    topic.says("your car", files=[FILES["picture"]])
    text, picture = until(lambda: m if len(m := after(ana.got(), mark)) == 2 else None)
    assert (text["body"], bool(text["media"])) == ("your car", False)
    assert (picture["body"] or "", bool(picture["media"])) == ("", True)


def test_agent_file_that_bots_may_not_fetch(ana: Customer, topic: Topic) -> None:
    to, told = len(ana.got()), len(topic.messages())
    said = topic.says("see", files=[as_file("film.mp4", "video/mp4", b"\0" * (20 * MB + 1))])
    (notice,) = until(lambda: after(topic.messages(), told))
    assert (
        notice["text"] == "The video film.mp4 (video/mp4, 20 MB) was not sent: Telegram lets bots fetch at most 20 MB."
    )
    assert notice["reply_to"] == said["message_id"]
    assert [m["body"] for m in until(lambda: after(ana.got(), to))] == ["see"]


@pytest.mark.parametrize(
    ("extra", "sentence"),
    [
        ({"sticker": {"emoji": "👍"}}, "(sent a sticker 👍)"),
        ({"poll": {"question": "Tea or coffee?"}}, "(sent a poll: Tea or coffee?)"),
        (
            {"location": {"latitude": 52.5, "longitude": 13.4}},
            "(sent a location: https://maps.google.com/?q=52.5,13.4)",
        ),
        ({"contact": {"first_name": "Max", "phone_number": "+4930123"}}, "(sent a contact: Max +4930123)"),
        ({"dice": {"emoji": "🎲", "value": 4}}, "(rolled 🎲: 4)"),
        ({"something_new": {}}, "(sent something that can’t be shown here)"),
    ],
)
def test_agent_kind_that_is_not_carried_becomes_a_sentence(
    ana: Customer, topic: Topic, extra: Json, sentence: str
) -> None:
    mark = len(ana.got())
    topic.says("x", extra={**extra, "text": ""})
    (message,) = until(lambda: after(ana.got(), mark))
    assert message["body"] == sentence


def test_agent_edit_stays_and_is_told_once(r: Rig, ana: Customer, topic: Topic) -> None:
    said = topic.says("a tyop")
    ana.heard("a tyop")
    told, to = len(topic.messages()), len(ana.got())
    for text in ("a typo", "a typo!"):
        _edit(r, topic, said, text)
    (notice,) = until(lambda: after(topic.messages(), told))
    assert notice["text"].startswith("Your edit did not go out")
    assert notice["reply_to"] == said["message_id"]
    topic.says("after it")
    ana.heard("after it")
    assert len(after(topic.messages(), told)) == 1
    assert [m["body"] for m in after(ana.got(), to)] == ["after it"]


def _edit(r: Rig, topic: Topic, said: Json, text: str) -> None:
    action = {
        "do": "edit",
        "group": "-1001234567890",
        "topic": str(topic.id),
        "message": str(said["message_id"]),
        "text": text,
    }
    r.telegram_control("act", action)


def test_agent_reply_goes_without_its_quote(ana: Customer, topic: Topic) -> None:
    ana.says("which one?")
    asked = topic.heard("which one?")
    topic.says("the blue one", reply_to=asked["message_id"])
    ana.heard("the blue one")
