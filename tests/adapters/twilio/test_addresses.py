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
