"""The ASGI app: tells the Bot API, file downloads and the control routes apart by the path."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from .api import Api
from .control import Control
from .downloads import Downloads
from .errors import ApiError
from .http import Answer, json_answer, route_path, send_answer

_CALL = re.compile(r"/bot([^/]*)/([^/]+)/?\Z")
_FILE = re.compile(r"/file/bot([^/]*)/(.+)\Z")
NOT_FOUND = json_answer(ApiError(404).envelope(), 404)
Lifecycle = Callable[[], Awaitable[None]]


class App:
    """An ASGI 3 app, at the root or mounted below a path. Its lifespan, where it gets one, resumes and stops delivery."""

    def __init__(self, api: Api, downloads: Downloads, control: Control, start: Lifecycle, close: Lifecycle) -> None:
        """`start` and `close` are what the lifespan calls."""
        self._api = api
        self._downloads = downloads
        self._control = control
        self._start = start
        self._close = close

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serves one ASGI connection."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            try:
                await send_answer(send, await self._answer(scope, receive))
            except ConnectionError:
                return

    async def _answer(self, scope: Any, receive: Any) -> Answer:
        path = route_path(scope)
        if path.startswith("/_sim/"):
            return await self._control.answer(scope, receive, path.removeprefix("/_sim/"))
        if found := _FILE.match(path):
            return self._downloads.answer(scope, found[1], found[2])
        if (found := _CALL.match(path)) and scope["method"] in ("GET", "POST"):
            return await self._api.answer(scope, receive, found[1], found[2])
        return NOT_FOUND

    async def _live(self, receive: Any, send: Any) -> None:
        while True:
            event = await receive()
            if event["type"] == "lifespan.startup":
                await self._start()
                await send({"type": "lifespan.startup.complete"})
            else:
                await self._close()
                await send({"type": "lifespan.shutdown.complete"})
                return
