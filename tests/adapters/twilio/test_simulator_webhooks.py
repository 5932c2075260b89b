"""Webhooks as a receiver sees them, their signatures verified by the official SDK."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.adapters.twilio.judge import OURS, Receiver, Running, listening, running

COMMON = {"EventType", "AccountSid", "Source", "ClientIdentity", "RetryCount"}
PAIR = {"MessagingBinding.ProxyAddress", "MessagingBinding.Address"}
THREAD = {"ConversationSid", "DateCreated", "DateUpdated", "FriendlyName", "UniqueName", "Attributes", "ChatServiceSid",
          "MessagingServiceSid", "State"}  # fmt: skip
MESSAGE = {"ConversationSid", "MessageSid", "MessagingServiceSid", "ChatServiceSid", "Index", "DateCreated", "Body",
           "Author", "ParticipantSid", "Attributes"}  # fmt: skip
MEMBER = {"ConversationSid", "ParticipantSid", "DateCreated", "RoleSid", "Attributes", "MessagingBinding.Type"} | PAIR
# docs: conversations-webhooks
FIELDS = {
    "onConversationAdded": THREAD,
    "onConversationUpdated": THREAD,
    "onConversationRemoved": THREAD | {"DateRemoved"},
    "onConversationStateUpdated": {"ChatServiceSid", "StateUpdated", "StateFrom", "StateTo", "ConversationSid",
                                   "Reason", "MessagingServiceSid"},
    "onMessageAdded": MESSAGE,
    "onMessageUpdated": MESSAGE | {"DateUpdated"},
    "onMessageRemoved": MESSAGE | {"DateUpdated", "DateRemoved"},
    "onParticipantAdded": MEMBER,
    "onParticipantUpdated": MEMBER | {"DateUpdated", "LastReadMessageIndex"},
    "onParticipantRemoved": MEMBER | {"DateUpdated", "DateRemoved"},
    "onDeliveryUpdated": {"ConversationSid", "ChatServiceSid", "MessageSid", "DeliveryReceiptSid", "ChannelMessageSid",
                          "ParticipantSid", "Status", "ErrorCode", "DateCreated", "DateUpdated"},
}  # fmt: skip
CAPTURED = ["EventType", "Attributes", "DateCreated", "Index", "MessageSid", "AccountSid", "Source", "ClientIdentity",
            "RetryCount", "Author", "ParticipantSid", "Body", "ConversationSid"]  # fmt: skip


@pytest.fixture
def twilio() -> Iterator[Running]:
    with running() as one:
        yield one


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    yield one
    one.close()


def delete(twilio: Running, path: str) -> None:
    """By plain HTTP: the SDK (9.13) takes the header's argument on delete and does not send it."""
    answer = twilio.rest("DELETE", f"/v1/Conversations{path}", headers={"X-Twilio-Webhook-Enabled": "true"})
    assert (answer.status_code, answer.content) == (204, b"")


def play_everything(twilio: Running) -> str:
    """Every post-event once, or more; returns the conversation."""
    thread = twilio.client.conversations.v1.conversations
    headers = {"x_twilio_webhook_enabled": "true"}
    made = thread.create(friendly_name="desk", unique_name="desk", **headers)
    sid = made.sid
    one = thread(sid)
    member = one.participants.create(
        messaging_binding_address="+15550141", messaging_binding_proxy_address=OURS, **headers
    )
    message = one.messages.create(author="+15550141", body="one", **headers)
    one.messages(message.sid).update(body="two", **headers)
    one.messages.create(author="Support", body="answer")
    delete(twilio, f"/{sid}/Messages/{message.sid}")
    one.participants(member.sid).update(last_read_message_index=0, **headers)
    twilio.settled()
    delete(twilio, f"/{sid}/Participants/{member.sid}")
    one.update(friendly_name="other", state="inactive", **headers)
    delete(twilio, f"/{sid}")
    twilio.settled()
    return str(sid)


