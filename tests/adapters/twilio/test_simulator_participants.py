"""Participants: every kind, and every way to be refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.adapters.twilio.judge import Running, running


@pytest.fixture
def twilio() -> Iterator[Running]:
    with running() as one:
        yield one


@pytest.mark.parametrize(
    ("address", "proxy", "kind"),
    [
        ("+15550141", "+15550100", "sms"),
        ("whatsapp:+15550142", "whatsapp:+15550100", "whatsapp"),
        ("whatsapp:US.CY7Q2", "whatsapp:+15550100", "whatsapp"),
        ("messenger:1234567", "messenger:7654321", "messenger"),
        ("rcs:+15550141", "rcs:+15550100", "rcs"),
    ],
)
def test_people_on_a_phone(twilio: Running, address: str, proxy: str, kind: str) -> None:
    thread = twilio.client.conversations.v1.conversations(twilio.client.conversations.v1.conversations.create().sid)
    made = thread.participants.create(messaging_binding_address=address, messaging_binding_proxy_address=proxy)
    assert made.messaging_binding == {"type": kind, "address": address, "proxy_address": proxy}
    assert made.identity is None
    assert thread.participants(made.sid).fetch().role_sid.startswith("RL")


def test_people_in_a_chat(twilio: Running) -> None:
    thread = twilio.client.conversations.v1.conversations(twilio.client.conversations.v1.conversations.create().sid)
    made = thread.participants.create(identity="eve", attributes='{"a":1}')
    assert made.messaging_binding is None
    assert thread.participants("eve").fetch().sid == made.sid
    masked = thread.participants.create(identity="adam", messaging_binding_projected_address="+15550100")
    assert masked.messaging_binding == {"type": "sms", "projected_address": "+15550100"}
    changed = thread.participants(made.sid).update(last_read_message_index=3, attributes="{}")
    assert (changed.last_read_message_index, changed.attributes) == (3, "{}")
    assert [one.identity for one in thread.participants.list()] == ["eve", "adam"]
    assert thread.participants(made.sid).delete()
    assert [one.identity for one in thread.participants.list()] == ["adam"]
    with pytest.raises(TwilioRestException) as error:
        thread.participants("eve").fetch()
    assert error.value.code == 20404


def test_a_number_pair_is_in_one_conversation(twilio: Running) -> None:
    conversations = twilio.client.conversations.v1.conversations
    first, second = conversations.create().sid, conversations.create().sid
    pair = {"messaging_binding_address": "+15550141", "messaging_binding_proxy_address": "+15550100"}
    member = conversations(first).participants.create(**pair)

    def refused() -> None:
        with pytest.raises(TwilioRestException) as error:
            conversations(second).participants.create(**pair)
        assert (error.value.status, error.value.code) == (409, 50416)
        expected = f"A binding for this participant and proxy address already exists in Conversation {first}"
        assert error.value.msg == f"Unable to create record: {expected}"

    refused()
    conversations(first).update(state="inactive")
    refused()
    other = conversations(second).participants.create(
        messaging_binding_address="+15550141", messaging_binding_proxy_address="+15550101"
    )
    assert other.messaging_binding["proxy_address"] == "+15550101", "the same customer over another number of ours"
    conversations(first).participants(member.sid).delete()
    again = conversations(second).participants.create(**pair)
    assert again.sid != member.sid


@pytest.mark.parametrize("ending", ["closed", "removed", "unbound"])
def test_a_pair_is_freed(twilio: Running, ending: str) -> None:
    conversations = twilio.client.conversations.v1.conversations
    first, second = conversations.create().sid, conversations.create().sid
    pair = {"messaging_binding_address": "+15550141", "messaging_binding_proxy_address": "+15550100"}
    member = conversations(first).participants.create(**pair)
    if ending == "closed":
        conversations(first).update(state="closed")
    elif ending == "removed":
        conversations(first).delete()
    else:
        conversations(first).participants(member.sid).update(messaging_binding_proxy_address="null")
    assert conversations(second).participants.create(**pair).conversation_sid == second


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({"MessagingBinding.Address": "0151", "MessagingBinding.ProxyAddress": "+15550100"}, 400, 50407),
        ({"MessagingBinding.Address": "+15550141", "MessagingBinding.ProxyAddress": "x"}, 400, 50408),
        ({"MessagingBinding.Address": "+15550141", "MessagingBinding.ProxyAddress": "+15550141"}, 400, 50409),
        ({"MessagingBinding.Address": "", "MessagingBinding.ProxyAddress": "+15550100"}, 400, 50411),
        ({"MessagingBinding.Address": "+15550141", "MessagingBinding.ProxyAddress": ""}, 400, 50412),
        ({"MessagingBinding.Address": "+15550141", "MessagingBinding.ProxyAddress": "+15550109"}, 400, 50413),
        ({"MessagingBinding.Address": "+15550141", "MessagingBinding.ProxyAddress": "whatsapp:+15550100"}, 400, 50414),
        ({"Identity": "eve"}, 409, 50433),
        ({}, 400, 20001),
        ({"Identity": "x" * 257}, 400, 20001),
        ({"Identity": "adam", "Attributes": "[" + " " * 5000 + "]"}, 400, 50303),
    ],
)
def test_refusals(twilio: Running, form: dict[str, str], status: int, code: int) -> None:
    twilio.control("options", {"numbers": ["+15550100", "whatsapp:+15550100"]})
    sid = twilio.client.conversations.v1.conversations.create().sid
    twilio.client.conversations.v1.conversations(sid).participants.create(identity="eve")
    answer = twilio.rest("POST", f"/v1/Conversations/{sid}/Participants", data=form)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


def test_conversations_of_a_participant(twilio: Running) -> None:
    v1 = twilio.client.conversations.v1
    sids = []
    for proxy in ("+15550100", "+15550101"):
        sids.append(v1.conversations.create().sid)
        v1.conversations(sids[-1]).participants.create(
            messaging_binding_address="+15550141", messaging_binding_proxy_address=proxy
        )
    v1.conversations(sids[1]).participants.create(identity="eve")
    found = v1.participant_conversations.list(address="+15550141")
    assert [one.conversation_sid for one in found] == sids
    assert found[1].participant_messaging_binding["proxy_address"] == "+15550101"
    assert [one.conversation_sid for one in v1.participant_conversations.list(identity="eve")] == sids[1:]
    for query, code in (("?Identity=eve&Address=%2B15550141", 50451), ("", 20001)):
        answer = twilio.rest("GET", f"/v1/ParticipantConversations{query}")
        assert (answer.status_code, answer.json()["code"]) == (400, code)
