"""Telegram's texts as plain ones; entity offsets count UTF-16 units."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.telegram.text import clean, plain

X = "https://x.example/"


def link(offset: int, length: int, url: str = X) -> dict[str, Any]:
    return {"type": "text_link", "offset": offset, "length": length, "url": url}


@pytest.mark.parametrize(
    ("label", "text", "entities", "expected"),
    [
        ("nothing", "Hello", [], "Hello"),
        ("bold stays plain", "Hello", [{"type": "bold", "offset": 0, "length": 5}], "Hello"),
        ("a hidden link", "see here", [link(4, 4)], f"see here ({X})"),
        ("in the middle", "see here now", [link(4, 4)], f"see here ({X}) now"),
        ("behind an emoji", "👋 here", [link(3, 4)], f"👋 here ({X})"),
        ("behind a flag", "🇩🇪 here!", [link(5, 4)], f"🇩🇪 here ({X})!"),
        ("two", "a b", [link(0, 1, "u:1"), link(2, 1, "u:2")], "a (u:1) b (u:2)"),
        ("two, last first", "a b", [link(2, 1, "u:2"), link(0, 1, "u:1")], "a (u:1) b (u:2)"),
        ("the words are the link", "https://x.example", [link(0, 17)], "https://x.example"),
        ("without a url", "see", [{"type": "text_link", "offset": 0, "length": 3}], "see"),
        ("beyond the end", "see", [link(0, 99)], f"see ({X})"),
        ("negative", "see", [link(-3, 1)], "see"),
        ("no numbers", "see", [{"type": "text_link", "offset": "0", "length": None, "url": X}], "see"),
        ("inside of a pair", "👋", [link(0, 1)], f"\ufffd ({X})\ufffd"),
    ],
)
def test_plain(label: str, text: str, entities: list[dict[str, Any]], expected: str) -> None:
    assert plain(text, entities) == expected


whole = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(whole, whole)
def test_a_link_stands_behind_its_words(before: str, after: str) -> None:
    units = len(before.encode("utf-16-le")) // 2
    assert plain(before + "here" + after, [link(units, 4, "u:unlikely")]) == f"{before}here (u:unlikely){after}"


entity = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["text_link", "bold"]) | st.none(),
        "offset": st.integers(-9, 50) | st.text() | st.none(),
        "length": st.integers(-9, 50) | st.none() | st.booleans(),
        "url": st.text() | st.integers() | st.none(),
    },
)


@given(st.text(max_size=30), st.lists(entity, max_size=4))
def test_any_entities(text: str, entities: list[dict[str, Any]]) -> None:
    assert isinstance(plain(text, [clean(e) for e in entities]), str)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(json_values)
def test_what_is_clean_can_be_stored(value: Any) -> None:
    def strings(v: Any) -> list[str]:
        if isinstance(v, dict):
            v = list(v.values())
        return [v] if isinstance(v, str) else [s for one in v for s in strings(one)] if isinstance(v, list) else []

    cleaned = clean(value)
    assert all("\0" not in s and s.encode() for s in strings(cleaned) if s)
    assert clean(cleaned) == cleaned


def test_text_stays_as_it_is() -> None:
    for text in ("", "Grüße 👋🏽\u202e\u200b\n\x1b[31m", "{{7*7}} <b>&amp;"):
        assert clean(text) == text
