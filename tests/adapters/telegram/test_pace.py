"""How fast we send."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.telegram.pace import FIRST_S, WINDOW_S, Bucket, Learned

NOW = 1_790_000_000.0


def test_a_bucket_gives_its_burst_and_then_so_many_a_minute() -> None:
    bucket = Bucket(3, 20)
    assert [bucket.take(NOW) for _ in range(3)] == [0, 0, 0]
    at = bucket.take(NOW)
    assert at == pytest.approx(NOW + 3)
    assert bucket.take(NOW + 1) == pytest.approx(NOW + 3), "asking takes nothing"
    assert bucket.take(at) == 0
    assert bucket.take(at) > at
    assert [bucket.take(NOW + 1000) for _ in range(4)][:3] == [0, 0, 0], "it never holds more than its burst"


@given(st.integers(1, 30), st.integers(1, 1000), st.lists(st.floats(0, 30), min_size=1, max_size=60))
def test_a_bucket_never_gives_more(burst: int, rate: int, waits: list[float]) -> None:
    bucket, now, given_at = Bucket(burst, rate), NOW, []
    for wait in waits:
        now += wait
        if not bucket.take(now):
            given_at.append(now)
    assert len(given_at) <= burst + (now - NOW) * rate / 60 + 0.01


@given(st.integers(1, 5), st.integers(1, 1000), st.lists(st.floats(0, 9), max_size=30))
def test_who_comes_when_told_is_served(burst: int, rate: int, waits: list[float]) -> None:
    bucket, now = Bucket(burst, rate), NOW
    for wait in waits:
        now += wait
        if at := bucket.take(now):
            assert at > now
            assert bucket.take(at) == 0
            now = at


def test_a_clock_that_goes_back_takes_nothing_away() -> None:
    bucket = Bucket(1, 60)
    assert bucket.take(NOW) == 0
    assert bucket.take(NOW - 3600) > 0
    assert bucket.take(NOW - 3598) == 0


def test_nothing_is_held_back_before_the_network_says_so() -> None:
    learned = Learned()
    assert [learned.take(NOW) for _ in range(500)] == [0] * 500


def test_after_a_429_as_told_and_then_as_fast_as_was_let_through() -> None:
    learned = Learned()
    for i in range(21):
        assert learned.take(NOW + i / 10) == 0
    learned.limited(NOW + 2, NOW + 60)  # the 21st was refused: 20 had passed in this minute
    assert learned.take(NOW + 30) == NOW + 60
    assert learned.take(NOW + 60) == 0
    assert learned.take(NOW + 60) == pytest.approx(NOW + 63)
    assert learned.interval_s == pytest.approx(3.0)


def test_several_at_once_that_are_refused_are_one_lesson() -> None:
    learned = Learned()
    for _ in range(25):
        assert learned.take(NOW) == 0
    for _ in range(5):
        learned.limited(NOW + 1, NOW + 60)
    assert learned.interval_s == pytest.approx(3.0)
    assert learned.take(NOW + 59) == NOW + 60


def test_the_longest_pause_holds() -> None:
    learned = Learned()
    learned.take(NOW)
    learned.take(NOW)
    learned.limited(NOW, NOW + 600)
    learned.limited(NOW, NOW + 5)
    assert learned.take(NOW + 100) == NOW + 600


def test_refused_before_anything_passed_asks_for_a_little_time() -> None:
    learned = Learned()
    learned.take(NOW)
    learned.limited(NOW, NOW + 40)
    assert learned.take(NOW) == NOW + 40
    assert learned.take(NOW + 40) == 0
    assert learned.take(NOW + 40) == NOW + 40 + FIRST_S


def test_quiet_minutes_ease_it() -> None:
    learned = Learned()
    learned.take(NOW)
    learned.limited(NOW, NOW + 10)
    before = learned.interval_s
    assert learned.take(NOW + 10 + 61) == 0
    assert learned.interval_s == pytest.approx(before * 0.9)
    assert learned.take(NOW + 86400) == 0
    assert learned.interval_s == 0
    assert [learned.take(NOW + 86400) for _ in range(9)] == [0] * 9


@given(st.lists(st.tuples(st.floats(0, 90), st.booleans(), st.integers(1, 40_000)), max_size=60))
def test_never_before_it_is_allowed_and_never_for_ever(steps: list[tuple[float, bool, int]]) -> None:
    learned, now, until = Learned(), NOW, 0.0
    for wait, refused, pause in steps:
        now += wait
        at = learned.take(now)
        if at:
            assert at > now
            assert at <= max(until, now) + WINDOW_S
            continue
        assert now >= until
        if refused:
            until = max(until, now + pause)
            learned.limited(now, now + pause)
        assert 0 <= learned.interval_s <= WINDOW_S
