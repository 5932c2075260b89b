"""Counting segments, as the simulator does it by itself: judged by what Twilio documents and by Twilio's own table."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.twilio.simulator.alphabet import GSM, GSM_EXTENSION, SMART
from adapters.twilio.simulator.segments import count, smart
from tests.adapters.twilio.judge import OURS, running
from tests.openapi import spec


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 152 + "€" * 5, 2),  # 162 septets; the pair does not fit into the last place of the first part
        ("a" * 152 + "€" + "a" * 151, 2),
        ("a" * 152 + "€" + "a" * 152, 3),  # by division alone it were two
        ("ç", 1),
        ("ç" * 70, 1),
        ("ç" * 71, 2),
        ("ç" * 134, 2),
        ("ç" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("ç" * 66 + "😀" + "ç" * 65, 2),
        ("ç" * 66 + "😀" + "ç" * 66, 3),  # 134 units, and the surrogates stay together
        ("a" * 1600, 11),
        ("ç" * 1600, 24),
    ],
)
def test_segments(text: str, segments: int) -> None:
    assert count(text) == segments


@given(st.text(max_size=700) | st.text(alphabet="a€^", max_size=900))
def test_the_parts_are_full_but_for_one_character(text: str) -> None:
    septets = all(one in GSM or one in GSM_EXTENSION for one in text)
    bits = sum(14 if one in GSM_EXTENSION else 7 for one in text) if septets else 8 * len(text.encode("utf-16-le"))
    found = count(text)
    if bits <= 1120:
        assert found == 1
    else:
        assert found > 1
        assert 1072 * found >= bits > (1072 - 31) * (found - 1)


def test_the_tables_are_twilios() -> None:
    path = spec("twilio/sms-encoding.json")
    if path is None:
        pytest.skip("the table is not here")
    table = json.loads(path.read_text())
    assert set(table["gsm7_basic"]) == GSM
    assert set(table["gsm7_extension"]) == GSM_EXTENSION
    assert {one: good for good, bad in SMART.items() for one in bad} == table["smart_encoding"]
    assert all(smart(one) == good for one, good in table["smart_encoding"].items())


def test_smart_encoding_spares_segments() -> None:
    text = "“" + "a" * 150 + "”"
    with running() as twilio:
        for asked, segments in ((True, "1"), (False, "3"), (None, "3")):
            more = {} if asked is None else {"smart_encoded": asked}
            sent = twilio.client.messages.create(to="+15550141", from_=OURS, body=text, **more)
            assert sent.num_segments == segments
