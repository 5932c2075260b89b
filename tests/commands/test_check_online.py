"""``trunkline check --online``: what networks say, at its line; and what can't be found out."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from adapters.telegram.adapter import adapter as telegram_adapter
from adapters.telegram.simulator.testing import Running, serve
from bridge.channel import Finding
from bridge.channel.adapter import Adapter
from bridge.commands import check
from bridge.core.content import Side
from bridge.core.ids import EndpointKey
from bridge.setup import online

TOKEN = "700000000:AAF-simulated-telegram-bot-token-000"
CONFIG = """\
[channels.telegram]
adapter = "telegram"
bot_token = "{token}"
updates = "polling"
api_url = "{url}"

[channels.phone]
adapter = "pigeon"

[bridges.support]
customers = [{{ channel = "phone" }}]
agents = [
  {{ channel = "telegram", chat = -1001234567890 }},
  {{ channel = "telegram", chat = -1009999999999 }},
]
"""


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Pigeon:
    """A network that can't be asked."""

    name = "pigeon"
    Settings = Table
    Endpoint = Table
    sides = frozenset(Side)

    def endpoint_key(self, endpoint: Any) -> EndpointKey:
        return EndpointKey("loft")

    def needs_public_url(self, settings: Any) -> bool:
        return False

    def problems(self, settings: Any) -> list[Any]:
        return []

    def open(self, settings: Any, endpoints: Sequence[Any], port: Any) -> Any:
        raise NotImplementedError


class AskedPigeon(Pigeon):
    """One that is asked, and answers with `says`."""

    def __init__(self, says: Callable[[], Any]) -> None:
        self._says = says

    async def inspect(self, settings: Any, endpoints: Any, public_url: str, channel: str) -> list[Finding]:
        found: list[Finding] = await self._says()
        return found


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with serve() as one:
        yield one


@pytest.fixture
def telegram(server: Running) -> Running:
    for fault in server.get("faults")["faults"]:
        if fault["on"]:
            server.post("fault", id=fault["id"], on=False)
    return server


def checked(file: Path, pigeon: Pigeon | None = None) -> int:
    known: dict[str, Any] = {"telegram": telegram_adapter, "pigeon": pigeon or Pigeon()}

    def adapters(name: str) -> Adapter:
        found: Adapter = known[name]
        return found

    return check.run(argparse.Namespace(config=str(file), online=True, schema=False), adapters)


def written(folder: Path, url: str, token: str = TOKEN) -> Path:
    file = folder / "t.toml"
    file.write_text(CONFIG.format(url=url, token=token))
    return file


def test_what_is_wrong_stands_at_its_line(
    telegram: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, telegram.url)
    assert checked(file) == 78
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        f"{file}: ok: 2 channels, 1 bridge",
        f"{file}: ok: channels.telegram.bot_token: the token is @trunkline_bot’s",
        f"{file}: ok: channels.telegram.updates: no webhook is set",
        f"{file}: ok: bridges.support.agents[0].chat: “Support” has topics, and the bot may manage them",
        f"{file}: not asked: channels.phone: its adapter has no way to ask its network",
    ]
    first, count = err.splitlines()
    assert first.startswith(f"{file}:14:27: error: bridges.support.agents[1].chat: ")
    assert "chat not found" in first
    assert count == f"{file}: 1 problem"


def test_a_token_that_is_refused(telegram: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    token = "700000000:AAF-of-somebody-else-entirely-0000000"
    file = written(tmp_path, telegram.url, token)
    assert checked(file) == 78
    out, err = capsys.readouterr()
    assert f"{file}:3:1: error: channels.telegram.bot_token: " in err
    assert token not in out + err


def test_a_network_that_is_away_is_no_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, "http://127.0.0.1:9")
    assert checked(file) == 69
    err = capsys.readouterr().err
    assert f"{file}:3:1: warning: channels.telegram.bot_token: Telegram can’t be reached" in err
    assert err.endswith(f"{file}: 1 warning\n")


def test_an_offline_mistake_asks_nobody(telegram: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, telegram.url)
    file.write_text(file.read_text() + "nonsense = 1\n")
    telegram.events.clear()
    assert checked(file) == 78
    assert "@trunkline_bot" not in capsys.readouterr().out
    assert not telegram.events


def test_all_is_well(telegram: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, telegram.url)
    text = file.read_text().replace('  { channel = "telegram", chat = -1009999999999 },\n', "")
    file.write_text(text)
    assert checked(file) == 0
    assert capsys.readouterr().err == ""


def test_a_finding_without_a_key_points_at_its_table(
    telegram: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def says() -> list[Finding]:
        return [Finding(ok=False, words="the loft is shut", mend="open it")]

    file = written(tmp_path, telegram.url)
    assert checked(file, AskedPigeon(says)) == 78
    assert f"{file}:7:1: error: channels.phone: the loft is shut; open it\n" in capsys.readouterr().err


def test_an_adapter_that_breaks_is_a_warning_without_its_words(
    telegram: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def says() -> list[Finding]:
        raise RuntimeError("hunter2")

    file = written(tmp_path, telegram.url)
    assert checked(file, AskedPigeon(says)) == 78, "the other chat is still wrong"
    err = capsys.readouterr().err
    assert err.endswith(f"{file}: 1 problem, 1 warning\n")
    assert f"{file}:7:1: warning: channels.phone: the network couldn’t be asked (RuntimeError)" in err
    assert "hunter2" not in err


def test_nobody_is_waited_for_longer_than_told(
    telegram: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def says() -> list[Finding]:
        await asyncio.Event().wait()
        return []

    impatient = online.ask
    monkeypatch.setattr(online, "ask", lambda config: impatient(config, 0.5))
    file = written(tmp_path, telegram.url)
    checked(file, AskedPigeon(says))
    assert "channels.phone: the network didn’t answer within 0.5 s" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("path", "at"),
    [
        ((), ("channels", "b")),
        (("token",), ("channels", "b", "token")),
        (("endpoints", 0, "chat"), ("bridges", "x", "customers", 1, "chat")),
        (("endpoints", 1), ("bridges", "x", "agents", 0)),
        (("endpoints", 2, "chat"), ("bridges", "y", "agents", 0, "chat")),
        (("endpoints", 3, "chat"), ("channels", "b")),
        (("endpoints",), ("channels", "b")),
    ],
)
def test_a_place_in_the_file(path: Any, at: Any) -> None:
    a, b = {"channel": "a"}, {"channel": "b"}
    data = {"bridges": {"x": {"agents": [b, a], "customers": [a, b]}, "y": {"customers": [a], "agents": [b]}}}
    assert online.place(data, "b", path) == at  # type: ignore[arg-type]
