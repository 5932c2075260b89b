"""Standard Webhooks signatures against the specification's own library, both ways, and against what was tampered with."""

from __future__ import annotations

import json
import time
from base64 import b64decode, b64encode
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from adapters.webhook.signature import flaw, headers, sign

KEY, OTHER = b"k" * 32, b"o" * 24
NOW = 1786384858.9
BODY = b'{"type":"message.send"}'


def secret(key: bytes) -> str:
    return "whsec_" + b64encode(key).decode()


def signed(key: bytes = KEY, id: str = "msg_1", at: float = NOW, body: bytes = BODY) -> dict[str, str]:
    """By the specification's own library."""
    moment = datetime.fromtimestamp(at, UTC)
    signature = Webhook(secret(key)).sign(id, moment, body.decode())
    return {"webhook-id": id, "webhook-timestamp": str(int(at)), "webhook-signature": signature}


@given(st.binary(min_size=24, max_size=64), st.dictionaries(st.text(st.characters(codec="utf-8")), st.integers()))
def test_their_library_verifies_what_we_sign(key: bytes, value: dict[str, int]) -> None:
    body = json.dumps(value, ensure_ascii=False).encode()
    assert Webhook(secret(key)).verify(body, headers([key, OTHER], "c1-3", time.time(), body)) == value


def test_their_library_refuses_what_we_sign_with_another_secret() -> None:
    with pytest.raises(WebhookVerificationError):
        Webhook(secret(OTHER)).verify(BODY, headers([KEY, OTHER], "c1-3", time.time(), BODY))


@given(st.binary(min_size=24, max_size=64), st.text(st.characters(codec="utf-8"), max_size=50))
def test_we_verify_what_their_library_signs(key: bytes, text: str) -> None:
    body = text.encode()
    assert flaw([OTHER, key], signed(key, body=body), body, NOW) == ""
    assert flaw([OTHER], signed(key, body=body), body, NOW).endswith("fits none of our secrets")


def test_the_example_of_the_specification() -> None:
    """From the libraries' own tests: the same everywhere."""
    key, id, timestamp = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330"
    right = b"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert sign(b64decode(key), id, timestamp, b'{"test": 2432232314}') == right


@pytest.mark.parametrize(
    ("seconds", "fine"), [(0, True), (299, True), (-299, True), (300, True), (-300, True), (301, False), (-301, False)]
)
def test_the_tolerance_is_five_minutes_either_way(seconds: int, fine: bool) -> None:
    words = flaw([KEY], signed(at=NOW + seconds), BODY, NOW)
    assert words == ("" if fine else "webhook-timestamp is more than 5 minutes from our clock")


@pytest.mark.parametrize("n", range(len(BODY)))
def test_a_body_with_one_bit_turned(n: int) -> None:
    turned = bytes(b ^ (i == n) for i, b in enumerate(BODY))
    assert flaw([KEY], signed(), turned, NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "msg_2"},
        {"webhook-id": ""},
        {"webhook-id": "msg 1"},
        {"webhook-id": "m" * 257},
        {"webhook-id": "msg_ä"},
        {"webhook-timestamp": str(int(NOW) + 1)},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "yesterday"},
        {"webhook-timestamp": f"{int(NOW)}.0"},
        {"webhook-timestamp": f"+{int(NOW)}"},
        {"webhook-timestamp": f" {int(NOW)}"},
        {"webhook-timestamp": "-5"},
        {"webhook-timestamp": "1" * 400},
        {"webhook-timestamp": "١٧٨٦٣٨٤٨٥٨"},
        {"webhook-timestamp": "NaN"},
        {"webhook-signature": ""},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1,ÄÖ"},
        {"webhook-signature": "\ud800"},
    ],
)
def test_a_header_that_was_changed(change: dict[str, str]) -> None:
    assert flaw([KEY], signed() | change, BODY, NOW)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_header_that_is_missing(name: str) -> None:
    given = signed()
    del given[name]
    assert flaw([KEY], given, BODY, NOW)


def test_one_right_signature_of_several_is_enough() -> None:
    right, wrong = signed()["webhook-signature"], signed(OTHER)["webhook-signature"]
    many = " ".join([wrong, "v1a,AAAA", "nonsense", "", right])
    assert flaw([KEY], signed() | {"webhook-signature": many}, BODY, NOW) == ""


@pytest.mark.parametrize("version", ["v0", "v1a", "v2", "V1", ""])
def test_other_versions_say_nothing(version: str) -> None:
    other = signed()["webhook-signature"].replace("v1", version)
    assert flaw([KEY], signed() | {"webhook-signature": other}, BODY, NOW)


def test_nobody_without_secrets() -> None:
    assert flaw([], signed(), BODY, NOW)


@given(
    st.dictionaries(st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]), st.text()), st.binary()
)
def test_never_raises(given_headers: dict[str, str], body: bytes) -> None:
    assert flaw([KEY], given_headers, body, NOW)
