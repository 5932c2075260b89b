"""Segments of an SMS, to the unit."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core import segments as room
from bridge.core.segments import ALONE, BASIC, EXTENSION, TOGETHER, Segments, segments, smart
from tests.openapi import spec

BORDERS = [
    # text, segments, encoding, units, left
    ("", 0, "GSM-7", 0, 160),
    ("a", 1, "GSM-7", 1, 159),
    ("a" * 160, 1, "GSM-7", 160, 0),
    ("a" * 161, 2, "GSM-7", 161, 145),
    ("a" * 306, 2, "GSM-7", 306, 0),
    ("a" * 307, 3, "GSM-7", 307, 152),
    ("a" * 1600, 11, "GSM-7", 1600, 83),
    ("€" * 80, 1, "GSM-7", 160, 0),
    ("€" * 81, 2, "GSM-7", 162, 143),
    ("a" * 152 + "€" + "b" * 152, 3, "GSM-7", 306, 152),
    ("a" * 153 + "€" + "b" * 6, 2, "GSM-7", 161, 145),
    ("ç", 1, "UCS-2", 1, 69),
    ("Ç", 1, "GSM-7", 1, 159),
    ("`", 1, "UCS-2", 1, 69),
    ("é" * 70, 1, "GSM-7", 70, 90),
    ("ê" * 70, 1, "UCS-2", 70, 0),
    ("ê" * 71, 2, "UCS-2", 71, 63),
    ("ê" * 1600, 24, "UCS-2", 1600, 8),
    ("😀" * 35, 1, "UCS-2", 70, 0),
    ("😀" * 36, 2, "UCS-2", 72, 61),
    ("[" * 10 + "ê", 1, "UCS-2", 11, 59),
]


@pytest.mark.parametrize(("text", "count", "encoding", "units", "left"), BORDERS, ids=lambda v: repr(v)[:12])
def test_borders(text: str, count: int, encoding: str, units: int, left: int) -> None:
    assert segments(text) == Segments(count=count, encoding=encoding, units=units, left=left)  # type: ignore[arg-type]


def test_a_pair_is_never_split() -> None:
    """153 units would end inside it: the same number of units takes a segment more where a pair stands on a border."""
    assert segments("a" * 306).count == 2
    assert segments("a" * 152 + "€" + "a" * 152).count == 3
    assert segments("ê" * 134).count == 2
    assert segments("ê" * 66 + "😀" + "ê" * 66).count == 3


alphabet = st.text(st.sampled_from(sorted(BASIC | EXTENSION)), max_size=700)
anything = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("a€😀ç"), max_size=400)


@given(alphabet | anything)
def test_what_is_left_fits_and_one_more_does_not(text: str) -> None:
    found = segments(text)
    letter = "a" if found.encoding == "GSM-7" else "ê"
    assert segments(text + letter * found.left).count == max(found.count, 1)
    assert segments(text + letter * (found.left + 1)).count == max(found.count, 1) + 1


@given(alphabet | anything)
def test_the_bounds_hold(text: str) -> None:
    found = segments(text)
    gsm = all(c in BASIC or c in EXTENSION for c in text)
    assert found.encoding == ("GSM-7" if gsm else "UCS-2")
    units = len(text) + sum(c in EXTENSION for c in text) if gsm else len(text.encode("utf-16-le")) // 2
    assert found.units == units
    assert (found.count <= 1) is (units <= ALONE[found.encoding])
    if found.count > 1:
        size = TOGETHER[found.encoding]
        assert -(-units // size) <= found.count <= -(-units // (size - 1))


@given(alphabet | anything, alphabet)
def test_more_text_takes_no_fewer(text: str, more: str) -> None:
    longer = segments(text + more)
    if longer.encoding == segments(text).encoding:
        assert longer.count >= segments(text).count


def test_smart_encoding() -> None:
    assert smart("‘It’s “fine” — really…’") == "'It's \"fine\" - really...'"
    assert segments(smart("‘It’s “fine” — really…’")).encoding == "GSM-7"
    assert smart("Grüße 😀 ç") == "Grüße 😀 ç", "what has no look-alike stays"
    assert smart("‹a›") == ">a<", "as the network does it"


@given(anything)
def test_smart_encoding_leaves_the_alphabet_alone(text: str) -> None:
    plain = "".join(c for c in text if c in BASIC or c in EXTENSION)
    assert smart(plain) == plain
    assert smart(smart(text)) == smart(text)


def test_the_tables_are_the_networks() -> None:
    path = spec("twilio/sms-encoding.json")
    if path is None:
        pytest.skip("the tables aren't here to compare with")
    table = json.loads(path.read_text())
    assert set(table["gsm7_basic"]) == BASIC
    assert set(table["gsm7_extension"]) == EXTENSION
    assert {ord(c): put for c, put in table["smart_encoding"].items()} == room._SMART
    limits = table["limits"]
    assert (limits["gsm7_single"], limits["ucs2_single"]) == (ALONE["GSM-7"], ALONE["UCS-2"])
    assert (limits["gsm7_part"], limits["ucs2_part"]) == (TOGETHER["GSM-7"], TOGETHER["UCS-2"])
