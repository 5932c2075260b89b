"""The keys of a webhook channel, and the adapter."""

from __future__ import annotations

import subprocess
import sys
from base64 import b64encode
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from adapters.webhook.adapter import adapter
from adapters.webhook.settings import Endpoint, Settings, key_of
from bridge.core.content import Side


def secret(size: int) -> str:
    return "whsec_" + b64encode(b"\xfb" * size).decode()


NEEDED = {"url": "https://crm.example.com/hooks", "secret": secret(24)}


def test_secrets() -> None:
    settings = Settings.model_validate(NEEDED | {"secret": [secret(24), secret(64)]})
    assert [len(key_of(s)) for s in settings.secret] == [24, 64]
    assert len(Settings.model_validate(NEEDED).secret) == 1
    assert secret(24) not in repr(settings)
    assert key_of(SecretStr(secret(32))) == b"\xfb" * 32


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("", "not a secret of Standard Webhooks"),
        (secret(24).removeprefix("whsec_"), "not a secret of Standard Webhooks"),
        ("whsec_", "a secret of 0 bytes"),
        (secret(23), "a secret of 23 bytes"),
        (secret(65), "a secret of 65 bytes"),
        ("whsec_ä", "is not base64"),
        (secret(32).rstrip("="), "is not base64"),
        (secret(24).replace("+", "-"), "is not base64"),
    ],
)
def test_no_secrets(wrong: str, words: str) -> None:
    with pytest.raises(ValidationError, match=f"{words}; right is whsec_ and 24 to 64 bytes in base64"):
        Settings.model_validate(NEEDED | {"secret": wrong})


@pytest.mark.parametrize(
    "url", ["https://10.1.2.3/x", "https://[fd00::1]/", "https://169.254.169.254/", "https://0.0.0.0/"]
)
def test_a_private_address_has_to_be_allowed(url: str) -> None:
    with pytest.raises(ValidationError, match="allow_private = true where that is meant"):
        Settings.model_validate(NEEDED | {"url": url})
    assert Settings.model_validate(NEEDED | {"url": url, "allow_private": True}).url == url


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x", "http://localhost:9", "http://[::1]:9"])
def test_loopback_is_fine_where_we_are_there_too(url: str) -> None:
    ours: Any = {"public_url": "http://127.0.0.1:8080"}
    assert Settings.model_validate(NEEDED | {"url": url}, context=ours).url == url
    theirs: Any = {"public_url": "https://bridge.example.com"}
    with pytest.raises(ValidationError, match="the address is private"):
        Settings.model_validate(NEEDED | {"url": url}, context=theirs)
    assert Settings.model_validate(NEEDED | {"url": url, "allow_private": True}, context=theirs)


def test_allow_private_is_true_or_false() -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate(NEEDED | {"allow_private": "yes"})


def test_the_channel_is_its_endpoint() -> None:
    assert adapter.endpoint_key(Endpoint()) == ""
    with pytest.raises(ValidationError):
        Endpoint.model_validate({"room": "x"})


@pytest.mark.parametrize("url", ["https://[::ffff:8.8.8.8]/", "https://224.0.0.1/", "https://[64:ff9b::808:808]/"])
def test_what_leads_somewhere_else_than_it_says_is_private_too(url: str) -> None:
    with pytest.raises(ValidationError, match="the address is private"):
        Settings.model_validate(NEEDED | {"url": url})


def test_the_adapter() -> None:
    settings: Any = Settings.model_validate(NEEDED)
    assert (adapter.name, adapter.sides) == ("webhook", {Side.AGENT, Side.CUSTOMER})
    assert adapter.problems(settings) == []
    assert not adapter.needs_public_url(settings)


def test_opening_a_channel_imports_no_http_client() -> None:
    code = """
import sys
from adapters.webhook.adapter import adapter
settings = adapter.Settings.model_validate({"url": "https://example.com", "secret": "whsec_" + "A" * 32})
adapter.open(settings, [], None)
print([m for m in ("httpx", "aiohttp") if m in sys.modules])
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
