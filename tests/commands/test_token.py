"""``trunkline token``: one line that opens a socket, or words."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import pytest

from adapters.websocket.tokens import check
from bridge.channel.tokens import IssuesTokens
from bridge.commands import token
from bridge.core.content import Side
from bridge.core.ids import ChannelName
from tests.config.conftest import SECRETS, adapters

WEB = ChannelName("web")
CONFIG = """
[server]
public_url = "https://bridge.example.com"
[channels.telegram]
adapter = "telegram"
bot_token = "env:TELEGRAM_BOT_TOKEN"
webhook_secret = "env:TELEGRAM_WEBHOOK_SECRET"
[channels.web]
adapter = "websocket"
secret = ["env:WEB_SECRET", "an-older-secret-of-32-bytes-or-so"]
[channels.idle]
adapter = "websocket"
secret = "env:WEB_SECRET"
[bridges.support]
customers = [{ channel = "web", room = "shop" }, { channel = "web", room = "outlet" }]
agents = [{ channel = "web", room = "support" }, { channel = "telegram", chat = -1001234567890 }]
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    file = tmp_path / "t.toml"
    file.write_text(CONFIG)
    return file


def run(config: Path, **changed: object) -> int:
    given = {"channel": "web", "role": "agent", "subject": "eve", "name": None, "room": None, "ttl": "1h"}
    return token.run(argparse.Namespace(config=config, **(given | changed)))


def test_one_line_that_the_channel_takes(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(config, name="Eve", ttl="90s") == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert printed.out.count("\n") == 1
    now = time.time()
    claims = check(printed.out.strip(), [SECRETS["WEB_SECRET"]], WEB, now)
    assert (claims.subject, claims.side, claims.room, claims.name) == ("eve", Side.AGENT, "support", "Eve")
    assert claims.expires_at == pytest.approx(now + 90, abs=2)


def test_a_room_that_is_named(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(config, role="customer", room="outlet", ttl="30d") == 0
    claims = check(capsys.readouterr().out.strip(), [SECRETS["WEB_SECRET"]], WEB, time.time())
    assert (claims.side, claims.room, claims.name) == (Side.CUSTOMER, "outlet", "")


@pytest.mark.parametrize(
    ("label", "changed", "words"),
    [
        ("several rooms", {"role": "customer"}, ["--room", "shop", "outlet"]),
        ("another room", {"room": "suport"}, ["--room", 'did you mean "support"?']),
        ("the other side's", {"room": "shop"}, ["--room", "no bridge has this one"]),
        ("no such channel", {"channel": "wbe"}, ["--channel", 'did you mean "web"?']),
        ("a channel without tokens", {"channel": "telegram"}, ["--channel", "telegram"]),
        ("a channel without rooms", {"channel": "idle"}, ["--role", "idle"]),
        ("no length of time", {"ttl": "1 hour"}, ["--ttl", "90s"]),
        ("too long", {"ttl": "31d"}, ["30 days"]),
        ("no time", {"ttl": "0s"}, ["some time"]),
        ("nobody", {"subject": ""}, ["subject"]),
    ],
)
def test_wrong_arguments_are_said_in_words(
    config: Path, capsys: pytest.CaptureFixture[str], label: str, changed: dict[str, object], words: list[str]
) -> None:
    assert run(config, **changed) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("trunkline token: ")
    assert not [w for w in words if w not in printed.err], printed.err


def test_a_config_with_problems(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text(CONFIG.replace("adapter =", "adaptr ="))
    assert run(config) == 78
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "error:" in printed.err


def test_the_secrets_are_not_said(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(config, ttl="31d")
    assert SECRETS["WEB_SECRET"] not in capsys.readouterr().err


def test_only_those_issue_tokens_whose_clients_show_them() -> None:
    assert isinstance(adapters("websocket"), IssuesTokens)
    assert not isinstance(adapters("telegram"), IssuesTokens)
