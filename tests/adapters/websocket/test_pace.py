"""200 frames at once are free, then 50 a second; who stays over that is slowed, then sent away."""

from __future__ import annotations

import pytest

from adapters.websocket.pace import FREE, PER_SECOND, Pace, TooFast


def waited(pace: Pace, frames: int, now: float, gap_s: float = 0.0) -> tuple[float, float]:
    """All waiting for `frames`, sent as fast as they are read but `gap_s` apart at least; and when the last one was."""
    total = 0.0
    for _ in range(frames):
        wait = pace.frame(now)
        total += wait
        now += max(wait, gap_s)
    return total, now


def test_a_burst_is_free() -> None:
    assert waited(Pace(0.0), FREE, 0.0) == (0.0, 0.0)


def test_what_comes_after_it_is_slowed_to_the_pace() -> None:
    pace = Pace(0.0)
    total, now = waited(pace, FREE + 100, 0.0)
    assert total == pytest.approx(100 / PER_SECOND)
    assert now == pytest.approx(2.0)


def test_one_who_writes_at_the_pace_is_never_slowed() -> None:
    assert waited(Pace(0.0), 5000, 0.0, 1 / PER_SECOND)[0] == pytest.approx(0.0)


def test_ten_seconds_over_it_is_too_much() -> None:
    pace = Pace(0.0)
    waited(pace, FREE, 0.0)
    with pytest.raises(TooFast):
        waited(pace, 600, 0.0)


def test_a_pause_makes_it_good() -> None:
    pace = Pace(0.0)
    _, now = waited(pace, FREE + 450, 0.0)
    total, _ = waited(pace, 100, now + 2.0)
    assert total == 0.0
    _, now = waited(pace, 450, now + 2.0)


@pytest.mark.parametrize("stall", [0.05, 0.3])
def test_a_flood_is_closed_whatever_the_servers_hiccups(stall: float) -> None:
    pace, now, last = Pace(0.0), 0.0, 0.0
    with pytest.raises(TooFast):
        while now < 20:
            now += pace.frame(now) + 0.0001
            if now - last > 3:
                now, last = now + stall, now
    assert 10 <= now < 12


def test_who_keeps_to_the_limit_after_a_burst_stays() -> None:
    pace, now = Pace(0.0), 0.0
    for _ in range(205):
        now += pace.frame(now)
    for _ in range(3000):
        now += 1 / 49
        now += pace.frame(now)
