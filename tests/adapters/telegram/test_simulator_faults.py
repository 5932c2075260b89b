"""The group's limit, the clock, and faults on demand. Facts: telegram.md 3, 4; reliability.md F-090 to F-100."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest
from telegram import Bot
from telegram.error import NetworkError, RetryAfter

from adapters.telegram.simulator.testing import Running, serve, until


@pytest.fixture
def server() -> Iterator[Running]:
    with serve(limit=True) as running:
        yield running


@pytest.fixture
async def bot(server: Running, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    # The library's way of today to tell a wait; the older one warns.
    monkeypatch.setenv("PTB_TIMEDELTA", "true")
    async with Bot(**server.ptb()) as one:
        yield one


def said(server: Running) -> list[str]:
    return [one["text"] for one in server.get("accepted")["accepted"]]


async def test_twenty_a_minute_for_all_topics_edits_and_new_topics_together(bot: Bot, server: Running) -> None:
    topics = [(await bot.create_forum_topic(server.chat, name)).message_thread_id for name in ("One", "Two")]
    for number in range(17):
        message = await bot.send_message(server.chat, f"{number}", message_thread_id=topics[number % 2])
    await bot.edit_message_text("edited", server.chat, message.message_id)
    with pytest.raises(RetryAfter) as refused:
        await bot.send_message(server.chat, "too much", message_thread_id=topics[0])
    assert refused.value.retry_after in [timedelta(seconds=seconds) for seconds in range(50, 61)]
    with pytest.raises(RetryAfter):
        await bot.create_forum_topic(server.chat, "Three")
    assert await bot.send_chat_action(server.chat, "typing")
    assert await bot.delete_message(server.chat, message.message_id)
    server.post("clock", advance=61)
    await bot.send_message(server.chat, "after", message_thread_id=topics[0])
    assert "too much" not in said(server)


def test_a_429_says_how_long_in_three_ways_and_grows(server: Running) -> None:
    for number in range(20):
        assert server.call("sendMessage", chat_id=server.chat, text=f"{number}")[0] == 200
    status, answer = server.call("sendMessage", chat_id=server.chat, text="x")
    wait = answer["parameters"]["retry_after"]
    assert (status, answer["description"]) == (429, f"Too Many Requests: retry after {wait}")
    assert (answer["ok"], answer["error_code"]) == (False, 429)
    request = urllib.request.Request(f"{server.url}/bot{server.token}/sendMessage?chat_id={server.chat}&text=x")
    server.post("clock", advance=30)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request)
    shorter = int(refused.value.headers["retry-after"])
    refused.value.close()
    assert shorter < wait
    assert server.call("sendMessage", chat_id=server.chat, text="x")[1]["parameters"]["retry_after"] > shorter


def test_a_faster_clock_tells_real_seconds(server: Running) -> None:
    server.post("clock", rate=30)
    for number in range(20):
        server.call("sendMessage", chat_id=server.chat, text=f"{number}")
    answer = server.call("sendMessage", chat_id=server.chat, text="x")[1]
    assert answer["parameters"]["retry_after"] == 2
    promised = server.get("clock")["now"] + 30 * answer["parameters"]["retry_after"]
    until(lambda: server.get("clock")["now"] > promised)
    assert server.call("sendMessage", chat_id=server.chat, text="x")[0] == 200
    assert "error" in server.post("clock", advance=-1)


def test_the_limit_is_a_switch_and_each_group_has_its_own() -> None:
    with serve(limit=True, chat=[-1001, -1002]) as server:
        for number in range(20):
            server.call("sendMessage", chat_id=-1001, text=f"{number}")
        assert server.call("sendMessage", chat_id=-1001, text="x")[0] == 429
        assert server.call("sendMessage", chat_id=-1002, text="x")[0] == 200
        server.post("fault", id="limit", on=False)
        assert {server.call("sendMessage", chat_id=-1001, text="x")[0] for _ in range(30)} == {200}


async def test_a_429_on_demand(bot: Bot, server: Running) -> None:
    server.post("fault", id="rate", on=True, value=600)
    with pytest.raises(RetryAfter) as refused:
        await bot.send_message(server.chat, "x")
    assert refused.value.retry_after in (timedelta(seconds=599), timedelta(seconds=600))
    assert await bot.get_me()
    assert next(one["on"] for one in server.get("faults")["faults"] if one["id"] == "rate")
    server.post("clock", advance=600)
    assert not next(one["on"] for one in server.get("faults")["faults"] if one["id"] == "rate")
    assert await bot.send_message(server.chat, "x")


async def test_telegram_is_down(bot: Bot, server: Running) -> None:
    server.post("fault", id="down", on=True)
    with pytest.raises(NetworkError, match="Bad Gateway"):
        await bot.send_message(server.chat, "x")
    server.post("fault", id="down", on=False)
    assert await bot.send_message(server.chat, "y")
    assert said(server) == ["y"]


async def test_a_cut_before_the_effect_and_one_after(bot: Bot, server: Running) -> None:
    topic = (await bot.create_forum_topic(server.chat, "Ana")).message_thread_id
    server.post("fault", id="cut_before", on=True, value=1)
    with pytest.raises(NetworkError):
        await bot.send_message(server.chat, "never", message_thread_id=topic)
    server.post("fault", id="cut_after", on=True, value=1)
    with pytest.raises(NetworkError):
        await bot.send_message(server.chat, "once", message_thread_id=topic)
    await bot.send_message(server.chat, "twice", message_thread_id=topic)
    assert said(server) == ["once", "twice"]
    assert [call["error"] for call in server.get("wire")["calls"]][-3:] == ["connection cut", "connection cut", ""]
    server.post("fault", id="cut_after", on=True, value={"count": 1, "method": "createForumTopic"})
    await bot.send_message(server.chat, "not this one", message_thread_id=topic)
    with pytest.raises(NetworkError):
        await bot.create_forum_topic(server.chat, "Twice")
    assert len(server.get("topics")["topics"]) == 2


async def test_a_set_answer_and_a_slow_one(bot: Bot, server: Running) -> None:
    given = {"method": "sendMessage", "code": 500, "description": "Internal Server Error: restart"}
    server.post("fault", id="answer", on=True, value=given)
    assert await bot.send_chat_action(server.chat, "typing")
    with pytest.raises(NetworkError, match="restart"):
        await bot.send_message(server.chat, "x")
    server.post("fault", id="slow", on=True, value=0.3)
    began = time.monotonic()
    await bot.send_message(server.chat, "y")
    assert time.monotonic() - began >= 0.3
    assert said(server) == ["y"]


def test_the_page_is_offered_sentences(server: Running) -> None:
    listed = {one["id"]: one for one in server.get("faults")["faults"]}
    assert listed["rate"]["label"] == "Telegram answers 429 for 10 s"
    assert listed["limit"]["on"] is True
    assert "no fault 'nonsense'" in server.post("fault", id="nonsense", on=True)["error"]
    assert "could not convert" in server.post("fault", id="slow", on=True, value="long")["error"]
    assert server.post("fault", id="muted", on=True)["faults"]
    answer = server.call("sendMessage", chat_id=server.chat, text="x")[1]
    assert answer["description"] == "Bad Request: not enough rights to send text messages to the chat"
