"""The whole of it as processes: ``trunkline run`` between both simulators, over real HTTP with real signatures.

with rig(tmp_path) as r:
    ana = r.customer("+15550141")
    ana.says("Hello")
    topic = r.topic("+15550141 · SMS")
    topic.heard("Hello")
    topic.says("Hi Ana")
    ana.heard("Hi Ana")
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from bridge.server.control import ask, socket_path

Json = dict[str, Any]
ROOT = Path(__file__).parents[1]
OURS = "+15550100"
PATIENCE = 30.0


def until(question: Callable[[], Any], within: float = PATIENCE, what: str = "it") -> Any:
    """The first true answer; fails where that takes too long."""
    end = time.monotonic() + within
    while not (answer := question()):
        assert time.monotonic() < end, f"{what} did not come within {within:g} s"
        threading.Event().wait(0.02)
    return answer


class Process:
    """A program of ours that prints ``ready: URL``; what it says on standard error is kept in `log`."""

    def __init__(self, name: str, args: list[str], folder: Path, env: dict[str, str] | None = None) -> None:
        self.name = name
        self.args = [sys.executable, *args]
        self.log = folder / f"{name}.log"
        self.env = {**os.environ, **(env or {})}
        self.url = ""
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                self.args, stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT, env=self.env
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.startswith("ready: "):
            self.kill()
            raise AssertionError(f"{self.name} did not get ready: {line!r}\n{self.log.read_text()[-2000:]}")
        self.url = line.removeprefix("ready: ").strip()

    def kill(self) -> None:
        """kill -9."""
        assert self._process is not None
        self._process.kill()
        self._end()

    def stop(self) -> int:
        """SIGTERM and the drain."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._end()

    def _end(self) -> int:
        assert self._process is not None
        code = self._process.wait(15)
        if self._process.stdout is not None:
            self._process.stdout.close()
        return code

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None


@dataclass
class Customer:
    """A phone: `address` as Twilio names it."""

    rig: Rig
    address: str
    to: str = OURS

    def says(self, text: str, files: list[Json] | None = None, **more: Any) -> Json:
        asked = {"from": self.address, "to": self.to, "body": text, "files": files or [], **more}
        return self.rig.twilio_control("inbound", asked)

    def got(self) -> list[Json]:
        """What the bridge had sent to this phone, as Twilio accepted it, oldest first."""
        return [m for m in self.rig.sent_to_phones() if self.address in m["addresses"]]

    def heard(self, text: str) -> Json:
        found = until(lambda: [m for m in self.got() if m["body"] == text], what=f"{text!r} on {self.address}")
        assert len(found) == 1, found
        return found[0]


@dataclass
class Topic:
    """A topic of the agents' group."""

    rig: Rig
    id: int
    name: str

    def says(self, text: str, person: str = "eve", **more: Any) -> Json:
        return self.rig.telegram_control("say", {"text": text, "topic": self.id, "person": person, **more})

    def messages(self) -> list[Json]:
        """What the bot wrote here, oldest first."""
        return [m for m in self.rig.sent_to_topics() if m["thread"] == self.id]

    def texts(self) -> list[str]:
        return [m["text"] for m in self.messages()]

    def heard(self, text: str) -> Json:
        found = until(lambda: [m for m in self.messages() if m["text"] == text], what=f"{text!r} in {self.name}")
        assert len(found) == 1, found
        return found[0]


