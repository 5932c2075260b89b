"""The parts of ``trunkline init``: the files that it writes, how it asks, and what Twilio's account is asked for."""

from __future__ import annotations

import io
import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.telegram.adapter import adapter as telegram
from adapters.twilio.adapter import adapter as twilio
from adapters.twilio.guide import guided, meant
from bridge.channel.inspection import Draft
from bridge.config.load import load
from bridge.core.content import Side
from bridge.setup import writing
from bridge.setup.terminal import Terminal
from bridge.setup.writing import Chosen, Plan, save, secret_files, slug, toml
from tests.adapters.kit import http, odd

SID = "AC" + "0a" * 16
PHONE = Draft(
    channel="phone",
    settings={"account_sid": SID, "auth_token": "a-token"},
    endpoints=[{"address": "+15550100"}, {"address": "whatsapp:+15550100"}],
    secrets=frozenset({"auth_token"}),
)
GROUP = Draft(
    channel="telegram",
    settings={"bot_token": "7:x", "updates": "polling"},
    endpoints=[{"chat": -1001234567890}],
    secrets=frozenset({"bot_token", "webhook_secret"}),
)


def plan(**more: Any) -> Plan:
    chosen = [
        Chosen(adapter="twilio", keys=twilio.Settings, side=Side.CUSTOMER, draft=PHONE),
        Chosen(adapter="telegram", keys=telegram.Settings, side=Side.AGENT, draft=GROUP),
    ]
    whole = {"title": "Support", "agent_name": "Support", "public_url": "https://b.example.com", "chosen": chosen}
    return Plan(**(whole | more))


# ---- what is written


def test_what_is_written_is_a_right_config(tmp_path: Path) -> None:
    file = tmp_path / "trunkline.toml"
    save(file, toml(plan(), file.name), secret_files(plan()))
    config = load(file, {})
    assert [e.key for e in config.bridges["support"].endpoints] == [  # type: ignore[index]
        "+15550100",
        "whatsapp:+15550100",
        "-1001234567890",
    ]
    assert config.server.port == writing.PORT
    assert config.channels["phone"].settings.auth_token[0].get_secret_value() == "a-token"  # type: ignore[index, attr-defined]
    assert max(map(len, file.read_text().splitlines())) <= 130


@given(st.text(min_size=1), st.text(min_size=1))
def test_any_title_survives(title: str, agent_name: str) -> None:
    try:
        title.encode(), agent_name.encode()
    except UnicodeEncodeError:
        return
    bridges = tomllib.loads(toml(plan(title=title, agent_name=agent_name), "t.toml"))["bridges"]
    assert bridges == {slug(title): bridges[slug(title)]}
    assert (bridges[slug(title)]["title"], bridges[slug(title)]["agent_name"]) == (title, agent_name)
    assert slug(title).replace("-", "").isalnum()


@pytest.mark.parametrize(
    ("public_url", "port"),
    [
        ("http://127.0.0.1:9000", 9000),
        ("http://localhost", 8080),
        ("https://bridge.example.com:8443", 8080),
        ("", 8080),
    ],
)
def test_on_loopback_it_listens_where_it_is_called(public_url: str, port: int) -> None:
    server = tomllib.loads(toml(plan(public_url=public_url), "t.toml"))["server"]
    assert server["port"] == port
    assert server.get("public_url", "") == public_url


