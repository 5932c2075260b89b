"""The stand-in by itself: what it verifies, keeps and posts, over real HTTP, with the specification's library as the judge."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from adapters.webhook.simulator import create
from adapters.webhook.simulator.simulator import WebhookSimulator
from tests.adapters.kit import Odd, http, odd, until
from tests.adapters.webhook.stand import SECRET, listening, serving


@asynccontextmanager
async def running(
    folder: Path | None = None, **options: Any
) -> AsyncIterator[tuple[WebhookSimulator, httpx.AsyncClient]]:
    listener, url = listening()
    simulator = create(
        base_url=url, folder=folder, observe=options.pop("observe", lambda e: None), secret=SECRET, **options
    )
    async with serving(simulator.app, listener), httpx.AsyncClient(base_url=url, timeout=10) as client:
        yield simulator, client
        await simulator.close()


def event(type: str = "message.created", **data: Any) -> dict[str, Any]:
    message = {
        "id": "c1.1",
        "seq": 1,
        "author": {"id": "a", "name": "Ana", "role": "customer"},
        "text": "Hi",
        "attachments": [],
        "reply_to": None,
        "at": "2026-08-10T18:00:58.111Z",
    }
    whole = {"conversation": {"id": "c1", "title": "Ana · SMS", "state": "open"}, "message": message}
    return {"type": type, "timestamp": "2026-08-10T18:00:58.111Z", "data": whole | data}


async def posted(client: httpx.AsyncClient, body: dict[str, Any], id: str = "c1-1", secret: str = SECRET) -> int:
    text, now = json.dumps(body), datetime.now(UTC)
    signature = Webhook(secret).sign(id, now, text)
    headers = {"webhook-id": id, "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature}
    return (await client.post("/hook", content=text, headers=headers)).status_code


def answer_of(request: bytes) -> bytes:
    return http(202, b'{"conversation":"c1","message":"c1.2","seq":2}', "Content-Type: application/json")


def bodies(bridge: Odd) -> list[dict[str, Any]]:
    return [json.loads(heard.partition(b"\r\n\r\n")[2]) for heard in bridge.heard]


async def test_what_is_signed_is_kept_once_and_what_is_not_is_refused() -> None:
    async with running() as (_, client):
        assert await posted(client, event()) == 204
        assert await posted(client, event()) == 204
        assert await posted(client, event(), id="c1-9", secret="whsec_" + b64encode(b"x" * 24).decode()) == 401
        received = (await client.get("/_sim/received")).json()["received"]
        calls = (await client.get("/_sim/wire")).json()["calls"]
    assert [(d["id"], d["times"]) for d in received] == [("c1-1", 2)]
    assert [(c["status"], c["signature"], c["attempt"]) for c in calls] == [
        (204, "ok", 1), (204, "ok", 2), (401, "refused", 1),
    ]  # fmt: skip


async def test_agents_see_topics() -> None:
    seen: list[dict[str, Any]] = []
    async with running(observe=seen.append) as (simulator, client):
        await posted(client, event())
        await posted(client, event("message.edited", message=event()["data"]["message"] | {"text": "Hello"}), id="c1-2")
        await posted(
            client, event("conversation.closed", conversation={"id": "c1", "title": "T", "state": "closed"}), id="c1-3"
        )
        (group,) = simulator.snapshot()["groups"]
    (topic,) = group["topics"]
    assert (topic["id"], topic["name"], topic["closed"]) == ("c1", "T", True)
    (message,) = topic["messages"]
    assert (message["id"], message["author"], message["text"], message["edited"], message["mine"]) == (
        "c1.1", "Ana", "Hello", True, False,
    )  # fmt: skip
    assert [e["type"] for e in seen if e["type"] != "wire"] == ["message", "message", "topic"]


async def test_an_agent_says_something_and_learns_what_became_of_it() -> None:
    async with odd(answer_of) as bridge, running() as (simulator, client):
        await simulator.start(bridge.url, "crm")
        await posted(client, event())
        file = {"filename": "a.png", "content_type": "image/png", "data": b64encode(b"png").decode()}
        said = (
            await client.post("/_sim/act", json={"do": "say", "topic": "c1", "text": "Yes", "files": [file]})
        ).json()
        message = simulator.book.places["c1"].messages[said["id"]]
        await until(lambda: message["status"] == "sent")
        receipt = {"conversation": {"id": "c1"}, "message": {"id": "c1.2"}, "leg": {"channel": "phone"}}
        await posted(client, {"type": "receipt.updated", "data": receipt | {"state": "delivered"}}, id="c1-7")
        assert message["status"] == "delivered"
        (body,) = bodies(bridge)
        data = body["data"]
        assert (body["type"], data["conversation"], data["text"]) == ("message.send", "c1", "Yes")
        assert (await client.get(data["attachments"][0]["url"])).content == b"png"
    assert bridge.heard[0].startswith(b"POST /webhooks/crm HTTP/1.1")
    head = bridge.heard[0].partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    headers = dict(line.split(": ", 1) for line in head)
    Webhook(SECRET).verify(bridge.heard[0].partition(b"\r\n\r\n")[2], headers)


async def test_what_is_not_answered_is_posted_again_under_its_id() -> None:
    answers = iter([http(503), b"", answer_of(b"")])
    async with odd(lambda request: next(answers)) as bridge, running(side="customers") as (simulator, _):
        await simulator.start(bridge.url, "crm")
        await simulator.act({"do": "add", "id": "ana", "name": "Ana"})
        said = await simulator.act({"do": "say", "person": "ana", "text": "Hi"})
        await until(lambda: simulator.book.places["ana"].messages[said["id"]]["status"] == "sent")
        (person,) = simulator.snapshot()["people"]
    assert (person["id"], person["name"], person["messages"][0]["mine"]) == ("ana", "Ana", True)
    assert len(bridge.heard) == 3
    assert all(said["id"].encode() in heard for heard in bridge.heard)
    assert bodies(bridge)[0]["data"]["author"] == {"id": "ana", "name": "Ana"}


async def test_a_customer_gets_answers_by_the_own_key() -> None:
    async with running(side="customers") as (simulator, client):
        await posted(client, event(conversation={"id": "c1", "key": "ana", "title": "Support", "state": "open"}))
        assert [m["text"] for m in simulator.book.places["ana"].messages.values()] == ["Hi"]


@pytest.mark.parametrize(
    ("fault", "status"),
    [("down", 503), ("gone", 410), ("rate", 429), ("redirect", 307), ("status", 418), ("lost", 502)],
)
async def test_faults(fault: str, status: int) -> None:
    async with running() as (simulator, client):
        await client.post("/_sim/fault", json={"id": fault, "on": True})
        assert [f["id"] for f in simulator.faults() if f["on"]] == [fault]
        assert await posted(client, event()) == status
        assert len(simulator.book.deliveries) == (fault == "lost")
        await client.post("/_sim/fault", json={"id": fault, "on": False})
        assert await posted(client, event()) == 204


async def test_a_receiver_that_never_answers() -> None:
    async with running() as (simulator, client):
        simulator.switches.set("slow", True)
        with pytest.raises(httpx.ReadTimeout):
            await client.post("/hook", content=b"{}", timeout=0.2)
        simulator.switches.set("slow", False)
        assert await posted(client, event()) == 204


async def test_a_raw_message_is_answered_by_what_the_bridge_answered() -> None:
    async with odd(answer_of) as bridge, running() as (_, client):
        await client.post("/_sim/start", json={"public_url": bridge.url, "channel": "crm"})
        asked = {"body": {"type": "message.send"}, "id": "mine", "headers": {"webhook-signature": "v1,x"}}
        found = (await client.post("/_sim/send", json=asked)).json()
    assert found == {"id": "mine", "status": 202, "body": {"conversation": "c1", "message": "c1.2", "seq": 2}}
    assert b"webhook-signature: v1,x" in bridge.heard[0]


async def test_what_can_not_be_done_is_said() -> None:
    async with running() as (_, client):
        for path, asked in (("act", {"do": "fly"}), ("act", {"do": "say", "topic": "?"}), ("fault", {"id": "?"})):
            answer = await client.post(f"/_sim/{path}", json=asked)
            assert answer.status_code == 400
            assert answer.json()["error"]
        assert (await client.get("/_sim/nothing")).status_code == 404
        assert (await client.get("/files/../journal.jsonl")).status_code == 404


async def test_the_folder_keeps_everything(tmp_path: Path) -> None:
    async with running(tmp_path) as (simulator, client):
        await posted(client, event())
        simulator.poster.aim("http://127.0.0.1:9/webhooks/crm")
        said = await simulator.act({"do": "say", "topic": "c1", "text": "Later"})
        before = simulator.snapshot()
    with (tmp_path / "journal.jsonl").open("a") as journal:
        journal.write('{"k": "cut sh')  # a kill in the middle of a line
    async with odd(answer_of) as bridge, running(tmp_path) as (simulator, client):
        assert simulator.snapshot() == before
        await simulator.start(bridge.url, "crm")
        await until(lambda: simulator.book.places["c1"].messages[said["id"]]["status"] == "sent")
        assert await posted(client, event()) == 204
        assert simulator.book.counts["c1-1"] == 2


@pytest.mark.slow
def test_as_a_process_of_its_own(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "adapters.webhook.simulator", "--port", "0", "--folder", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().removeprefix("ready: ").strip()
        try:
            found = httpx.get(f"{url}/_sim/settings").json()
            assert found["settings"]["url"] == f"{url}/hook"
            assert found["endpoints"] == [{}]
            assert httpx.get(f"{url}/_sim/snapshot").json()["groups"][0]["topics"] == []
        finally:
            process.send_signal(signal.SIGTERM)
