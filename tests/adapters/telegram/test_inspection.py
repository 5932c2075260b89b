"""What Telegram is asked before a bridge runs, against the simulator over real HTTP; and against worse."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from adapters.telegram.adapter import adapter
from adapters.telegram.guide import chats
from adapters.telegram.inspection import unfit
from adapters.telegram.settings import Endpoint, Settings
from adapters.telegram.simulator.testing import Running, receive, serve
from bridge.channel import Finding, Inspects, SetsUp
from bridge.channel.inspection import Guides
from bridge.core.ids import ChannelName
from tests.adapters.kit import http, nowhere, odd

CHAT = -1001234567890
TOKEN = "700000000:AAF-simulated-telegram-bot-token-000"
PUBLIC = "https://bridge.example.com"
HOOK = f"{PUBLIC}/webhooks/telegram"
HERE = ("endpoints", 0, "chat")


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with serve() as one:
        yield one


@pytest.fixture
def telegram(server: Running) -> Running:
    for fault in server.get("faults")["faults"]:
        if fault["on"]:
            server.post("fault", id=fault["id"], on=False)
    server.call("deleteWebhook", drop_pending_updates=True)
    return server


async def inspected(url: str, *, token: str = TOKEN, updates: str = "webhook", chat: int = CHAT) -> list[Finding]:
    keys = {"bot_token": token, "updates": updates, "webhook_secret": "x", "api_url": url}
    assert isinstance(adapter, Inspects)
    found = await adapter.inspect(Settings.model_validate(keys), [Endpoint(chat=chat)], PUBLIC, ChannelName("telegram"))
    assert token not in repr(found)
    return found


async def wrong(url: str, **more: Any) -> Finding:
    """The one thing that is."""
    found = [f for f in await inspected(url, **more) if not f.ok]
    assert len(found) == 1, found
    return found[0]


def test_it_can_be_asked_and_guides_and_has_nothing_to_set_up() -> None:
    assert isinstance(adapter, Inspects)
    assert isinstance(adapter, Guides)
    assert not isinstance(adapter, SetsUp)


async def test_all_is_well(telegram: Running) -> None:
    found = await inspected(telegram.url)
    assert all(f.ok for f in found), found
    assert [f.words for f in found] == [
        "the token is @trunkline_bot’s",
        "no webhook is set yet; the bridge sets it when it starts",
        "“Support” has topics, and the bot may manage them",
    ]


async def test_it_changes_nothing(telegram: Running) -> None:
    telegram.say("still to be heard")
    with receive() as theirs:
        theirs.reaction = lambda update: 503
        telegram.call("setWebhook", url=theirs.url, secret_token="theirs")
        theirs.wait_for(1)
        await inspected(telegram.url, updates="polling")
        info = telegram.call("getWebhookInfo")[1]["result"]
        assert (info["url"], info["pending_update_count"]) == (theirs.url, 1)


async def test_a_wrong_token(telegram: Running) -> None:
    found = await wrong(telegram.url, token="700000000:AAF-of-somebody-else-entirely-0000000")
    assert found.path == ("bot_token",)
    assert "doesn’t know this bot" in found.words
    assert "@BotFather" in found.mend


async def test_a_group_that_the_bot_does_not_know(telegram: Running) -> None:
    found = await wrong(telegram.url, chat=-1009999999999)
    assert found.path == HERE
    assert "add the bot to the group" in found.words
    assert found.certain


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("not_forum", "“Support” has no topics"),
        ("no_topic_right", "the bot may not manage topics in “Support”"),
        ("kicked", "kicked"),
        ("migrated", "the group has a new id"),
    ],
)
async def test_a_group_that_can_not_be_used(telegram: Running, fault: str, words: str) -> None:
    telegram.post("fault", id=fault)
    found = await wrong(telegram.url)
    assert words in found.words
    assert found.path == HERE
    assert found.certain


async def test_a_webhook_of_ours_that_works(telegram: Running) -> None:
    telegram.call("setWebhook", url=HOOK, secret_token="x")
    assert f"Telegram calls {HOOK}" in [f.words for f in await inspected(telegram.url)]


async def test_a_webhook_of_another_program_is_named_by_its_host_alone(telegram: Running) -> None:
    telegram.call("setWebhook", url="https://other.example.com/secret-path", secret_token="x")
    for updates, words in (("webhook", "leads elsewhere"), ("polling", "removes when it starts")):
        found = await inspected(telegram.url, updates=updates)
        assert all(f.ok for f in found)
        said = next(f.words for f in found if "other.example.com" in f.words)
        assert words in said
        assert "secret-path" not in said


@pytest.mark.parametrize("waiting", [0, 3])
async def test_updates_that_can_not_be_delivered_are_a_warning(waiting: int) -> None:
    """Perhaps the bridge merely isn't running now. An error of the past, after which all was taken, is nothing."""

    def answer(request: bytes) -> bytes:
        info = {"url": HOOK, "pending_update_count": waiting, "last_error_message": "Connection refused"}
        chat = {"id": CHAT, "type": "supergroup", "title": "Support", "is_forum": True}
        member = {"status": "administrator", "can_manage_topics": True}
        known = {"getMe": {"id": 7, "username": "b"}, "getChat ": chat, "getChatMember": member, "getWebhookInfo": info}
        result = next(r for m, r in known.items() if m.encode() in request)
        return http(200, json.dumps({"ok": True, "result": result}).encode(), "Content-Type: application/json")

    async with odd(answer) as server:
        wrong = [f for f in await inspected(server.url) if not f.ok]
    assert [f.certain for f in wrong] == ([False] if waiting else [])
    assert all("3 updates wait" in f.words and "Connection refused" in f.words for f in wrong)


