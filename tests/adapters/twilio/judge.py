"""The independent judges of the Twilio simulator: the official SDK, Twilio's OpenAPI document, a real HTTP receiver."""

from __future__ import annotations

import json
import socket
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
PATIENCE = 10.0


def eventually(question: Callable[[], Any], what: str = "it") -> Any:
    """Asks until the answer is truthy, and returns it; fails when that takes too long."""
    deadline = time.monotonic() + PATIENCE
    while not (answer := question()):
        assert time.monotonic() < deadline, f"{what} did not come within {PATIENCE:g} s"
        threading.Event().wait(0.005)
    return answer


class LoopbackClient(TwilioHttpClient):
    """The SDK's own HTTP client, sent to another host; every exchange with Conversations is judged by the document."""

    def __init__(self, base_url: str) -> None:
        super().__init__(pool_connections=True)
        self.base_url = base_url
        self.document = spec("twilio/conversations_v1.json")
        self.judged = 0

    def request(
        self, method: str, url: str, params: Any = None, data: Any = None, *args: Any, **kwargs: Any
    ) -> Response:
        host, path = urlsplit(url).netloc, urlsplit(url).path
        if host.endswith(".twilio.com"):
            url = f"{self.base_url}/{host.removesuffix('.twilio.com')}{path}"
            if urlsplit(url).query:
                url += "?" + urlsplit(url).query
        response = super().request(method, url, params, data, *args, **kwargs)
        if self.document is not None and "/conversations/v1/" in url:
            query = httpx.QueryParams(params or dict(parse_qsl(urlsplit(url).query)))
            below = "/v1/" + url.partition("/conversations/v1/")[2].partition("?")[0] + (f"?{query}" if query else "")
            body = json.loads(response.text) if response.text else None
            check_exchange(self.document, method, below, data, response.status_code, body)
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
        return self.form["EventType"]

    def verify(self, auth_token: str) -> None:
        """Twilio's own validator accepts the signature."""
        params = {} if self.method == "GET" else self.form
        assert RequestValidator(auth_token).validate(self.url, params, self.headers["x-twilio-signature"]), self


class Receiver:
    """A real HTTP server that takes webhooks; `answer` decides on each, by its form."""

    def __init__(self) -> None:
        self.hooks: list[Hook] = []
        self.answer: Callable[[dict[str, str]], int] = lambda form: 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                self._take(parse_qsl(body, keep_blank_values=True))

            def do_GET(self) -> None:
                self._take(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))

            def _take(self, pairs: list[tuple[str, str]]) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.hooks.append(Hook(self.command, receiver.url + self.path, headers, pairs))
                self.send_response(receiver.answer(dict(pairs)))
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def events(self, conversation_sid: str | None = None) -> list[str]:
        """The names of the events, in the order of their coming."""
        return [one.event for one in self.hooks if conversation_sid in (None, one.form["ConversationSid"])]

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
