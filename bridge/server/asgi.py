"""Routes: ``/webhooks/{channel}[/rest]`` to the channels, and the two health pages."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bridge.channel.adapter import Channel
from bridge.channel.http import Reply, Request
from bridge.channel.inbound import Events, Forged, Ignored, Outcome, Unreadable
from bridge.channel.port import StoreUnavailable
from bridge.core.events import Event
from bridge.core.ids import ChannelName

BODY_BYTES = 1024 * 1024
DISCARDED_BYTES = 16 * BODY_BYTES
_log = logging.getLogger("trunkline.server")


class Inlet(Protocol):
    """What the server asks of the application."""

    @property
    def channels(self) -> Mapping[ChannelName, Channel]: ...
    @property
    def resting(self) -> Mapping[ChannelName, str]: ...
    async def accept(self, channel: ChannelName, events: Sequence[Event]) -> Sequence[Outcome]: ...
    async def ready(self) -> tuple[bool, dict[str, Any]]: ...


class _TooLarge(Exception):
    pass


def application(inlet: Inlet, *more: Sequence[BaseRoute]) -> Starlette:
    """The ASGI app over `inlet`; `more` are the routes of other rooms."""

    async def webhook(http: HttpRequest) -> Response:
        name = ChannelName(http.path_params["channel"])
        channel = inlet.channels.get(name)
        if channel is None:
            if name in inlet.resting:
                return _busy("this channel rests")
            return Response("no such channel\n", 404, media_type="text/plain")
        try:
            request = await _request(http)
        except _TooLarge:
            return Response("the body is larger than 1 MiB\n", 413, media_type="text/plain")
        except ClientDisconnect:
            return Response(status_code=400)
        return await _handled(inlet, name, channel, request)

    async def healthz(_: HttpRequest) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_: HttpRequest) -> Response:
        ready, body = await inlet.ready()
        return JSONResponse(body, 200 if ready else 503)

    both = ["GET", "POST"]
    return Starlette(
        routes=[
            Route("/webhooks/{channel}", webhook, methods=both),
            Route("/webhooks/{channel}/{rest:path}", webhook, methods=both),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            *(route for room in more for route in room),
        ]
    )


async def _handled(inlet: Inlet, name: ChannelName, channel: Channel, request: Request) -> Response:
    match received := channel.receive(request):
        case Events():
            try:
                outcomes = await inlet.accept(name, received.events)
            except StoreUnavailable:
                return _busy("the store can't take it now")
            return _reply(received.reply if isinstance(received.reply, Reply) else received.reply(outcomes))
        case Ignored():
            return _reply(received.reply)
        case Forged():
            _log.warning("refused: %s", received.reason, extra={"channel": name})
            return Response("forbidden\n", 403, media_type="text/plain")
        case Unreadable():
            _log.warning("unreadable: %s", received.reason, extra={"channel": name})
            if received.reply is not None:
                return _reply(received.reply)
            return Response(f"{received.reason}\n", 400, media_type="text/plain")


async def _request(http: HttpRequest) -> Request:
    """The request as a value. The path is the raw one: what a network signed is bytes."""
    raw: bytes = http.scope.get("raw_path") or http.scope["path"].encode()
    rest = raw.partition(b"?")[0].split(b"/", 3)[3] if raw.count(b"/") >= 3 else b""
    headers: dict[str, str] = {}
    for key, value in http.scope["headers"]:
        k, v = key.decode("latin-1"), value.decode("latin-1")
        headers[k] = f"{headers[k]}, {v}" if k in headers else v
    return Request(
        method=http.method,
        rest=rest.decode("latin-1"),
        query=http.scope["query_string"].decode("latin-1"),
        headers=headers,
        body=await _body(http),
        at=time.time(),
    )


async def _body(http: HttpRequest) -> bytes:
    """Raises `_TooLarge`; up to `DISCARDED_BYTES` are read even so: who is cut off while it sends never reads the answer."""
    chunks, size = [], 0
    async for chunk in http.stream():
        size += len(chunk)
        if size > DISCARDED_BYTES:
            break
        if size <= BODY_BYTES:
            chunks.append(chunk)
    if size > BODY_BYTES:
        raise _TooLarge
    return b"".join(chunks)


def _reply(reply: Reply) -> Response:
    return Response(reply.body, reply.status, media_type=reply.content_type or None)


def _busy(words: str) -> Response:
    return Response(f"{words}\n", 503, {"Retry-After": "2"}, media_type="text/plain")