@pytest.mark.parametrize(
    ("privacy_off", "everybody", "lacking"),
    [
        (True, True, []),
        (False, True, ["doesn’t hear"]),
        (True, False, ["may not manage topics"]),
        (False, False, ["doesn’t hear", "may not manage topics"]),
    ],
)
async def test_a_bot_that_is_no_administrator(privacy_off: bool, everybody: bool, lacking: list[str]) -> None:
    def answer(request: bytes) -> bytes:
        permissions = {"can_manage_topics": everybody}
        chat = {"id": CHAT, "type": "supergroup", "title": "Support", "is_forum": True, "permissions": permissions}
        me = {"id": 7, "username": "b", "can_read_all_group_messages": privacy_off}
        known = {"getMe": me, "getChat ": chat, "getChatMember": {"status": "member"}, "getWebhookInfo": {"url": ""}}
        result = next(r for m, r in known.items() if m.encode() in request)
        return http(200, json.dumps({"ok": True, "result": result}).encode(), "Content-Type: application/json")

    async with odd(answer) as server:
        found = [f for f in await inspected(server.url) if not f.ok]
    assert len(found) == len(lacking)
    assert all(words in f.words for words, f in zip(lacking, found, strict=True))


async def test_a_network_that_can_not_be_reached_says_nothing_of_the_configuration() -> None:
    found = await wrong(await nowhere())
    assert not found.certain
    assert "can’t be reached" in found.words


@pytest.mark.parametrize(
    "answer",
    [
        http(502, b"<html>bad gateway</html>"),
        http(500, b'{"ok":false,"error_code":500,"description":"Internal Server Error"}'),
        http(429, b'{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 9"}'),
        http(200, b'{"ok":true,"result":[]}'),
        http(200, b"[" * 5000),
        b"no http at all",
        b"",
    ],
)
async def test_a_network_out_of_order_is_a_warning(answer: bytes) -> None:
    async with odd(answer) as server:
        assert not (await wrong(server.url)).certain


async def test_what_is_not_the_bot_api(telegram: Running) -> None:
    async with odd(http(302, b"", "Location: https://elsewhere.example.com/")) as server:
        found = await wrong(server.url)
    assert found.certain
    assert "api_url" in found.words


def test_telegram_calls_four_ports() -> None:
    assert "8080" in unfit("https://api.telegram.org", "https://bridge.example.com:8080/webhooks/telegram")
    for right in ("https://bridge.example.com/x", "https://bridge.example.com:8443/x", "http://localhost:80/x"):
        assert not unfit("https://api.telegram.org", right)
    assert not unfit("http://127.0.0.1:8081", "https://bridge.example.com:8080/x")


def test_groups_are_found_in_updates() -> None:
    def update(kind: str, id: int, type: str = "supergroup", **more: Any) -> dict[str, Any]:
        return {"update_id": 1, kind: {"chat": {"id": id, "type": type, "title": f"T{id}"}, **more}}

    heard = [
        update("message", 5, "private"),
        update("message", -1),
        update("my_chat_member", -2, new_chat_member={"status": "administrator"}),
        update("message", -3, "group", migrate_to_chat_id=-30),
        update("message", -4, "group"),
        update("my_chat_member", -6, new_chat_member={"status": "member"}),
        update("my_chat_member", -6, new_chat_member={"status": "kicked"}),
        update("message", -1),
        {"update_id": 9, "callback_query": {"message": {"chat": {"id": -7}}}},
        None,
    ]
    found = chats(heard)
    assert list(found) == [-1, -4, -30, -2]
    assert found[-30] == ("T-3", "supergroup")
    assert found[-4] == ("T-4", "group")
