"""What people in the group do, how the page sees it, and what the observer is told. Facts: telegram.md 5.4; the sandbox's
protocol."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from adapters.telegram.simulator.testing import Running, receive, serve, until


@pytest.fixture
def server() -> Iterator[Running]:
    with serve() as running:
        yield running


def topic_of(server: Running, name: str = "Ana · SMS") -> int:
    return int(server.call("createForumTopic", chat_id=server.chat, name=name)[1]["result"]["message_thread_id"])


def heard(server: Running) -> list[dict[str, Any]]:
    """The messages that reached the bot, without the service ones of its own."""
    updates = server.call("getUpdates")[1]["result"]
    return [one for update in updates for one in update.values() if isinstance(one, dict) and not own(one, server)]


def own(message: dict[str, Any], server: Running) -> bool:
    return bool(message.get("from", {}).get("id") == int(server.token.partition(":")[0]))


def test_an_agent_speaks_in_a_topic(server: Running) -> None:
    topic = topic_of(server)
    said = server.say("hello @max_agent", topic, "max")
    message = heard(server)[0]
    assert message["message_id"] == said["message_id"]
    assert message["from"] == {
        "id": 700000002,
        "is_bot": False,
        "first_name": "Max",
        "username": "max_agent",
        "language_code": "en",
    }
    assert message["chat"] == {"id": server.chat, "title": "Support", "type": "supergroup", "is_forum": True}
    assert (message["message_thread_id"], message["is_topic_message"]) == (topic, True)
    assert message["entities"] == [{"type": "mention", "offset": 6, "length": 10}]
    assert "forum_topic_created" in message["reply_to_message"]


def test_who_is_no_agent(server: Running) -> None:
    server.say("as admin", person="anonymous")
    server.say("as channel", person="channel")
    server.say("from the channel", person="linked")
    server.say("forwarded", forwarded_from="Somebody")
    assert server.say("as bot", person="robot")["update_id"] is None
    admin, channel, linked, forward = heard(server)
    assert (admin["from"]["id"], admin["sender_chat"]["id"]) == (1087968824, server.chat)
    assert (channel["from"]["id"], channel["sender_chat"]["type"]) == (136817688, "channel")
    assert (linked["from"]["id"], linked["is_automatic_forward"], linked["forward_origin"]["type"]) == (
        777000,
        True,
        "channel",
    )
    assert forward["forward_origin"]["sender_user_name"] == "Somebody"
    server.post("fault", id="bot_to_bot", on=True)
    server.say("as bot", person="robot")
    assert heard(server)[-1]["from"]["is_bot"] is True


def test_an_edit_reaches_the_bot_and_a_deletion_doesnt(server: Running) -> None:
    said = server.say("one")
    edited = server.post("act", do="edit", message=said["message_id"], text="two")
    assert edited["update_id"] == said["update_id"] + 1
    server.post("act", do="delete", message=said["message_id"])
    updates = server.call("getUpdates")[1]["result"]
    assert [update.keys() - {"update_id"} for update in updates] == [{"message"}, {"edited_message"}]
    assert updates[1]["edited_message"]["text"] == "two"
    assert updates[1]["edited_message"]["edit_date"] >= updates[1]["edited_message"]["date"]


def test_a_reply_shows_what_it_answers(server: Running) -> None:
    topic = topic_of(server)
    sent = server.call("sendMessage", chat_id=server.chat, message_thread_id=topic, text="question")[1]["result"]
    server.say("answer", topic, reply_to=sent["message_id"])
    assert heard(server)[0]["reply_to_message"]["text"] == "question"


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ({"do": "dance"}, "nobody here can 'dance'"),
        ({"do": "say", "text": " "}, "nothing to say"),
        ({"do": "say", "text": "x", "person": "nobody"}, "nobody here is called 'nobody'"),
        ({"do": "say", "text": "x", "topic": 99}, "the topic is not there"),
        ({"do": "say", "text": "x", "group": -5}, "there is no group -5"),
        ({"do": "say", "text": "x" * 4097}, "more than 4096"),
        ({"do": "edit", "message": 99, "text": "x"}, "the message is not there"),
        ({"do": "edit", "message": 2, "text": "x"}, "only one's own messages"),
        ({"do": "press", "message": 99}, "the message is not there"),
        ({"do": "close_topic"}, "can't be done to General"),
        ({"do": "add", "name": "Eve"}, "a name of their own"),
        ({"do": "say", "text": "x", "topic": "abc"}, "the topic is not there"),
    ],
)
def test_what_cant_be_done_is_said_in_words(server: Running, action: dict[str, Any], words: str) -> None:
    server.call("sendMessage", chat_id=server.chat, text="the bot's, number 2")
    assert words in server.post("act", **action)["error"]


def test_a_new_agent_joins(server: Running) -> None:
    added = server.post("act", do="add", name="Kim")
    server.say("hi", person="Kim")
    assert heard(server)[0]["from"]["id"] == added["user_id"]
    assert {"eve", "max", added["person"]} <= {one["id"] for one in server.get("snapshot")["groups"][0]["people"]}


def test_the_snapshot_has_the_sandboxs_shape(server: Running) -> None:
    topic = topic_of(server)
    sent = server.call("sendMessage", chat_id=server.chat, message_thread_id=topic, text="hello")[1]["result"]
    server.call(
        "setMessageReaction",
        chat_id=server.chat,
        message_id=sent["message_id"],
        reaction=[{"type": "emoji", "emoji": "👌"}],
    )
    server.say("hi", topic, "max", reply_to=sent["message_id"])
    group = server.get("snapshot")["groups"][0]
    assert (group["id"], group["title"]) == (str(server.chat), "Support")
    assert [one["name"] for one in group["topics"]] == ["General", "Ana · SMS"]
    shown = group["topics"][1]
    assert (shown["id"], shown["color"], shown["closed"], shown["deleted"]) == (str(topic), "#6fb9f0", False, False)
    service, question, answer = shown["messages"]
    assert (service["service"], service["text"]) == (True, "created the topic Ana · SMS")
    assert (question["mine"], question["author"], question["reactions"]) == (False, "Trunkline", ["👌"])
    assert (answer["mine"], answer["author"], answer["reply_to"]) == (True, "Max", question["id"])
    named = {"id", "mine", "author", "text", "media", "at", "status", "error", "reply_to", "edited", "deleted"}
    assert all(named <= one.keys() for one in shown["messages"])


def test_the_observer_is_told_everything_once(server: Running) -> None:
    topic = topic_of(server)
    server.events.clear()
    server.say("hi", topic)
    sent = server.call("sendMessage", chat_id=server.chat, message_thread_id=topic, text="hello")[1]["result"]
    server.call("closeForumTopic", chat_id=server.chat, message_thread_id=topic)
    told = [(event["type"], event.get("topic")) for event in server.events if event["type"] == "message"]
    assert told == [("message", str(topic))] * 3
    closed = [event["topic"]["closed"] for event in server.events if event["type"] == "topic"]
    assert closed == [True]
    calls = [event["call"] for event in server.events if event["type"] == "wire"]
    assert [call["status"] for call in calls] == [None, 200, None, 200]
    assert calls[0]["id"] == calls[1]["id"] != calls[2]["id"]
    begun, ended = calls[0], calls[1]
    assert (begun["ms"], begun["event"], begun["text"], begun["ref"]) == (
        None,
        "sendMessage",
        "hello",
        f"{server.chat}:{topic}",
    )
    assert ended["ms"] > 0
    assert f'"message_id": {sent["message_id"]}' in ended["response"]["body"]


def test_secrets_are_masked(server: Running) -> None:
    with receive() as hook:
        server.call("setWebhook", url=hook.url, secret_token="very-secret")
        server.say("x")
        hook.wait_for(1)
        until(lambda: len(server.get("wire")["calls"]) == 2)
        shown = str(server.events) + str(server.get("wire"))
    secret = server.token.partition(":")[2]
    assert secret not in shown
    assert shown.count("very-secret") == 0
    assert ":***/setWebhook" in shown


def test_polls_are_on_the_wire_only_when_they_say_something(server: Running) -> None:
    server.call("getUpdates")
    assert server.get("wire")["calls"] == []
    server.say("x")
    server.call("getUpdates")
    wire = server.get("wire")
    assert [call["event"] for call in wire["calls"]] == ["getUpdates"]
    assert server.get(f"wire?after={wire['last']}") == {"calls": [], "last": wire["last"]}


def test_the_ref_says_where_a_message_landed(server: Running) -> None:
    topic = topic_of(server)
    sent = server.call("sendMessage", chat_id=server.chat, message_thread_id=topic, text="x")[1]["result"]
    server.call("editMessageText", chat_id=server.chat, message_id=sent["message_id"], text="y")
    server.call("sendMessage", chat_id=server.chat, text="general")
    refs = [(call["event"], call["ref"]) for call in server.get("wire")["calls"]]
    home = f"{server.chat}:{topic}"
    assert refs == [
        ("createForumTopic", home),
        ("sendMessage", home),
        ("editMessageText", home),
        ("sendMessage", f"{server.chat}:1"),
    ]


def test_control_routes_that_are_not_there(server: Running) -> None:
    assert server.post("nothing") == {"error": "not found"}
    assert server.send("PUT", f"{server.url}/_sim/act", b"[]") == (400, {"error": "a JSON object is expected"})
    assert server.get("settings")["endpoints"] == [{"chat": server.chat}]
