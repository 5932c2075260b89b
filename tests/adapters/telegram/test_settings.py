"""The keys of a Telegram channel."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from adapters.telegram.settings import Endpoint, Settings

NEEDED = {"bot_token": "4242:a-token", "webhook_secret": "a_secret"}


def wrong(**keys: Any) -> dict[str, str]:
    """What is said of each key."""
    with pytest.raises(ValidationError) as raised:
        Settings.model_validate(NEEDED | keys)
    assert "a-token" not in str(raised.value)
    return {".".join(map(str, e["loc"])): e["msg"].removeprefix("Value error, ") for e in raised.value.errors()}


def test_what_is_needed_suffices() -> None:
    settings = Settings.model_validate(NEEDED)
    assert settings.bot_token.get_secret_value() == "4242:a-token"
    assert (settings.updates, settings.pace, settings.topics_per_minute) == ("webhook", "learned", 20)
    assert (settings.agents, settings.api_url) == ((), "https://api.telegram.org")
    assert "a-token" not in repr(settings)
    assert "a_secret" not in repr(settings)


def test_polling_needs_no_secret() -> None:
    assert Settings.model_validate({"bot_token": "1:x", "updates": "polling"}).webhook_secret is None


def test_a_webhook_needs_one() -> None:
    said = wrong(webhook_secret=None, pace="x")
    assert list(said) == ["webhook_secret", "pace"]
    assert said["webhook_secret"].startswith('missing, and updates = "webhook" needs it')


@pytest.mark.parametrize("token", ["", "4242", ":x", "4242:", "bot4242:x", "4242:x y", "4242:x/y", "4242:x\n", "٤:x"])
def test_a_bot_token(token: str) -> None:
    assert list(wrong(bot_token=token)) == ["bot_token"]


@pytest.mark.parametrize("secret", ["", "a b", "ä", "a.b", "x" * 257, "x\n"])
def test_a_webhook_secret(secret: str) -> None:
    assert list(wrong(webhook_secret=secret)) == ["webhook_secret"]
    assert Settings.model_validate(NEEDED | {"webhook_secret": "x" * 256})


@pytest.mark.parametrize(
    ("key", "value", "where"),
    [
        ("updates", "push", "updates"),
        ("pace", "fast", "pace"),
        ("topics_per_minute", -1, "topics_per_minute"),
        ("agents", [1, "2"], "agents.1"),
        ("agents", [0], "agents.0"),
        ("agents", 5, "agents"),
        ("room", "x", "room"),
    ],
)
def test_other_keys(key: str, value: Any, where: str) -> None:
    assert list(wrong(**{key: value})) == [where]


def test_a_chat() -> None:
    assert Endpoint(chat=-1001234567890).chat == -1001234567890
    for chat in (0, 1001234567890):
        with pytest.raises(ValidationError, match="group ids look like -1001234567890"):
            Endpoint(chat=chat)
    for other in ("-100", "@group", True, -1.0):
        with pytest.raises(ValidationError):
            Endpoint.model_validate({"chat": other})
