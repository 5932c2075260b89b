"""Parts join to the text, fit, and never cut a character as people see it."""

from __future__ import annotations

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.splitting import Unit, length, split

FAMILY = "👨\u200d👩\u200d👧\u200d👦"
PIECES = [
    "a",
    " ",
    "\n",
    "\n\n",
    ". ",
    "é",
    "e\u0301",
    " \u0301",
    "😀",
    FAMILY,
    "🇩🇪",
    "\r\n",
    "word",
    "ไทย",
    "\ud800",
    "!",
]
texts = st.lists(st.sampled_from(PIECES), max_size=60).map("".join) | st.text(max_size=80)


@given(texts, st.integers(2, 40), st.sampled_from(["characters", "utf16"]))
def test_parts_join_and_fit(text: str, limit: int, unit: Unit) -> None:
    parts = split(text, limit, unit)
    assert "".join(parts) == text
    assert all(length(p, unit) <= limit for p in parts)
    assert all(parts) or parts == [""]


@given(texts, st.integers(25, 60), st.sampled_from(["characters", "utf16"]))
def test_no_cut_inside_a_character(text: str, limit: int, unit: Unit) -> None:
    clusters = regex.findall(r"\X", text)
    if max((length(c, unit) for c in clusters), default=0) > limit:
        return
    ends, at = {0}, 0
    for c in clusters:
        at += len(c)
        ends.add(at)
    at = 0
    for part in split(text, limit, unit):
        at += len(part)
        assert at in ends, (text, part)


@pytest.mark.parametrize(
    ("label", "text", "limit", "unit", "parts"),
    [
        ("short", "hi", 5, "characters", ["hi"]),
        ("empty", "", 5, "characters", [""]),
        ("paragraphs before sentences", "One. Two\n\nThree. Four", 15, "characters", ["One. Two\n\n", "Three. Four"]),
        ("lines", "aaaa\nbbbb cc", 8, "characters", ["aaaa\n", "bbbb cc"]),
        ("sentences", "Yes, so. No way!", 12, "characters", ["Yes, so. ", "No way!"]),
        ("words", "one two three", 8, "characters", ["one two ", "three"]),
        ("no place at all", "abcdefghij", 4, "characters", ["abcd", "efgh", "ij"]),
        ("surrogate pairs count two", "😀😀😀", 4, "utf16", ["😀😀", "😀"]),
        ("an emoji isn't cut into its people", "ab" + FAMILY, 8, "characters", ["ab", FAMILY]),
        ("a space that carries an accent is no place", "aaaaa \u0301bbbb", 6, "characters", ["aaaaa", " \u0301bbbb"]),
        (
            "a character over the limit is cut all the same",
            "a" + "\u0301" * 5,
            3,
            "characters",
            ["a\u0301\u0301", "\u0301" * 3],
        ),
        ("a code point over the limit goes whole", "😀a", 1, "utf16", ["😀", "a"]),
    ],
)
def test_table(label: str, text: str, limit: int, unit: Unit, parts: list[str]) -> None:
    assert split(text, limit, unit) == parts, label


@pytest.mark.timeout(20)
def test_a_megabyte_takes_no_time() -> None:
    """It is done in the thread that writes: linear, not quadratic."""
    parts = split("😀" * 500_000, 1600, "utf16")
    assert len(parts) == 625
