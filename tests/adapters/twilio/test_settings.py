"""The keys of a Twilio channel."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from adapters.twilio.settings import Endpoint, Settings

HEX = "0123456789abcdef" * 2
NEEDED = {"account_sid": f"AC{HEX}", "auth_token": "a-token"}


def wrong(**keys: Any) -> dict[str, str]:
    """What is said of each key."""
    with pytest.raises(ValidationError) as raised:
        Settings.model_validate(NEEDED | keys)
    assert "a-token" not in str(raised.value)
    return {".".join(map(str, e["loc"])): e["msg"].removeprefix("Value error, ") for e in raised.value.errors()}


def test_what_is_needed_suffices() -> None:
    settings = Settings.model_validate(NEEDED)
    assert [t.get_secret_value() for t in settings.auth_token] == ["a-token"]
    assert (settings.api_key, settings.api_secret, settings.service_sid) == (None, None, None)
    assert (settings.api_url, settings.max_in_flight) == ("https://{product}.twilio.com", 8)
    assert "a-token" not in repr(settings)


def test_tokens_while_rotating() -> None:
    settings = Settings.model_validate(NEEDED | {"auth_token": ["new", "old"]})
    assert [t.get_secret_value() for t in settings.auth_token] == ["new", "old"]


def test_a_slash_at_the_end_of_the_api_url_is_dropped() -> None:
    assert Settings.model_validate(NEEDED | {"api_url": "http://127.0.0.1:1/{product}/"}).api_url.endswith("/{product}")


def test_everything_at_once() -> None:
    full = NEEDED | {"api_key": f"SK{HEX}", "api_secret": "s", "service_sid": f"IS{HEX}", "max_in_flight": 1}
    assert Settings.model_validate(full).service_sid == f"IS{HEX}"


@pytest.mark.parametrize("sid", ["", "AC", f"ac{HEX}", f"AC{HEX}0", f"SK{HEX}", f"AC{HEX[1:]}g", f"AC{HEX}\n"])
def test_an_account_sid(sid: str) -> None:
    assert list(wrong(account_sid=sid)) == ["account_sid"]


@pytest.mark.parametrize("token", ["", " ", ["a", ""], [], 1, None])
def test_an_auth_token(token: Any) -> None:
    assert {key.split(".")[0] for key in wrong(auth_token=token)} == {"auth_token"}


def test_an_api_key_and_its_secret_come_together() -> None:
    assert wrong(api_key=f"SK{HEX}") == {"api_secret": "missing beside api_key; right is to give both, or neither"}
    assert wrong(api_secret="s") == {"api_secret": "api_key is missing beside it; right is to give both, or neither"}
    assert list(wrong(api_key="SK", max_in_flight=0)) == ["api_key", "max_in_flight"]


def test_a_missing_secret_is_told_beside_other_mistakes() -> None:
    assert list(wrong(api_key=f"SK{HEX}", account_sid="AC")) == ["account_sid", "api_secret"]


def test_requests_at_once() -> None:
    assert list(wrong(max_in_flight="8")) == ["max_in_flight"]
    assert list(wrong(max_in_flight=True)) == ["max_in_flight"]


@pytest.mark.parametrize(
    "address",
    ["+15550100", "whatsapp:+15550100", "rcs:+15550100", "rcs:brand_agent", "messenger:1234", "12345", "*"],
)
def test_addresses_of_ours(address: str) -> None:
    assert Endpoint(address=address).address == address


@pytest.mark.parametrize(
    "address",
    ["", " ", "15550100", "+1 555 0100", "+1-555", "+0555", "+", "+1234567890123456", "WhatsApp:+1555", "whatsapp:1555",
     "whatsapp:", "rcs:", "messenger:", "messenger:a b", "sms:+1555", "**", "+15550100\n", "+١٥٥٥"],
)  # fmt: skip
def test_no_addresses(address: str) -> None:
    with pytest.raises(ValidationError, match=r"right is"):
        Endpoint(address=address)
