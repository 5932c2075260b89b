"""Two more judges: Telegram's own list of types (where it is at hand), and aiogram as a second client."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.telegram.simulator.testing import Running, serve

GIF = b"GIF89a" + bytes(20)
_PLAIN = {"Integer": int, "String": str, "Boolean": bool, "Float": (int, float)}


@pytest.fixture
def server() -> Iterator[Running]:
    with serve() as running:
        yield running


@pytest.fixture(scope="module")
def spec() -> dict[str, Any]:
    """`api.json`: the types and methods of the Bot API in the shape of PaulSonOfLars/telegram-bot-api-spec."""
    place = os.environ.get("TRUNKLINE_SPECS") or Path(__file__).parents[3].parent / "shared" / "specs"
    path = Path(place) / "telegram" / "api.json"
    if not path.is_file():
        pytest.skip("no api.json of the Bot API at hand (TRUNKLINE_SPECS)")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def problems(spec: dict[str, Any], kind: str, value: Any, place: str = "") -> list[str]:
    """Where `value` isn't what the list of types says of `kind`."""
    if kind.startswith("Array of "):
        if not isinstance(value, list):
            return [f"{place}: no array"]
        inner = kind.removeprefix("Array of ")
        return [one for index, item in enumerate(value) for one in problems(spec, inner, item, f"{place}[{index}]")]
    if kind in _PLAIN:
        fits = isinstance(value, _PLAIN[kind]) and (kind == "Boolean" or not isinstance(value, bool))  # type: ignore[arg-type]
        return [] if fits else [f"{place}: {value!r} is no {kind}"]
    described = spec["types"][kind]
    if subtypes := described.get("subtypes"):
        return fewest(problems(spec, subtype, value, place) for subtype in subtypes)
    fields = {field["name"]: field for field in described.get("fields", [])}
    found = [f"{place}.{name}: missing" for name, field in fields.items() if field["required"] and name not in value]
    for name, held in value.items():
        if name not in fields:
            found.append(f"{place}.{name}: not in {kind}")
        else:
            found += fewest(problems(spec, one, held, f"{place}.{name}") for one in fields[name]["types"])
    return found


def fewest(tries: Iterable[list[str]]) -> list[str]:
    """Of several types that would do, the one that fits best."""
    return min(tries, key=list.__len__)


def result(server: Running, method: str, **params: Any) -> Any:
    status, answer = server.call(method, chat_id=server.chat, **params)
    assert status == 200, answer
    return answer["result"]


def test_answers_have_the_shape_that_telegram_documents(spec: dict[str, Any], server: Running) -> None:
    topic = result(server, "createForumTopic", name="Ana", icon_custom_emoji_id="5312536423851630001")
    thread = topic["message_thread_id"]
    file = {"filename": "a.gif", "content_type": "image/gif", "data": base64.b64encode(GIF).decode(), "kind": "photo"}
    photo = server.say("look", thread, files=[file])["message_id"]
    held = server.call("getUpdates")[1]["result"][-1]["message"]["photo"][-1]["file_id"]
    keys = {"inline_keyboard": [[{"text": "Close", "callback_data": "close"}]]}
    message = result(
        server, "sendMessage", message_thread_id=thread, text="<b>x</b> y", parse_mode="HTML", reply_markup=keys
    )
    checked = [
        ("ForumTopic", topic),
        ("Message", message),
        ("Message", result(server, "sendMessage", text="r", reply_parameters={"message_id": photo, "quote": "look"})),
        ("Message", result(server, "sendPhoto", photo=held, caption="c")),
        ("Message", result(server, "sendVenue", latitude=1.5, longitude=2.5, title="t", address="a")),
        (
            "Message",
            result(server, "sendMessage", text="e", ephemeral_message_parameters={"receiver_user_id": 700000001}),
        ),
        ("Array of Message", result(server, "sendMediaGroup", media=[{"type": "photo", "media": held}] * 2)),
        ("Array of Sticker", result(server, "getForumTopicIconStickers")),
        ("User", result(server, "getMe")),
        ("ChatFullInfo", result(server, "getChat")),
        ("ChatMember", result(server, "getChatMember", user_id=700000000)),
        ("ChatMember", result(server, "getChatMember", user_id=700000001)),
        ("Array of ChatMember", result(server, "getChatAdministrators")),
        ("File", result(server, "getFile", file_id=held)),
        ("MessageId", result(server, "copyMessage", from_chat_id=server.chat, message_id=photo)),
        ("WebhookInfo", result(server, "getWebhookInfo")),
    ]
    assert [one for kind, value in checked for one in problems(spec, kind, value, kind)] == []


