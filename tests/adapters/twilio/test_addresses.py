"""Twilio's addresses: opaque but for their prefix."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.twilio import addresses

TABLE = [
    # address, network, label, person, is it an address
    ("+15550199", "SMS", "+15550199", "+15550199", True),
    ("whatsapp:+15550199", "WhatsApp", "+15550199", "+15550199", True),
    ("rcs:+15550199", "RCS", "+15550199", "+15550199", True),
    ("whatsapp:US.ABC123XYZ", "WhatsApp", "US.ABC123XYZ", "whatsapp:US.ABC123XYZ", True),
    ("messenger:4711", "Messenger", "4711", "messenger:4711", True),
    ("rcs:brand_agent", "RCS", "brand_agent", "rcs:brand_agent", True),
    ("whatsapp:", "WhatsApp", "", "whatsapp:", False),
    ("system", "SMS", "system", "system", False),
    ("Support", "SMS", "Support", "Support", False),
    ("note:internal", "SMS", "note:internal", "note:internal", False),
    ("+1", "SMS", "+1", "+1", False),
    ("+1555 0199", "SMS", "+1555 0199", "+1555 0199", False),
    ("+१५५५०१९९", "SMS", "+१५५५०१९९", "+१५५५०१९९", False),
    ("", "SMS", "", "", False),
]


@pytest.mark.parametrize(("address", "network", "label", "person", "is_address"), TABLE, ids=[t[0] for t in TABLE])
def test_address(address: str, network: str, label: str, person: str, is_address: bool) -> None:
    assert addresses.network(address) == network
    assert addresses.label(address) == label
    assert addresses.person(address) == person
    assert addresses.is_address(address) is is_address


@given(st.text())
def test_any_text_has_an_answer(address: str) -> None:
    assert addresses.network(address) in {"SMS", *addresses.NETWORKS.values()}
    assert address.endswith(addresses.label(address))
    assert addresses.person(address) in {address, addresses.label(address)}


@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True))
def test_a_number_is_one_person_over_every_network(number: str) -> None:
    assert {addresses.person(p + number) for p in ("", "whatsapp:", "rcs:", "messenger:")} == {number}


@given(st.text(min_size=1), st.text(min_size=1))
def test_two_opaque_addresses_are_never_one_person(a: str, b: str) -> None:
    if a != b:
        assert addresses.person(f"whatsapp:ID.{a}") != addresses.person(f"whatsapp:ID.{b}")


WRITABLE = [
    # address, ours, the form in which it is written to
    ("+15550199", "+15550100", "+15550199"),
    ("+15550199", "12345", "+15550199"),
    ("+15550199", "whatsapp:+15550100", "whatsapp:+15550199"),
    ("+15550199", "rcs:brand_agent", "rcs:+15550199"),
    ("+15550199", "messenger:9", None),
    ("whatsapp:+15550199", "whatsapp:+15550100", "whatsapp:+15550199"),
    ("whatsapp:US.ABC123", "whatsapp:+15550100", "whatsapp:US.ABC123"),
    ("whatsapp:+15550199", "+15550100", None),
    ("rcs:+15550199", "whatsapp:+15550100", None),
    ("messenger:42", "messenger:9", "messenger:42"),
    ("messenger:42", "+15550100", None),
    ("+15550100", "+15550100", None),
    ("+15550199", "*", None),
    ("15550199", "+15550100", None),
    ("+1555", "+15550100", None),
    ("whatsapp:+1555", "whatsapp:+15550100", None),
    ("whatsapp:", "whatsapp:+15550100", None),
    ("whatsapp:a|b", "whatsapp:+15550100", None),
    ("whatsapp:a b", "whatsapp:+15550100", None),
    ("ana", "whatsapp:+15550100", None),
    ("12345", "+15550100", None),
    ("", "+15550100", None),
]


@pytest.mark.parametrize(("address", "ours", "expected"), WRITABLE)
def test_who_can_be_written_to(address: str, ours: str, expected: str | None) -> None:
    assert addresses.written_to(address, ours) == expected


@given(st.text(max_size=20) | st.sampled_from([w[0] for w in WRITABLE]), st.sampled_from([w[1] for w in WRITABLE]))
def test_who_is_written_to_is_on_our_network(address: str, ours: str) -> None:
    found = addresses.written_to(address, ours)
    if found is not None:
        assert addresses.network(found) == addresses.network(ours)
        assert addresses.is_address(found)
        assert addresses.written_to(found, ours) == found


@given(st.from_regex(r"[^|]{1,30}", fullmatch=True), st.text(max_size=30))
def test_a_pair_is_its_own_name(ours: str, theirs: str) -> None:
    key = addresses.pair(ours, theirs)
    assert addresses.pair_of(key) == (ours, theirs)
    assert not key.startswith("CH")


def test_a_conversation_is_no_pair() -> None:
    for key in ("CH" + "0a" * 16, "", "M:", "M:+15550100"):
        assert addresses.pair_of(key) is None
