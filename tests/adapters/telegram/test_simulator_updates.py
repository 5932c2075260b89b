"""Updates by getUpdates and by webhook: offsets, conflicts, order, retries, secrets. Facts: telegram.md 5."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Iterator

import pytest
from telegram import Bot
from telegram.error import BadRequest, Conflict

from adapters.telegram.simulator.testing import Receiver, Running, receive, serve, until

KINDS = ["message", "edited_message", "callback_query", "message_reaction", "my_chat_member", "chat_member"]


@pytest.fixture
def server() -> Iterator[Running]:
    with serve() as running:
        yield running


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receive() as receiver:
        yield receiver


@pytest.fixture
async def bot(server: Running) -> AsyncIterator[Bot]:
    async with Bot(**server.ptb()) as one:
        yield one


def texts(hook: Receiver) -> list[str]:
    return [update["message"]["text"] for update in hook.arrived]


async def test_an_offset_confirms_all_below_it(bot: Bot, server: Running) -> None:
    ids = [server.say(f"{number}")["update_id"] for number in range(5)]
    assert [update.update_id for update in await bot.get_updates(limit=2)] == ids[:2]
    assert [update.update_id for update in await bot.get_updates()] == ids
    assert [update.update_id for update in await bot.get_updates(offset=ids[2])] == ids[2:]
    assert [update.update_id for update in await bot.get_updates()] == ids[2:]
    assert [update.update_id for update in await bot.get_updates(offset=-1)] == ids[4:]
    assert await bot.get_updates(offset=ids[4] + 1) == ()


async def test_a_long_poll_answers_when_something_is_said(bot: Bot, server: Running) -> None:
    waiting = asyncio.create_task(bot.get_updates(timeout=20))
    # Something else is answered meanwhile: the poll has begun, and holds nobody up.
    await bot.get_me()
    began = time.monotonic()
    said = await asyncio.to_thread(server.say, "at last")
    updates = await waiting
    assert [update.update_id for update in updates] == [said["update_id"]]
    assert time.monotonic() - began < 5
    assert await bot.get_updates(offset=said["update_id"] + 1, timeout=1) == ()


async def test_the_second_poller_ends_the_first(bot: Bot, server: Running) -> None:
    first = asyncio.create_task(bot.get_updates(timeout=20))
    while not first.done():
        assert (await asyncio.to_thread(server.call, "getUpdates"))[0] == 200
    with pytest.raises(
        Conflict, match=r"(?i)terminated by other getupdates request; make sure that only one bot instance"
    ):
        await first


async def test_a_webhook_and_a_poller_exclude_each_other(bot: Bot, server: Running, hook: Receiver) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=20))
    await bot.get_me()
    await bot.set_webhook(hook.url)
    with pytest.raises(Conflict, match=r"(?i)terminated by setWebhook request|can't use getUpdates method while"):
        await poll
    with pytest.raises(Conflict, match=r"(?i)can't use getUpdates method while webhook is active"):
        await bot.get_updates()
    assert await bot.delete_webhook()
    assert await bot.get_updates() == ()


async def test_allowed_updates_are_remembered(bot: Bot, server: Running) -> None:
    message = await bot.send_message(server.chat, "like me")
    react = {"do": "react", "person": "max", "message": message.message_id, "emoji": "👍"}
    assert server.post("act", **react)["update_id"] is None
    await bot.get_updates(allowed_updates=KINDS)
    server.post("act", **{**react, "emoji": "🔥"})
    reaction = (await bot.get_updates())[0].message_reaction
    assert reaction is not None
    assert reaction.message_id == message.message_id
    assert [one.to_dict()["emoji"] for one in reaction.old_reaction + reaction.new_reaction] == ["👍", "🔥"]
    assert server.call("getWebhookInfo")[1]["result"]["allowed_updates"] == KINDS
    await bot.get_updates(allowed_updates=["edited_message"])
    assert server.say("not heard")["update_id"] is None
    await bot.get_updates(allowed_updates=[])
    assert server.say("heard")["update_id"]
    assert "allowed_updates" not in server.call("getWebhookInfo")[1]["result"]


@pytest.mark.parametrize(
    ("url", "more", "words"),
    [
        ("http://bridge.example.com/", {}, "bad webhook: An HTTPS URL must be provided for webhook"),
        (
            "https://bridge.example.com:8080/",
            {},
            "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443",
        ),
        ("https://10.0.0.1/", {}, "bad webhook: IP address 10.0.0.1 is reserved"),
        ("https://bridge.example.com/", {"secret_token": "x" * 257}, "secret token is too long"),
        ("https://bridge.example.com/", {"secret_token": "a b"}, "secret token contains unallowed characters"),
    ],
)
def test_webhooks_that_are_refused(server: Running, url: str, more: dict[str, str], words: str) -> None:
    status, answer = server.call("setWebhook", url=url, **more)
    assert (status, answer["description"]) == (400, f"Bad Request: {words}")


async def test_a_webhook_gets_what_was_pending_and_its_secret(bot: Bot, server: Running, hook: Receiver) -> None:
    said = [server.say("before")["update_id"]]
    await bot.set_webhook(hook.url, secret_token="s-1", max_connections=3)
    said.append(server.say("after")["update_id"])
    assert [update["update_id"] for update in hook.wait_for(2)] == said
    assert {headers["x-telegram-bot-api-secret-token"] for headers in hook.headers} == {"s-1"}
    assert hook.headers[0]["content-type"] == "application/json"
    until(lambda: server.call("getWebhookInfo")[1]["result"]["pending_update_count"] == 0)
    info = await bot.get_webhook_info()
    assert (info.url, info.max_connections, info.last_error_message) == (hook.url, 3, None)
    assert server.call("setWebhook", url=hook.url, secret_token="s-1", max_connections=3)[1]["description"] == (
        "Webhook is already set"
    )


async def test_the_head_of_a_line_blocks_it_until_2xx(bot: Bot, server: Running, hook: Receiver) -> None:
    attempts: list[str] = []

    def refuse_first(update: dict[str, dict[str, str]]) -> int:
        attempts.append(update["message"]["text"])
        return 503 if attempts.count("one") < 4 else 204

    hook.reaction = refuse_first
    await bot.set_webhook(hook.url)
    server.post("clock", rate=20)
    for text in ("one", "two", "three"):
        server.say(text)
    hook.wait_for(6)
    assert attempts == ["one"] * 4 + ["two", "three"]
    calls = [call for call in server.get("wire")["calls"] if call["direction"] == "webhook"]
    assert [(call["attempt"], call["status"]) for call in calls[:4]] == [(1, 503), (2, 503), (3, 503), (4, 204)]
    waits = [later["at"] - earlier["at"] for earlier, later in itertools.pairwise(calls[:4])]
    # At once, then 2 and 4 simulated seconds, twenty times faster.
    assert waits[0] < 0.1 <= waits[1] < 0.2 <= waits[2]


async def test_other_kinds_travel_in_other_lines(bot: Bot, server: Running, hook: Receiver) -> None:
    message = await bot.send_message(server.chat, "x")
    hook.reaction = lambda update: 500 if "message" in update else 200
    await bot.set_webhook(hook.url, allowed_updates=KINDS)
    server.say("stuck")
    server.post("act", do="react", message=message.message_id, emoji="👍")
    until(lambda: any("message_reaction" in update for update in hook.arrived))
    info = until(lambda: server.call("getWebhookInfo")[1]["result"])
    assert info["pending_update_count"] == 1
    assert info["last_error_message"] == "Wrong response from the webhook: 500 Internal Server Error"


async def test_retry_after_is_honoured_on_the_simulated_clock(bot: Bot, server: Running, hook: Receiver) -> None:
    hook.reaction = lambda update: (503, {"Retry-After": "1000"}) if not hook.arrived else 200
    await bot.set_webhook(hook.url)
    server.say("later")
    until(lambda: server.call("getWebhookInfo")[1]["result"].get("last_error_message"))
    server.post("clock", advance=900)
    server.say("behind")
    assert len(hook.arrived) == 1
    server.post("clock", advance=150)
    assert [update["message"]["text"] for update in hook.wait_for(3)] == ["later", "later", "behind"]


async def test_what_nobody_takes_expires_after_a_day(bot: Bot, server: Running, hook: Receiver) -> None:
    hook.reaction = lambda update: 500 if update["message"]["text"] == "poison" else 200
    await bot.set_webhook(hook.url)
    server.say("poison")
    hook.wait_for(2)
    server.post("clock", advance=86_500)
    server.say("healthy")
    until(lambda: "healthy" in texts(hook))
    assert server.call("getWebhookInfo")[1]["result"]["pending_update_count"] == 0


async def test_a_lost_answer_brings_the_same_update_again(bot: Bot, server: Running, hook: Receiver) -> None:
    await bot.set_webhook(hook.url)
    server.post("fault", id="webhook_lost_answer", on=True, value=1)
    said = [server.say("one")["update_id"], server.say("two")["update_id"]]
    assert [update["update_id"] for update in hook.wait_for(3)] == [said[0], *said]


async def test_a_receiver_that_is_away(bot: Bot, server: Running) -> None:
    with receive() as gone:
        url, port = gone.url, int(gone.url.split(":")[2].partition("/")[0])
    await bot.set_webhook(url)
    server.say("one")
    refused = until(lambda: server.call("getWebhookInfo")[1]["result"].get("last_error_message"))
    assert refused == "Connection refused"
    with receive(port) as back:
        server.post("clock", advance=300)
        assert texts(back) == ["one"] or back.wait_for(1)


async def test_a_webhook_that_is_refused_shows_so_on_the_wire(bot: Bot, server: Running, hook: Receiver) -> None:
    hook.reaction = lambda update: 403 if not hook.arrived else 200
    await bot.set_webhook(hook.url, secret_token="wrong")
    topic = (await bot.create_forum_topic(server.chat, "Ana")).message_thread_id
    hook.wait_for(2)
    calls = until(lambda: [one for one in server.get("wire")["calls"] if one["direction"] == "webhook"][1:2] and
                  [one for one in server.get("wire")["calls"] if one["direction"] == "webhook"])  # fmt: skip
    assert [(one["status"], one["signature"], one["attempt"]) for one in calls] == [(403, "refused", 1), (200, "ok", 2)]
    assert (calls[0]["event"], calls[0]["ref"]) == ("message", f"{server.chat}:{topic}")
    assert calls[0]["request"]["headers"]["x-telegram-bot-api-secret-token"] == "***"


async def test_pending_updates_may_be_dropped(bot: Bot, server: Running, hook: Receiver) -> None:
    server.say("old")
    await bot.set_webhook(hook.url, drop_pending_updates=True)
    server.say("new")
    assert [update["message"]["text"] for update in hook.wait_for(1)] == ["new"]
    with pytest.raises(BadRequest):
        await bot.set_webhook("ftp://x")


async def test_while_telegram_is_down_nothing_arrives(bot: Bot, server: Running, hook: Receiver) -> None:
    await bot.set_webhook(hook.url)
    server.post("fault", id="down", on=True)
    server.say("one")
    assert server.call("getMe")[0] == 502
    assert hook.arrived == []
    server.post("fault", id="down", on=False)
    assert [update["message"]["text"] for update in hook.wait_for(1)] == ["one"]
