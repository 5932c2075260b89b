"""The simulator as a process of its own: killed with -9 at any moment it goes on where it was; mounted below a path."""

from __future__ import annotations

import asyncio
import base64
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.routing import Mount

from adapters.telegram.simulator import create
from adapters.telegram.simulator.testing import Running, receive, serve, until

ROOT = Path(__file__).parents[3]
CHAT = -1001234567890


@contextmanager
def process(*arguments: str) -> Iterator[tuple[Running, subprocess.Popen[str]]]:
    """The module run as a program; killed with -9 at the end, whatever it is doing."""
    command = [sys.executable, "-m", "adapters.telegram.simulator", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        assert child.stdout is not None
        ready, _, url = child.stdout.readline().strip().partition(": ")
        assert ready == "ready"
        settings = {"bot_token": "700000000:AAF-simulated-telegram-bot-token-000"}
        try:
            yield Running(url, settings, CHAT, []), child
        finally:
            child.kill()


def test_everything_outlives_a_kill(tmp_path: Path) -> None:
    picture = base64.b64encode(b"GIF89a" + bytes(20)).decode()
    with process("--folder", str(tmp_path)) as (server, _):
        topic = server.call("createForumTopic", chat_id=CHAT, name="Ana")[1]["result"]["message_thread_id"]
        sent = server.call("sendMessage", chat_id=CHAT, message_thread_id=topic, text="hello")[1]["result"]
        server.call("getUpdates", allowed_updates=["message", "message_reaction"])
        said = server.say("look", topic, files=[{"filename": "a.gif", "content_type": "image/gif", "data": picture}])
        server.post("fault", id="topic_deleted_text", on=True)
        server.post("clock", advance=1000)
        server.post("act", do="react", message=sent["message_id"], emoji="👍")
        before, now = server.get("snapshot"), server.get("clock")["now"]
    with process("--folder", str(tmp_path)) as (server, _):
        after = server.get("snapshot")
        # Only the address differs, since the port does.
        for one in (before, after):
            one["groups"][0]["topics"][1]["messages"][2]["media"][0].pop("url")
        assert after == before
        assert server.get("clock")["now"] >= now
        updates = server.call("getUpdates")[1]["result"]
        assert [update["update_id"] for update in updates][1:] == [said["update_id"], said["update_id"] + 1]
        held = server.call("getFile", file_id=updates[1]["message"]["animation"]["file_id"])[1]["result"]
        with httpx.Client(trust_env=False) as client:
            assert client.get(f"{server.url}/file/bot{server.token}/{held['file_path']}").content[:6] == b"GIF89a"
        new = server.call("sendMessage", chat_id=CHAT, message_thread_id=topic, text="next")[1]["result"]
        assert new["message_id"] == said["message_id"] + 1
        assert [one["text"] for one in server.get("accepted")["accepted"]] == ["hello", "next"]
        assert {one["id"]: one["on"] for one in server.get("faults")["faults"]}["topic_deleted_text"] is True


def test_pending_updates_go_on_to_the_webhook_after_a_kill(tmp_path: Path) -> None:
    with receive() as hook:
        hook.reaction = lambda update: 500
        with process("--folder", str(tmp_path)) as (server, _):
            server.call("setWebhook", url=hook.url, secret_token="s")
            said = [server.say(f"{number}")["update_id"] for number in range(5)]
            hook.wait_for(1)
        hook.reaction = lambda update: 200
        heard = len(hook.arrived)
        with process("--folder", str(tmp_path)) as (server, _):
            hook.wait_for(heard + 5)
            assert [update["update_id"] for update in hook.arrived[heard:]] == said
            assert hook.headers[-1]["x-telegram-bot-api-secret-token"] == "s"
            until(lambda: server.call("getWebhookInfo")[1]["result"]["pending_update_count"] == 0)


def test_it_ends_when_told_to(tmp_path: Path) -> None:
    with process("--folder", str(tmp_path), "--no-limit") as (server, child):
        assert {server.call("sendMessage", chat_id=CHAT, text="x")[0] for _ in range(25)} == {200}
        child.terminate()
        child.wait(10)


def test_in_memory_nothing_stays() -> None:
    with serve() as server:
        server.say("x")
    with serve() as server:
        assert server.call("getUpdates")[1]["result"] == []


async def test_mounted_below_a_path_and_used_as_an_object(tmp_path: Path) -> None:
    events: list[dict[str, Any]] = []
    simulator = create(base_url="http://127.0.0.1:8300/sim/telegram", folder=tmp_path, observe=events.append)
    app = Starlette(routes=[Mount("/sim/telegram", app=simulator.app)])
    await simulator.start("http://127.0.0.1:8300", "telegram")
    url = f"{simulator.settings()['api_url']}/bot{simulator.settings()['bot_token']}"
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport) as client:
        created = (await client.get(f"{url}/createForumTopic", params={"chat_id": CHAT, "name": "Ana"})).json()
        topic = created["result"]["message_thread_id"]
        assert (simulator.side, simulator.name, simulator.endpoints()) == ("agents", "telegram", [{"chat": CHAT}])
        said = await simulator.act(
            {"do": "say", "group": str(CHAT), "topic": str(topic), "person": "eve", "text": "hi"}
        )
        assert said["message_id"] == topic + 1
        await simulator.fault("down", True)
        assert (await client.get(f"{url}/getMe")).status_code == 502
        assert {one["id"]: one["on"] for one in simulator.faults()}["down"] is True
    assert [topic["id"] for topic in simulator.snapshot()["groups"][0]["topics"]] == ["1", str(topic)]
    assert {event["type"] for event in events} == {"wire", "topic", "message"}
    await simulator.close()
    assert not [task for task in asyncio.all_tasks() if "webhook" in task.get_name()]
