"""Posts to the bridge, signed; what isn't answered is posted again under the same id, place by place in order."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from typing import Any

import httpx

from .journal import Json
from .signing import signed
from .wire import Wire

TIMEOUT = 10.0
PAUSE = 0.3
PATIENCE = 600.0


class Poster:
    """`answered` is told what became of what was queued: id, status, body."""

    def __init__(self, secret: str, wire: Wire, answered: Callable[[str, int, Any], None]) -> None:
        self._secret = secret
        self._wire = wire
        self._answered = answered
        self._url = ""
        self._lanes: dict[str, asyncio.Queue[tuple[str, Json]]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._http: httpx.AsyncClient | None = None

    def aim(self, url: str) -> None:
        """Where the bridge takes what is posted."""
        self._url = url

    def queue(self, place: str, id: str, body: Json) -> None:
        if place not in self._lanes:
            self._lanes[place] = asyncio.Queue()
            self._tasks.append(asyncio.get_running_loop().create_task(self._run(self._lanes[place])))
        self._lanes[place].put_nowait((id, body))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        self._lanes.clear()
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    async def post(self, id: str, body: bytes, headers: Json | None = None, attempt: int = 1) -> tuple[int, Any]:
        """One attempt: the answer's status and JSON (or text). `headers` stand in place of ours. Raises httpx.HTTPError."""
        if self._http is None:
            self._http = httpx.AsyncClient(timeout=TIMEOUT, trust_env=False)
        sent = {"content-type": "application/json", **signed(self._secret, id, body, time.time()), **(headers or {})}
        call = self._wire.begin("webhook", self._url, sent, body, attempt=attempt, **_marks(body))
        try:
            answer = await self._http.post(self._url, content=body, headers=sent)
        except httpx.HTTPError as error:
            self._wire.end(call, None, {}, b"", error=type(error).__name__)
            raise
        self._wire.end(call, answer.status_code, dict(answer.headers), answer.content)
        with contextlib.suppress(ValueError):
            return answer.status_code, answer.json()
        return answer.status_code, answer.text

    async def _run(self, lane: asyncio.Queue[tuple[str, Json]]) -> None:
        while True:
            id, body = await lane.get()
            self._answered(id, *await self._surely(id, json.dumps(body).encode()))

    async def _surely(self, id: str, body: bytes) -> tuple[int, Any]:
        until, attempt = time.monotonic() + PATIENCE, 0
        while True:
            attempt += 1
            with contextlib.suppress(httpx.HTTPError):
                status, answer = await self.post(id, body, attempt=attempt)
                if status < 500 and status != 429:
                    return status, answer
            if time.monotonic() > until:
                return 0, {"detail": "the bridge can’t be reached"}
            await asyncio.sleep(PAUSE)


def _marks(body: bytes) -> Json:
    with contextlib.suppress(ValueError):
        found = json.loads(body)
        if isinstance(found, dict) and isinstance(data := found.get("data"), dict):
            return {
                "event": str(found.get("type")),
                "ref": str(data.get("conversation") or ""),
                "text": str(data.get("text") or ""),
            }
    return {}
