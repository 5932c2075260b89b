"""The contract's promises where things go wrong: faults at Twilio and Telegram, order, states, who may speak."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from tests.rig import OURS, Customer, Json, Rig, Topic, rig, until

pytestmark = pytest.mark.slow
numbers = itertools.count(15550300)


@pytest.fixture(scope="module")
def r(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with rig(tmp_path_factory.mktemp("promises"), agents="topics_per_minute = 0") as running:
        yield running


@pytest.fixture(autouse=True)
def no_faults(r: Rig) -> Iterator[None]:
    """Whatever a test switched on ends with it."""
    yield
    for id in ("reorder", "duplicate", "drop_webhook", "skip_index", "refuse", "down", "rate", "slow"):
        r.twilio_fault(id, on=False)


@pytest.fixture
def ana(r: Rig) -> Customer:
    return r.customer(f"+{next(numbers)}")


@pytest.fixture
def topic(r: Rig, ana: Customer) -> Topic:
    ana.says("Hello")
    found = r.topic(f"{ana.address} · SMS")
    found.heard("Hello")
    return found


def conversation_of(r: Rig, who: Customer) -> str:
    """The ConversationSid that is open for a customer."""
    found = rest(r, "GET", "/v1/ParticipantConversations", params={"Address": who.address})["conversations"]
    return next(str(c["conversation_sid"]) for c in found if c["conversation_state"] == "active")


def rest(r: Rig, method: str, path: str, **request: object) -> Json:
    account = r.twilio_control("settings")
    auth = (account["account_sid"], account["auth_token"])
    answer = r.http.request(method, f"{r.twilio.url}/conversations{path}", auth=auth, **request)  # type: ignore[arg-type]
    assert answer.status_code < 300, answer.text
    return answer.json() if answer.content else {}


def quiet(r: Rig) -> None:
    """Until nothing waits any more at the bridge and at Twilio."""
    assert r.twilio_control("idle?timeout=10")["idle"]
    until(lambda: not r.status()["waiting"])


# ---- order, and once


def test_webhooks_in_reverse_are_put_right(r: Rig, ana: Customer, topic: Topic) -> None:
    r.twilio_fault("reorder", {"count": 4, "wait": 0.5})
    for n in range(4):
        ana.says(f"n{n}")
    until(lambda: len(topic.texts()) == 5)
    assert topic.texts() == ["Hello", "n0", "n1", "n2", "n3"]


def test_a_webhook_that_comes_twice_is_one_message(r: Rig, ana: Customer, topic: Topic) -> None:
    r.twilio_fault("duplicate", 3)
    for n in range(3):
        ana.says(f"n{n}")
    topic.heard("n2")
    quiet(r)
    assert topic.texts() == ["Hello", "n0", "n1", "n2"]


def test_a_lost_webhook_is_fetched(r: Rig, ana: Customer, topic: Topic) -> None:
    r.twilio_fault("drop_webhook", 1)
    ana.says("lost on the way")
    ana.says("arrived")
    topic.heard("arrived")
    assert topic.texts() == ["Hello", "lost on the way", "arrived"]


def test_indexes_that_are_skipped_hold_nothing_up(r: Rig, ana: Customer, topic: Topic) -> None:
    r.twilio_fault("skip_index", 3)
    ana.says("further on")
    topic.heard("further on")


def test_twenty_first_messages_at_once_make_one_topic(r: Rig, ana: Customer) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda n: ana.says(f"first {n}"), range(20)))
    topic = r.topic(f"{ana.address} · SMS")
    until(lambda: len(topic.texts()) == 20)
    assert sorted(topic.texts()) == sorted(f"first {n}" for n in range(20))


def test_the_message_alone_suffices(r: Rig, ana: Customer) -> None:
    """No other event than onMessageAdded ever comes: the rest is asked from the API."""
    before = rest(r, "GET", "/v1/Configuration/Webhooks")
    rest(r, "POST", "/v1/Configuration/Webhooks", data={"Filters": "onMessageAdded"})
    try:
        ana.says("only this")
        r.topic(f"{ana.address} · SMS").heard("only this")
    finally:
        rest(r, "POST", "/v1/Configuration/Webhooks", data={"Filters": before["filters"]})


# ---- what failed is told


def test_a_carrier_that_refuses_is_told_in_the_topic(r: Rig, ana: Customer, topic: Topic) -> None:
    r.twilio_fault("refuse", ana.address)
    said = topic.says("can you hear me?")
    notice = topic.heard("Not delivered: the handset is unreachable (30003).")
    assert notice["reply_to"] == said["message_id"]
    r.twilio_fault("refuse", on=False)
    topic.says("and now?")
    ana.heard("and now?")


def test_a_refusal_at_once_is_told_with_its_code(r: Rig, ana: Customer, topic: Topic) -> None:
    r.twilio_fault("refuse", {"address": ana.address, "code": 21610, "status": "failed"})
    topic.says("hello?")
    topic.heard("Not delivered: the customer has opted out by texting STOP (21610).")
    r.twilio_fault("refuse", on=False)


def test_many_parts_fail_and_it_is_told_once(r: Rig, ana: Customer, topic: Topic) -> None:
    r.twilio_fault("refuse", ana.address)
    topic.says("word " * 790)
    until(lambda: len(ana.got()) == 3)
    topic.heard("Not delivered: the handset is unreachable (30003).")
    quiet(r)
    assert len(topic.texts()) == 2
    r.twilio_fault("refuse", on=False)


# ---- networks that are away, slow, or in doubt


def test_twilio_is_down_and_comes_back(r: Rig, ana: Customer, topic: Topic) -> None:
    r.twilio_fault("down")
    topic.says("one")
    topic.says("two")
    until(lambda: [w for w in r.status()["waiting"] if w["label"] == ana.address])
    r.twilio_fault("down", on=False)
    until(lambda: len(ana.got()) == 2, 60)
    assert [m["body"] for m in ana.got()] == ["one", "two"]


@pytest.mark.parametrize("fault", ["cut_before", "cut_after", "error_before", "error_after"])
def test_an_answer_that_is_lost_doubles_nothing_at_twilio(r: Rig, ana: Customer, topic: Topic, fault: str) -> None:
    r.twilio_fault(fault, 1)
    topic.says("one")
    topic.says("two")
    until(lambda: len(ana.got()) >= 2, 60)
    quiet(r)
    assert [m["body"] for m in ana.got()] == ["one", "two"]


def test_twilio_says_429_and_is_believed(r: Rig, ana: Customer, topic: Topic) -> None:
    r.twilio_fault("rate", {"count": 3, "retry_after": 1})
    topic.says("patience")
    ana.heard("patience")


def test_telegram_says_429_and_the_message_waits(r: Rig, ana: Customer, topic: Topic) -> None:
    r.telegram_fault("rate", 2)
    ana.says("slowly")
    waiting = until(lambda: [w for w in r.status()["waiting"] if w["label"] == ana.address])
    assert waiting[0]["until"]
    topic.heard("slowly")
    r.telegram_fault("rate", on=False)


def test_telegram_lost_the_answer_and_the_repeat_says_so(r: Rig, ana: Customer, topic: Topic) -> None:
    r.telegram_fault("cut_after", 1)
    ana.says("did you get this?")
    until(lambda: len(topic.texts()) == 3)
    first, second = topic.texts()[1:]
    assert first == "did you get this?"
    assert second.startswith("did you get this?\n(this message may be here twice")


def test_one_stuck_customer_holds_up_no_other(r: Rig, ana: Customer, topic: Topic) -> None:
    other = r.customer(f"+{next(numbers)}")
    other.says("Hello")
    there = r.topic(f"{other.address} · SMS")
    r.twilio_fault("slow", {"seconds": 8, "count": 1})
    topic.says("stuck")
    there.says("through")
    other.heard("through")
    assert [m["body"] for m in ana.got()] == []
    until(ana.got, 60)


# ---- states


def test_a_conversation_that_twilio_closed_is_made_anew_by_the_agent(r: Rig, ana: Customer, topic: Topic) -> None:
    old = conversation_of(r, ana)
    rest(r, "POST", f"/v1/Conversations/{old}", data={"State": "closed"}, headers={"X-Twilio-Webhook-Enabled": "true"})
    quiet(r)
    topic.says("still there?")
    assert ana.heard("still there?")["conversation"] != old
    ana.says("yes")
    topic.heard("yes")


def test_a_conversation_that_was_closed_unseen(r: Rig, ana: Customer, topic: Topic) -> None:
    """No webhook told us: the send finds out."""
    old = conversation_of(r, ana)
    rest(r, "POST", f"/v1/Conversations/{old}", data={"State": "closed"})
    topic.says("hello again")
    assert ana.heard("hello again")["conversation"] != old


def test_a_removed_conversation_and_a_customer_who_writes_again(r: Rig, ana: Customer, topic: Topic) -> None:
    old = conversation_of(r, ana)
    rest(r, "DELETE", f"/v1/Conversations/{old}", headers={"X-Twilio-Webhook-Enabled": "true"})
    ana.says("me again")
    topic.heard("me again")
    topic.says("welcome back")
    ana.heard("welcome back")


def test_the_pair_is_held_by_a_conversation_that_we_did_not_see(r: Rig, ana: Customer, topic: Topic) -> None:
    """50416: the one that holds the pair is adopted."""
    old = conversation_of(r, ana)
    rest(r, "POST", f"/v1/Conversations/{old}", data={"State": "closed"})
    new = rest(r, "POST", "/v1/Conversations", data={"FriendlyName": "made elsewhere"})["sid"]
    pair = {"MessagingBinding.Address": ana.address, "MessagingBinding.ProxyAddress": OURS}
    rest(r, "POST", f"/v1/Conversations/{new}/Participants", data=pair)
    topic.says("found you")
    assert ana.heard("found you")["conversation"] == new


def test_a_closed_topic_is_reopened(r: Rig, ana: Customer, topic: Topic) -> None:
    r.telegram_control("act", {"do": "close_topic", "group": "-1001234567890", "topic": str(topic.id)})
    ana.says("knock knock")
    topic.heard("knock knock")


# ---- who may speak, and to whom


def test_general_goes_to_nobody(r: Rig, ana: Customer, topic: Topic) -> None:
    r.telegram_control("say", {"text": "lunch?", "topic": 1, "person": "eve"})
    topic.says("to the customer")
    ana.heard("to the customer")
    assert "lunch?" not in [m["body"] for m in r.sent_to_phones()]


@pytest.mark.parametrize("person", ["anonymous", "channel", "linked"])
def test_who_is_no_agent_is_told_so_once(r: Rig, ana: Customer, topic: Topic, person: str) -> None:
    first = topic.says("psst", person=person)
    topic.says("psst again", person=person)
    notice = until(lambda: [m for m in topic.messages() if m["text"].startswith("Not relayed")])[0]
    assert notice["reply_to"] == first["message_id"]
    topic.says("a real answer")
    ana.heard("a real answer")
    assert [m["body"] for m in ana.got()] == ["a real answer"]
    assert len([t for t in topic.texts() if t.startswith("Not relayed")]) == 1


def test_a_customer_by_whatsapp_without_a_number(r: Rig) -> None:
    cy = r.customer("whatsapp:US.CY7Q2XYZ")
    cy.says("no number here")
    topic = r.topic("US.CY7Q2XYZ · WhatsApp")
    topic.heard("no number here")
    topic.says("none needed")
    cy.heard("none needed")


def test_what_customers_write_is_text_and_nothing_else(r: Rig, ana: Customer, topic: Topic) -> None:
    text = "/close @all <b>*x*</b> [a](http://x) {{7*7}}"
    ana.says(text)
    topic.heard(text)


def test_an_address_that_no_bridge_names_is_recorded_and_goes_nowhere(r: Rig, ana: Customer) -> None:
    made = rest(r, "POST", "/v1/Conversations", data={})["sid"]
    pair = {"MessagingBinding.Address": ana.address, "MessagingBinding.ProxyAddress": "+15550999"}
    rest(r, "POST", f"/v1/Conversations/{made}/Participants", data=pair, headers={"X-Twilio-Webhook-Enabled": "true"})
    form = {"Author": ana.address, "Body": "wrong number"}
    rest(r, "POST", f"/v1/Conversations/{made}/Messages", data=form, headers={"X-Twilio-Webhook-Enabled": "true"})
    until(lambda: "which no bridge names" in r.log())
    assert "wrong number" not in [m["text"] for m in r.sent_to_topics()]


def test_nothing_private_stands_in_the_log(r: Rig) -> None:
    log, account = r.log(), r.twilio_control("settings")
    assert account["auth_token"] not in log
    assert r.telegram_control("settings")["settings"]["bot_token"] not in log
    assert "still there?" not in log
    assert "+15550300" not in log
