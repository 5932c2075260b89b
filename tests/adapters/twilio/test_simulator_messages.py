"""Messages and their receipts, by the official SDK."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.adapters.twilio.judge import OURS, Running, running


@pytest.fixture
def twilio() -> Iterator[Running]:
    with running() as one:
        yield one


def thread_with(twilio: Running, address: str, proxy: str = OURS) -> Any:
    conversations = twilio.client.conversations.v1.conversations
    thread = conversations(conversations.create().sid)
    thread.participants.create(messaging_binding_address=address, messaging_binding_proxy_address=proxy)
    return thread


def test_said_changed_and_removed(twilio: Running) -> None:
    thread = thread_with(twilio, "+15550141")
    made = thread.messages.create(author="Support", body="hello", attributes=json.dumps({"delivery": "d1"}))
    assert (made.index, made.author, made.body, made.media, made.participant_sid) == (0, "Support", "hello", None, None)
    changed = thread.messages(made.sid).update(body="hello!", attributes="{}")
    assert (changed.body, changed.attributes, changed.author) == ("hello!", "{}", "Support")
    assert thread.messages.create().author == "system"
    assert thread.messages(made.sid).delete()
    assert [one.index for one in thread.messages.list()] == [1], "an index is never given twice"
    assert thread.messages.create(body="x").index == 2


def test_the_author_may_be_a_participant(twilio: Running) -> None:
    thread = thread_with(twilio, "+15550141")
    eve = thread.participants.create(identity="eve")
    assert thread.messages.create(author="eve", body="x").participant_sid == eve.sid
    own = thread.messages.create(author="+15550141", body="x")
    assert own.delivery is None, "a message does not go back to its author"
    assert own.participant_sid.startswith("MB")


def test_order_and_pages(twilio: Running) -> None:
    thread = thread_with(twilio, "+15550141")
    for n in range(7):
        thread.messages.create(body=str(n))
    twilio.settled()
    assert [one.body for one in thread.messages.list(page_size=3)] == list("0123456")
    assert [one.body for one in thread.messages.list(page_size=3, order="desc")] == list("6543210")
    page = thread.messages.page(order="desc", page_size=2)
    assert "Order=desc" in page.next_page_url
    assert [one.body for one in page.next_page()] == ["4", "3"]


def test_an_index_may_skip(twilio: Running) -> None:
    thread = thread_with(twilio, "+15550141")
    thread.messages.create(body="a")
    twilio.fault("skip_index", 3)
    assert [thread.messages.create(body=one).index for one in "bc"] == [4, 5]


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({"Body": "x" * 1601}, 400, 50504),
        ({"ContentSid": "HX" + "0" * 32}, 400, 50526),
        ({"ContentVariables": "{}", "Body": "x"}, 400, 50528),
        ({"Body": "x", "Attributes": "nope"}, 400, 50304),
        ({"MediaSid": "ME1"}, 400, 50510),
        ({"MediaSid": "ME" + "0" * 32}, 404, 50507),
    ],
)
def test_refusals(twilio: Running, form: dict[str, str], status: int, code: int) -> None:
    sid = thread_with(twilio, "+15550141").messages.create(body="x").conversation_sid
    answer = twilio.rest("POST", f"/v1/Conversations/{sid}/Messages", data=form)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert len(twilio.client.conversations.v1.conversations(sid).messages.list()) == 1


def test_the_longest_text(twilio: Running) -> None:
    assert thread_with(twilio, "+15550141").messages.create(body="ü" * 1600).index == 0
    conversations = twilio.client.conversations.v1.conversations
    chat = conversations(conversations.create().sid)
    assert chat.messages.create(body="x" * 30000).index == 0
    with pytest.raises(TwilioRestException):
        chat.messages.create(body="x" * 33000)


def test_a_message_in_another_conversation_is_not_found(twilio: Running) -> None:
    one, other = thread_with(twilio, "+15550141"), thread_with(twilio, "+15550142")
    made = one.messages.create(body="x")
    with pytest.raises(TwilioRestException) as error:
        other.messages(made.sid).fetch()
    assert (error.value.status, error.value.code) == (404, 20404)


def test_receipts_of_an_sms_end_at_delivered(twilio: Running) -> None:
    thread = thread_with(twilio, "+15550141")
    made = thread.messages.create(author="Support", body="hello")
    assert made.delivery["total"] == 1
    twilio.settled()
    (receipt,) = thread.messages(made.sid).delivery_receipts.list()
    assert receipt.status == "delivered"
    assert receipt.error_code == 0
    assert receipt.channel_message_sid.startswith("SM")
    assert thread.messages(made.sid).delivery_receipts(receipt.sid).fetch().participant_sid == receipt.participant_sid
    twilio.act(do="read", person="ana")
    assert thread.messages(made.sid).delivery_receipts(receipt.sid).fetch().status == "delivered"
    assert thread.messages(made.sid).fetch().delivery == {
        "total": 1, "sent": "all", "delivered": "all", "read": "none", "failed": "none", "undelivered": "none",
    }  # fmt: skip


def test_whatsapp_says_when_it_was_read(twilio: Running) -> None:
    thread = thread_with(twilio, "whatsapp:+15550142", "whatsapp:+15550100")
    made = thread.messages.create(author="Support", body="hello")
    twilio.settled()
    twilio.act(do="read", person="bo")
    (receipt,) = thread.messages(made.sid).delivery_receipts.list()
    assert receipt.status == "read"
    assert thread.messages(made.sid).fetch().delivery["read"] == "all"


def test_several_phones_have_a_receipt_each(twilio: Running) -> None:
    thread = thread_with(twilio, "+15550141")
    thread.participants.create(messaging_binding_address="+15550142", messaging_binding_proxy_address=OURS)
    thread.participants.create(identity="eve")
    twilio.fault("refuse", "+15550142")
    made = thread.messages.create(author="eve", body="hello")
    twilio.settled()
    assert sorted(str(one.status) for one in thread.messages(made.sid).delivery_receipts.list()) == [
        "delivered", "undelivered",
    ]  # fmt: skip
    delivery = thread.messages(made.sid).fetch().delivery
    assert (delivery["total"], delivery["delivered"], delivery["undelivered"]) == (2, "some", "some")


@pytest.mark.parametrize(
    ("fault", "value", "status", "code"),
    [
        ("refuse", None, "undelivered", 30003),
        ("refuse", ["whatsapp:+15550142"], "undelivered", 30003),
        ("refuse", {"address": "whatsapp:+15550142", "code": 30008, "status": "failed"}, "failed", 30008),
        ("window_closed", None, "failed", 63016),
        ("refuse", "+15550199", "delivered", 0),
    ],
)
def test_what_the_carrier_refuses_is_accepted_first(
    twilio: Running, fault: str, value: Any, status: str, code: int
) -> None:
    thread = thread_with(twilio, "whatsapp:+15550142", "whatsapp:+15550100")
    twilio.fault(fault, value)
    made = thread.messages.create(author="Support", body="hello")
    twilio.settled()
    (receipt,) = thread.messages(made.sid).delivery_receipts.list()
    assert (receipt.status, receipt.error_code) == (status, code)
    assert len(twilio.phone("bo")) == (1 if status == "delivered" else 0)


def test_accepted_messages_are_counted_for_ever(twilio: Running) -> None:
    thread = thread_with(twilio, "+15550141")
    made = thread.messages.create(author="Support", body="hello", attributes='{"d":1}')
    twilio.inbound("+15550141", "not mine")
    twilio.client.conversations.v1.conversations(made.conversation_sid).delete()
    (one,) = twilio.accepted()
    assert (one["conversation"], one["index"], one["author"], one["body"]) == (
        made.conversation_sid,
        0,
        "Support",
        "hello",
    )
    assert (one["attributes"], one["address"], one["message"]) == ('{"d":1}', "+15550141", made.sid)
    assert twilio.control(f"accepted?after={one['n']}")["accepted"] == []
