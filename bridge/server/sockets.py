"""``/ws/{channel}``: websockets handed to the channel that serves them, refused before the upgrade where they may not connect."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request as Upgrade

from bridge.channel.adapter import Channel, ServesSockets
from bridge.core.ids import ChannelName

RESTARTING = 1012
MOST_BYTES = 1024 * 1024
"""Of one message, for `uvicorn.Config(ws_max_size=…)`: beyond it the library closes with 1009. What may come is smaller, and is
judged by the channel, which says so in its own words."""
HEARTBEAT_S = 20.0
"""For `ws_ping_interval` and `ws_ping_timeout`: who is gone is found within two of them."""
UNREAD_S = 20.0
"""So long a client may take to read what was written and to answer a close frame; then the connection is cut."""


class Doors(Protocol):
    """What this asks of the application."""

    @property
    def channels(self) -> Mapping[ChannelName, Channel]: ...
    @property
    def resting(self) -> Mapping[ChannelName, str]: ...


class SocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's websockets with three things mended: a query, where tokens are put by mistake, is never logged, nor what frames
    hold; a close frame doesn't wait for a reader who reads nothing; a connection that stays dead is cut, not kept for its unread
    bytes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.close_timeout = UNREAD_S
        self.conn.debug = False

    def handle_connect(self, event: Upgrade) -> None:
        event.path = event.path.partition("?")[0]
        super().handle_connect(event)

    async def send(self, message: Any) -> None:
        closing = message["type"] == "websocket.close" and self.handshake_complete
        if closing:
            self.writable.set()
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body"):
            self.handshake_complete = True  # refused, and answered: uvicorn would call it an error
        if closing and self.close_timer is not None:
            self.close_timer.cancel()
            self.close_timer = self.loop.call_later(self.close_timeout, self.transport.abort)

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.transport.abort()


class Accepted:
    """One client (`bridge.channel.Socket`)."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._closed = False
        self.origin = ", ".join(websocket.headers.getlist("origin"))
        self.peer = websocket.client.host if websocket.client else ""

    async def accept(self, subprotocol: str) -> None:
        await self._websocket.accept(subprotocol)

    async def receive(self) -> str | bytes | None:
        message = await self._websocket.receive()
        if message["type"] != "websocket.receive":
            self._closed = True
            return None
        text: str | None = message.get("text")
        return message["bytes"] if text is None else text

    async def send(self, text: str) -> None:
        if not self._closed:
            await self._tell({"type": "websocket.send", "text": text})

    async def close(self, code: int, reason: str = "") -> None:
        if not self._closed:
            self._closed = True
            await self._tell({"type": "websocket.close", "code": code, "reason": _short(reason)})

    async def _tell(self, message: dict[str, Any]) -> None:
        try:
            await self._websocket.send(message)
        except (WebSocketDisconnect, RuntimeError, OSError):
            self._closed = True  # gone, or closed by the library, which had a reason of its own


class Sockets:
    """The sockets of one application. `close_all` ends them; after it none is let in."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._open: dict[asyncio.Task[None], Accepted] = {}
        self._draining = False

    def __len__(self) -> int:
        return len(self._open)

    def routes(self) -> list[BaseRoute]:
        return [WebSocketRoute("/ws/{channel}", self._serve), Route("/ws/{channel}", _no_upgrade)]

    async def close_all(self, code: int = RESTARTING, seconds: float = 2.0) -> None:
        """Closes every socket with `code`, then ends whoever serves one; takes `seconds` at most."""
        self._draining = True
        serving = dict(self._open)
        if not serving:
            return
        closing = [asyncio.create_task(s.close(code, "restarting: come back")) for s in serving.values()]
        await asyncio.wait(closing, timeout=seconds)
        for task in (*closing, *serving):
            task.cancel()
        await asyncio.gather(*closing, *serving, return_exceptions=True)

    async def _serve(self, websocket: WebSocket) -> None:
        channel = self._doors.channels.get(ChannelName(websocket.path_params["channel"]))
        socket = Accepted(websocket)
        refusal = self._refusal(websocket, socket, channel)
        if refusal is not None or not isinstance(channel, ServesSockets):
            await _refuse(websocket, refusal or _NO_CHANNEL)
            return
        task = asyncio.create_task(channel.serve(socket), name="socket")
        self._open[task] = socket
        try:
            await asyncio.wait({task})
        finally:
            del self._open[task]
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        if not task.cancelled():
            task.result()

    def _refusal(self, websocket: WebSocket, socket: Accepted, channel: Channel | None) -> tuple[int, str] | None:
        """Why it may not connect: a status and words; None where it may."""
        if self._draining:
            return 503, "restarting: come back"
        if channel is None and websocket.path_params["channel"] in self._doors.resting:
            return 503, "this channel rests"
        if not isinstance(channel, ServesSockets):
            return _NO_CHANNEL
        if not channel.welcomes(socket.origin):
            return 403, "a page from this origin may not connect: it stands in none of the channel’s origins"
        if channel.subprotocol not in websocket.scope["subprotocols"]:
            return 400, f"offer the subprotocol {channel.subprotocol} (Sec-WebSocket-Protocol)"
        return None


_NO_CHANNEL = (404, "no such channel")


async def _refuse(websocket: WebSocket, refusal: tuple[int, str]) -> None:
    """An HTTP answer in place of the upgrade."""
    status, words = refusal
    headers = {"Retry-After": "2"} if status == 503 else {}
    await websocket.send_denial_response(Response(f"{words}\n", status, headers, media_type="text/plain"))


async def _no_upgrade(_: HttpRequest) -> Response:
    headers = dict(Upgrade="websocket", Connection="Upgrade")  # noqa: C408 - as names, or it reads like an adapter's
    return Response("this is for websockets: ask for an upgrade\n", 426, headers, media_type="text/plain")


def _short(reason: str) -> str:
    """A close frame holds 123 bytes of it (RFC 6455, 5.5)."""
    return reason.encode()[:123].decode(errors="ignore")
