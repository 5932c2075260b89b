"""Which road an inbound message takes, how that is set, and customers whose address changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.adapters.twilio.judge import OURS, PAGE, Receiver, Running, listening, running

ANA, WHATSAPP = "+15550141", f"whatsapp:{OURS}"
CONVERSATION = ["onConversationAdded", "onParticipantAdded", "onMessageAdded"]


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


def heard(twilio: Running, receiver: Receiver, person: str = "ana", text: str = "hello") -> list[str]:
    """The events that one message leads to."""
    receiver.hooks.clear()
    twilio.act(do="say", person=person, text=text)
    twilio.settled()
    return receiver.events()


def test_each_road(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    assert heard(twilio, receiver) == CONVERSATION
    twilio.act(do="road", address=OURS, road="both")
    assert heard(twilio, receiver) == ["onMessageAdded", "inbound message"]
    texts = {hook.form["Body"] for hook in receiver.hooks}
    assert texts == {"hello"}
    twilio.act(do="road", address=OURS, road="messaging")
    assert heard(twilio, receiver) == ["inbound message"]
    assert heard(twilio, receiver, person="bo") == CONVERSATION, "the others stay where they are"
    twilio.act(do="road", address=OURS, road="conversations")
    assert heard(twilio, receiver) == CONVERSATION
    assert twilio.control("roads")["roads"] == {OURS: "conversations", WHATSAPP: "conversations", PAGE: "conversations"}


def test_the_first_message_can_come_twice_too(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    twilio.act(do="road", address=OURS, road="both")
    assert heard(twilio, receiver) == [*CONVERSATION, "inbound message"]
    twilio.control("options", {"bound_hook": False})
    assert heard(twilio, receiver) == ["onMessageAdded"], "the page's other reading"


def test_roads_are_chosen_at_the_start(receiver: Receiver) -> None:
    with running(messaging=[OURS, "+15550101"]) as twilio:
        listening(twilio, receiver)
        assert heard(twilio, receiver) == ["inbound message"]
        assert heard(twilio, receiver, person="bo") == CONVERSATION
        numbers = {one.phone_number: one.sms_url for one in twilio.client.incoming_phone_numbers.list()}
        assert numbers == dict.fromkeys([OURS, "+15550101"], f"{receiver.url}/webhooks/phone/messages")
        configured = twilio.client.conversations.v1.address_configurations.list()
        assert {one.address for one in configured} == {WHATSAPP, PAGE}


def test_a_road_that_can_not_be_taken(twilio: Running) -> None:
    assert "start the bridge first" in refused(twilio, do="road", address=OURS, road="messaging")
    assert "none of our addresses" in refused(twilio, do="road", address="+15559", road="messaging")
    assert "there is no road 'sky'" in refused(twilio, do="road", address=OURS, road="sky")


def test_roads_and_texts_outlive_the_process(tmp_path: Path, receiver: Receiver) -> None:
    with running(folder=tmp_path) as twilio:
        listening(twilio, receiver)
        twilio.act(do="road", address=OURS, road="messaging")
        twilio.inbound(ANA, "STOP")
        twilio.inbound("+15550177", "hello")
        twilio.client.messages.create(to="+15550177", from_=OURS, body="done")
        twilio.settled()
        twilio.fault("carrier_silent")
        owed = twilio.client.messages.create(to="+15550177", from_=OURS, body="owed")
        assert owed.status == "queued"
    with running(folder=tmp_path) as twilio:
        twilio.settled()
        assert [one.body for one in twilio.client.messages.list()] == ["owed", "done", "hello", "STOP"]
        assert twilio.client.messages(owed.sid).fetch().status == "delivered"
        with pytest.raises(TwilioRestException) as error:
            twilio.client.messages.create(to=ANA, from_=OURS, body="x")
        assert error.value.code == 21610
        assert heard(twilio, receiver) == ["inbound message"]


def test_set_up_code_sets_the_webhook_of_a_number(twilio: Running, receiver: Receiver) -> None:
    numbers = twilio.client.incoming_phone_numbers
    (number,) = numbers.list(phone_number=OURS)
    assert (number.sms_url, number.sms_method, number.capabilities["sms"]) == ("", "POST", True)
    assert numbers.list(phone_number="555010*")[0].sid == number.sid
    assert numbers.list(phone_number="+1999") == []
    changed = number.update(sms_url=f"{receiver.url}/in", sms_method="GET", friendly_name="Desk")
    assert (changed.sms_url, changed.sms_method, changed.friendly_name) == (f"{receiver.url}/in", "GET", "Desk")
    assert heard(twilio, receiver) == ["inbound message"]
    receiver.hooks[0].verify(twilio.auth_token)
    with pytest.raises(TwilioRestException) as error:
        number.update(sms_url="not a url")
    assert error.value.code == 21502
    number.update(sms_application_sid="AP" + "0" * 32)
    assert "nobody listens" in refused(twilio, do="say", person="ana", text="x"), "an application goes before the URL"
    path = f"/2010-04-01/Accounts/{twilio.account_sid}/IncomingPhoneNumbers/{number.sid}.json"
    emptied = twilio.rest("POST", path, "api", data={"SmsApplicationSid": "", "SmsUrl": ""}).json()
    assert (emptied["sms_application_sid"], emptied["sms_url"]) == (None, "")
    assert numbers(number.sid).fetch().sms_url == ""


def test_set_up_code_sets_the_webhook_of_a_whatsapp_sender(twilio: Running, receiver: Receiver) -> None:
    senders = twilio.client.messaging.v2.channels_senders
    (sender,) = senders.list(channel="whatsapp")
    assert (sender.sender_id, sender.status, sender.webhook["callback_url"]) == (WHATSAPP, "ONLINE", None)
    path = f"/v2/Channels/Senders/{sender.sid}"
    webhook = {"callback_url": f"{receiver.url}/in", "callback_method": "POST"}
    assert twilio.rest("POST", path, "messaging", json={"webhook": webhook}).status_code == 202
    assert senders(sender.sid).fetch().webhook["callback_url"] == f"{receiver.url}/in"
    assert heard(twilio, receiver, person="bo") == ["inbound message"]
    assert twilio.rest("POST", path, "messaging", content=b"[]").json()["code"] == 20001
    assert twilio.rest("GET", "/v1/Channels/Senders", "messaging").status_code == 404


def test_messenger_makes_conversations(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    twilio.act(do="add", name="Mia", network="messenger")
    assert heard(twilio, receiver, person="mia") == CONVERSATION
    assert receiver.one("onParticipantAdded").form["MessagingBinding.Type"] == "MESSENGER"
    sid = receiver.one("onMessageAdded").form["ConversationSid"]
    thread = twilio.client.conversations.v1.conversations(sid)
    (member,) = thread.participants.list()
    assert member.messaging_binding["proxy_address"] == PAGE
    thread.messages.create(author="Eve", body="hello Mia")
    twilio.settled()
    assert [bubble["text"] for bubble in twilio.phone("mia")] == ["hello", "hello Mia"]


# -- an address changes ---


def test_a_number_gives_way_to_a_username(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    sid = twilio.act(do="say", person="bo", text="one")["conversation_sid"]
    thread = twilio.client.conversations.v1.conversations(sid)
    (before,) = thread.participants.list()
    twilio.settled()
    receiver.hooks.clear()
    new = twilio.act(do="rename", person="bo")["address"]
    assert new.startswith("whatsapp:US.")
    twilio.settled()
    told = receiver.one("onParticipantUpdated")
    told.verify(twilio.auth_token)
    assert (told.form["ParticipantSid"], told.form["MessagingBinding.Address"]) == (before.sid, new)
    (after,) = thread.participants.list()
    assert (after.sid, after.messaging_binding["address"]) == (before.sid, new)
    again = twilio.act(do="say", person="bo", text="two")
    twilio.settled()
    assert again["conversation_sid"] == sid
    assert receiver.one("onMessageAdded").form["Author"] == new
    thread.messages.create(author="Eve", body="answer")
    twilio.settled()
    assert twilio.phone("bo")[-1]["text"] == "answer"
    assert next(one for one in twilio.control("snapshot")["people"] if one["id"] == "bo")["address"] == new


def test_the_person_stays_the_same_in_messages(receiver: Receiver) -> None:
    with running(messaging=[WHATSAPP]) as twilio:
        listening(twilio, receiver)
        twilio.act(do="say", person="bo", text="one")
        twilio.act(do="rename", person="bo", address="whatsapp:US.BO123", name="Bobby")
        twilio.act(do="say", person="bo", text="two")
        twilio.settled()
        one, two = (hook.form for hook in receiver.hooks)
        assert (one["From"], two["From"]) == ("whatsapp:+15550142", "whatsapp:US.BO123")
        assert one["ExternalUserId"] == two["ExternalUserId"]
        assert (one["ProfileName"], two["ProfileName"]) == ("Bo", "Bobby")
        assert "WaId" not in two


def test_who_can_not_be_renamed(twilio: Running) -> None:
    assert "only on WhatsApp" in refused(twilio, do="rename", person="ana")
    assert "somebody has" in refused(twilio, do="rename", person="bo", address="whatsapp:US.CY7Q2")
    assert "there is no person" in refused(twilio, do="rename", person="nobody")


def test_whether_a_binding_has_a_name_is_a_switch(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    sid = twilio.act(do="say", person="bo", text="one")["conversation_sid"]
    participants = twilio.client.conversations.v1.conversations(sid).participants
    assert "name" not in participants.list()[0].messaging_binding
    twilio.control("options", {"binding_names": True})
    assert participants.list()[0].messaging_binding["name"] == "Bo"
