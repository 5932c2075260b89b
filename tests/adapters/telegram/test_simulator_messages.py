"""Messages of the bot: text, entities, replies, edits, deletions, reactions, buttons. Facts: telegram.md 6."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlencode

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity, ReplyParameters
from telegram.error import BadRequest, InvalidToken
from telegram.request import HTTPXRequest

from adapters.telegram.simulator.testing import Running, serve


@pytest.fixture
def server() -> Iterator[Running]:
    with serve() as running:
        yield running


@pytest.fixture
async def bot(server: Running) -> AsyncIterator[Bot]:
    async with Bot(**server.ptb()) as one:
        yield one


async def test_get_me_and_the_chat(bot: Bot, server: Running) -> None:
    me = await bot.get_me()
    assert (me.id, me.can_read_all_group_messages) == (int(server.token.partition(":")[0]), True)
    chat = await bot.get_chat(server.chat)
    assert (chat.is_forum, chat.available_reactions) == (True, ())
    member = await bot.get_chat_member(server.chat, me.id)
    assert member.to_dict()["can_manage_topics"] is True
    assert (await bot.get_chat_member(server.chat, 700000002)).status == "member"
    statuses = {one.status for one in await bot.get_chat_administrators(server.chat)}
    assert statuses == {"creator", "administrator"}
    assert await bot.set_my_commands([("close", "Close the conversation")])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "message text is empty"),
        (" \n\u200b ", "text must be non-empty"),
        ("x" * 4097, "message is too long"),
        ("é" * 20000, "text is too long"),
    ],
)
def test_text_that_is_refused(server: Running, text: str, words: str) -> None:
    status, answer = server.call("sendMessage", chat_id=server.chat, text=text)
    assert (status, answer["description"]) == (400, f"Bad Request: {words}")


async def test_the_limit_counts_code_points_after_trimming(bot: Bot, server: Running) -> None:
    text = "😀" * 4096
    assert (await bot.send_message(server.chat, f" {text}\n")).text == text


async def test_what_telegram_cleans(bot: Bot, server: Running) -> None:
    bold = [MessageEntity("bold", 4, 2)]
    message = await bot.send_message(server.chat, " a\r\u202eb\tcd\x00 ", entities=bold)
    assert message.text == "ab cd"
    assert message.parse_entities(["bold"]) == {message.entities[0]: "b "}


@pytest.mark.parametrize(
    ("entity", "words"),
    [
        (
            {"type": "bold", "offset": 3, "length": 5},
            "entity beginning at UTF-16 offset 3 ends after the end of the text",
        ),
        ({"type": "bold", "offset": 9, "length": 1}, "entity begins after the end of the text at UTF-16 offset 9"),
        ({"type": "glitter", "offset": 0, "length": 1}, "can't parse MessageEntity: Unsupported type specified"),
    ],
)
def test_entities_that_are_refused(server: Running, entity: dict[str, object], words: str) -> None:
    status, answer = server.call("sendMessage", chat_id=server.chat, text="hello", entities=[entity])
    assert status == 400
    assert words in answer["description"]


async def test_links_commands_and_mentions_are_found(bot: Bot, server: Running) -> None:
    message = await bot.send_message(
        server.chat, "😀 /close@a_bot https://x.example/a?b=1, @agent_one #tag ana@x.example"
    )
    found = {entity.type: text for entity, text in message.parse_entities().items()}
    assert found == {
        "bot_command": "/close@a_bot",
        "url": "https://x.example/a?b=1",
        "mention": "@agent_one",
        "hashtag": "#tag",
        "email": "ana@x.example",
    }


async def test_html_becomes_entities(bot: Bot, server: Running) -> None:
    link = '<a href="http://x.example/?a=1&amp;b=2">link</a>'
    source = f"a &lt;b&gt; <b>bold <i>both</i></b> {link}<blockquote expandable>q</blockquote>"
    message = await bot.send_message(server.chat, source, parse_mode="HTML")
    assert message.text == "a <b> bold both linkq"
    found = {entity.type: text for entity, text in message.parse_entities().items()}
    assert found == {"bold": "bold both", "italic": "both", "text_link": "link", "expandable_blockquote": "q"}


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("é <x>y</x>", 'Unsupported start tag "x" at byte offset 3'),
        ("<b>y", 'Can\'t find end tag corresponding to start tag "b"'),
        ("y</b>", "Unexpected end tag at byte offset 1"),
        ("<b><i>y</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
        ("1 < 2", "Unclosed start tag at byte offset 2"),
    ],
)
async def test_html_that_is_refused(bot: Bot, server: Running, source: str, words: str) -> None:
    with pytest.raises(BadRequest) as refused:
        await bot.send_message(server.chat, source, parse_mode="HTML")
    # The library changes the case of what Telegram says.
    assert str(refused.value).lower() == f"can't parse entities: {words}".lower()


async def test_replies(bot: Bot, server: Running) -> None:
    topic = (await bot.create_forum_topic(server.chat, "Ana")).message_thread_id
    asked = server.say("where is it? 😀 here", topic)["message_id"]
    reply = await bot.send_message(server.chat, "there", reply_parameters=ReplyParameters(asked, quote="😀 here"))
    assert reply.message_thread_id == topic
    assert reply.reply_to_message is not None
    assert reply.reply_to_message.message_id == asked
    assert reply.quote is not None
    assert (reply.quote.text, reply.quote.position) == ("😀 here", 13)
    with pytest.raises(BadRequest, match="Message to be replied not found"):
        await bot.send_message(server.chat, "x", reply_parameters=ReplyParameters(999))
    lenient = ReplyParameters(999, allow_sending_without_reply=True)
    lone = await bot.send_message(server.chat, "x", message_thread_id=topic, reply_parameters=lenient)
    assert lone.reply_to_message is not None
    assert lone.reply_to_message.message_id == topic
    with pytest.raises(BadRequest, match="Quote_text_invalid"):
        await bot.send_message(server.chat, "x", reply_parameters=ReplyParameters(asked, quote="nowhere"))


async def test_a_reply_to_another_topic_is_external(bot: Bot, server: Running) -> None:
    one = (await bot.create_forum_topic(server.chat, "One")).message_thread_id
    two = (await bot.create_forum_topic(server.chat, "Two")).message_thread_id
    asked = server.say("in one", one)["message_id"]
    reply = await bot.send_message(
        server.chat, "in two", message_thread_id=two, reply_parameters=ReplyParameters(asked)
    )
    assert reply.message_thread_id == two
    assert reply.external_reply is not None
    assert reply.external_reply.message_id == asked


async def test_edits(bot: Bot, server: Running) -> None:
    keys = InlineKeyboardMarkup([[InlineKeyboardButton("Close", callback_data="close:1")]])
    message = await bot.send_message(server.chat, "one", reply_markup=keys)
    edited = await bot.edit_message_text("two", server.chat, message.message_id, reply_markup=keys)
    assert not isinstance(edited, bool)
    assert (edited.text, edited.edit_date is not None) == ("two", True)
    with pytest.raises(BadRequest, match="Message is not modified: specified new message content"):
        await bot.edit_message_text("two", server.chat, message.message_id, reply_markup=keys)
    gone = await bot.edit_message_text("two", server.chat, message.message_id)
    assert not isinstance(gone, bool)
    assert gone.reply_markup is None
    with pytest.raises(BadRequest, match="There is no caption in the message to edit"):
        await bot.edit_message_caption(server.chat, message.message_id, caption="x")
    theirs = server.say("mine")["message_id"]
    with pytest.raises(BadRequest, match="Message can't be edited"):
        await bot.edit_message_text("x", server.chat, theirs)
    with pytest.raises(BadRequest, match="Message to edit not found"):
        await bot.edit_message_text("x", server.chat, 999)
    with pytest.raises(BadRequest, match="Message is not modified"):
        await bot.edit_message_reply_markup(server.chat, message.message_id)
    assert await bot.edit_message_reply_markup(server.chat, message.message_id, reply_markup=keys)


async def test_deletions(bot: Bot, server: Running) -> None:
    topic = (await bot.create_forum_topic(server.chat, "Ana")).message_thread_id
    ids = [(await bot.send_message(server.chat, f"{n}", message_thread_id=topic)).message_id for n in range(4)]
    assert await bot.delete_message(server.chat, ids[0])
    with pytest.raises(BadRequest, match="Message to delete not found"):
        await bot.delete_message(server.chat, ids[0])
    with pytest.raises(BadRequest, match="Message can't be deleted"):
        await bot.delete_message(server.chat, topic)
    with pytest.raises(BadRequest, match="Message can't be deleted"):
        await bot.delete_messages(server.chat, [ids[1], topic])
    assert await bot.delete_messages(server.chat, [ids[1], 999])
    theirs = server.say("mine", topic)["message_id"]
    server.post("fault", id="rights", on=True, value={"can_delete_messages": False})
    with pytest.raises(BadRequest, match="Message can't be deleted"):
        await bot.delete_message(server.chat, theirs)
    server.post("clock", advance=48 * 3600 + 60)
    with pytest.raises(BadRequest, match="Message can't be deleted"):
        await bot.delete_message(server.chat, ids[2])
    assert await bot.edit_message_text("edits have no such limit", server.chat, ids[2])
    assert [one["deleted"] for one in server.get("accepted")["accepted"]] == [True, True, False, False]


async def test_reactions(bot: Bot, server: Running) -> None:
    message = await bot.send_message(server.chat, "sent")
    assert await bot.set_message_reaction(server.chat, message.message_id, "🕊")
    assert await bot.set_message_reaction(server.chat, message.message_id, "👌")
    assert server.get("accepted")["accepted"][0]["reactions"] == ["👌"]
    for wrong in ("✅", "❤️"):
        with pytest.raises(BadRequest, match="Reaction_invalid"):
            await bot.set_message_reaction(server.chat, message.message_id, wrong)
    with pytest.raises(BadRequest, match="Reactions_too_many"):
        await bot.set_message_reaction(server.chat, message.message_id, ["👌", "👀"])
    with pytest.raises(BadRequest, match="Message to react not found"):
        await bot.set_message_reaction(server.chat, 999, "👌")
    server.post("fault", id="reactions", on=True, value=["👍"])
    with pytest.raises(BadRequest, match="Reaction_invalid"):
        await bot.set_message_reaction(server.chat, message.message_id, "👌")
    assert (await bot.get_chat(server.chat)).to_dict()["available_reactions"] == [{"type": "emoji", "emoji": "👍"}]
    assert await bot.set_message_reaction(server.chat, message.message_id, [])


async def test_buttons_and_their_answers(bot: Bot, server: Running) -> None:
    keys = InlineKeyboardMarkup([[InlineKeyboardButton("Close", callback_data="close:1")]])
    message = await bot.send_message(server.chat, "card", reply_markup=keys)
    pressed = server.post("act", do="press", person="max", message=message.message_id, data="close:1")
    again = server.post(
        "act", do="press", person="max", message=message.message_id, data="close:1", again=pressed["query"]
    )
    first, second = await bot.get_updates()
    assert first.callback_query is not None
    assert second.callback_query is not None
    assert first.callback_query.id == second.callback_query.id
    assert pressed["update_id"] != again["update_id"]
    assert first.callback_query.from_user.first_name == "Max"
    assert await bot.answer_callback_query(first.callback_query.id, text="done")
    server.post("clock", advance=200)
    with pytest.raises(BadRequest, match="Query is too old and response timeout expired or query id is invalid"):
        await bot.answer_callback_query(first.callback_query.id)
    assert await bot.get_updates() == ()
    long = {"inline_keyboard": [[{"text": "x", "callback_data": "é" * 33}]]}
    status, answer = server.call("sendMessage", chat_id=server.chat, text="x", reply_markup=long)
    assert (status, answer["description"]) == (400, "Bad Request: BUTTON_DATA_INVALID")


async def test_other_kinds(bot: Bot, server: Running) -> None:
    venue = await bot.send_venue(server.chat, 48.2, 16.37, "Office", "Ring 1")
    assert venue.venue is not None
    assert venue.location is not None
    assert (await bot.send_location(server.chat, 48.2, 16.37)).location is not None
    contact = await bot.send_contact(server.chat, "+15550141", "Ana")
    assert contact.contact is not None
    assert await bot.send_chat_action(server.chat, "typing", message_thread_id=4711)
    source = await bot.send_message(server.chat, "copy me")
    copied = await bot.copy_message(server.chat, server.chat, source.message_id)
    assert server.get("accepted")["accepted"][-1]["message_id"] == copied.message_id


def test_a_message_for_one_persons_eyes(server: Running) -> None:
    private = {"receiver_user_id": 700000002}
    status, answer = server.call("sendMessage", chat_id=server.chat, text="psst", ephemeral_message_parameters=private)
    message = answer["result"]
    assert status == 200
    assert (message["message_id"], message["receiver_user"]["first_name"]) == (0, "Max")
    named = {"chat_id": server.chat, "ephemeral_message_id": message["ephemeral_message_id"], **private}
    assert server.call("editEphemeralMessageText", text="psst!", **named)[1]["result"] is True
    shown = server.get("snapshot")["groups"][0]["topics"][0]["messages"]
    assert [(one["text"], one["only_for"]) for one in shown] == [("psst!", "Max")]
    assert server.call("deleteEphemeralMessage", **named)[1]["result"] is True
    assert server.call("deleteEphemeralMessage", **named)[0] == 400
    assert server.get("accepted")["accepted"] == []


def test_chats_tokens_methods_and_paths(server: Running) -> None:
    assert server.call("sendMessage", chat_id=-100, text="x")[1]["description"] == "Bad Request: chat not found"
    status, answer = server.call("sendMessage", chat_id=700000001, text="x")
    assert (status, answer["description"]) == (403, "Forbidden: bot can't initiate conversation with a user")
    assert server.call("sendPoll")[1] == {
        "ok": False,
        "error_code": 404,
        "description": "Not Found: method not found",
    }
    for token, words in (("1:wrong", "Unauthorized"), ("nonsense", "Unauthorized: invalid token specified")):
        status, answer = server.send("POST", f"{server.url}/bot{token}/getMe", b"")
        assert (status, answer["description"]) == (401, words)
    assert server.send("POST", f"{server.url}/elsewhere", b"")[0] == 404
    server.post("fault", id="migrated", on=True, value=-1007)
    status, answer = server.call("sendMessage", chat_id=server.chat, text="x")
    assert (status, answer["parameters"]) == (400, {"migrate_to_chat_id": -1007})
    assert server.call("sendMessage", chat_id=-1007, text="x")[1]["result"]["chat"]["id"] == -1007


async def test_a_wrong_token_is_what_the_library_expects(server: Running) -> None:
    async with HTTPXRequest() as request:
        with pytest.raises(InvalidToken):
            await Bot(**{**server.ptb(), "token": "1:wrong"}, request=request).get_me()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_way_of_giving_parameters(server: Running, method: str) -> None:
    url = f"{server.url}/bot{server.token}/sendmessage"
    query = f"?chat_id={server.chat}&text=by%20query"
    assert server.send(method, url + query, b"")[1]["result"]["text"] == "by query"
    bold = '[{"type":"bold","offset":0,"length":1}]'
    form = urlencode({"chat_id": server.chat, "text": "a&b c", "entities": bold})
    sent = server.send("POST", url, form.encode(), "application/x-www-form-urlencoded")[1]["result"]
    assert (sent["text"], sent["entities"][0]["type"]) == ("a&b c", "bold")
    body = json.dumps({"chat_id": str(server.chat), "text": "json", "entities": bold})
    assert server.send("POST", url, body.encode())[1]["result"]["entities"][0]["type"] == "bold"
    assert server.send("POST", url, b"[]")[0] == 400
    broken = f"text=%ff&chat_id={server.chat}".encode()
    refused = server.send("POST", url, broken, "application/x-www-form-urlencoded")[1]
    assert refused["description"] == "Bad Request: strings must be encoded in UTF-8"
