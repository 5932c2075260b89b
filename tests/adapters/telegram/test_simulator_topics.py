"""The life of a forum topic, as python-telegram-bot sees it. Facts: telegram.md 2."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from telegram import Bot, ReplyParameters
from telegram.error import BadRequest, Forbidden

from adapters.telegram.simulator.testing import Running, serve


@pytest.fixture
def server() -> Iterator[Running]:
    with serve() as running:
        yield running


@pytest.fixture
async def bot(server: Running) -> AsyncIterator[Bot]:
    async with Bot(**server.ptb()) as one:
        yield one


async def new_topic(bot: Bot, server: Running, name: str = "Ana · SMS") -> int:
    return (await bot.create_forum_topic(server.chat, name)).message_thread_id


async def test_a_topics_id_is_the_id_of_its_service_message(bot: Bot, server: Running) -> None:
    first = await new_topic(bot, server)
    message = await bot.send_message(server.chat, "hello", message_thread_id=first)
    second = await new_topic(bot, server, "Bo")
    assert [first + 1, first + 2] == [message.message_id, second]
    created = (await bot.get_updates())[0].message
    assert created is not None
    assert created.forum_topic_created is not None
    assert (created.message_id, created.message_thread_id, created.is_topic_message) == (first, first, True)
    assert created.forum_topic_created.name == "Ana · SMS"
    assert created.from_user is not None
    assert created.from_user.id == bot.id


async def test_a_message_in_a_topic_hides_a_reply_to_the_topics_root(bot: Bot, server: Running) -> None:
    topic = await new_topic(bot, server)
    message = await bot.send_message(server.chat, "hello", message_thread_id=topic)
    assert message.is_topic_message
    assert message.message_thread_id == topic
    assert message.chat.is_forum
    root = message.reply_to_message
    assert root is not None
    assert root.message_id == topic
    assert root.forum_topic_created is not None
    assert root.reply_to_message is None


async def test_general_has_neither_thread_nor_flag(bot: Bot, server: Running) -> None:
    message = await bot.send_message(server.chat, "to all")
    assert (message.message_thread_id, message.is_topic_message) == (None, None)
    with pytest.raises(BadRequest, match="Message thread not found"):
        await bot.send_message(server.chat, "no", message_thread_id=1)


async def test_a_reply_in_general_names_its_root_without_the_flag(bot: Bot, server: Running) -> None:
    root = await bot.send_message(server.chat, "root")
    first = server.say("one", reply_to=root.message_id)["message_id"]
    server.say("two", reply_to=first)
    for update in await bot.get_updates():
        assert update.message is not None
        assert (update.message.message_thread_id, update.message.is_topic_message) == (root.message_id, None)
    with pytest.raises(BadRequest, match="Message thread not found"):
        await bot.send_message(server.chat, "no", message_thread_id=root.message_id)


async def test_rename_close_and_reopen_tell_the_bot_too(bot: Bot, server: Running) -> None:
    topic = await new_topic(bot, server)
    assert await bot.edit_forum_topic(server.chat, topic, name="Ana\n Maria")
    assert await bot.close_forum_topic(server.chat, topic)
    with pytest.raises(BadRequest, match="Topic_not_modified"):
        await bot.close_forum_topic(server.chat, topic)
    with pytest.raises(BadRequest, match="Topic_closed"):
        await bot.send_message(server.chat, "late", message_thread_id=topic)
    assert await bot.reopen_forum_topic(server.chat, topic)
    with pytest.raises(BadRequest, match="Topic_not_modified"):
        await bot.reopen_forum_topic(server.chat, topic)
    messages = [update.message for update in await bot.get_updates()]
    assert messages[1] is not None
    assert messages[1].forum_topic_edited is not None
    assert messages[1].forum_topic_edited.name == "Ana Maria"
    assert messages[2] is not None
    assert messages[2].forum_topic_closed is not None
    assert messages[3] is not None
    assert messages[3].forum_topic_reopened is not None
    assert server.get("topics")["topics"][0]["name"] == "Ana Maria"


async def test_an_edit_that_changes_nothing_succeeds_in_silence(bot: Bot, server: Running) -> None:
    topic = await new_topic(bot, server, "Ana")
    icon = (await bot.get_forum_topic_icon_stickers())[0].custom_emoji_id
    assert await bot.edit_forum_topic(server.chat, topic, name="Ana")
    assert await bot.edit_forum_topic(server.chat, topic, name="")
    assert len(await bot.get_updates()) == 1
    assert await bot.edit_forum_topic(server.chat, topic, icon_custom_emoji_id=icon)
    assert (
        server.call("editForumTopic", chat_id=server.chat, message_thread_id=topic, icon_custom_emoji_id="")[0] == 200
    )
    edits = [update.message.forum_topic_edited for update in (await bot.get_updates())[1:] if update.message]
    assert [edit.icon_custom_emoji_id for edit in edits if edit] == [icon, ""]


async def test_a_deleted_topic_is_gone_without_a_word(bot: Bot, server: Running) -> None:
    topic = await new_topic(bot, server)
    message = await bot.send_message(server.chat, "hello", message_thread_id=topic)
    assert await bot.delete_forum_topic(server.chat, topic)
    assert len(await bot.get_updates()) == 1
    with pytest.raises(BadRequest, match="Message thread not found"):
        await bot.send_message(server.chat, "late", message_thread_id=topic)
    with pytest.raises(BadRequest, match="Message to edit not found"):
        await bot.edit_message_text("x", server.chat, message.message_id)
    server.post("fault", id="topic_deleted_text", on=True)
    with pytest.raises(BadRequest, match="Topic_deleted"):
        await bot.send_message(server.chat, "late", message_thread_id=topic)


async def test_with_topics_switched_off_a_thread_id_is_ignored(bot: Bot, server: Running) -> None:
    topic = await new_topic(bot, server)
    server.post("fault", id="not_forum", on=True)
    message = await bot.send_message(server.chat, "to whom?", message_thread_id=topic)
    assert (message.message_thread_id, message.is_topic_message, message.chat.is_forum) == (None, None, None)
    with pytest.raises(BadRequest, match="The chat is not a forum"):
        await bot.create_forum_topic(server.chat, "no")
    reply = await bot.send_message(server.chat, "no topic", reply_parameters=ReplyParameters(topic))
    assert reply.is_topic_message is None
    server.post("fault", id="not_forum", on=False)
    assert (await bot.send_message(server.chat, "back", message_thread_id=topic)).is_topic_message


async def test_odd_thread_ids(server: Running) -> None:
    for odd in ("-5", "abc", ""):
        status, answer = server.call("sendMessage", chat_id=server.chat, text="x", message_thread_id=odd)
        assert status == 200
        assert "message_thread_id" not in answer["result"]
    status, answer = server.call("closeForumTopic", chat_id=server.chat, message_thread_id=0)
    assert (status, answer["description"]) == (400, "Bad Request: invalid forum topic identifier specified")
    assert server.call("closeForumTopic", chat_id=server.chat, message_thread_id=99)[0] == 400


async def test_rights_are_named_and_their_loss_is_told(bot: Bot, server: Running) -> None:
    theirs = server.post("act", do="create_topic", name="By Eve")["topic"]
    server.post("fault", id="no_topic_right", on=True)
    with pytest.raises(BadRequest, match="Not enough rights to create a topic"):
        await bot.create_forum_topic(server.chat, "no")
    with pytest.raises(BadRequest, match="Not enough rights to edit the topic"):
        await bot.edit_forum_topic(server.chat, theirs, name="no")
    with pytest.raises(BadRequest, match="Not enough rights to close or open the topic"):
        await bot.close_forum_topic(server.chat, theirs)
    server.post("fault", id="rights", on=True, value={"can_delete_messages": False})
    with pytest.raises(BadRequest, match="Not enough rights to delete the topic"):
        await bot.delete_forum_topic(server.chat, theirs)
    member = (await bot.get_updates())[1].my_chat_member
    assert member is not None
    change = member.difference()["can_manage_topics"]
    assert change == (True, False)


async def test_a_kicked_bot_is_told_and_refused(bot: Bot, server: Running) -> None:
    server.post("fault", id="kicked", on=True)
    with pytest.raises(Forbidden, match="bot was kicked from the supergroup chat"):
        await bot.send_message(server.chat, "x")
    assert server.say("nobody hears this")["update_id"] is None
    member = (await bot.get_updates())[0].my_chat_member
    assert member is not None
    assert member.difference()["status"] == ("administrator", "kicked")
    server.post("fault", id="kicked", on=False)
    await bot.send_message(server.chat, "back")


async def test_a_hidden_general_takes_no_messages(bot: Bot, server: Running) -> None:
    assert await bot.hide_general_forum_topic(server.chat)
    with pytest.raises(BadRequest, match="Topic_closed"):
        await bot.send_message(server.chat, "x")
    message = (await bot.get_updates())[0].message
    assert message is not None
    assert message.general_forum_topic_hidden is not None


async def test_an_agent_manages_topics_by_hand(bot: Bot, server: Running) -> None:
    topic = await new_topic(bot, server)
    assert server.post("act", do="close_topic", group=server.chat, topic=topic)["update_id"]
    assert "closed already" in server.post("act", do="close_topic", group=server.chat, topic=topic)["error"]
    assert "the topic is closed" in server.say("x", topic, "max")["error"]
    server.post("act", do="reopen_topic", group=server.chat, topic=str(topic))
    server.say("open again", topic, "max")
    server.post("act", do="delete_topic", group=server.chat, topic=topic)
    assert "not there any more" in server.say("x", topic)["error"]
    assert len(await bot.get_updates()) == 4


async def test_pins_stay_in_their_topic(bot: Bot, server: Running) -> None:
    topic = await new_topic(bot, server)
    card = await bot.send_message(server.chat, "card", message_thread_id=topic)
    assert await bot.pin_chat_message(server.chat, card.message_id, disable_notification=True)
    pinned = (await bot.get_updates())[-1].message
    assert pinned is not None
    assert pinned.pinned_message is not None
    assert (pinned.message_thread_id, pinned.pinned_message.message_id) == (topic, card.message_id)
    assert await bot.delete_message(server.chat, pinned.message_id)
    assert await bot.unpin_all_forum_topic_messages(server.chat, topic)
    with pytest.raises(BadRequest, match="Message to unpin not found"):
        await bot.unpin_chat_message(server.chat, card.message_id)
    server.post("fault", id="rights", on=True, value={"can_pin_messages": False})
    with pytest.raises(BadRequest, match="Not enough rights to manage pinned messages in the chat"):
        await bot.pin_chat_message(server.chat, card.message_id)
