"""``trunkline init`` as an admin meets it: in a terminal, between both simulators, from nothing to a relayed message."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.commands.terminal import Screen, terminal
from tests.rig import Process, Rig, free_port

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
NUMBER = "whatsapp:+15550100"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """Both networks, as they are before anybody set up anything; the bridge isn't started."""
    twilio = Process("twilio", ["-m", "adapters.twilio.simulator", "--receipt-delay", "0"], tmp_path)
    telegram = Process("telegram", ["-m", "adapters.telegram.simulator", "--no-limit"], tmp_path)
    bridge = Process("bridge", ["-m", "bridge", "run", "--config", str(tmp_path / "trunkline.toml")], tmp_path)
    with ExitStack() as stack:
        for process in (twilio, telegram):
            process.start()
            stack.callback(lambda p=process: p.alive and p.kill())
        r = Rig(tmp_path, bridge, twilio, telegram)
        stack.callback(r.http.close)
        stack.callback(lambda: bridge.alive and bridge.kill())
        yield r


def args(r: Rig) -> list[str]:
    stand_ins = ["--api-url", f"telegram={r.telegram.url}", "--api-url", f"twilio={r.twilio.url}/{{product}}"]
    return ["-m", "bridge", "init", *stand_ins]


def trunkline(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bridge", *args]
    return subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True, timeout=60)


def secrets(r: Rig) -> tuple[str, str, str]:
    account, bot = r.twilio_control("settings"), r.telegram_control("settings")["settings"]
    return account["account_sid"], account["auth_token"], bot["bot_token"]


def customers(screen: Screen, r: Rig, public_url: str) -> None:
    """The questions up to the agents' side, answered well."""
    sid, token, _ = secrets(r)
    screen.answers("bridge be called? [Support] ", "")
    screen.answers("customers talk with? [Support] ", "Ana's Shop")
    screen.answers("Account SID: ", sid)
    screen.answers("Auth token: ", token)
    screen.answers("Public URL", public_url)
    screen.expects("  1  +15550100")
    screen.answers("Which of them do your customers write to?", f"1, {NUMBER}")


def test_from_nothing_to_a_relayed_message(rig: Rig) -> None:
    folder, port = rig.folder, free_port()
    _, auth_token, bot_token = secrets(rig)
    with terminal(args(rig), folder) as screen:
        customers(screen, rig, f"http://127.0.0.1:{port}")
        screen.answers("The bot's token: ", bot_token)
        screen.expects("That is @trunkline_bot.")
        screen.answers("Shall Telegram call that URL? [Y/n] ", "y")
        screen.expects("Waiting for that word ...")
        rig.telegram_control("say", {"text": "hello"})
        screen.answers("Found “Support”. Is it this group? [Y/n] ", "")
        screen.expects("“Support” has topics, and the bot may manage them. Good.")
        screen.expects("Written: trunkline.toml")
        screen.expects("!! ")
        screen.answers("Shall this be set right there now, as far as it can be from here? [Y/n] ", "y")
        for address in ("+15550100", NUMBER):
            screen.expects(f"made: what is written to {address} comes here by Conversations")
        screen.expects("trunkline run --config trunkline.toml")
        assert screen.ends() == 0, screen.said
    assert auth_token not in screen.said
    assert bot_token not in screen.said
    looks_right(folder, [auth_token, bot_token])

    online = trunkline(folder, "check", "--config", "trunkline.toml", "--online")
    assert online.returncode == 0, online.stderr

    rig.bridge.start()
    for address, name in (("+15550177", "+15550177 · SMS"), ("whatsapp:+15550178", "+15550178 · WhatsApp")):
        customer = rig.customer(address)
        customer.says("Do you have it in blue?")
        topic = rig.topic(name)
        topic.heard("Do you have it in blue?")
        topic.says("Yes, we do")
        assert customer.heard("Yes, we do")["author"] == "Ana's Shop"
    assert rig.bridge.stop() == 0


def looks_right(folder: Path, kept: list[str]) -> None:
    """Secrets in files that only their owner may read, and none of them in the config."""
    text = (folder / "trunkline.toml").read_text()
    config = tomllib.loads(text)
    assert config["bridges"]["support"]["agent_name"] == "Ana's Shop"
    assert config["channels"]["phone"]["auth_token"] == "file:secrets/phone_auth_token"
    files = {p.name: p for p in (folder / "secrets").iterdir() if p.name != ".gitignore"}
    assert set(files) == {"phone_auth_token", "telegram_bot_token", "telegram_webhook_secret"}
    assert (folder / "secrets").stat().st_mode & 0o777 == 0o700
    assert {p.stat().st_mode & 0o777 for p in files.values()} == {0o600}
    for secret in [*kept, files["telegram_webhook_secret"].read_text().strip()]:
        assert secret not in text


