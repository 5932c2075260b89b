"""A customer's phone writes: where the message goes, and what is told."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.adapters.twilio.judge import OURS, Receiver, Running, listening, running


@pytest.fixture
def twilio() -> Iterator[Running]:
    with running() as one:
        yield one


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    yield one
    one.close()


def test_the_first_message_makes_a_conversation(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    got = twilio.inbound("whatsapp:US.NEW1", "hello", to="whatsapp:+15550100")
    twilio.settled()
    assert receiver.events() == ["onConversationAdded", "onParticipantAdded", "onMessageAdded"]
    added = receiver.one("onConversationAdded").form
    assert added["MessagingBinding.Address"] == "whatsapp:US.NEW1"
    assert added["MessagingBinding.ProxyAddress"] == "whatsapp:+15550100"
    assert added["MessagingBinding.AuthorAddress"] == "whatsapp:US.NEW1"
    member = receiver.one("onParticipantAdded").form
    assert (member["MessagingBinding.Type"], member["Source"]) == ("WHATSAPP", "WHATSAPP")
    message = receiver.one("onMessageAdded").form
    assert (message["MessageSid"], message["Index"], message["Author"]) == (got["message_sid"], "0", "whatsapp:US.NEW1")
    again = twilio.inbound("whatsapp:US.NEW1", "more", to="whatsapp:+15550100")
    assert again == {"conversation_sid": got["conversation_sid"], "message_sid": again["message_sid"], "index": 1}
    found = twilio.client.conversations.v1.conversations(got["conversation_sid"]).messages.list()
    assert [(one.body, one.author, one.participant_sid) for one in found] == [
        (body, "whatsapp:US.NEW1", member["ParticipantSid"]) for body in ("hello", "more")
    ]


def test_the_webhook_of_an_address_goes_to_the_conversation(twilio: Running, receiver: Receiver) -> None:
    v1 = twilio.client.conversations.v1
    filters = ["onParticipantAdded", "onMessageAdded"]
    v1.address_configurations.create(
        type="sms", address=OURS, friendly_name="Desk", auto_creation_enabled=True, auto_creation_type="webhook",
        auto_creation_webhook_url=f"{receiver.url}/tw", auto_creation_webhook_method="post",
        auto_creation_webhook_filters=filters,
    )  # fmt: skip
    sid = twilio.inbound("+15550141", "hello")["conversation_sid"]
    twilio.settled()
    assert receiver.events() == filters
    (own,) = v1.conversations(sid).webhooks.list()
    assert own.configuration == {"url": f"{receiver.url}/tw", "method": "post", "filters": filters}


def test_address_configurations(twilio: Running) -> None:
    addresses = twilio.client.conversations.v1.address_configurations
    made = addresses.create(type="sms", address="+15550109", auto_creation_enabled=True, auto_creation_type="default")
    assert made.auto_creation == {"enabled": True, "type": "default"}
    assert addresses("+15550109").fetch().sid == made.sid
    changed = addresses(made.sid).update(friendly_name="x", auto_creation_enabled=False)
    assert (changed.friendly_name, changed.auto_creation) == ("x", {"enabled": False, "type": "default"})
    assert [one.address for one in addresses.list(type="sms")] == ["+15550109"]
    assert addresses.list(type="whatsapp") == []
    for wrong, code in (
        ({"type": "sms", "address": "+15550109"}, 20409),
        ({"type": "fax", "address": "+15550108"}, 20001),
        ({"type": "sms", "address": "+1", "auto_creation_enabled": True, "auto_creation_type": "webhook"}, 50369),
        ({"type": "sms", "address": "+1", "auto_creation_webhook_filters": ["onConversationAdded"]}, 50365),
        ({"type": "sms", "address": "+1", "auto_creation_conversation_service_sid": "IS" + "0" * 32}, 50050),
    ):
        with pytest.raises(TwilioRestException) as error:
            addresses.create(**wrong)
        assert error.value.code == code
    assert addresses(made.sid).delete()
    assert addresses.list() == []


def test_nobody_listens(twilio: Running) -> None:
    answer = twilio.http.post(f"{twilio.base_url}/_sim/inbound", json={"from": "+15550141", "to": OURS, "body": "x"})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("nobody listens at +15550100")
    assert twilio.client.conversations.v1.conversations.list() == []


def test_a_bound_pair_goes_to_its_conversation(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    conversations = twilio.client.conversations.v1.conversations
    sid = conversations.create().sid
    conversations(sid).participants.create(messaging_binding_address="+15550141", messaging_binding_proxy_address=OURS)
    assert twilio.inbound("+15550141", "hello")["conversation_sid"] == sid
    twilio.settled()
    assert receiver.events() == ["onMessageAdded"]


def test_an_inactive_conversation_awakes(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    conversations = twilio.client.conversations.v1.conversations
    sid = twilio.inbound("+15550141", "hello")["conversation_sid"]
    conversations(sid).update(state="inactive")
    assert twilio.inbound("+15550141", "again")["conversation_sid"] == sid
    twilio.settled()
    told = receiver.one("onConversationStateUpdated").form
    assert (told["StateFrom"], told["StateTo"], told["Reason"]) == ("inactive", "active", "EVENT")
    assert conversations(sid).fetch().state == "active"


@pytest.mark.parametrize("ending", ["closed", "removed", "left"])
def test_after_the_end_there_is_a_new_one(twilio: Running, receiver: Receiver, ending: str) -> None:
    listening(twilio, receiver)
    conversations = twilio.client.conversations.v1.conversations
    first = twilio.inbound("+15550141", "hello")["conversation_sid"]
    if ending == "closed":
        conversations(first).update(state="closed")
    elif ending == "removed":
        conversations(first).delete()
    else:
        conversations(first).participants.list()[0].delete()
    second = twilio.inbound("+15550141", "again")
    assert second["conversation_sid"] != first
    assert second["index"] == 0


def test_first_messages_at_once_make_one_conversation(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    with ThreadPoolExecutor(20) as pool:
        got = list(pool.map(lambda n: twilio.inbound("+15550141", str(n)), range(20)))
    assert len({one["conversation_sid"] for one in got}) == 1
    assert sorted(one["index"] for one in got) == list(range(20))
    twilio.settled()
    assert receiver.events().count("onConversationAdded") == 1
    indexes = [int(hook.form["Index"]) for hook in receiver.hooks if hook.event == "onMessageAdded"]
    assert indexes == list(range(20))


@pytest.mark.parametrize("bound", [True, False])
def test_the_numbers_own_webhook_may_be_asked_too(twilio: Running, receiver: Receiver, bound: bool) -> None:
    if bound:
        listening(twilio, receiver)
    twilio.control("options", {"sms_url": f"{receiver.url}/sms"})
    files = [{"filename": "a.txt", "content_type": "text/plain", "data": "aGVsbG8="}]
    got = twilio.act(do="say", person="bo", text="hello", files=files)
    twilio.settled()
    *before, hook = receiver.hooks
    assert [one.event for one in before] == (
        ["onConversationAdded", "onParticipantAdded", "onMessageAdded"] if bound else []
    )
    assert bool(got["conversation_sid"]) == bound
    hook.verify(twilio.auth_token)
    form = hook.form
    assert (form["From"], form["To"], form["Body"]) == ("whatsapp:+15550142", "whatsapp:+15550100", "hello")
    assert (form["NumMedia"], form["ProfileName"], form["WaId"], form["SmsStatus"]) == (
        "1",
        "Bo",
        "15550142",
        "received",
    )
    assert form["MessageSid"].startswith("MM")
    redirect = twilio.http.get(form["MediaUrl0"], auth=twilio.auth)
    assert (redirect.status_code, twilio.http.get(redirect.headers["location"]).content) == (307, b"hello")
    assert twilio.http.get(redirect.headers["location"], auth=twilio.auth).status_code == 400
    assert twilio.http.get(form["MediaUrl0"]).status_code == 401
    assert twilio.phone("bo")[0]["status"] == "sent"


def test_another_service_can_take_them(twilio: Running) -> None:
    v1 = twilio.client.conversations.v1
    service = v1.services.create(friendly_name="second")
    v1.address_configurations.create(
        type="sms", address=OURS, auto_creation_enabled=True, auto_creation_type="default",
        auto_creation_conversation_service_sid=service.sid,
    )  # fmt: skip
    sid = twilio.inbound("+15550141", "hello")["conversation_sid"]
    thread = v1.services(service.sid).conversations(sid)
    assert [one.body for one in thread.messages.list()] == ["hello"]
    assert thread.participants.list()[0].messaging_binding["address"] == "+15550141"
    made = thread.messages.create(author="Support", body="answer")
    twilio.settled()
    assert thread.messages(made.sid).delivery_receipts.list()[0].status == "delivered"
