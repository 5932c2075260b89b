"""The keys of a websocket channel, and what its adapter says of itself."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from adapters.websocket.adapter import adapter
from adapters.websocket.settings import Endpoint, Settings
from bridge.core.content import Side

SECRET = "0123456789abcdef0123456789abcdef"


def test_secrets() -> None:
    assert [s.get_secret_value() for s in Settings.model_validate({"secret": SECRET}).secret] == [SECRET]
    assert len(Settings.model_validate({"secret": [SECRET, "ä" * 16]}).secret) == 2
    assert SECRET not in repr(Settings.model_validate({"secret": SECRET}))


@pytest.mark.parametrize("secret", ["", SECRET[1:], [SECRET, "x"], [], None])
def test_no_secrets(secret: Any) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({"secret": secret})


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("https://shop.example.com", "https://shop.example.com"),
        ("https://Shop.Example.com/", "https://shop.example.com"),
        ("https://shop.example.com:443", "https://shop.example.com"),
        ("https://shop.example.com:8443", "https://shop.example.com:8443"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://[::1]:3000", "http://[::1]:3000"),
    ],
)
def test_an_origin_is_kept_as_browsers_send_it(written: str, sent: str) -> None:
    assert Settings.model_validate({"secret": SECRET, "origins": [written]}).origins == (sent,)


@pytest.mark.parametrize(
    "origin",
    ["", "*", "shop.example.com", "https://", "https://*.example.com", "https://a.example/x", "https://a.example?x", "null",
     "https://me@a.example", "https://a.example:x", "http://a.example", "http://localhost.a.example", "http://127.a.example",
     "ws://a.example", "https://a .example"],
)  # fmt: skip
def test_no_origins(origin: str) -> None:
    with pytest.raises(ValidationError, match=r"right is scheme and host alone"):
        Settings.model_validate({"secret": SECRET, "origins": [origin]})


def test_a_room_is_the_key_of_its_endpoint() -> None:
    assert adapter.endpoint_key(Endpoint(room="shop")) == "shop"
    with pytest.raises(ValidationError):
        Endpoint(room="")


def test_any_room_on_either_side_and_nobody_calls_us() -> None:
    settings: Any = Settings.model_validate({"secret": SECRET})
    assert (adapter.name, adapter.sides) == ("websocket", {Side.AGENT, Side.CUSTOMER})
    assert adapter.problems(settings) == []
    assert not adapter.needs_public_url(settings)
