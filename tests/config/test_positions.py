"""The index of positions against tomllib: by table, and by whatever hypothesis makes up."""

from __future__ import annotations

import re
import tomllib
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bridge.config.positions import Positions, paths, scan

EXAMPLE = (Path(__file__).parents[2] / "config.example.toml").read_text(encoding="utf-8")


def locate(text: str, *path: str | int) -> tuple[int, int]:
    return Positions.of(text, tomllib.loads(text)).locate(path)


@pytest.mark.parametrize(
    ("text", "path", "place"),
    [
        ("a = 1", ["a"], (1, 1)),
        ("\n  a = 1", ["a"], (2, 3)),
        ("# a = 0\na = 1", ["a"], (2, 1)),
        ("a = 1\r\nb = 2\r\n", ["b"], (2, 1)),
        ("'a b' = 1\n\"c\\u0064\" = 2", ["a b"], (1, 1)),
        ("'a b' = 1\n\"c\\u0064\" = 2", ["cd"], (2, 1)),
        ("[t]\na = 1", ["t"], (1, 1)),
        ("[t]\na = 1", ["t", "a"], (2, 1)),
        ("[ t . 'u.v' ] # [x]\na = 1", ["t", "u.v", "a"], (2, 1)),
        ("[t.u]\n\n[t]\na = 1", ["t"], (3, 1)),
        ("[t.u]\na = 1", ["t"], (1, 1)),
        ("a.b . c = 1", ["a", "b", "c"], (1, 7)),
        ("a.b = 1\na.c = 2", ["a"], (1, 1)),
        ("[[t]]\na = 1\n[[t]]\na = 2", ["t"], (1, 1)),
        ("[[t]]\na = 1\n[[t]]\na = 2", ["t", 1], (3, 1)),
        ("[[t]]\na = 1\n[[t]]\na = 2", ["t", 1, "a"], (4, 1)),
        ("[[t]]\n[[t.u]]\n[[t]]\n[[t.u]]\n[[t.u]]\na = 1", ["t", 1, "u", 1, "a"], (6, 1)),
        ("[[t]]\n[t.u.v]\na = 1", ["t", 0, "u", "v", "a"], (3, 1)),
        ("a = { b = 1, c.d = 2 }", ["a", "b"], (1, 7)),
        ("a = { b = 1, c.d = 2 }", ["a", "c", "d"], (1, 16)),
        ("a = [ 1, # ]\n  [ 2, 3 ],\n]", ["a", 1], (2, 3)),
        ("a = [ 1, # ]\n  [ 2, 3 ],\n]", ["a", 1, 1], (2, 8)),
        ("a = [\n  { b = 1 },\n  { b = 2 },\n]", ["a", 1, "b"], (3, 5)),
        ('a = """\n[x]\nb = 1\n\\""" ""\\\n"""""\nc = 1', ["c"], (6, 1)),
        ("a = '''\n[x]\n\\'''\nc = 1", ["c"], (4, 1)),
        ("a = ''''two'''''\nb = 1", ["b"], (2, 1)),
        ('a = "]} # \\" b = 1" # " c\nb = \'"\'\nc = 1', ["c"], (3, 1)),
        ("a = 1979-05-27 07:32:00Z # x\nb = -inf", ["b"], (2, 1)),
        ("ä = 1".replace("ä", "'ä'") + "\n'ö' . b = 2", ["ö", "b"], (2, 7)),
    ],
)
def test_the_place_of_a_key(text: str, path: list[str | int], place: tuple[int, int]) -> None:
    assert locate(text, *path) == place


@pytest.mark.parametrize(
    ("text", "path", "place"),
    [
        ("\n[t]\na = 1", ["t", "missing"], (2, 1)),
        ("\n[t]\n[t.u]\n[v]", ["t", "u", "missing"], (3, 1)),
        ("[[t]]\n[[t]]", ["t", 1, "missing"], (2, 1)),
        ("a = 0\nt = [ { b = 1 }, { b = 2 } ]", ["t", 1, "missing"], (2, 18)),
        ("a = 0\nt = { b = 1 }", ["t", "missing"], (2, 5)),
        ("a = 0\nt.b = 1", ["t", "missing"], (2, 1)),
        ("[t]\n[u]", ["missing"], (1, 1)),
        ("[t]\n[u]", ["missing", "deep"], (1, 1)),
        ("", ["missing"], (1, 1)),
    ],
)
def test_what_is_missing_stands_at_its_table(text: str, path: list[str | int], place: tuple[int, int]) -> None:
    assert locate(text, *path) == place


def test_says_nothing_where_it_would_not_be_sure() -> None:
    assert Positions.of("\n\na = 1", {"b": 1}).locate(("b",)) == (1, 1)
    assert Positions.of("\n\nthis is no TOML", {"b": 1}).locate(("b",)) == (1, 1)


# --- Against tomllib ---------------------------------------------------------------------------------------------------

