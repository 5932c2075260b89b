"""The kit itself: what is wrong goes red, by name, and the table says so."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

BROKEN = """
import asyncio, socket, uvicorn
from dataclasses import replace

from pydantic import BaseModel, ConfigDict

from bridge.channel import Events, Unreadable
from bridge.channel.conformance import Conformance, Posts, Subject
from bridge.core.capabilities import Capabilities, Support
from bridge.core.content import Side
from bridge.core.events import NotUnderstood

class Settings(BaseModel):
    api_token: str

class Endpoint(BaseModel):
    pass

class Channel:
    def __init__(self, settings):
        self.token = settings.api_token
        self.count = 0
        self.task = asyncio.get_running_loop().create_task(asyncio.sleep(60))
        socket.create_server(("127.0.0.1", 0)).close()

    def __repr__(self):
        return self.token

    def capabilities(self, binding):
        self.count += 1
        return Capabilities(noun="x", max_text=self.count, edit=Support.FULL)

    def receive(self, request):
        self.count += 1
        return Events(events=(NotUnderstood(key=str(self.count), at=0, what=request.body.decode(), raw=""),))

    async def send(self, out): ...
    async def close(self):
        if not self.count:
            raise RuntimeError("never asked")

class Adapter:
    name, Settings, Endpoint, sides = "broken", Settings, Endpoint, frozenset({Side.AGENT})
    def endpoint_key(self, endpoint): return str(id(endpoint))
    def needs_public_url(self, settings): return False
    def problems(self, settings): return []
    def open(self, settings, endpoints, port): return Channel(settings)

class TestBroken(Conformance):
    subject = Subject(
        adapter=Adapter(), settings={"api_token": "hunter2"}, posts=Posts(sign=lambda *a: {}, shapeless=(b"x",))
    )
"""
RED = {
    "close leaves no task and no connection", "what was never used can be closed", "any bytes are answered",
    "any signed bytes are answered", "shapeless bodies are unreadable", "unknown keys are refused", "secrets are hidden",
    "what is declared is implemented", "capabilities are plain and stable", "opening does no io",
    "an endpoint is the same endpoint", "importing is light",
}  # fmt: skip


@pytest.mark.slow
def test_what_is_wrong_goes_red(tmp_path: Path) -> None:
    (tmp_path / "test_broken.py").write_text(BROKEN)
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "bridge.channel.conformance"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path, timeout=100)
    red = {m[1].strip() for m in re.finditer(r"^(.*?)  RED\s*$", done.stdout, re.MULTILINE)}
    assert red == RED, done.stdout[-3000:]
    assert "lookup" in done.stdout
    assert "hunter2" not in done.stdout.rpartition("short test summary")[0].partition("conformance (")[2]