def test_nothing_is_lost_by_writing_anew(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "trunkline.toml"
    file.parent.mkdir()
    save(file, "first\n", {"secrets/a": "one"})
    save(file, "second\n", {"secrets/a": "two"})
    folder = file.parent
    assert (folder / "trunkline.toml.old").read_text() == "first\n"
    assert (folder / "secrets" / "a.old").read_text() == "one\n"
    assert (folder / "secrets" / "a").read_text() == "two\n"
    assert (folder / "secrets" / "a.old").stat().st_mode & 0o777 == 0o600
    assert sorted(p.name for p in (folder / "secrets").iterdir()) == [".gitignore", "a", "a.old"]


def test_a_folder_that_can_not_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(OSError, match="taken"):
        save(tmp_path / "taken" / "t.toml", "x", {"secrets/a": "one"})


# ---- how it asks


def talk(*typed: str) -> tuple[Terminal, io.StringIO]:
    said = io.StringIO()
    return Terminal(io.StringIO("".join(f"{line}\n" for line in typed)), said), said


def test_an_answer_or_what_stands_in_its_place() -> None:
    asked, said = talk("  blue ", "", "hidden")
    assert asked.ask("Colour", default="red") == "blue"
    assert asked.ask("Colour?", default="red") == "red"
    assert asked.ask("Secret", secret=True) == "hidden"
    assert said.getvalue() == "Colour [red]: Colour? [red] Secret: "
    with pytest.raises(EOFError):
        asked.ask("More?")


@pytest.mark.parametrize(
    ("typed", "default", "meant"),
    [("", True, True), ("", False, False), ("Y", False, True), ("no", True, False), ("what", True, True)],
)
def test_yes_or_no(typed: str, default: bool, meant: bool) -> None:
    asked, _ = talk(typed, "yes")
    assert asked.confirm("Well?", default=default) is meant


def test_one_of_several() -> None:
    asked, said = talk("3", "x", "2")
    assert asked.choose("Which network?", ["only"]) == 0
    assert said.getvalue() == ""
    assert asked.choose("Which network?", ["one", "two"]) == 1
    assert "  2  two" in said.getvalue()


def test_the_public_url_is_asked_once() -> None:
    asked, _ = talk("", "https://bridge.example.com/")
    assert asked.public_url("Perhaps.", required=False) == ""
    assert asked.public_url("Perhaps.", required=False) == ""
    assert asked.public_url("Surely.") == "https://bridge.example.com"
    assert asked.public_url("Surely.") == asked.reached_at == "https://bridge.example.com"


def test_long_lines_are_wrapped_and_links_are_not() -> None:
    asked, said = talk()
    link = "https://example.com/" + "x" * 90
    asked.say(f"  1. {'word ' * 30}\nshort\n{link}")
    lines = said.getvalue().splitlines()
    assert lines[-2:] == ["short", link]
    assert all(len(line) <= 78 for line in lines[:-1])
    assert lines[2].startswith("     word")


# ---- what Twilio's account is asked for


def account(type: str = "Full") -> Callable[[bytes], bytes]:
    """Twilio's answers; the forms are those of its documentation."""
    numbers = [
        {
            "phone_number": "+15550100",
            "friendly_name": "Desk",
            "capabilities": {"sms": True, "mms": True, "voice": True},
        },
        {"phone_number": "+15550101", "friendly_name": "Lift", "capabilities": {"sms": False, "voice": True}},
    ]
    senders = [{"sender_id": "whatsapp:+15550100", "status": "ONLINE"}]
    known = {
        "IncomingPhoneNumbers.json": {"incoming_phone_numbers": numbers, "next_page_uri": None},
        "Channels/Senders": {"senders": senders, "meta": {"next_page_url": None}},
        f"Accounts/{SID}.json": {"sid": SID, "friendly_name": "Shop", "type": type, "status": "active"},
    }

    def answer(request: bytes) -> bytes:
        body = next(body for path, body in known.items() if path.encode() in request.split(b"\r\n")[0])
        return http(200, json.dumps(body).encode(), "Content-Type: application/json")

    return answer


async def test_the_accounts_numbers_are_listed_to_choose_from() -> None:
    asked, said = talk(SID, "a-token", "https://bridge.example.com", "1, 2, 9", "1, 2, rcs:agent_1")
    async with odd(account("Trial")) as server:
        draft = await guided(asked, server.url + "/{product}")
    assert [e["address"] for e in draft.endpoints] == ["+15550100", "whatsapp:+15550100", "rcs:agent_1"]
    assert draft.settings == {"account_sid": SID, "auth_token": "a-token", "api_url": server.url + "/{product}"}
    assert draft.secrets == {"auth_token"}
    shown = said.getvalue()
    assert "  1  +15550100           SMS, MMS, Desk" in shown
    assert "  2  whatsapp:+15550100  WhatsApp, online" in shown
    assert "+15550101" not in shown, "it carries no messages"
    assert "a trial account" in shown
    assert 'like +15550100 or whatsapp:+15550100 ("9")' in shown.replace("\n", " ")


async def test_a_network_that_is_away_can_be_set_up_later() -> None:
    asked, said = talk(SID, "a-token", "n", "https://bridge.example.com", "+15550100")
    draft = await guided(asked, "http://127.0.0.1:9/{product}")
    assert draft.endpoints == [{"address": "+15550100"}]
    assert "The account couldn't be tried" in said.getvalue()


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("1", ["+1555"]),
        ("2,1,2", ["whatsapp:+1556", "+1555"]),
        (" +1 555 0100 ", ["+15550100"]),
        ("0", "0"),
        ("3", "3"),
        ("", ""),
        ("1, my phone", "my phone"),
        ("12345", ["12345"]),
    ],
)
def test_what_was_meant(typed: str, found: list[str] | str) -> None:
    assert meant(typed, ["+1555", "whatsapp:+1556"]) == found
