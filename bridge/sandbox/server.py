"""The sandbox's HTTP: the page, its routes, and the simulators below ``/sim/``."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bridge.sandbox.stage import Stage

PAGE = Path(__file__).with_name("page")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data: {bridge}; "
    "media-src 'self' blob: {bridge}; connect-src 'self' {bridge} {sockets}; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}


class Guarded:
    """Headers for the page; and nobody else's pages may talk to it: a Host or Origin that isn't ours is refused."""

    def __init__(self, app: ASGIApp, bridge: str) -> None:
        self._app = app
        policy = POLICY.format(bridge=bridge, sockets=bridge.replace("http", "ws", 1))
        extra = {"content-security-policy": policy, "x-content-type-options": "nosniff"}
        extra |= {"referrer-policy": "no-referrer", "cache-control": "no-store"}
        self._extra = [(k.encode(), v.encode()) for k, v in extra.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {k: v.decode("latin-1") for k, v in scope["headers"]}
        host = headers.get(b"host", "")
        origin = headers.get(b"origin", f"http://{host}")
        if host.partition(":")[0] not in ("127.0.0.1", "localhost", "[") or origin != f"http://{host}":
            await Response("not from there\n", 403)(scope, receive, send)
            return
        if scope["path"].startswith("/sim/"):  # the networks' own answers
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] += self._extra
            await send(message)

        await self._app(scope, receive, with_headers)


def application(stage: Stage) -> Starlette:
    routes = _Routes(stage)
    return Starlette(
        routes=[
            Route("/", routes.page),
            Route("/api/state", routes.state),
            Route("/api/events", routes.events),
            Route("/api/call/{id}", routes.call),
            Route("/api/act", routes.act, methods=["POST"]),
            Route("/api/fault", routes.fault, methods=["POST"]),
            Route("/api/token", routes.token, methods=["POST"]),
            Route("/healthz", routes.healthz),
            Route("/readyz", routes.readyz),
            Route("/page/{name}", routes.asset),
            *[Mount(f"/sim/{name}", app=s.app) for name, s in stage.simulators.items()],
        ],
        middleware=[Middleware(Guarded, bridge=stage.bridge_url)],
    )


class _Routes:
    """One method per route of the page."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._files = {file.name: file for file in PAGE.iterdir()}

    async def page(self, _: Request) -> Response:
        return self._file("index.html")

    async def asset(self, request: Request) -> Response:
        name = request.path_params["name"]
        return self._file(name) if name in self._files else Response("there is no such file\n", 404)

    def _file(self, name: str) -> Response:
        """Small and read at once: a page of many files comes quicker without a thread for each."""
        return Response(self._files[name].read_bytes(), media_type=KINDS[self._files[name].suffix])

    async def state(self, _: Request) -> Response:
        return JSONResponse(self._stage.state())

    async def call(self, request: Request) -> Response:
        found = self._stage.call(request.path_params["id"])
        return JSONResponse(found) if found else JSONResponse({"error": "that call is forgotten"}, 404)

    async def events(self, request: Request) -> Response:
        after = request.headers.get("last-event-id") or request.query_params.get("after") or "0"
        stream = _stream(self._stage, int(after) if after.isdigit() else 0)
        return StreamingResponse(stream, media_type="text/event-stream")

    async def act(self, request: Request) -> Response:
        try:
            action = await _asked(request)
            return JSONResponse(await self._stage.act(str(action.pop("network", "")), action))
        except (ValueError, KeyError) as error:
            return JSONResponse({"error": str(error)}, 422)

    async def fault(self, request: Request) -> Response:
        try:
            asked = await _asked(request)
            await self._stage.fault(str(asked["network"]), str(asked["id"]), bool(asked.get("on")), asked.get("value"))
        except (ValueError, KeyError) as error:
            return JSONResponse({"error": str(error)}, 422)
        return JSONResponse({})

    async def token(self, request: Request) -> Response:
        try:
            asked = await _asked(request)
            return JSONResponse(self._stage.token(str(asked["role"]), str(asked["subject"])))
        except (ValueError, KeyError) as error:
            return JSONResponse({"error": str(error)}, 422)

    async def healthz(self, _: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(self, _: Request) -> Response:
        state = self._stage.bridge.state
        return JSONResponse({"bridge": state}, 200 if state == "ready" else 503)


async def _asked(request: Request) -> dict[str, Any]:
    """The body; raises ValueError where it is no JSON object."""
    asked = await request.json()
    if not isinstance(asked, dict):
        raise ValueError("that is not a JSON object")  # noqa: TRY004 - answered like other values that can't be used
    return asked


async def _stream(stage: Stage, after: int) -> AsyncIterator[bytes]:
    yield b"retry: 500\n\n"
    async for event in stage.events(after):
        yield _frame(event)


def _frame(event: dict[str, Any]) -> bytes:
    return f"id: {event['seq']}\ndata: {json.dumps(event, separators=(',', ':'))}\n\n".encode()
