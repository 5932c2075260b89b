"""STOP, START, HELP: what Twilio does by itself, on both roads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.adapters.twilio.judge import OURS, PAGE, Receiver, Running, listening, running

ANA, WHATSAPP = "+15550141", f"whatsapp:{OURS}"


@pytest.fixture
def twilio() -> Iterator[Running]:
    with running(messaging=[OURS, WHATSAPP, PAGE, "+15550101"]) as one:
        yield one


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    yield one
    one.close()


def blocked(twilio: Running, to: str = ANA, sender: str = OURS) -> bool:
    path = f"/2010-04-01/Accounts/{twilio.account_sid}/Messages.json"
    answer = twilio.rest("POST", path, "api", data={"To": to, "From": sender, "Body": "x"})
    assert answer.status_code == 201 or (answer.status_code, answer.json()["code"]) == (400, 21610)
    return answer.status_code == 400


@pytest.mark.parametrize(
    "word", ["STOP", "stop", " Stop\n", "STOPALL", "unsubscribe", "CANCEL", "End", "QUIT", "REVOKE", "OPTOUT"]
)
def test_every_word_that_stops(twilio: Running, receiver: Receiver, word: str) -> None:
    listening(twilio, receiver)
    twilio.act(do="say", person="ana", text=word)
    twilio.settled()
    assert [hook.form["Body"] for hook in receiver.hooks] == [word], "the webhook is told all the same"
    assert "OptOutType" not in receiver.hooks[0].form
    mine, answer = twilio.phone("ana")
    assert (mine["mine"], answer["mine"], answer["author"]) == (True, False, OURS)
    assert answer["text"]
    assert blocked(twilio)


@pytest.mark.parametrize("text", ["please stop", "stop it", "STOP.", "", "nonstop"])
def test_a_word_in_a_sentence_stops_nothing(twilio: Running, receiver: Receiver, text: str) -> None:
    listening(twilio, receiver)
    twilio.inbound(ANA, text)
    assert not blocked(twilio)


@pytest.mark.parametrize("word", ["START", "unstop", "Yes"])
def test_start_lifts_it(twilio: Running, receiver: Receiver, word: str) -> None:
    listening(twilio, receiver)
    twilio.inbound(ANA, "STOP")
    twilio.inbound(ANA, word)
    assert not blocked(twilio)


def test_what_changes_nothing_is_not_answered_but_help_is(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    for word in ("START", "STOP", "STOP", "HELP", "INFO"):
        twilio.act(do="say", person="ana", text=word)
    twilio.settled()
    assert [bubble["mine"] for bubble in twilio.phone("ana")].count(False) == 3


def test_it_holds_for_one_sender_and_one_customer(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    twilio.inbound(ANA, "STOP")
    assert blocked(twilio)
    assert not blocked(twilio, sender="+15550101")
    assert not blocked(twilio, to="+15550177")
    assert not blocked(twilio, to=f"whatsapp:{ANA}", sender=WHATSAPP), "WhatsApp stands apart"
    twilio.inbound(f"whatsapp:{ANA}", "stop", to=WHATSAPP)
    assert blocked(twilio, to=f"whatsapp:{ANA}", sender=WHATSAPP)


def test_it_holds_for_a_whole_messaging_service(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    services = twilio.client.messaging.v1.services
    service = services.create(friendly_name="desk", use_inbound_webhook_on_number=True)
    for number in twilio.client.incoming_phone_numbers.list():
        services(service.sid).phone_numbers.create(phone_number_sid=number.sid)
    twilio.inbound(ANA, "STOP")
    assert blocked(twilio)
    assert blocked(twilio, sender="+15550101")
    sent = twilio.client.messages.create(to=ANA, messaging_service_sid=service.sid, body="x")
    twilio.settled()
    assert twilio.client.messages(sent.sid).fetch().error_code == 21610


def test_a_reply_to_stop_is_blocked(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    receiver.twiml = "<Response><Message>We are sorry.</Message></Response>"
    twilio.act(do="say", person="ana", text="STOP")
    twilio.settled()
    assert "We are sorry." not in [bubble["text"] for bubble in twilio.phone("ana")]


def test_advanced_opt_out_is_told(receiver: Receiver) -> None:
    with running(messaging=[OURS], advanced_opt_out=True) as twilio:
        services = twilio.client.messaging.v1.services
        service = services.create(friendly_name="desk", inbound_request_url=f"{receiver.url}/in")
        (number,) = twilio.client.incoming_phone_numbers.list()
        services(service.sid).phone_numbers.create(phone_number_sid=number.sid)
        for text in ("STOP", "hello", "START", "HELP"):
            twilio.inbound(ANA, text)
        twilio.settled()
        assert [hook.form.get("OptOutType") for hook in receiver.hooks] == ["STOP", None, "START", "HELP"]


def test_in_a_conversation_it_comes_as_a_receipt(receiver: Receiver) -> None:
    with running() as twilio:
        listening(twilio, receiver)
        sid = twilio.inbound(ANA, "STOP")["conversation_sid"]
        thread = twilio.client.conversations.v1.conversations(sid)
        twilio.settled()
        assert receiver.one("onMessageAdded").form["Body"] == "STOP"

        def receipt() -> tuple[Any, Any]:
            made = thread.messages.create(author="Eve", body="x")
            twilio.settled()
            (one,) = thread.messages(made.sid).delivery_receipts.list()
            return one.status, one.error_code

        assert receipt() == ("failed", 21610)
        twilio.inbound(ANA, "start")
        assert receipt() == ("delivered", 0)
