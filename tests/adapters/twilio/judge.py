"""The independent judges of the Twilio simulator: the official SDK, Twilio's OpenAPI document, a real HTTP receiver."""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import uvicorn
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from adapters.twilio.simulator import create
from tests.openapi import check_exchange, spec

Json = dict[str, Any]
OURS = "+15550100"
PAGE = "messenger:155501000001"
PATIENCE = 10.0


def eventually(question: Callable[[], Any], what: str = "it") -> Any:
    """Asks until the answer is truthy, and returns it; fails when that takes too long."""
    deadline = time.monotonic() + PATIENCE
    while not (answer := question()):
        assert time.monotonic() < deadline, f"{what} did not come within {PATIENCE:g} s"
        threading.Event().wait(0.005)
    return answer


DOCUMENTS = {
    "conversations": ("v1", "conversations_v1.json"),
    "api": ("2010-04-01", "api_v2010.reduced.json"),
    "messaging": ("v1", "messaging_v1.reduced.json"),
}


@functools.cache
def document(product: str) -> Path | None:
    """Twilio's own description of a product, None where it isn't there.

    That of the 2010 API calls the relative paths of its lists URLs, and its own examples show that they are none: they are
    taken for texts.
    """
    path = spec(f"twilio/{DOCUMENTS[product][1]}")
    if path is None or product != "api":
        return path
    described = json.loads(path.read_text())
    for operations in described["paths"].values():
        for method in ("get", "post", "delete"):
            for answer in operations.get(method, {}).get("responses", {}).values():
                for kind in answer.get("content", {}).values():
                    for name, one in kind["schema"].get("properties", {}).items():
                        if name.endswith("uri"):
                            one.pop("format", None)
    number = described["components"]["schemas"]["api.v2010.account.incoming_phone_number"]["properties"]
    for name in ("sms_url", "sms_fallback_url", "status_callback", "voice_url", "voice_fallback_url"):
        number[name].pop("format", None)  # an unset one is an empty text
    folder = tempfile.mkdtemp(prefix="trunkline-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    copy = Path(folder) / path.name
    copy.write_text(json.dumps(described))
    return copy


class LoopbackClient(TwilioHttpClient):
    """The SDK's own HTTP client, sent to another host; every exchange is judged by Twilio's document of the product."""

    def __init__(self, base_url: str) -> None:
        super().__init__(pool_connections=True)
        self.base_url = base_url
        self.judged = 0

    def request(
        self, method: str, url: str, params: Any = None, data: Any = None, *args: Any, **kwargs: Any
    ) -> Response:
        host, path, query = urlsplit(url).netloc, urlsplit(url).path, urlsplit(url).query
        if host.endswith(".twilio.com"):
            url = f"{self.base_url}/{host.removesuffix('.twilio.com')}{path}" + (f"?{query}" if query else "")
        response = super().request(method, url, params, data, *args, **kwargs)
        product, _, below = url.removeprefix(f"{self.base_url}/").partition("/")
        described = document(product) if product in DOCUMENTS else None
        if described is not None and below.startswith(DOCUMENTS[product][0]):
            asked = httpx.QueryParams(params or dict(parse_qsl(query)))
            below = "/" + below.partition("?")[0] + (f"?{asked}" if asked else "")
            body = json.loads(response.text) if response.text else None
            check_exchange(described, method, below, data, response.status_code, body)
            self.judged += 1
        return response

    def close(self) -> None:
        self.session.close()


@dataclass
class Hook:
    """A webhook as it was received. `url` is the one that was called."""

    method: str
    url: str
    headers: dict[str, str]
    pairs: list[tuple[str, str]]

    @property
    def form(self) -> dict[str, str]:
        return dict(self.pairs)

    @property
    def event(self) -> str:
        """The name of a Conversations event; of Programmable Messaging the name on the wire."""
        form = self.form
        if form.get("EventType", "").startswith("on"):
            return form["EventType"]
        return f"status {form['MessageStatus']}" if "MessageStatus" in form else "inbound message"

    def verify(self, auth_token: str) -> None:
        """Twilio's own validator accepts the signature."""
        params = {} if self.method == "GET" else self.form
        assert RequestValidator(auth_token).validate(self.url, params, self.headers["x-twilio-signature"]), self


class Receiver:
    """A real HTTP server that takes webhooks; `answer` decides on each, by its form, and `twiml` is what it says.

    `files` are served by their paths: (status, content type, bytes).
    """

    def __init__(self) -> None:
        self.hooks: list[Hook] = []
        self.answer: Callable[[dict[str, str]], int] = lambda form: 200
        self.twiml = ""
        self.files: dict[str, tuple[int, str, bytes]] = {}
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                self._take(parse_qsl(body, keep_blank_values=True))

            def do_GET(self) -> None:
                if self.path in receiver.files:
                    self._say(*receiver.files[self.path])
                    return
                self._take(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))

            def _take(self, pairs: list[tuple[str, str]]) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.hooks.append(Hook(self.command, receiver.url + self.path, headers, pairs))
                self._say(receiver.answer(dict(pairs)), "text/xml" if receiver.twiml else "", receiver.twiml.encode())

            def _say(self, status: int, kind: str, body: bytes) -> None:
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                if kind:
                    self.send_header("content-type", kind)
                with contextlib.suppress(ConnectionError):  # who asked may have gone
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def events(self, conversation_sid: str | None = None) -> list[str]:
        """The names of the events, in the order of their coming."""
        return [one.event for one in self.hooks if conversation_sid in (None, one.form.get("ConversationSid"))]

    def one(self, event: str) -> Hook:
        """The only webhook of this event."""
        found = [hook for hook in self.hooks if hook.event == event]
        assert len(found) == 1, f"{len(found)} of {event} in {self.events()}"
        return found[0]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@dataclass