def test_every_event_has_its_documented_fields(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    sid = play_everything(twilio)
    assert set(receiver.events(sid)) == set(FIELDS)
    for hook in receiver.hooks:
        hook.verify(twilio.auth_token)
        names = [name for name, _ in hook.pairs]
        assert len(names) == len(set(names))
        assert set(names) == COMMON | FIELDS[hook.event], hook.event
        assert hook.headers["content-type"] == "application/x-www-form-urlencoded; charset=utf-8"
        assert hook.headers["user-agent"] == "TwilioProxy/1.1"
        assert hook.headers["accept"] == "*/*"
        assert uuid.UUID(hook.headers["i-twilio-idempotency-token"])
        assert (hook.form["ClientIdentity"], hook.form["RetryCount"]) == ("", "0")
    tokens = [hook.headers["i-twilio-idempotency-token"] for hook in receiver.hooks]
    assert len(set(tokens)) == len(tokens)


def test_the_order_of_a_message_is_the_captured_one(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    twilio.inbound("+15550141", "hello & goodbye = ü ☎")
    twilio.settled()
    hook = receiver.one("onMessageAdded")
    assert [name for name, _ in hook.pairs][: len(CAPTURED)] == CAPTURED
    assert hook.form["Body"] == "hello & goodbye = ü ☎"
    assert hook.form["Source"] == "SMS"
    assert hook.form["Author"] == "+15550141"
    assert len(hook.form["DateCreated"]) == len("2021-08-10T18:00:58.111Z")


def test_rest_changes_are_silent_unless_asked(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    conversations = twilio.client.conversations.v1.conversations
    thread = conversations(conversations.create().sid)
    thread.participants.create(messaging_binding_address="+15550141", messaging_binding_proxy_address=OURS)
    thread.messages.create(author="Support", body="quiet")
    twilio.settled()
    assert set(receiver.events()) == {"onDeliveryUpdated"}, "receipts are told, nothing else"
    assert [hook.form["Status"] for hook in receiver.hooks] == ["sent", "delivered"]
    thread.messages.create(author="Support", body="loud", x_twilio_webhook_enabled="true")
    twilio.settled()
    hook = receiver.one("onMessageAdded")
    assert (hook.form["Source"], hook.form["Body"], hook.form["Author"]) == ("API", "loud", "Support")
    assert "ParticipantSid" not in hook.form


def test_receipts_of_quiet_messages_are_a_switch(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    twilio.control("options", {"delivery_events": False})
    sid = twilio.inbound("+15550141", "hello")["conversation_sid"]
    twilio.client.conversations.v1.conversations(sid).messages.create(author="Support", body="quiet")
    twilio.settled()
    assert "onDeliveryUpdated" not in receiver.events()


def test_failed_receipts_carry_their_code(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    sid = twilio.inbound("+15550141", "hello")["conversation_sid"]
    twilio.fault("refuse", "+15550141")
    twilio.client.conversations.v1.conversations(sid).messages.create(author="Support", body="x")
    twilio.settled()
    told = [
        (hook.form["Status"], hook.form["ErrorCode"]) for hook in receiver.hooks if hook.event == "onDeliveryUpdated"
    ]
    assert told == [("sent", ""), ("undelivered", "30003")]


def test_all_levels_have_their_own_request(twilio: Running, receiver: Receiver) -> None:
    v1 = twilio.client.conversations.v1
    sid = v1.conversations.create().sid
    service = v1.conversations(sid).fetch().chat_service_sid
    filters = ["onMessageAdded"]
    account = v1.configuration.webhooks().update(
        post_webhook_url=f"{receiver.url}/account", filters=filters, method="POST"
    )
    assert (account.target, account.filters, account.method) == ("webhook", filters, "POST")
    assert v1.services(service).configuration.webhooks().fetch().post_webhook_url is None
    v1.services(service).configuration.webhooks().update(post_webhook_url=f"{receiver.url}/service", filters=filters)
    v1.conversations(sid).webhooks.create(
        target="webhook",
        configuration_url=f"{receiver.url}/own",
        configuration_filters=filters,
        configuration_method="get",
    )
    v1.conversations(sid).messages.create(author="x", body="a+b c&d", x_twilio_webhook_enabled="true")
    v1.conversations(sid).update(friendly_name="filtered out", x_twilio_webhook_enabled="true")
    twilio.settled()
    assert [hook.url.removeprefix(receiver.url).partition("?")[0] for hook in receiver.hooks] == [
        "/account", "/service", "/own",
    ]  # fmt: skip
    assert [hook.method for hook in receiver.hooks] == ["POST", "POST", "GET"]
    assert {hook.form["Body"] for hook in receiver.hooks} == {"a+b c&d"}
    for hook in receiver.hooks:
        hook.verify(twilio.auth_token)
    twilio.control("options", {"both_levels": False})
    v1.conversations(sid).messages.create(author="x", body="again", x_twilio_webhook_enabled="true")
    twilio.settled()
    assert [hook.url.removeprefix(receiver.url).partition("?")[0] for hook in receiver.hooks[3:]] == [
        "/service",
        "/own",
    ]


def test_a_conversation_has_five_webhooks_at_most(twilio: Running) -> None:
    v1 = twilio.client.conversations.v1
    thread = v1.conversations(v1.conversations.create().sid)
    for n in range(5):
        made = thread.webhooks.create(target="webhook", configuration_url=f"https://e.example/{n}")
    assert made.configuration == {"url": "https://e.example/4", "method": "post"}
    assert len(thread.webhooks.list()) == 5
    for form, code in (
        ({"target": "webhook", "configuration_url": "https://e.example/5"}, 50361),
        ({"target": "webhook"}, 50361),
    ):
        with pytest.raises(TwilioRestException) as error:
            thread.webhooks.create(**form)
        assert error.value.code == code
    changed = thread.webhooks(made.sid).update(configuration_filters=["onMessageAdded", "onDeliveryUpdated"])
    assert changed.configuration["filters"] == ["onMessageAdded", "onDeliveryUpdated"]
    with pytest.raises(TwilioRestException) as error:
        thread.webhooks(made.sid).update(configuration_filters=["onMessageAdd"])
    assert error.value.code == 50365, "pre-events are not for conversations"
    thread.webhooks(made.sid).delete()
    for form, code in (
        ({"target": "webhook"}, 50369),
        ({"target": "trigger", "configuration_url": "https://e.example/"}, 50371),
        ({"target": "studio"}, 50367),
        ({"target": "else"}, 50364),
    ):
        with pytest.raises(TwilioRestException) as error:
            thread.webhooks.create(**form)
        assert error.value.code == code


def test_triggers_listen_for_words(twilio: Running, receiver: Receiver) -> None:
    sid = twilio.client.conversations.v1.conversations.create().sid
    thread = twilio.client.conversations.v1.conversations(sid)
    thread.webhooks.create(target="trigger", configuration_url=receiver.url, configuration_triggers=["help"])
    for body in ("nothing", "please HELP me"):
        thread.messages.create(author="x", body=body, x_twilio_webhook_enabled="true")
    twilio.settled()
    assert receiver.one("onMessageAdded").form["Body"] == "please HELP me"


def test_nothing_fires_that_no_filter_names(twilio: Running, receiver: Receiver) -> None:
    webhooks = twilio.client.conversations.v1.configuration.webhooks()
    webhooks.update(post_webhook_url=receiver.url)
    assert webhooks.fetch().filters is None
    twilio.client.conversations.v1.conversations.create(x_twilio_webhook_enabled="true")
    twilio.settled()
    assert receiver.events() == []


def test_within_a_conversation_each_is_awaited(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    for n in range(30):
        twilio.inbound(f"+1555014{n % 3}", str(n))
    twilio.settled()
    bodies = [hook.form["Body"] for hook in receiver.hooks if hook.event == "onMessageAdded"]
    for k in range(3):
        assert [one for one in bodies if int(one) % 3 == k] == [str(n) for n in range(30) if n % 3 == k]


def test_they_can_overtake_each_other(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    twilio.fault("reorder", {"count": 3, "wait": 5})
    twilio.inbound("+15550141", "first")
    twilio.settled()
    assert receiver.events() == ["onMessageAdded", "onParticipantAdded", "onConversationAdded"]


def test_one_can_be_lost(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    twilio.fault("drop_webhook")
    twilio.act(do="say", person="ana", text="lost")
    twilio.act(do="say", person="ana", text="kept")
    twilio.settled()
    assert receiver.one("onMessageAdded").form["Body"] == "kept"
    assert [(one["text"], one["status"]) for one in twilio.phone("ana")] == [("lost", "failed"), ("kept", "sent")]


def test_they_can_come_many_times(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    twilio.fault("duplicate", 5)
    twilio.inbound("+15550141", "x")
    twilio.settled()
    copies = [hook for hook in receiver.hooks if hook.event == "onMessageAdded"]
    assert len(copies) == 5
    assert len({hook.form["MessageSid"] for hook in copies}) == 1
    assert len({hook.headers["i-twilio-idempotency-token"] for hook in copies}) == 5


def test_receipts_can_come_twice_and_backwards(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    sid = twilio.inbound("+15550141", "x")["conversation_sid"]
    twilio.fault("doubled_receipts")
    twilio.client.conversations.v1.conversations(sid).messages.create(body="y")
    twilio.settled()
    told = [hook.form["Status"] for hook in receiver.hooks if hook.event == "onDeliveryUpdated"]
    assert told == ["sent", "delivered", "delivered", "sent"]


@pytest.mark.parametrize(("status", "attempts"), [(200, 1), (500, 1), (403, 1), (503, 3), (429, 3)])
def test_retries_are_off_and_can_be_on(twilio: Running, receiver: Receiver, status: int, attempts: int) -> None:
    listening(twilio, receiver)
    receiver.answer = lambda form: status if form["EventType"] == "onMessageAdded" else 200
    twilio.inbound("+15550141", "x")
    twilio.settled()
    assert receiver.events().count("onMessageAdded") == 1
    twilio.control("options", {"webhook_retries": 2})
    twilio.inbound("+15550141", "y")
    twilio.settled()
    tries = [hook for hook in receiver.hooks if hook.form.get("Body") == "y"]
    assert [hook.form["RetryCount"] for hook in tries] == [str(n) for n in range(attempts)]
    assert len({hook.headers["i-twilio-idempotency-token"] for hook in tries}) == 1
    for hook in tries:
        hook.verify(twilio.auth_token)


def test_anything_can_be_told_and_is_signed(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    fields = {"EventType": "onSomethingNew", "ExternalUserId": "ü", "Empty": ""}
    twilio.control("event", {"conversation_sid": "CH1", "fields": fields})
    twilio.settled()
    hook = receiver.one("onSomethingNew")
    hook.verify(twilio.auth_token)
    assert hook.form == fields


def test_a_slow_receiver_is_given_up(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    twilio.control("options", {"webhook_timeout": 0.05})
    gate = threading.Event()

    def hang(form: dict[str, str]) -> int:
        if form["EventType"] == "onMessageAdded":
            gate.wait(5)
        return 200

    receiver.answer = hang
    twilio.act(do="say", person="ana", text="x")
    twilio.settled()
    gate.set()
    (bubble,) = twilio.phone("ana")
    assert (bubble["status"], bubble["error"]) == ("failed", "no answer within 0.05 s")