def test_updates_have_the_shape_that_telegram_documents(spec: dict[str, Any], server: Running) -> None:
    kinds = ["message", "edited_message", "callback_query", "message_reaction", "my_chat_member"]
    server.call("getUpdates", allowed_updates=kinds)
    thread = result(server, "createForumTopic", name="Ana")["message_thread_id"]
    keys = {"inline_keyboard": [[{"text": "Close", "callback_data": "close"}]]}
    card = result(server, "sendMessage", message_thread_id=thread, text="card", reply_markup=keys)["message_id"]
    result(server, "pinChatMessage", message_id=card)
    for person in ("eve", "anonymous", "channel", "linked"):
        server.say("hi https://x.example", thread, person, reply_to=card)
    for kind in ("document", "video", "voice", "audio", "animation", "sticker", "video_note", "photo"):
        file = {"filename": "f.gif", "content_type": "image/gif", "data": base64.b64encode(GIF).decode(), "kind": kind}
        said = server.say("", thread, files=[file], forwarded_from="Somebody")["message_id"]
    server.post("act", do="edit", message=said, text="caption")
    server.post("act", do="react", message=card, emoji="👍")
    server.post("act", do="react", person="anonymous", message=card, emoji="👍")
    server.post("act", do="press", message=card, data="close")
    for fault in ("no_topic_right", "kicked"):
        server.post("fault", id=fault, on=True)
        server.post("fault", id=fault, on=False)
    result(server, "editForumTopic", message_thread_id=thread, name="Bo")
    result(server, "closeForumTopic", message_thread_id=thread)
    updates = server.call("getUpdates")[1]["result"]
    seen = {name for update in updates for name in update} - {"update_id"}
    assert seen == set(kinds)
    assert [one for update in updates for one in problems(spec, "Update", update, str(update["update_id"]))] == []


def test_every_method_that_is_answered_is_one_of_telegrams(spec: dict[str, Any]) -> None:
    from adapters.telegram.simulator.api import METHODS

    assert {name for name, _ in METHODS.values()} <= spec["methods"].keys()
    assert len(METHODS) == 45


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_aiogram_works_against_it_unaware(server: Running) -> None:
    from aiogram import Bot
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer
    from aiogram.exceptions import TelegramBadRequest, TelegramNetworkError, TelegramRetryAfter, TelegramServerError
    from aiogram.types import BufferedInputFile, InputMediaDocument, MessageEntity, ReplyParameters

    async with Bot(server.token, session=AiohttpSession(api=TelegramAPIServer.from_base(server.url))) as bot:
        topic = await bot.create_forum_topic(server.chat, "Ana")
        thread = topic.message_thread_id
        bold = [MessageEntity(type="bold", offset=0, length=2)]
        message = await bot.send_message(server.chat, "😀 hello", message_thread_id=thread, entities=bold)
        assert message.html_text == "<b>😀</b> hello"
        assert message.is_topic_message
        paper = BufferedInputFile(bytes(range(256)), "für Ana.pdf")
        sent = await bot.send_document(server.chat, paper, message_thread_id=thread, caption="c")
        assert sent.document is not None
        assert sent.document.file_name == "für Ana.pdf"
        held = await bot.get_file(sent.document.file_id)
        assert held.file_path is not None
        read = await bot.download_file(held.file_path)
        assert read is not None
        assert read.read() == bytes(range(256))
        album = await bot.send_media_group(
            server.chat, [InputMediaDocument(media=paper), InputMediaDocument(media=paper)]
        )
        assert len(album) == 2
        server.say("hi", thread, "max", reply_to=message.message_id)
        update = (await bot.get_updates())[-1]
        assert update.message is not None
        assert update.message.reply_to_message is not None
        with pytest.raises(TelegramBadRequest, match="message to be replied not found"):
            await bot.send_message(server.chat, "x", reply_parameters=ReplyParameters(message_id=999))
        server.post("fault", id="rate", on=True, value=5)
        with pytest.raises(TelegramRetryAfter) as refused:
            await bot.send_message(server.chat, "x")
        assert refused.value.retry_after in (4, 5)
        server.post("fault", id="rate", on=False)
        server.post("fault", id="cut_after", on=True)
        with pytest.raises(TelegramNetworkError):
            await bot.send_message(server.chat, "lost answer")
        server.post("fault", id="answer", on=True, value={"code": 500, "description": "Internal Server Error"})
        with pytest.raises(TelegramServerError):
            await bot.send_message(server.chat, "x")
        await bot.delete_forum_topic(server.chat, thread)
        with pytest.raises(TelegramBadRequest, match="message thread not found"):
            await bot.send_message(server.chat, "x", message_thread_id=thread)
