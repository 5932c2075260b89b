"""The customers' side: phones, what people do, and what the observer is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.adapters.twilio.judge import Receiver, Running, listening, running


@pytest.fixture
def twilio() -> Iterator[Running]:
    with running() as one:
        yield one


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    yield one
    one.close()


def refused(twilio: Running, **action: Any) -> str:
    answer = twilio.http.post(f"{twilio.base_url}/_sim/act", json=action)
    assert answer.status_code == 400
    words: str = answer.json()["error"]
    return words


def test_who_is_there(twilio: Running) -> None:
    people = twilio.control("snapshot")["people"]
    assert [(one["name"], one["network"], one["style"], one["address"]) for one in people] == [
        ("Ana", "SMS", "sms", "+15550141"),
        ("Bo", "WhatsApp", "whatsapp", "whatsapp:+15550142"),
        ("Cy", "WhatsApp", "whatsapp", "whatsapp:US.CY7Q2"),
    ]
    assert all(one["messages"] == [] for one in people)


def test_a_conversation_on_a_phone(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    said = twilio.act(do="say", person="bo", text="hello")
    twilio.settled()
    twilio.client.conversations.v1.conversations(said["conversation_sid"]).messages.create(author="Eve", body="hi Bo")
    twilio.settled()
    mine, theirs = twilio.phone("bo")
    assert (mine["mine"], mine["author"], mine["text"], mine["status"]) == (True, "Bo", "hello", "sent")
    assert (theirs["mine"], theirs["author"], theirs["text"]) == (False, "Eve", "hi Bo")
    assert set(mine) == {
        "id",
        "mine",
        "author",
        "text",
        "media",
        "at",
        "status",
        "error",
        "reply_to",
        "edited",
        "deleted",
    }


def test_what_the_bridge_did_not_take(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    receiver.answer = lambda form: 503 if form["EventType"] == "onMessageAdded" else 200
    twilio.act(do="say", person="ana", text="hello")
    twilio.settled()
    (bubble,) = twilio.phone("ana")
    assert (bubble["status"], bubble["error"]) == ("failed", "the webhook was answered 503")


def test_edited_and_removed_on_the_phone(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    said = twilio.act(do="say", person="ana", text="helo")
    bubble = said["message"]["id"]
    twilio.act(do="edit", person="ana", message=bubble, text="hello")
    twilio.settled()
    told = receiver.one("onMessageUpdated").form
    assert (told["Body"], told["Author"], told["Source"], told["MessageSid"]) == (
        "hello", "+15550141", "SMS", said["message_sid"],
    )  # fmt: skip
    twilio.act(do="remove", person="ana", message=bubble)
    twilio.settled()
    assert receiver.one("onMessageRemoved").form["MessageSid"] == said["message_sid"]
    (shown,) = twilio.phone("ana")
    assert (shown["text"], shown["edited"], shown["deleted"]) == ("hello", True, True)
    assert "still there" in refused(twilio, do="edit", person="ana", message=bubble, text="x")


def test_new_people(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    one = twilio.act(do="add", name="Dee", network="SMS")["person"]
    other = twilio.act(do="add", name="Dee", network="whatsapp")["person"]
    people = {person["id"]: person for person in twilio.control("snapshot")["people"]}
    assert (people[one]["address"], people[other]["address"]) == ("+15550143", "whatsapp:+15550144")
    assert one != other
    twilio.act(do="say", person=other, text="hello")
    twilio.settled()
    assert twilio.phone(other)[0]["status"] == "sent"
    twilio.inbound("+15550177", "with a phone", name="Eli")
    assert twilio.phone("eli")[0]["text"] == "with a phone"
    twilio.inbound("+15550178", "without")
    assert len(twilio.control("snapshot")["people"]) == 6


def test_what_cannot_be_done(twilio: Running) -> None:
    assert "no person 'zoe'" in refused(twilio, do="say", person="zoe", text="x")
    assert "nothing to send" in refused(twilio, do="say", person="ana", text="")
    assert "nobody listens" in refused(twilio, do="say", person="ana", text="x")
    assert "can't 'dance'" in refused(twilio, do="dance", person="ana")
    assert "no fax phones" in refused(twilio, do="add", name="Dee", network="fax")
    assert "needs a name" in refused(twilio, do="add", name=" ", network="SMS")
    assert "somebody has" in refused(twilio, do="add", name="Dee", network="SMS", address="+15550141")
    assert "base64" in refused(twilio, do="say", person="ana", text="x", files=[{"data": "?"}])
    assert "no such message" in refused(twilio, do="remove", person="ana", message="none")
    assert twilio.phone("ana") == []


def test_the_observer_sees_every_request_and_no_secret(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    receiver.answer = lambda form: 403 if form["EventType"] == "onParticipantAdded" else 200
    said = twilio.act(do="say", person="ana", text="hello")
    twilio.settled()
    path = f"/v1/Conversations/{said['conversation_sid']}/Messages"
    twilio.rest("POST", path, data={"Author": "Eve", "Body": "hi"})
    twilio.settled()
    twilio.rest("GET", "/v1/Conversations", auth=(twilio.account_sid, "wrong"))
    calls = [event["call"] for event in twilio.seen if event["type"] == "wire"]
    begun = [call for call in calls if call["ms"] is None]
    ended = {call["id"]: call for call in calls if call["ms"] is not None}
    assert {call["id"] for call in begun} == set(ended)
    assert all(call["status"] is None for call in begun)
    shown = [(one["direction"], one["event"], one["status"], one["signature"], one["text"]) for one in ended.values()]
    assert shown == [
        ("webhook", "onConversationAdded", 200, "ok", ""),
        ("webhook", "onParticipantAdded", 403, "refused", ""),
        ("webhook", "onMessageAdded", 200, "ok", "hello"),
        ("call", "POST Messages", 201, "none", "hi"),
        ("webhook", "onDeliveryUpdated", 200, "ok", ""),
        ("webhook", "onDeliveryUpdated", 200, "ok", ""),
        ("call", "GET Conversations", 401, "none", ""),
    ]
    assert twilio.auth_token not in str(twilio.seen)
    assert all(one["network"] == "twilio" and one["attempt"] == 1 for one in ended.values())
    posted = next(one for one in ended.values() if one["event"] == "POST Messages")
    assert posted["url"] == f"{twilio.base_url}/conversations{path}"
    assert posted["ref"] == said["conversation_sid"]
    assert posted["request"]["headers"]["authorization"] == "Basic ***"
    assert posted["request"]["body"] == "Author=Eve&Body=hi"
    assert '"author": "Eve"' in posted["response"]["body"]


def test_the_observer_sees_the_phones(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    del twilio.seen[:]
    twilio.act(do="say", person="ana", text="hello")
    twilio.act(do="add", name="Dee", network="SMS")
    twilio.settled()
    messages = [event for event in twilio.seen if event["type"] == "message"]
    assert [(one["person"], one["message"]["status"]) for one in messages] == [("ana", ""), ("ana", "sent")]
    assert messages[0]["message"]["id"] == messages[1]["message"]["id"]
    (person,) = [event["person"] for event in twilio.seen if event["type"] == "person"]
    assert person == {"id": "dee", "name": "Dee", "network": "SMS", "style": "sms", "address": "+15550143"}
    kept = twilio.control("wire?after=0")
    assert kept["last"] == kept["events"][-1]["n"]
    assert twilio.control(f"wire?after={kept['last']}")["events"] == []


def test_control_takes_json_alone(twilio: Running) -> None:
    form = twilio.http.post(f"{twilio.base_url}/_sim/fault", data={"id": "down"})
    assert form.status_code == 415, "a page from elsewhere can post forms to loopback, not JSON"
    for answer in (
        twilio.http.post(f"{twilio.base_url}/_sim/act", content=b"[1]", headers={"content-type": "application/json"}),
        twilio.http.post(f"{twilio.base_url}/_sim/act", content=b"{", headers={"content-type": "application/json"}),
        twilio.http.post(f"{twilio.base_url}/_sim/options", json={"account_sid": "x"}),
        twilio.http.post(f"{twilio.base_url}/_sim/inbound", json={}),
    ):
        assert answer.status_code == 400
    assert twilio.http.get(f"{twilio.base_url}/_sim/nothing").status_code == 404
