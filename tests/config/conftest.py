"""A folder with a config file in it, and our four adapters, whether the project is installed or not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.telegram.adapter import adapter as telegram
from adapters.twilio.adapter import adapter as twilio
from adapters.webhook.adapter import adapter as webhook
from adapters.websocket.adapter import adapter as websocket
from bridge.channel.adapter import Adapter
from bridge.channel.registry import UnknownAdapter
from bridge.config.load import load
from bridge.config.model import Config
from bridge.config.problems import ConfigProblems

SECRETS = {
    "TWILIO_ACCOUNT_SID": "AC" + "0123456789abcdef" * 2,
    "TWILIO_AUTH_TOKEN": "a-twilio-token",
    "TELEGRAM_BOT_TOKEN": "4242:the-bots-token",
    "TELEGRAM_WEBHOOK_SECRET": "the_webhook_secret",
    "WEB_SECRET": "0123456789abcdef0123456789abcdef",
    "CRM_SECRET": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
}


ADAPTERS: dict[str, Adapter] = {a.name: a for a in (telegram, twilio, webhook, websocket)}


def adapters(name: str) -> Adapter:
    if name not in ADAPTERS:
        raise UnknownAdapter(name, sorted(ADAPTERS))
    return ADAPTERS[name]


class Folder:
    """`load` reads the text as a config; `problems` has what it complains about, without the file's name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = path / "trunkline.toml"
        self.environ = dict(SECRETS)
        self.adapters = adapters

    def load(self, text: str) -> Config:
        self.file.write_text(text, encoding="utf-8")
        return load(self.file, self.environ, adapters)

    def problems(self, text: str) -> list[str]:
        with pytest.raises(ConfigProblems) as raised:
            self.load(text)
        return [p.render("").removeprefix(":") for p in raised.value.problems]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture(scope="module")
def module_adapters() -> Callable[[str], Adapter]:
    return adapters