KEYS = st.sampled_from(["a", "b", "c-1", "_", "7", "'a b'", "'#'", '"]"', '"\\u0061"', '"\\""', "'='", "''", '"é.x"'])
GAPS = st.sampled_from(["", " ", "\t", "  "])
BREAKS = st.sampled_from(["", " ", "\n", "\n\n  ", " # ]}, \"'\n", "\r\n"])
# Each scalar has a number of its own in it, so that it can be found again; X is where it goes.
SCALARS = st.sampled_from(
    [
        "X",
        "+X",
        '"X"',
        "'X'",
        '"#\\"]},[X"',
        "'\\]}X'",
        '"""X"""',
        '"""\n]\n[a]\n\\""" " "" X"""""',
        "'''X'''",
        "'''\n'' [b]\n#X'''''",
        '"""\\\n  X"""',
    ]
)


@st.composite
def values(draw: st.DrawFn, depth: int = 0) -> str:
    kind = draw(st.sampled_from(["scalar", "scalar", "array", "table"] if depth < 3 else ["scalar"]))
    if kind == "scalar":
        return draw(SCALARS)
    inner = draw(st.lists(values(depth + 1) if kind == "array" else pairs(depth + 1), max_size=3))
    gaps = BREAKS if kind == "array" else GAPS
    text = ",".join(draw(gaps) + part + draw(gaps) for part in inner)
    comma = "," + draw(gaps) if kind == "array" and inner and draw(st.booleans()) else ""
    return f"[{text}{comma}{draw(gaps)}]" if kind == "array" else f"{{{text}{draw(gaps)}}}"


@st.composite
def dotted_keys(draw: st.DrawFn) -> str:
    return (draw(GAPS) + "." + draw(GAPS)).join(draw(st.lists(KEYS, min_size=1, max_size=3)))


@st.composite
def pairs(draw: st.DrawFn, depth: int = 0) -> str:
    return f"{draw(dotted_keys())}{draw(GAPS)}={draw(GAPS)}{draw(values(depth))}"


@st.composite
def lines(draw: st.DrawFn) -> str:
    kind = draw(st.sampled_from(["pair", "pair", "table", "array"]))
    if kind == "pair":
        return draw(GAPS) + draw(pairs()) + draw(GAPS)
    key = draw(GAPS) + draw(dotted_keys()) + draw(GAPS)
    return draw(GAPS) + (f"[{key}]" if kind == "table" else f"[[{key}]]") + draw(st.sampled_from(["", " # [x]"]))


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A document that tomllib takes: a line that it wouldn't take behind the ones before is left out."""
    text = ""
    for line in draw(st.lists(lines(), max_size=8)):
        longer = text + line + draw(st.sampled_from(["\n", "\r\n", "\n\n# c\n"]))
        try:
            tomllib.loads(longer.replace("X", "1"))
        except tomllib.TOMLDecodeError:
            continue
        text = longer
    numbers = count(1000)
    return re.sub("X", lambda _: str(next(numbers)), text)


def agrees(text: str) -> None:
    data = tomllib.loads(text)
    found = scan(text)
    assert set(found.keys) == set(paths(data))
    plain = text.replace("\r\n", "\n")
    for path, offset in found.keys.items():
        stands_there(plain, path, offset, data)
        line, col = found.locate(path)
        assert sum(len(one) + 1 for one in plain.split("\n")[: line - 1]) + col - 1 == offset


def stands_there(text: str, path: tuple[str | int, ...], offset: int, data: Any) -> None:
    key = path[-1]
    if text[offset] == "[" and not isinstance(key, int):
        return  # a header: which one is what the paths show
    if isinstance(key, str):
        token = re.match(r"""[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*'""", text[offset:])
        assert token is not None
        assert list(tomllib.loads(f"{token.group()} = 0")) == [key]
        return
    for step in path:
        data = data[step]
    if isinstance(data, dict | list):
        assert text[offset] in "[{"
    else:
        mine, there = re.search(r"\d{4}", str(data)), re.search(r"\d{4}", text[offset:])
        assert mine is not None
        assert there is not None
        assert mine.group() == there.group()


@given(documents())
@settings(max_examples=400, deadline=None)
def test_agrees_with_tomllib_about_made_up_documents(text: str) -> None:
    agrees(text)


@given(st.integers(0, len(EXAMPLE)), st.integers(0, 12), st.text("[]{}\"'#=.,\n\\a1 ", max_size=4))
@example(0, 0, "")
@settings(max_examples=400, deadline=None)
def test_never_disagrees_about_a_damaged_file(start: int, cut: int, put: str) -> None:
    text = EXAMPLE[:start] + put + EXAMPLE[start + cut :]
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert set(scan(text).keys) == set(paths(data))


@given(st.text("[]{}\"'#=.,\n\\\r a1-", max_size=30))
@settings(max_examples=600, deadline=None)
def test_never_fails_on_anything(text: str) -> None:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        Positions.of(text, {})
        return
    assert set(scan(text).keys) == set(paths(data))
