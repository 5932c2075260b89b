"""The simulator as a process of its own: it can be killed and goes on where it was; it can be mounted below a path."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from adapters.twilio.simulator import create
from tests.adapters.twilio.judge import OURS, PAGE, Receiver, eventually

ROOT = Path(__file__).resolve().parents[3]


class Process:
    """A started simulator."""

    def __init__(self, folder: Path, *more: str) -> None:
        command = [sys.executable, "-m", "adapters.twilio.simulator", "--port", "0", "--folder", str(folder), *more]
        env = os.environ | {"PYTHONPATH": str(ROOT)}
        self.child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=env)
        assert self.child.stdout is not None
        line = self.child.stdout.readline()
        assert line.startswith("ready: http://127.0.0.1:"), line
        self.base_url = line.split()[1]
        self.http = httpx.Client(base_url=self.base_url, timeout=15, trust_env=False)
        self.auth = tuple(self.get("/_sim/settings")[key] for key in ("account_sid", "auth_token"))

    def get(self, path: str, **kwargs: Any) -> Any:
        return self.http.get(path, **kwargs).raise_for_status().json()

    def post(self, path: str, body: Any) -> Any:
        return self.http.post(path, json=body).raise_for_status().json()

    def end(self, how: int) -> int:
        self.http.close()
        self.child.send_signal(how)
        code = self.child.wait(10)
        assert self.child.stdout is not None
        self.child.stdout.close()
        return code


@contextmanager
def started(folder: Path, *more: str) -> Iterator[Process]:
    process = Process(folder, *more)
    try:
        yield process
    finally:
        if process.child.poll() is None:
            process.end(signal.SIGKILL)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    yield one
    one.close()


def test_killed_and_started_again(tmp_path: Path, receiver: Receiver) -> None:
    with started(tmp_path) as first:
        first.post("/_sim/start", {"public_url": receiver.url, "channel": "phone"})
        files = [{"filename": "a.txt", "content_type": "text/plain", "data": "aGVsbG8="}]
        said = first.post("/_sim/act", {"do": "say", "person": "ana", "text": "hello", "files": files})
        first.post("/_sim/act", {"do": "add", "name": "Dee", "network": "SMS"})
        first.get("/_sim/idle")
        first.post("/_sim/fault", {"id": "carrier_silent", "on": True})
        path = f"/conversations/v1/Conversations/{said['conversation_sid']}"
        first.http.post(f"{path}/Messages", data={"Body": "owed"}, auth=first.auth).raise_for_status()
        assert first.end(signal.SIGKILL) == -signal.SIGKILL
    with started(tmp_path) as second:
        assert [one["body"] for one in second.get(f"{path}/Messages", auth=second.auth)["messages"]] == [
            "hello",
            "owed",
        ]
        eventually(lambda: len(phone(second, "ana")) == 2, "the receipt that was owed")
        mine, theirs = phone(second, "ana")
        assert (mine["text"], mine["status"], theirs["text"]) == ("hello", "sent", "owed")
        media = mine["media"][0]["url"]
        assert media.startswith(second.base_url)
        assert second.http.get(media).content == b"hello"
        second.post("/_sim/start", {"public_url": receiver.url, "channel": "phone"})
        addresses = second.get("/conversations/v1/Configuration/Addresses", auth=second.auth)["address_configurations"]
        assert [one["address"] for one in addresses] == [OURS, f"whatsapp:{OURS}", PAGE], (
            "registering again adds nothing"
        )
        again = second.post("/_sim/inbound", {"from": "+15550141", "to": OURS, "body": "more"})
        assert (again["conversation_sid"], again["index"]) == (said["conversation_sid"], 2)
        assert [one["body"] for one in second.get("/_sim/accepted")["accepted"]] == ["owed"]
        assert {one["name"] for one in second.get("/_sim/snapshot")["people"]} == {"Ana", "Bo", "Cy", "Dee"}
        assert second.end(signal.SIGTERM) in (0, -signal.SIGTERM)


def test_what_was_answered_survives_a_kill_amid_work(tmp_path: Path) -> None:
    answered: list[str] = []
    with started(tmp_path) as first:
        first.post("/_sim/start", {"public_url": "http://127.0.0.1:1", "channel": "phone"})

        def write(n: int) -> None:
            with contextlib.suppress(httpx.HTTPError):
                for k in range(10000):
                    body = {"from": f"+1555014{n}", "to": OURS, "body": str(k)}
                    answered.append(first.post("/_sim/inbound", body)["message_sid"])

        with ThreadPoolExecutor(4) as pool:
            for n in range(4):
                pool.submit(write, n)
            eventually(lambda: len(answered) > 200, "work")
            first.child.kill()
        first.end(signal.SIGKILL)
    with started(tmp_path) as second:
        kept: set[str] = set()
        for thread in second.get("/conversations/v1/Conversations", auth=second.auth)["conversations"]:
            url = f"/conversations/v1/Conversations/{thread['sid']}/Messages?PageSize=100"
            indexes: list[int] = []
            while url:
                page = second.get(url, auth=second.auth)
                kept |= {one["sid"] for one in page["messages"]}
                indexes += [one["index"] for one in page["messages"]]
                url = page["meta"]["next_page_url"]
            assert indexes == list(range(len(indexes)))
        assert set(answered) <= kept


def phone(process: Process, person: str) -> list[Any]:
    found: list[Any] = next(one for one in process.get("/_sim/snapshot")["people"] if one["id"] == person)["messages"]
    return found


def test_other_credentials(tmp_path: Path) -> None:
    sid, token = "AC" + "1" * 32, "2" * 32
    with started(tmp_path, "--account-sid", sid, "--auth-token", token) as process:
        assert process.auth == (sid, token)
        assert process.get("/conversations/v1/Configuration", auth=process.auth)["account_sid"] == sid


async def test_mounted_below_a_path() -> None:
    simulator = create(base_url="http://127.0.0.1:8300/sim/twilio", folder=None, observe=lambda event: None)
    settings = simulator.settings()
    assert settings["api_url"] == "http://127.0.0.1:8300/sim/twilio/{product}"
    assert simulator.endpoints() == [{"address": OURS}, {"address": f"whatsapp:{OURS}"}, {"address": PAGE}]
    app = Starlette(routes=[Mount("/sim/twilio", simulator.app)])
    transport = httpx.ASGITransport(app)
    await simulator.start("http://127.0.0.1:1", "phone")
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8300/sim/twilio/") as http:
        auth = (settings["account_sid"], settings["auth_token"])
        answer = await http.get("conversations/v1/Configuration/Webhooks", auth=auth)
        assert answer.json()["post_webhook_url"] == "http://127.0.0.1:1/webhooks/phone/conversations"
        assert answer.json()["url"] == "http://127.0.0.1:8300/sim/twilio/conversations/v1/Configuration/Webhooks"
        assert (await http.get("_sim/settings")).json() == settings
    with pytest.raises(ValueError, match="no person"):
        await simulator.act({"do": "say", "person": "zoe", "text": "x"})
    assert [one["label"] for one in simulator.faults()] == [
        "Twilio is down", "The carrier refuses the number", "Twilio says 429", "Lose the next webhook",
        "The account is a trial account",
    ]  # fmt: skip
    await simulator.fault("down", True)
    assert simulator.faults()[0]["on"]
    await simulator.act({"do": "say", "person": "ana", "text": "nobody is at the other end"})
    await simulator.world.activity.quiet()
    (bubble,) = simulator.snapshot()["people"][0]["messages"]
    assert bubble["status"] == "failed"
    assert bubble["error"].startswith("no answer: ")
    await simulator.close()


def test_two_in_one_process_share_nothing() -> None:
    one, other = (create(base_url=f"http://127.0.0.1:{n}", folder=None, observe=lambda event: None) for n in (1, 2))
    one.world.people.introduce("Dee", "+15550143")
    assert len(one.snapshot()["people"]) == 4
    assert len(other.snapshot()["people"]) == 3


def test_importing_it_is_cheap() -> None:
    heavy = "{'httpx', 'aiohttp', 'uvicorn', 'starlette', 'twilio'}"
    code = f"import sys; import adapters.twilio.simulator; print({heavy} & set(sys.modules))"
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "set()"