def test_what_a_network_refuses_is_asked_again(rig: Rig) -> None:
    sid, auth_token, bot_token = secrets(rig)
    rig.telegram_fault("not_forum")
    with terminal(args(rig), rig.folder) as screen:
        screen.answers("bridge be called? [Support] ", "Sales")
        screen.answers("customers talk with? [Sales] ", "")
        screen.answers("Account SID: ", "nonsense")
        screen.expects("That is no Account SID")
        screen.answers("Account SID: ", sid)
        screen.answers("Auth token: ", "another")
        screen.expects("Twilio refused these two")
        screen.answers("Account SID: ", sid)
        screen.answers("Auth token: ", auth_token)
        screen.answers("Public URL", "")
        screen.expects("That can't be: it is needed")
        screen.answers("Public URL", "http://bridge.example.com")
        screen.expects("That can't be: plain http")
        screen.answers("Public URL", "http://localhost:1")
        screen.answers("write to?", "12-34")
        screen.expects("That is neither a number of the list nor an address")
        screen.answers("write to?", NUMBER)
        screen.answers("The bot's token: ", "nonsense")
        screen.expects("That is no bot token")
        screen.answers("The bot's token: ", "700000000:AAF-of-somebody-else-entirely-0000000")
        screen.expects("That token was refused by Telegram")
        screen.answers("The bot's token: ", bot_token)
        screen.answers("Shall Telegram call that URL? [Y/n] ", "maybe")
        screen.expects("Please type y or n.")
        screen.answers("Shall Telegram call that URL? [Y/n] ", "n")
        screen.expects("Waiting for that word ...")
        rig.telegram_control("say", {"text": "hello"})
        screen.answers("Is it this group? [Y/n] ", "y")
        screen.expects("“Support” has no topics; switch Topics on")
        rig.telegram_fault("not_forum", on=False)
        rig.telegram_fault("no_topic_right")
        screen.answers("Enter once that is done, or “later” [look again]: ", "")
        screen.expects("may not manage topics")
        rig.telegram_fault("no_topic_right", on=False)
        screen.answers("Enter once that is done", "")
        screen.expects("has topics, and the bot may manage them. Good.")
        screen.answers("Shall this be set right there now", "n")
        assert screen.ends() == 0, screen.said
    config = tomllib.loads((rig.folder / "trunkline.toml").read_text())
    assert config["channels"]["telegram"]["updates"] == "polling"
    assert "webhook_secret" not in config["channels"]["telegram"]
    assert list(config["bridges"]) == ["sales"]
    assert rig.http.get(f"{rig.telegram.url}/bot{bot_token}/getUpdates").json()["result"], "what waits was taken"


def test_a_webhook_is_removed_only_after_asking(rig: Rig) -> None:
    *_, bot_token = secrets(rig)
    api = f"{rig.telegram.url}/bot{bot_token}"
    hook = {"url": "https://other.example.com/secret-path"}
    rig.http.post(f"{api}/setWebhook", json=hook)
    with terminal(args(rig), rig.folder) as screen:
        customers(screen, rig, "http://localhost:1")
        screen.answers("The bot's token: ", bot_token)
        screen.answers("Shall Telegram call that URL?", "y")
        screen.expects("A webhook is set for this bot (other.example.com)")
        screen.answers("Remove it? [y/N] ", "")
        screen.answers("The group's id, negative, as in -1001234567890: ", "support")
        screen.expects("That is no group's id")
        screen.answers("The group's id", "-1001234567890")
        screen.expects("Written: trunkline.toml")
        screen.answers("Shall this be set right there now", "n")
        assert screen.ends() == 0, screen.said
    assert "secret-path" not in screen.said
    assert rig.http.get(f"{api}/getWebhookInfo").json()["result"]["url"] == hook["url"]


@pytest.mark.parametrize("at", ["a question", "a secret", "the network"])
def test_ctrl_c_leaves_nothing_half_written(rig: Rig, at: str) -> None:
    *_, bot_token = secrets(rig)
    there = {"trunkline.toml": "old = true\n"}
    (rig.folder / "trunkline.toml").write_text(there["trunkline.toml"])
    with terminal(args(rig), rig.folder) as screen:
        screen.answers("Write it anew, and keep it as .old beside the new one? [y/N] ", "y")
        if at == "a question":
            screen.expects("bridge be called? [Support] ")
        else:
            customers(screen, rig, "http://localhost:1")
            screen.expects("The bot's token: ")
        if at == "the network":
            screen.types(bot_token)
            screen.answers("Shall Telegram call that URL?", "y")
            screen.expects("Waiting for that word ...")
        screen.presses(b"\x03")
        screen.expects("Nothing was written.")
        assert screen.ends() == 130
    assert "Traceback" not in screen.said
    assert {p.name: p.read_text() for p in rig.folder.iterdir() if p.suffix != ".log"} == there


def test_a_file_that_is_there_is_left_alone_unless_told(rig: Rig) -> None:
    (rig.folder / "trunkline.toml").write_text("old = true\n")
    with terminal(args(rig), rig.folder) as screen:
        screen.answers("Write it anew, and keep it as .old beside the new one? [y/N] ", "")
        assert screen.ends() == 0
    assert (rig.folder / "trunkline.toml").read_text() == "old = true\n"


def test_without_a_terminal_it_says_so(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "bridge", "init"],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    assert ended.returncode == 2
    assert "run it on a terminal" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not list(tmp_path.iterdir())
