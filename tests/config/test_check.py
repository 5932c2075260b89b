"""``trunkline check`` as its user sees it: exit status, standard output, standard error."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bridge.commands import check

ROOT = Path(__file__).parents[2]
SECRET = "hunter2-correct-horse-battery-staple"

TEN = f"""\
[server]
hots = "0.0.0.0"
public_url = "http://bridge.example.com"

[channels.phone]
adapter = "twilio"
account_sid = "{SECRET}"
auth_token = "env:NOT_THERE"

[channels.telegram]
adapter = "telegram"
bot_token = "{SECRET}"
updates = "polling"
pace = "lerned"

[bridges.support]
give_up_after = "a day"
customers = [
  {{ channel = "phnoe", address = "+15550100" }},
  {{ channel = "phone" }},
]
agents = [
  {{ channel = "telegram", chat = 1001234567890 }},
]
"""

TEN_ANSWERED = """\
FILE:2:1: error: server.hots: unknown key; did you mean "host"?
FILE:3:1: error: server.public_url: plain http; right is https (http is for loopback alone: localhost, 127.0.0.1, ::1)
FILE:7:1: error: channels.phone.account_sid: not of the form it should have; right is the account's SID, AC and 32 hexadecimal \
digits
FILE:8:1: error: channels.phone.auth_token: the environment variable NOT_THERE is not set; set it before the start, or use \
file:PATH
FILE:12:1: error: channels.telegram.bot_token: not a bot token; right is what @BotFather gives: the bot's id in digits, a colon, \
the rest
FILE:14:1: error: channels.telegram.pace: "lerned" is not one of the choices; right is "learned" or "documented"
FILE:17:1: error: bridges.support.give_up_after: not a length of time; right is a whole number and s, m, h or d, as in "90s", \
"15m", "24h", "30d"
FILE:19:5: error: bridges.support.customers[0].channel: no channel is called "phnoe"; did you mean "phone"?
FILE:20:3: error: bridges.support.customers[1].address: missing; right is an address of ours: "+15550100", \
"whatsapp:+15550100", "messenger:PAGE", "rcs:AGENT", or "*" for every one that no bridge names
FILE:23:27: error: bridges.support.agents[0].chat: not the id of a group; right is a negative number: group ids look like \
-1001234567890
FILE: 10 problems
"""


def run(folder: Any, config: Path | None, *, online: bool = False, schema: bool = False) -> int:
    args = argparse.Namespace(config=str(config) if config else None, online=online, schema=schema)
    return check.run(args, folder.adapters, ["telegram", "twilio", "webhook", "websocket"])


@pytest.fixture
def environ(folder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in folder.environ.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("environ")
def test_a_right_file(folder: Any, capsys: pytest.CaptureFixture[str]) -> None:
    config = ROOT / "config.example.toml"
    assert run(folder, config) == 0
    assert capsys.readouterr() == (f"{config}: ok: 4 channels, 1 bridge\n", "")


@pytest.mark.usefixtures("environ")
def test_all_mistakes_are_told_at_once(folder: Any, capsys: pytest.CaptureFixture[str]) -> None:
    folder.file.write_text(TEN)
    assert run(folder, folder.file) == 78
    assert capsys.readouterr() == ("", TEN_ANSWERED.replace("FILE", str(folder.file)))


def test_no_file(folder: Any, capsys: pytest.CaptureFixture[str]) -> None:
    missing = folder.path / "nope.toml"
    assert run(folder, missing) == 78
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        f"{missing}:1:1: error: (file): there is no such file; give the path of a config, as in --config trunkline.toml",
        f"{missing}: 1 problem",
    ]
    assert run(folder, None) == 2


def test_the_schema(folder: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, None, schema=True) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["title"] == "Trunkline configuration"
    assert out == (ROOT / "config.schema.json").read_text(encoding="utf-8"), "generate config.schema.json anew"
    assert err == ""


@pytest.mark.parametrize(
    "where", ["account_sid", "auth_token", "api_key", "api_secret", "service_sid", "api_url", "address"]
)
@pytest.mark.parametrize("kept", ["here", "environment", "file"])
def test_no_value_is_ever_repeated(folder: Any, where: str, kept: str) -> None:
    """Whatever is wrong with it, and wherever it comes from."""
    folder.environ["IT"] = f"{SECRET} {{\n"
    (folder.path / "it").write_text(f"{SECRET} {{\n")
    value = {"here": f"{SECRET} {{\\n", "environment": "env:IT", "file": "file:it"}[kept]
    keys = {"account_sid": "AC", "auth_token": "env:TWILIO_AUTH_TOKEN"} | {where: value}
    keys.pop("address", None)
    table = "".join(f'{key} = "{v}"\n' for key, v in keys.items())
    text = f'[channels.phone]\nadapter = "twilio"\n{table}[bridges.a]\nagents = []\ncustomers = ['
    said = folder.problems(text + f'{{ channel = "phone", address = "{value}" }}]')
    assert said
    assert SECRET not in "\n".join(said)


@pytest.mark.parametrize(
    "text",
    [
        '[channels.a]\nadapter = "env:IT"',
        '[channels.telegram]\nadapter = "telegram"\nbot_token = "env:IT"\nwebhook_secret = "env:IT x"\npace = "env:IT"',
        '[channels.web]\nadapter = "websocket"\nsecret = ["env:SHORT"]\norigins = ["env:IT"]',
        '[channels.crm]\nadapter = "webhook"\nsecret = "env:IT"\nurl = "env:IT"\nallow_private = "env:IT"',
        '[store]\nurl = "env:IT"',
        '[store]\nurl = "mysql://me:hunter2-correct@host/db"',
        '[server]\nport = "env:IT"\npublic_url = "env:IT"\ntrusted_proxies = ["env:IT"]',
        '[bridges.a]\ngive_up_after = "env:IT"\ncustomers = [{ channel = "env:IT" }]\nagents = ["env:IT"]',
        '[bridges.a]\ncustomers = "env:IT"\nagents = []',
    ],
)
def test_no_referenced_value_is_repeated_either(folder: Any, text: str) -> None:
    folder.environ |= {"IT": SECRET, "SHORT": "hunter2-correct"}
    said = "\n".join(folder.problems(text))
    assert "hunter2" not in said
    assert "horse" not in said


def test_no_heavy_library_is_imported() -> None:
    code = "import sys, bridge.commands.check, bridge.config.schema, adapters.webhook, adapters.websocket\n"
    code += "import adapters.twilio, adapters.telegram\n"
    code += "heavy = {'aiogram', 'sqlalchemy', 'sqlmodel', 'httpx', 'aiohttp', 'starlette', 'uvicorn', 'asyncio'}\n"
    code += "print(sorted(heavy & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]", done.stdout
