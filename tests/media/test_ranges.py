"""One range is served, a few are ignored, many are refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.media.ranges import Extent, extent

WHOLE = Extent(0, 10)


@pytest.mark.parametrize(
    ("header", "size", "expected"),
    [
        (None, 10, WHOLE),
        ("bytes=0-0", 10, Extent(0, 1, partial=True)),
        ("bytes=0-", 10, Extent(0, 10, partial=True)),
        ("Bytes= 3-5 ", 10, Extent(3, 3, partial=True)),
        ("bytes=9-99", 10, Extent(9, 1, partial=True)),
        ("bytes=-4", 10, Extent(6, 4, partial=True)),
        ("bytes=-40", 10, Extent(0, 10, partial=True)),
        ("bytes=10-", 10, None),
        ("bytes=-0", 10, None),
        ("bytes=0-", 0, None),
        ("bytes=-1", 0, None),
        ("bytes=5-3", 10, WHOLE),
        ("bytes=-", 10, WHOLE),
        ("bytes=a-b", 10, WHOLE),
        ("bytes=٣-٥", 10, WHOLE),
        ("lines=1-2", 10, WHOLE),
        ("bytes=0-" + "9" * 5000, 10, WHOLE),
        ("bytes=0-1,3-4", 10, WHOLE),
        ("bytes=" + "0-0," * 10_000, 10, None),
    ],
)
def test_table(header: str | None, size: int, expected: Extent | None) -> None:
    assert extent(header, size) == expected, (header or "")[:40]


@given(st.text(max_size=40) | st.from_regex(r"bytes=[0-9]{0,4}-[0-9]{0,4}", fullmatch=True), st.integers(0, 2000))
def test_an_extent_lies_in_the_file(header: str, size: int) -> None:
    found = extent(header, size)
    if found is not None:
        assert 0 <= found.start <= found.start + found.length <= size
        assert found.partial is False or found.length > 0
