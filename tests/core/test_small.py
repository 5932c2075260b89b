"""Receipts, routing, ordering, ids, notices: tables."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core import notices
from bridge.core.capabilities import MediaRule
from bridge.core.content import Role, Side, kind_of
from bridge.core.ids import BindingId, ChannelName, ConversationId, delivery_id, message_id, parse_delivery_id
from bridge.core.ordering import Place, place
from bridge.core.receipts import ReceiptState, supersedes
from bridge.core.routing import TITLE_LENGTH, Leg, prefix, targets, title

S, D, R, F = ReceiptState.SENT, ReceiptState.DELIVERED, ReceiptState.READ, ReceiptState.FAILED


@pytest.mark.parametrize(
    ("old", "news"),
    [(None, [S, D, R, F]), (S, [D, R, F]), (D, [R]), (R, []), (F, [])],
)
def test_what_is_news(old: ReceiptState | None, news: list[ReceiptState]) -> None:
    assert [n for n in ReceiptState if supersedes(n, old)] == news


def test_receipts_in_any_order_end_alike() -> None:
    for order in permutations([S, D, R, S, D]):
        state: ReceiptState | None = None
        for new in order:
            state = new if supersedes(new, state) else state
        assert state is R


def leg(id: str, side: Side) -> Leg:
    return Leg(id=BindingId(id), channel=ChannelName("x"), side=side)


LEGS = [leg("sms", Side.CUSTOMER), leg("wa", Side.CUSTOMER), leg("tg", Side.AGENT), leg("web", Side.AGENT)]


@pytest.mark.parametrize(
    ("label", "origin", "answer", "by_customer", "to"),
    [
        ("a customer reaches all agents", "sms", "sms", True, ["tg", "web"]),
        ("an agent reaches who wrote last, and the other agents", "tg", "wa", False, ["wa", "web"]),
        ("nobody to answer", "tg", None, False, ["web"]),
        ("a program at the customer's network isn't sent back there", "sms", "sms", False, ["tg", "web"]),
    ],
)
def test_targets(label: str, origin: str, answer: str | None, by_customer: bool, to: list[str]) -> None:
    found = targets(BindingId(origin), LEGS, BindingId(answer) if answer else None, by_customer=by_customer)
    assert found == to, label


@pytest.mark.parametrize(
    ("name", "label", "network", "is_"),
    [
        ("", "+15550199", "SMS", "+15550199 · SMS"),
        ("Ana", "+15550199", "WhatsApp", "Ana · WhatsApp"),
        ("Ana\n  Maria", "", "SMS", "Ana Maria · SMS"),
        ("x" * 200, "", "SMS", "x" * 122 + " · SMS"),
    ],
)
def test_titles(name: str, label: str, network: str, is_: str) -> None:
    assert title(name, label, network) == is_


@given(st.text(), st.text(), st.text(max_size=64))
def test_titles_fit(name: str, label: str, network: str) -> None:
    assert len(title(name, label, network)) <= TITLE_LENGTH


def test_prefixes() -> None:
    assert prefix(Role.AGENT, "Eve", "x", "web", several=True, to=Side.CUSTOMER) == ""
    assert prefix(Role.CUSTOMER, "Ana", "SMS", "phone", several=False, to=Side.AGENT) == ""
    assert prefix(Role.CUSTOMER, "Ana", "SMS", "phone", several=True, to=Side.AGENT) == "Ana (SMS): "
    assert prefix(Role.AGENT, "Eve", "x", "web", several=False, to=Side.AGENT) == "Eve (web): "


@given(st.integers(0, 9), st.integers(0, 9))
def test_places(index: int, expected: int) -> None:
    is_ = Place.NEXT if index == expected else Place.EARLY if index > expected else Place.LATE
    assert place(index, expected) is is_


@given(st.text(min_size=1), st.integers(0, 10**15 - 1))
def test_delivery_ids_round(conversation: str, n: int) -> None:
    assert parse_delivery_id(delivery_id(ConversationId(conversation), n)) == (conversation, n)


@pytest.mark.parametrize("text", ["", "c1", "-1", "c-", "c-x", "c-１", "c-" + "9" * 16, "c--"])
def test_what_is_no_delivery_id(text: str) -> None:
    assert parse_delivery_id(text) is None


@given(st.text())
def test_any_text_is_parsed_or_not(text: str) -> None:
    parse_delivery_id(text)


def test_message_ids_sides_kinds_and_rules() -> None:
    assert message_id(ConversationId("c"), 3) == "c.3"
    assert Side.AGENT.other is Side.CUSTOMER
    assert Side.CUSTOMER.other is Side.AGENT
    assert [kind_of(t) for t in ("video/mp4", "audio/ogg", "text/plain", "")] == ["video", "audio", "file", "file"]
    assert MediaRule(types=("image/*",), max_bytes=1).matches("image/png")
    assert not MediaRule(types=("image/*",), max_bytes=1).matches("IMAGE")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (
            notices.not_delivered("the handset is unreachable.", "30003"),
            "Not delivered: the handset is unreachable (30003).",
        ),
        (notices.not_delivered("no such number", ""), "Not delivered: no such number."),
        (notices.not_delivered("error 30003", "30003"), "Not delivered: error 30003."),
        (notices.not_shown("too long", "400"), "A message of the customer could not be shown here: too long (400)."),
        (notices.lost(("the file was not sent: x", "b")), "The file was not sent: x.\nB."),
        (notices.deleted("Hi"), "Hi\n(deleted by the customer)"),
        (notices.deleted(""), "(deleted by the customer)"),
        (notices.edited_anew("Hi"), "Edited: Hi"),
    ],
)
def test_sentences(said: str, words: str) -> None:
    assert said == words
