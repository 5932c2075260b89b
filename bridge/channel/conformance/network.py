"""The network's side: a simulator on a loopback port in a thread of its own, and the place where it posts to."""

# ruff: noqa: S101 - rules assert

from __future__ import annotations

import asyncio
import socket
import threading
import time
import urllib.request
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

from bridge.channel.conformance.subject import Fault, Json, Subject
from bridge.channel.http import Reply, Request
from bridge.core.content import Side

T = TypeVar("T")
CHANNEL = "tried"
Taker = Callable[[Request], Awaitable[Reply]]
AWAY = Reply(status=503)


class Network:
    """Serves a simulator and hands what it posts to whoever is `taker` now; 503 while there is none. All calls wait."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._servers: list[Any] = []
        self._serving: list[Any] = []
        self.taker: Taker | None = None
        self.simulator: Any = None
        self.url = ""
        self.public_url = "http://127.0.0.1:9"

    def open(self) -> None:
        self._thread.start()
        if self._subject.simulator is None:
            return
        listener, self.url = _listening()
        self.simulator = self.call(self._made())
        self._serve(self.simulator.app, listener)
        listener, self.public_url = _listening()
        self._serve(self._hook, listener)
        self.call(self.simulator.start(self.public_url, CHANNEL))

    def close(self) -> None:
        self.cut()
        self.call(self._ended())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def cut(self) -> None:
        """From now on nobody listens, and nobody is there."""
        if self._servers:
            self.call(self.simulator.close())
        for server in self._servers:
            server.should_exit = server.force_exit = True
        self.call(_all(self._serving))
        self._servers.clear()
        self._serving.clear()

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """In the simulator's own loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    # ---- what the rules ask

    @property
    def settings(self) -> Json:
        given = self.simulator.settings() if self.simulator is not None else {}
        return {**given, **self._subject.settings}

    @property
    def endpoints(self) -> list[Json]:
        if self._subject.endpoints is not None:
            return [dict(e) for e in self._subject.endpoints]
        return list(self.simulator.endpoints()) if self.simulator is not None else [{}]

    @property
    def side(self) -> Side:
        if self.simulator is None:
            return self._subject.side
        return Side.CUSTOMER if self.simulator.side == "customers" else Side.AGENT

    @property
    def ports(self) -> set[int]:
        """Where a channel may have connected to."""
        urls = [v for v in self.settings.values() if isinstance(v, str) and "://" in v]
        found = {port for url in urls if (port := urlsplit(url.replace("{product}", "x")).port)}
        return found | {v for k, v in self.settings.items() if k == "port"}

    def snapshot(self) -> Json:
        async def look() -> Json:
            return dict(self.simulator.snapshot())

        return self.call(look())

    def act(self, **action: Any) -> Json:
        return dict(self.call(self.simulator.act(action)) or {})

    @contextmanager
    def failing(self, fault: Fault) -> Iterator[None]:
        self.call(self.simulator.fault(fault.id, True, fault.value))
        try:
            yield
        finally:
            self.call(self.simulator.fault(fault.id, False))

    def messages(self) -> list[Json]:
        """All that stands on the screens, wherever."""
        view = self.snapshot()
        places = [*view.get("people", ()), *(t for g in view.get("groups", ()) for t in g["topics"])]
        return [m for place in places for m in place["messages"]]

    def texts(self, marker: str) -> list[str]:
        """The texts that hold `marker`, in their order."""
        return [m["text"] for m in self.messages() if marker in m["text"]]

    def fetched(self, media: Json) -> bytes:
        """A file as a browser would load it."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(urljoin(self.url + "/", media["url"].lstrip("/")), timeout=30) as answer:
            return bytes(answer.read())

    # ---- inside

    async def _made(self) -> Any:
        assert self._subject.simulator is not None
        return self._subject.simulator(
            base_url=self.url, folder=None, observe=lambda event: None, **self._subject.options
        )

    def _serve(self, app: Any, listener: socket.socket) -> None:
        import uvicorn

        server = uvicorn.Server(
            uvicorn.Config(
                app,
                interface="asgi3",
                log_level="critical",
                access_log=False,
                lifespan="off",
                loop="none",
                ws="none",
            )
        )
        self._servers.append(server)
        self._serving.append(asyncio.run_coroutine_threadsafe(server.serve([listener]), self._loop))

    async def _ended(self) -> None:
        rest = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        await self._loop.shutdown_asyncgens()
        await self._loop.shutdown_default_executor()

    async def _hook(self, scope: Any, receive: Any, send: Any) -> None:
        """The bridge's server, as the network sees it."""
        body, more = b"", True
        while more:
            event = await receive()
            body += event.get("body", b"")
            more = event.get("more_body", False)
        taker, rest = self.taker, scope["path"].removeprefix(f"/webhooks/{CHANNEL}").lstrip("/")
        request = Request(
            method=scope["method"],
            rest=rest,
            query=scope["query_string"].decode("latin-1"),
            headers={k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]},
            body=body,
            at=time.time(),
        )
        reply = await taker(request) if taker else AWAY
        headers = [
            (b"content-length", str(len(reply.body)).encode()),
            (b"content-type", (reply.content_type or "text/plain").encode()),
        ]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})


async def _all(futures: list[Any]) -> None:
    await asyncio.gather(*(asyncio.wrap_future(f) for f in futures), return_exceptions=True)


def _listening() -> tuple[socket.socket, str]:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    listener.listen(256)
    return listener, f"http://127.0.0.1:{listener.getsockname()[1]}"