@dataclass
class Rig:
    folder: Path
    bridge: Process
    twilio: Process
    telegram: Process
    crm: Process | None = None
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30, trust_env=False))

    def twilio_control(self, path: str, body: Json | None = None) -> Any:
        return self._control(self.twilio, path, body)

    def telegram_control(self, path: str, body: Json | None = None) -> Any:
        return self._control(self.telegram, path, body)

    def _control(self, process: Process, path: str, body: Json | None) -> Any:
        url = f"{process.url}/_sim/{path}"
        answer = self.http.get(url) if body is None else self.http.post(url, json=body)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def crm_control(self, path: str, body: Json | None = None) -> Any:
        assert self.crm is not None
        return self._control(self.crm, path, body)

    def token(self, role: str, subject: str, name: str = "") -> str:
        """Of the websocket channel, by the command."""
        args = ["--config", str(self.folder / "t.toml"), "--channel", "web", "--role", role, "--subject", subject]
        done = subprocess.run(
            [sys.executable, "-m", "bridge", "token", *args, "--name", name or subject],
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    @property
    def ws(self) -> str:
        return f"{self.bridge.url.replace('http', 'ws', 1)}/ws/web"

    def ask(self, question: Json) -> Json:
        """On the socket beside the database."""
        name = "bridge.db" if (self.folder / "bridge.db").exists() else "trunkline"
        return asyncio.run(ask(socket_path(self.folder / name), question))

    def twilio_fault(self, id: str, value: Any = None, *, on: bool = True) -> None:
        self.twilio_control("fault", {"id": id, "on": on, "value": value})

    def telegram_fault(self, id: str, value: Any = None, *, on: bool = True) -> None:
        self.telegram_control("fault", {"id": id, "on": on, "value": value})

    def customer(self, address: str) -> Customer:
        return Customer(self, address, f"whatsapp:{OURS}" if address.startswith("whatsapp:") else OURS)

    def topics(self) -> list[Topic]:
        listed = self.telegram_control("topics")["topics"]
        return [Topic(self, t["message_thread_id"], t["name"]) for t in listed if not t["deleted"]]

    def topics_named(self, name: str) -> Callable[[], list[Topic]]:
        return lambda: [t for t in self.topics() if t.name == name]

    def topic(self, name: str) -> Topic:
        """The one topic of this name, once it is there."""
        found = until(self.topics_named(name), what=f"a topic {name!r}")
        assert len(found) == 1, found
        return found[0]

    def sent_to_phones(self) -> list[Json]:
        found: list[Json] = self.twilio_control("accepted")["accepted"]
        return found

    def sent_to_topics(self) -> list[Json]:
        found: list[Json] = self.telegram_control("accepted")["accepted"]
        return [m for m in found if not m.get("deleted")]

    def restart(self, *, kill: bool = True) -> None:
        if kill:
            self.bridge.kill()
        else:
            assert self.bridge.stop() == 0
        self.bridge.start()

    def status(self) -> Json:
        """What the bridge says of itself on the socket beside its database. Raises OSError where it doesn't run."""
        return asyncio.run(ask(socket_path(self.folder / "bridge.db"), {"ask": "status"}))

    def log(self) -> str:
        return self.bridge.log.read_text()


CONFIG = """
[server]
port = {port}
public_url = "http://127.0.0.1:{port}"

[store]
url = "{store}"

[channels.phone]
adapter = "twilio"
account_sid = "{account_sid}"
auth_token = "{auth_token}"
api_url = "{twilio}/{{product}}"
{phone}

[channels.telegram]
adapter = "telegram"
bot_token = "{bot_token}"
webhook_secret = "a-secret-of-the-rig"
api_url = "{telegram}"
{agents}
{channels}
[bridges.support]
title = "Support"
customers = [
  {{ channel = "phone", address = "+15550100" }},
  {{ channel = "phone", address = "whatsapp:+15550100" }},{customers}
]
agents = [{{ channel = "telegram", chat = -1001234567890 }}{others}]
"""
LEGS = """
[channels.web]
adapter = "websocket"
secret = "a secret of the rig that is long enough"
origins = ["https://shop.example.com"]

[channels.crm]
adapter = "webhook"
url = "{crm}/hook"
secret = "{secret}"
"""


def free_port() -> int:
    import socket

    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextmanager
def rig(
    folder: Path,
    *,
    limit: bool = False,
    phone: str = "",
    agents: str = "topics_per_minute = 0",
    start: bool = True,
    store: str = "sqlite:///bridge.db",
    legs: bool = False,
) -> Iterator[Rig]:
    """Everything running. `limit` switches the group's 20 a minute on; `phone` and `agents` are further lines of the channels;
    `legs` adds a web chat, agents' sockets and a signed receiver to the bridge."""
    quick = ["--receipt-delay", "0"]
    twilio = Process("twilio", ["-m", "adapters.twilio.simulator", "--folder", str(folder / "tw"), *quick], folder)
    more = [] if limit else ["--no-limit"]
    telegram = Process("tg", ["-m", "adapters.telegram.simulator", "--folder", str(folder / "tg"), *more], folder)
    with ExitStack() as stack:
        crm = Process("crm", ["-m", "adapters.webhook.simulator", "--side", "agents"], folder) if legs else None
        for process in filter(None, (twilio, telegram, crm)):
            process.start()
            stack.callback(lambda p=process: p.alive and p.kill())
        port = free_port()
        bridge = Process("bridge", ["-m", "bridge", "run", "--config", str(folder / "t.toml")], folder)
        r = Rig(folder, bridge, twilio, telegram, crm)
        stack.callback(r.http.close)
        account, bot = r.twilio_control("settings"), r.telegram_control("settings")["settings"]
        text = CONFIG.format(
            port=port,
            account_sid=account["account_sid"],
            auth_token=account["auth_token"],
            bot_token=bot["bot_token"],
            twilio=twilio.url,
            telegram=telegram.url,
            phone=phone,
            agents=agents,
            store=store,
            channels=LEGS.format(crm=crm.url, secret=r.crm_control("settings")["settings"]["secret"]) if crm else "",
            customers='\n  { channel = "web", room = "shop" },' if legs else "",
            others=', { channel = "web", room = "desk" }, { channel = "crm" }' if legs else "",
        )
        (folder / "t.toml").write_text(text)
        r.twilio_control("start", {"public_url": f"http://127.0.0.1:{port}", "channel": "phone"})
        if crm is not None:
            r.crm_control("start", {"public_url": f"http://127.0.0.1:{port}", "channel": "crm"})
        if start:
            bridge.start()
            stack.callback(lambda: bridge.alive and bridge.kill())
        yield r


def as_file(filename: str, content_type: str, data: bytes) -> Json:
    import base64

    return {"filename": filename, "content_type": content_type, "data": base64.b64encode(data).decode()}


def dump(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False)[:4000]
