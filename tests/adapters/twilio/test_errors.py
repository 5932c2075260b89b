"""Each row of the tables: what an answer of Twilio's means."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.twilio.errors import WORDS, answered, broke, holder, receipt_words
from bridge.core.outcomes import BindingGone, Misconfigured, RateLimited, Refused, Scope, SendError, Unavailable, Unsure
from tests.openapi import spec

NOW = 1_790_000_000.0
CH = "CH" + "0a" * 16


def classic(status: int, code: int, message: str = "Some words") -> dict[str, Any]:
    return {
        "code": code,
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }


def problem(status: int, code: int, message: str = "Some words") -> dict[str, Any]:
    return {"type": "about:blank", "title": "A title", "detail": message, "status": status, "code": code}


def of(status: int, body: Any, *, creates: bool = True, retry_after: str = "") -> SendError:
    return answered(status, body, retry_after, NOW, creates=creates)


ROWS: list[tuple[int, int, type[SendError]]] = [
    (400, 21609, Misconfigured),
    (401, 20003, Misconfigured),
    (403, 20003, Misconfigured),
    (403, 20005, Misconfigured),
    (403, 20006, Misconfigured),
    (400, 10001, Misconfigured),
    (404, 20404, BindingGone),
    (404, 50350, BindingGone),
    (400, 50350, BindingGone),
    (400, 50377, BindingGone),
    (409, 50377, BindingGone),
    (429, 20429, RateLimited),
    (429, 50063, RateLimited),
    (429, 50074, RateLimited),
    (400, 20009, Refused),
    (409, 20409, Refused),
    (409, 50416, Refused),
    (409, 50433, Refused),
    (400, 50407, Refused),
    (400, 50413, Refused),
    (400, 50508, Refused),
    (404, 21701, Refused),
    (413, 50512, Refused),
    *((400, code, Refused) for code in (21211, 21614, 21217, 21212, 21606, 21603, 21408, 21602, 21617, 21620, 21623)),
    *((400, code, Refused) for code in (21608, 21610, 21611, 21612, 21654, 63007, 572006)),
    *((status, 20500, Unsure) for status in (500, 502, 503, 504, 408)),
]


@pytest.mark.parametrize(("status", "code", "expected"), ROWS)
@pytest.mark.parametrize("shape", [classic, problem])
def test_answer(shape: Any, status: int, code: int, expected: type[SendError]) -> None:
    error = of(status, shape(status, code))
    assert type(error) is expected
    assert error.code == str(code)
    assert error.words


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_a_servers_failure_is_no_doubt_where_nothing_was_to_be_made(status: int) -> None:
    assert type(of(status, classic(status, 20500), creates=False)) is Unavailable


def test_both_shapes_give_the_networks_words() -> None:
    assert str(of(400, classic(400, 50433, "Exists already"))) == "Exists already (50433)"
    assert str(of(400, problem(400, 50433, "Exists already"))) == "Exists already (50433)"
    assert str(of(400, {"title": "Only a title", "status": 400, "code": 1})) == "Only a title (1)"
    assert str(of(400, classic(400, 21610))) == f"{WORDS['21610']} (21610)"


@pytest.mark.parametrize(
    ("label", "status", "body", "expected"),
    [
        ("no code", 400, {"message": "m"}, Refused),
        ("a null code", 404, {"code": None, "message": "m"}, BindingGone),
        ("no JSON", 400, None, Refused),
        ("a list", 400, [], Refused),
        ("a page instead of the API", 404, None, Misconfigured),
        ("a redirect", 307, classic(307, 20307), Misconfigured),
        ("a redirect without a body", 302, None, Misconfigured),
        ("a proxy's page", 502, None, Unsure),
        ("credentials without a body", 401, None, Misconfigured),
        ("a pause without a body", 429, None, RateLimited),
        ("odd types", 400, {"code": {"x": 1}, "message": ["y"]}, Refused),
    ],
)
def test_odd_bodies(label: str, status: int, body: Any, expected: type[SendError]) -> None:
    assert type(of(status, body)) is expected, label


def test_words_are_no_longer_than_people_read() -> None:
    assert len(of(400, classic(400, 1, "x" * 5000)).words) == 300


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", None),
        ("0", None),
        ("600", NOW + 600),
        ("1", NOW + 1),
        ("-1", None),
        ("1000000000", None),
        ("9" * 400, None),
        ("1.5", None),
        ("١٢", None),
        ("soon", None),
        (format_datetime(datetime.fromtimestamp(NOW + 90, UTC), usegmt=True), NOW + 90),
        ("Mon, 21 Sep 2026 14:13:20 -0000", datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC).timestamp()),
        ("Mon, 01 Jan 99999999999 00:00:00 GMT", None),
        ("Mon, 99 Jan 2026 99:00:00 GMT", None),
    ],
)
def test_retry_after(header: str, expected: float | None) -> None:
    error = of(429, classic(429, 20429), retry_after=header)
    assert isinstance(error, RateLimited)
    assert (error.retry_at, error.scope) == (expected, Scope.CHANNEL)


@given(st.integers(100, 599), st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.lists(inner)
    | st.dictionaries(st.sampled_from(["code", "message", "title", "detail", "status"]) | st.text(), inner), max_leaves=6),
    st.text(), st.booleans())  # fmt: skip
def test_any_answer_is_an_error_with_words(status: int, body: Any, retry_after: str, creates: bool) -> None:
    error = answered(status, body, retry_after, NOW, creates=creates)
    assert isinstance(error, SendError)
    assert error.words
    if not creates:
        assert not isinstance(error, Unsure)


@pytest.mark.parametrize(
    ("left", "creates", "expected"),
    [(False, True, Unavailable), (False, False, Unavailable), (True, False, Unavailable), (True, True, Unsure)],
)
def test_no_answer(left: bool, creates: bool, expected: type[SendError]) -> None:
    error = broke("SomeError", left=left, creates=creates)
    assert type(error) is expected
    assert "SomeError" in error.words


def test_the_holder_of_a_pair_stands_in_the_text_alone() -> None:
    message = f"A binding for this participant and proxy address already exists in Conversation {CH}"
    refused = of(409, classic(409, 50416, message))
    assert holder(refused.raw) == CH
    assert holder(of(409, problem(409, 50416, message)).raw) == CH
    assert holder("nobody") is None
    assert holder(f"x{CH}") is None


def test_receipts_have_words_without_the_network_giving_any() -> None:
    for code in ("30003", "63016", "21610", "30034", "30036", "30022", "30039", "63033"):
        assert receipt_words(code) == WORDS[code]
    assert receipt_words("") == receipt_words("0") == "the network reported a failure"
    assert receipt_words("99999") == "the network reported an error"


@pytest.mark.parametrize(
    "code", ["21219", "21607", "21608", "572002", "572005", "572006", "573002", "573005", "10002", "575001"]
)
def test_words_about_trial_accounts_say_what_to_do(code: str) -> None:
    words = WORDS[code]
    assert words.startswith("a trial account ")
    assert words.endswith(("upgrade the account", "upgrade the account in Twilio’s console"))
    if code in ("21219", "21608", "572005", "573005"):
        assert words.endswith("verify the number in Twilio’s console, or upgrade the account")


FACTS = """21211 21614 21217 21212 21606 21603 21408 21602 21617 21620 21623 21608 21610 21611 21612 21654 21655 21656 21657 21658
21701 21702 21703 21704 21705 30001 30002 30003 30004 30005 30006 30007 30008 30022 30023 30027 30032 30034 30035 30036 30038
30039 63003 63007 63015 63016 63018 63024 63032 63033 63049"""


@pytest.mark.parametrize("code", FACTS.split())
def test_every_code_that_a_message_may_end_with_has_plain_words(code: str) -> None:
    assert receipt_words(code) == WORDS[code]
    assert WORDS[code].startswith(("WhatsApp ", "Twilio ")) or WORDS[code][0].islower(), "it goes on in a sentence"
    assert not WORDS[code].endswith(".")


def test_a_code_may_mean_something_else_on_another_network() -> None:
    assert receipt_words("63016") == receipt_words("63016", "WhatsApp") == WORDS["63016"]
    assert (
        receipt_words("63016", "Messenger")
        == "Messenger takes messages only within 24 hours of the customer’s last one"
    )
    assert "WhatsApp" not in receipt_words("63024", "RCS")
    assert receipt_words("30003", "Messenger") == WORDS["30003"]


def test_a_callback_that_twilio_refuses_concerns_the_endpoint_alone() -> None:
    error = of(400, classic(400, 21609))
    assert isinstance(error, Misconfigured)
    assert error.scope is Scope.ENDPOINT
    assert "public_url" in error.words


def test_every_code_with_words_is_in_the_dictionary() -> None:
    path = spec("twilio/error-codes.json")
    if path is None:
        pytest.skip("Twilio's dictionary isn't here")
    import json

    document = json.loads(path.read_text())
    known = {str(e["code"]) for e in document["errors"] + document["later"]}
    assert set(WORDS) <= known
