"""A receiver's answer and what happens next."""

from __future__ import annotations

import pytest

from adapters.webhook.errors import answered, file_answered
from bridge.core.outcomes import Misconfigured, RateLimited, Refused, Scope, Unavailable

NOW = 1000.0


@pytest.mark.parametrize("status", [200, 201, 202, 204, 206, 299])
def test_any_2xx_is_received(status: int) -> None:
    assert answered(status, "", NOW) is None


def test_gone_rests_the_channel() -> None:
    error = answered(410, "", NOW)
    assert isinstance(error, Misconfigured)
    assert (error.code, error.scope) == ("410", Scope.CHANNEL)
    assert "wants no more webhooks" in error.words


@pytest.mark.parametrize(
    "status", [300, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 408, 409, 413, 422, 500, 502, 503, 504, 599]
)
def test_the_rest_is_tried_again(status: int) -> None:
    error = answered(status, "", NOW)
    assert type(error) is Unavailable
    assert str(status) in error.words
    assert error.code == str(status)


def test_a_redirect_says_what_to_do() -> None:
    assert "give the final url" in str(answered(308, "", NOW))


@pytest.mark.parametrize(
    ("status", "retry_after", "at"),
    [
        (429, "7", NOW + 7),
        (429, "", None),
        (429, "0", None),
        (429, "-1", None),
        (429, "soon", None),
        (429, "9" * 30, None),
        (429, "Thu, 01 Jan 1970 00:20:00 GMT", 1200.0),
        (503, "7", NOW + 7),
    ],
)
def test_who_asks_for_a_pause_gets_it(status: int, retry_after: str, at: float | None) -> None:
    for error in (answered(status, retry_after, NOW), file_answered(status, retry_after, NOW)):
        assert isinstance(error, RateLimited)
        assert error.retry_at == at
    channel = answered(status, retry_after, NOW)
    assert isinstance(channel, RateLimited)
    assert channel.scope is Scope.CHANNEL


def test_files() -> None:
    assert file_answered(200, "", NOW) is None
    for status in (204, 206, 300, 304, 400, 401, 403, 404, 410, 418, 451):
        assert isinstance(file_answered(status, "", NOW), Refused)
    for status in (408, 500, 502, 503):
        assert isinstance(file_answered(status, "", NOW), Unavailable)
