"""The ASGI app: the receiver at ``/hook``, the files that people sent, and the control routes below ``/_sim/``."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import httpx

from .journal import Json
from .signing import verify

if TYPE_CHECKING:
    from .simulator import WebhookSimulator

LOOK = 0.05


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def told(value: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(value).encode(), {"content-type": "application/json"})


NOT_FOUND = told({"error": "not found"}, 404)


class App:
    """An ASGI 3 app, at the root or mounted below a path."""

    def __init__(self, simulator: WebhookSimulator, base_url: str) -> None:
        self._simulator = simulator
        self._base_url = base_url

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serves one ASGI connection."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            answer = await self._answer(scope, receive)
            headers = {"content-length": str(len(answer.body)), **answer.headers}
            encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
            await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
            await send({"type": "http.response.body", "body": answer.body})

    async def _answer(self, scope: Any, receive: Any) -> Answer:
        path: str = scope["path"].removeprefix(scope.get("root_path", "").rstrip("/"))
        method, body = scope["method"], await _body(receive)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if path in ("/hook", "/elsewhere") and method == "POST":
            return await self._hook(path, headers, body, receive)
        if path.startswith("/files/") and method == "GET":
            return self._file(path.removeprefix("/files/"))
        if path.startswith("/_sim/"):
            query = dict(parse_qsl(scope.get("query_string", b"").decode("latin-1")))
            return await self._control(method, path.removeprefix("/_sim/"), query, body)
        return NOT_FOUND

    # ---- the receiver

    async def _hook(self, path: str, headers: dict[str, str], body: bytes, receive: Any) -> Answer:
        wrong = verify(self._simulator.secret, headers, body)
        whole = _json(body)
        data = whole.get("data") or {}
        call = self._simulator.wire.begin(
            "call",
            self._base_url + path,
            headers,
            body,
            event=str(whole.get("type") or path),
            attempt=self._simulator.book.counts.get(headers.get("webhook-id", ""), 0) + 1,
            ref=str((data.get("conversation") or {}).get("id") or ""),
            text=str((data.get("message") or {}).get("text") or ""),
            signature="refused" if wrong else "ok",
        )
        answer = await self._taken(path, headers, whole, wrong, receive)
        self._simulator.wire.end(call, answer.status, answer.headers, answer.body, error=wrong)
        return answer

    async def _taken(self, path: str, headers: dict[str, str], whole: Json, wrong: str, receive: Any) -> Answer:
        switches = self._simulator.switches
        if switches.on("slow") and not await self._held(receive):
            return Answer(408)
        if wrong:
            return told({"error": wrong}, 401)
        if refusal := switches.answer(self._base_url):
            return Answer(refusal[0], headers=refusal[1])
        if path == "/hook":
            self._simulator.record({"k": "came", "id": headers["webhook-id"], "at": time.time(), "body": whole})
        return Answer(502 if switches.on("lost") else 204)

    async def _held(self, receive: Any) -> bool:
        """Waits until the switch is off; False where who asks went away."""
        gone = asyncio.ensure_future(receive())
        try:
            while self._simulator.switches.on("slow") and not gone.done():
                await asyncio.wait([gone], timeout=LOOK)
            return not gone.done()
        finally:
            gone.cancel()

    def _file(self, id: str) -> Answer:
        data = self._simulator.journal.read_bytes(id)
        if data is None:
            return NOT_FOUND
        safe = {"x-content-type-options": "nosniff", "content-security-policy": "default-src 'none'; sandbox"}
        return Answer(200, data, {"content-type": "application/octet-stream", **safe})

    # ---- for tests and for the sandbox's page

    async def _control(self, method: str, path: str, query: Json, body: bytes) -> Answer:
        try:
            if method == "GET":
                return self._read(path, query)
            return await self._change(path, _json(body))
        except (ValueError, KeyError, TypeError) as problem:
            return told({"error": str(problem)}, 400)
        except httpx.HTTPError as error:
            return told({"error": f"the bridge can’t be reached ({type(error).__name__})"}, 502)

    def _read(self, path: str, query: Json) -> Answer:
        simulator = self._simulator
        match path:
            case "snapshot":
                return told(simulator.snapshot())
            case "wire":
                return told(simulator.wire.after(int(query.get("after") or 0)))
            case "faults":
                return told({"faults": simulator.faults()})
            case "settings":
                return told({"settings": simulator.settings(), "endpoints": simulator.endpoints()})
            case "received":
                counts = simulator.book.counts
                return told({"received": [{**d, "times": counts[id]} for id, d in simulator.book.deliveries.items()]})
        return NOT_FOUND

    async def _change(self, path: str, asked: Json) -> Answer:
        """``act``, ``fault``; ``start`` {"public_url", "channel"}; ``send`` {"body" (an object or any text), "id"?, "headers"?}:
        one signed request as it stands, answered by what the bridge answered."""
        simulator = self._simulator
        match path:
            case "act":
                return told(await simulator.act(asked))
            case "fault":
                await simulator.fault(str(asked["id"]), bool(asked.get("on", True)), asked.get("value"))
                return told({"faults": simulator.faults()})
            case "start":
                await simulator.start(str(asked["public_url"]), str(asked["channel"]))
                return told({})
            case "send":
                text = asked["body"] if isinstance(asked["body"], str) else json.dumps(asked["body"])
                id = str(asked.get("id") or f"msg_{uuid.uuid4().hex}")
                status, body = await simulator.poster.post(id, text.encode(), asked.get("headers"))
                return told({"id": id, "status": status, "body": body})
        return NOT_FOUND

    async def _live(self, receive: Any, send: Any) -> None:
        while True:
            event = await receive()
            if event["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            else:
                await self._simulator.close()
                await send({"type": "lifespan.shutdown.complete"})
                return


async def _body(receive: Any) -> bytes:
    chunks, more = [], True
    while more:
        event = await receive()
        chunks.append(event.get("body", b""))
        more = event.get("more_body", False)
    return b"".join(chunks)


def _json(body: bytes) -> Json:
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
