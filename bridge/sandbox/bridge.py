"""The real bridge as a process of its own: ``trunkline run`` on a config that leads to the simulators."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bridge.server.control import ask, socket_path

POLL_S = 0.7
SOON_S = 0.1
AGAIN_S = 0.5


class BridgeProcess:
    """`start` it, `kill` it; `state` is what the page's header shows. `changed` is called when that may be something else,
    and now and then."""

    def __init__(self, folder: Path, changed: Callable[[], None]) -> None:
        self.folder = folder
        self.config = folder / "trunkline.toml"
        self.database = folder / "bridge.db"
        self.state = "starting"
        self.kills = 0
        self.status: dict[str, Any] = {}
        self.ready = asyncio.Event()
        self._changed = changed
        self._relayed_before = 0
        self._asked = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self._live()), asyncio.create_task(self._watch())]

    async def stop(self) -> None:
        """As a person would: a signal, then its drain."""
        self._stopping = True
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), 10)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def kill(self) -> None:
        """kill -9; it is started again at once."""
        if self._process is not None and self._process.returncode is None:
            self.kills += 1
            self._process.kill()

    def look(self) -> None:
        """Something was sent or came: how the bridge is may be something else soon."""
        self._asked.set()

    async def _live(self) -> None:
        while not self._stopping:
            self._say("starting")
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bridge",
                "run",
                "--config",
                str(self.config),
                "--while-stdin",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
            assert self._process.stdout is not None  # noqa: S101 - asked for above
            async for line in self._process.stdout:
                if line.startswith(b"ready:"):
                    self._say("ready")
                    self.ready.set()
            await self._process.wait()
            self._relayed_before += self.status.get("relayed") or 0
            self.status = {}
            self._say("down")
            await asyncio.sleep(AGAIN_S)

    async def _watch(self) -> None:
        """Asks the bridge how it is, by the socket beside its database: now and then, and soon after something happened."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), SOON_S if self.status.get("waiting") else POLL_S)
                await asyncio.sleep(SOON_S)
            self._asked.clear()
            try:
                status = await asyncio.wait_for(ask(socket_path(self.database), {"ask": "status"}), 2)
            except (OSError, TimeoutError, ValueError):
                status = self.status
            if self.state == "ready":
                self.status = status
            self._changed()

    def _say(self, state: str) -> None:
        if state != self.state:
            self.state = state
            self._changed()

    def header(self) -> dict[str, Any]:
        """What the page shows of it."""
        waiting = self.status.get("waiting") or []
        return {
            "state": self.state,
            "store": "SQLite",
            "up_since": self.status.get("up_since") or time.time(),
            "relayed": self._relayed_before + (self.status.get("relayed") or 0),
            "waiting": sum(w["count"] for w in waiting),
            "waiting_why": [_why(w) for w in waiting if w["until"] > time.time() or w["state"] == "unsure"],
            "kills": self.kills,
        }


def _why(lane: dict[str, Any]) -> dict[str, Any]:
    """`why` is empty where the bridge has no words for it: then the wire tells."""
    who = f"{lane['name'] or lane['label']} · {lane['network']}"
    why = "looking whether it arrived" if lane["state"] == "unsure" else lane["words"]
    found = {"who": who, "channel": lane["channel"], "lane": f"{who} → {lane['channel']}"}
    return found | {"why": why, "until": lane["until"] or None, "count": lane["count"]}


def free_port(preferred: int = 0) -> int:
    """The preferred port where nobody has it, else any."""
    for port in (preferred, 0):
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(sock.getsockname()[1])
    return 0


def remembered(file: Path) -> dict[str, Any]:
    """What an earlier sandbox of this folder wrote down."""
    try:
        found = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
