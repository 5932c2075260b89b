"""Each outcome's next state; the curve is monotone, capped and never before what the network said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.capabilities import Capabilities
from bridge.core.outcomes import BindingGone, Misconfigured, RateLimited, Refused, SendError, Unavailable, Unsure
from bridge.core.retry import (
    BUG_ATTEMPTS,
    LONGEST_DELAY_S,
    LONGEST_TOLD_S,
    OPEN_STATES,
    State,
    Tried,
    after_absence,
    after_failed_look,
    after_failure,
    backoff,
)

LOOKUP = Capabilities(noun="an SMS", max_text=1600, send_once="lookup", settle_s=20)
NONE = Capabilities(noun="Telegram", max_text=4096, settle_s=5)
NOW = 1_000_000.0


def tried(attempt: int = 1, *, age: float = 0.0, twice: bool = False) -> Tried:
    return Tried(attempt=attempt, since=NOW - age, claimed_at=NOW - 1, give_up_after_s=86400, possibly_twice=twice)


@given(st.integers(1, 200), st.floats(0, 1, exclude_max=True))
def test_the_curve_rises_and_is_capped(attempt: int, rand: float) -> None:
    assert 0 < backoff(attempt, rand) <= backoff(attempt + 1, rand) <= LONGEST_DELAY_S
    assert backoff(attempt, 0.0) <= backoff(attempt, rand) <= 2 * backoff(attempt, 0.0)


errors = st.one_of(
    st.builds(lambda at: RateLimited("slow", retry_at=at), st.none() | st.floats(NOW - 1e5, NOW + 1e6)),
    st.sampled_from([Unavailable("x"), Unsure("x"), Refused("x"), BindingGone("x"), Misconfigured("x"), KeyError("x")]),
)


@given(
    errors,
    st.integers(1, 50),
    st.floats(0, 1e5),
    st.booleans(),
    st.sampled_from([LOOKUP, NONE]),
    st.floats(0, 1, exclude_max=True),
)
def test_an_open_state_has_a_due_and_a_final_one_words(
    error: Exception, attempt: int, age: float, twice: bool, caps: Capabilities, rand: float
) -> None:
    decision = after_failure(error, tried(attempt, age=age, twice=twice), caps, NOW, rand)
    if decision.state in OPEN_STATES:
        assert NOW <= decision.due <= NOW + LONGEST_TOLD_S
        assert not twice or decision.possibly_twice
    else:
        assert decision.words
        assert decision.due == 0
    if isinstance(error, RateLimited) and error.retry_at and decision.state is State.READY:
        assert decision.due >= min(error.retry_at, NOW + LONGEST_TOLD_S)
        assert not decision.counts


@pytest.mark.parametrize(
    ("label", "error", "how", "caps", "state", "due"),
    [
        ("refused", Refused("no", code="21610"), tried(), NONE, State.FAILED, 0),
        ("told to wait", RateLimited("slow", retry_at=NOW + 42), tried(), NONE, State.READY, NOW + 42),
        (
            "told a week: asked again within the hour",
            RateLimited("slow", retry_at=NOW + 7 * 86400),
            tried(),
            NONE,
            State.READY,
            NOW + 3600,
        ),
        ("told the past", RateLimited("slow", retry_at=1.0), tried(), NONE, State.READY, NOW),
        ("not told", RateLimited("slow"), tried(3), NONE, State.READY, NOW + 2),
        ("unavailable", Unavailable("down"), tried(1), NONE, State.READY, NOW + 0.5),
        ("given up", Unavailable("down"), tried(9, age=86400), NONE, State.FAILED, 0),
        ("misconfigured rests", Misconfigured("token"), tried(), NONE, State.READY, NOW + 54),
        ("gone", BindingGone("topic"), tried(), NONE, State.READY, NOW + 0.5),
        ("unsure, can be asked", Unsure("died"), tried(), LOOKUP, State.UNSURE, NOW + 1),
        ("unsure, can't be asked", Unsure("died"), tried(), NONE, State.READY, NOW + 5),
        ("unsure twice", Unsure("died"), tried(twice=True), NONE, State.HELD, 0),
        ("a bug", KeyError("x"), tried(), NONE, State.READY, NOW + 0.5),
        ("a bug where it can be asked", KeyError("x"), tried(), LOOKUP, State.UNSURE, NOW + 0.5),
        ("a bug thrice", KeyError("x"), tried(BUG_ATTEMPTS), LOOKUP, State.HELD, 0),
    ],
)
def test_each_outcome(label: str, error: Exception, how: Tried, caps: Capabilities, state: State, due: float) -> None:
    decision = after_failure(error, how, caps, NOW, 0.0)
    assert (decision.state, decision.due) == (state, due), label
    assert decision.possibly_twice == (how.possibly_twice or label == "unsure, can't be asked"), label
    assert (decision.died_at == NOW) == (state is State.UNSURE), label


def test_words_and_codes_are_the_networks() -> None:
    decision = after_failure(Refused("the number is blocked", code="21610"), tried(), NONE, NOW, 0.0)
    assert (decision.code, decision.words) == ("21610", "the number is blocked")
    decision = after_failure(Unavailable("503", code="5xx"), tried(2, age=90000), NONE, NOW, 0.0)
    assert decision.words == "given up after 24 hours: 503"


def test_an_absence_counts_once_settled() -> None:
    early = after_absence(tried(), LOOKUP, NOW)
    assert (early.state, early.due) == (State.UNSURE, NOW + 5)
    late = after_absence(tried(), LOOKUP, NOW + 19)
    assert (late.state, late.due) == (State.READY, NOW + 19)
    almost = after_absence(tried(), LOOKUP, NOW + 17)
    assert almost.due == NOW + 19


@pytest.mark.parametrize(
    ("error", "due"),
    [
        (Unavailable("down"), NOW + 5),
        (RateLimited("slow", retry_at=NOW + 90), NOW + 90),
        (RateLimited("slow"), NOW + 5),
        (Misconfigured("token"), NOW + 60),
        (KeyError("a bug of find()"), NOW + 5),
    ],
)
def test_a_look_that_fails_proves_nothing(error: Exception, due: float) -> None:
    decision = after_failed_look(error, tried(), NOW, 0.5)
    assert (decision.state, decision.due) == (State.UNSURE, due)
    assert after_failed_look(error, tried(age=86400), NOW, 0.5).state is State.HELD


def test_an_error_reads_as_its_words_and_code() -> None:
    assert str(SendError("no", code="7")) == "no (7)"
    assert str(SendError("no")) == "no"
