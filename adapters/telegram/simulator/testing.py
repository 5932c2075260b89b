"""For tests: a simulator that runs on a real loopback port in a thread, and a real HTTP receiver for its webhooks."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from . import create
from .records import Json
from .serving import listen, server_for

Reaction = Callable[[Json], int | tuple[int, dict[str, str]]]
_NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Running:
    """A simulator that answers at `url`; `events` is what its observer was told so far."""

    def __init__(self, url: str, settings: Json, chat: int, events: list[Json]) -> None:
        """`settings` as the simulator gives them."""
        self.url = url
        self.chat = chat
        self.token = str(settings["bot_token"])
        self.events = events

    def ptb(self) -> dict[str, Any]:
        """The arguments of python-telegram-bot's Bot."""
        return {"token": self.token, "base_url": f"{self.url}/bot", "base_file_url": f"{self.url}/file/bot"}

    def get(self, path: str) -> Any:
        """The JSON of a control route."""
        with _NO_PROXY.open(f"{self.url}/_sim/{path}", timeout=10) as answer:
            return json.load(answer)

    def post(self, path: str, **asked: Any) -> Any:
        """Posts to a control route; a refusal comes back as its JSON, ``{"error": …}``."""
        return self.send("POST", f"{self.url}/_sim/{path}", json.dumps(asked).encode())[1]

    def say(self, text: str, topic: int | None = None, person: str = "eve", **more: Any) -> Any:
        """Says something as a person; the answer holds message_id and update_id."""
        return self.post("say", text=text, topic=topic, person=person, **more)

    def call(self, method: str, **params: Any) -> tuple[int, Json]:
        """One raw call of the Bot API with a JSON body: status and envelope."""
        return self.send("POST", f"{self.url}/bot{self.token}/{method}", json.dumps(params).encode())

    def send(self, method: str, url: str, body: bytes, content_type: str = "application/json") -> tuple[int, Any]:
        """One raw request: status and JSON, None for a body that is none."""
        request = urllib.request.Request(url, data=body, method=method, headers={"content-type": content_type})  # noqa: S310
        try:
            with _NO_PROXY.open(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            with refused:
                is_json = refused.headers.get("content-type") == "application/json"
                return refused.code, json.load(refused) if is_json else None


@contextmanager
def serve(folder: Path | None = None, *, limit: bool = False, **options: Any) -> Iterator[Running]:
    """Runs a simulator until the block ends; without the group's limit unless asked for."""
    events: list[Json] = []
    listener, url = listen("127.0.0.1", 0)
    with listener:
        simulator = create(base_url=url, folder=folder, observe=events.append, limit=limit, **options)
        server = server_for(simulator.app)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield Running(url, simulator.settings(), simulator.endpoints()[0]["chat"], events)
        finally:
            server.should_exit = True
            thread.join(10)


class Receiver:
    """A webhook: keeps each update that arrives, in order, and answers what `reaction` says (200 by default)."""

    def __init__(self, url: str) -> None:
        """`url` is where it listens."""
        self.url = url
        self.arrived: list[Json] = []
        self.headers: list[dict[str, str]] = []
        self.reaction: Reaction = lambda update: 200
        self._news = threading.Condition()

    def take(self, update: Json, headers: dict[str, str]) -> tuple[int, dict[str, str]]:
        """Called by the server for each request; the status and headers of its answer."""
        answer = self.reaction(update)
        with self._news:
            self.arrived.append(update)
            self.headers.append(headers)
            self._news.notify_all()
        return answer if isinstance(answer, tuple) else (answer, {})

    def wait_for(self, count: int, within: float = 10.0) -> list[Json]:
        """The updates once there are `count`; AssertionError where that takes too long."""
        with self._news:
            if not self._news.wait_for(lambda: len(self.arrived) >= count, within):
                raise AssertionError(f"{len(self.arrived)} updates of {count} after {within} s: {self.arrived}")
            return list(self.arrived)


@contextmanager
def receive(port: int = 0) -> Iterator[Receiver]:
    """Runs a receiver on a loopback port until the block ends."""
    receiver: Receiver

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            update = json.loads(self.rfile.read(int(self.headers["content-length"])))
            status, headers = receiver.take(update, {name.lower(): value for name, value in self.headers.items()})
            self.send_response(status)
            for name, value in {**headers, "content-length": "0"}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Keeps the test's output clean."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """A sender that was killed is nothing to print about."""

    with Server(("127.0.0.1", port), Handler) as server:
        server.daemon_threads = True
        receiver = Receiver(f"http://127.0.0.1:{server.server_port}/hook")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join(5)


def until(condition: Callable[[], Any], within: float = 10.0) -> Any:
    """What `condition` returns once it is true; AssertionError where that takes too long."""
    deadline = time.monotonic() + within
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"still not so after {within} s")
        time.sleep(0.01)
    return found