class Running:
    """A simulator that runs on a loopback port, and the ways to speak with it."""

    base_url: str
    account_sid: str
    auth_token: str
    client: Client
    http: httpx.Client
    seen: list[Json] = field(default_factory=list)

    @property
    def auth(self) -> tuple[str, str]:
        return self.account_sid, self.auth_token

    def control(self, path: str, body: Json | None = None) -> Json:
        """A control route: POST with a body, GET without one."""
        url = f"{self.base_url}/_sim/{path}"
        answer = self.http.get(url) if body is None else self.http.post(url, json=body)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        result: Json = answer.json()
        return result

    def fault(self, id: str, value: Any = None, on: bool = True) -> None:
        self.control("fault", {"id": id, "on": on, "value": value})

    def inbound(self, sender: str, body: str, to: str = OURS, **more: Any) -> Json:
        return self.control("inbound", {"from": sender, "to": to, "body": body, **more})

    def act(self, **action: Any) -> Json:
        return self.control("act", action)

    def settled(self) -> None:
        """Waits until every webhook and every receipt is out."""
        assert self.control("idle?timeout=10")["idle"], "webhooks or receipts are still under way"

    def accepted(self) -> list[Json]:
        found: list[Json] = self.control("accepted")["accepted"]
        return found

    def phone(self, person: str) -> list[Json]:
        """The messages on a person's phone."""
        found: list[Json] = next(one for one in self.control("snapshot")["people"] if one["id"] == person)["messages"]
        return found

    def calls(self, event: str) -> list[Json]:
        """The requests of this name that are over, as the observer was told."""
        found = [one["call"] for one in self.seen if one["type"] == "wire" and one["call"]["event"] == event]
        return [call for call in found if call["ms"] is not None]

    def rest(self, method: str, path: str, product: str = "conversations", **kwargs: Any) -> httpx.Response:
        """A call by plain httpx, with the account's credentials unless told otherwise."""
        kwargs.setdefault("auth", self.auth)
        return self.http.request(method, f"{self.base_url}/{product}{path}", **kwargs)


@contextmanager
def running(folder: Path | None = None, **options: Any) -> Iterator[Running]:
    """A simulator in a thread, on a real port; receipts come at once unless told otherwise."""
    listener = socket.create_server(("127.0.0.1", 0))
    base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    seen: list[Json] = []
    simulator = create(base_url=base_url, folder=folder, observe=seen.append, **{"receipt_delay": 0.0, **options})
    config = uvicorn.Config(simulator.app, log_level="critical", lifespan="on", ws="none", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    eventually(lambda: server.started, "the simulator")
    settings = simulator.settings()
    judge = LoopbackClient(base_url)
    client = Client(settings["account_sid"], settings["auth_token"], http_client=judge)
    with httpx.Client(timeout=15, trust_env=False) as http:
        yield Running(base_url, settings["account_sid"], settings["auth_token"], client, http, seen)
    judge.close()
    server.should_exit = True
    thread.join(10)
    listener.close()


def listening(twilio: Running, receiver: Receiver) -> None:
    """Registers the receiver for every event of the account, and our addresses for autocreation."""
    twilio.control("start", {"public_url": receiver.url, "channel": "phone"})
