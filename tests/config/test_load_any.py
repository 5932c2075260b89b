"""Whatever the file holds: a `Config`, or problems that stand in it. Nothing else is ever raised."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.config.load import load
from bridge.config.problems import ConfigProblems

LINES = (Path(__file__).parents[2] / "config.example.toml").read_text(encoding="utf-8").splitlines(keepends=True)
KEYS = [i for i, line in enumerate(LINES) if " = " in line and not line.startswith("#") and "[\n" not in line]
VALUES = st.sampled_from(
    ["1", "-1", "true", "1.5", "nan", '""', '"x"', '"*"', '"env:X"', '"env:Y"', '"file:x"', '"https://"', '"http://[::1"',
     '"\\u0000"', '"whsec_="', '"+1"', '"1h"', "1979-05-27", "07:32:00", "[]", "[[]]", "[1]", '["x"]', "[{}]", "{a=1}", "{}"]
)  # fmt: skip


@pytest.fixture(scope="module")
def file() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "trunkline.toml"


def survives(file: Path, text: str, adapters: Any) -> None:
    file.write_text(text, encoding="utf-8", newline="")
    try:
        load(file, {"X": "x"}, adapters)
    except ConfigProblems as found:
        problems = found.problems
    else:
        return
    assert problems
    assert problems == sorted(problems)
    for problem in problems:
        assert 1 <= problem.line <= text.count("\n") + 1
        assert problem.col >= 1
        assert "\n" not in problem.render("f")


@given(st.lists(st.tuples(st.sampled_from(KEYS), VALUES), min_size=1, max_size=5))
@settings(max_examples=300, deadline=None)
def test_with_other_values(file: Path, module_adapters: Any, changes: list[tuple[int, str]]) -> None:
    lines = list(LINES)
    for i, value in changes:
        lines[i] = f"{lines[i].partition(' = ')[0]} = {value}\n" if not lines[i].startswith(" ") else f"  {value},\n"
    survives(file, "".join(lines), module_adapters)


@given(st.lists(st.sampled_from(range(len(LINES))), max_size=12), st.lists(st.sampled_from(LINES), max_size=3))
@settings(max_examples=200, deadline=None)
def test_with_lines_gone_and_others_behind_it(
    file: Path, module_adapters: Any, gone: list[int], more: list[str]
) -> None:
    survives(file, "".join(line for i, line in enumerate(LINES) if i not in gone) + "".join(more), module_adapters)
