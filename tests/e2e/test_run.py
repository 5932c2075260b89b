"""``trunkline run`` as a person meets it: what it prints, how it ends, what can keep it from starting."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.rig import Rig, rig, until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def r(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with rig(tmp_path_factory.mktemp("run")) as running:
        yield running


def trunkline(*args: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bridge", *map(str, args)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)


def test_ready_means_ready(r: Rig) -> None:
    answer = httpx.get(f"{r.bridge.url}/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"store": "ok", "channels": {"phone": "ok", "telegram": "ok"}, "draining": False}
    assert httpx.get(f"{r.bridge.url}/healthz").json() == {"status": "ok"}


def test_wrong_arguments(r: Rig) -> None:
    assert trunkline("run").returncode == 2
    assert trunkline("nonsense").returncode == 2
    assert trunkline("--version").stdout.startswith("trunkline ")


def test_a_config_with_problems_does_not_start(r: Rig, tmp_path: Path) -> None:
    file = tmp_path / "t.toml"
    file.write_text((r.folder / "t.toml").read_text().replace("auth_token", "auth_tokn"))
    ended = trunkline("run", "--config", file)
    assert ended.returncode == 78
    assert "did you mean" in ended.stderr or "auth_token" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_port_that_is_taken(r: Rig, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        file = tmp_path / "t.toml"
        file.write_text(f"[server]\nport = {taken.getsockname()[1]}\n")
        ended = trunkline("run", "--config", file)
    assert ended.returncode == 69
    assert "can’t listen on 127.0.0.1" in ended.stderr
    assert not (tmp_path / "trunkline.db").exists()


def test_a_store_that_is_in_use(r: Rig, tmp_path: Path) -> None:
    file = tmp_path / "t.toml"
    file.write_text(f'[server]\nport = 0\n[store]\nurl = "sqlite:///{r.folder / "bridge.db"}"\n')
    ended = trunkline("run", "--config", file)
    assert ended.returncode == 69
    assert f"in use by process {r.bridge.pid}" in ended.stderr


def test_a_drain_leaves_the_rest_in_the_outbox(r: Rig) -> None:
    """SIGTERM while a send hangs: ends within ten seconds with 0, and the answer goes out after the restart, once."""
    ana = r.customer("+15550160")
    ana.says("Hello")
    topic = r.topic("+15550160 · SMS")
    r.twilio_fault("slow", 30)
    topic.says("one")
    topic.says("two")
    until(lambda: r.status()["waiting"])
    assert r.bridge.stop() == 0
    r.twilio_fault("slow", on=False)
    r.bridge.start()
    until(lambda: len(ana.got()) == 2, 60)
    assert [m["body"] for m in ana.got()] == ["one", "two"]


def test_a_second_signal_ends_at_once(r: Rig) -> None:
    r.twilio_fault("slow", 30)
    r.customer("+15550161").says("Hello")
    r.topic("+15550161 · SMS").says("hangs")
    until(lambda: r.status()["waiting"])
    os.kill(r.bridge.pid, signal.SIGTERM)
    until(lambda: _draining(r))
    assert r.bridge.stop() == 128 + signal.SIGTERM
    r.twilio_fault("slow", on=False)
    r.bridge.start()


def _draining(r: Rig) -> bool:
    try:
        return bool(r.status()["draining"])
    except OSError:
        return True


def test_without_the_network_it_starts_and_delivers_once_it_is_back(r: Rig) -> None:
    r.telegram_fault("down")
    ana = r.customer("+15550162")
    ana.says("anybody there?")
    until(lambda: [w for w in r.status()["waiting"] if w["label"] == ana.address])
    r.restart(kill=False)
    r.telegram_fault("down", on=False)
    until(r.topics_named("+15550162 · SMS"), 90)
    r.topic("+15550162 · SMS").heard("anybody there?")


def test_polling_loses_nothing_over_a_kill(tmp_path: Path) -> None:
    with rig(tmp_path, agents='updates = "polling"\ntopics_per_minute = 0') as r:
        ana = r.customer("+15550163")
        ana.says("Hello")
        topic = r.topic("+15550163 · SMS")
        for n in range(20):
            topic.says(f"answer {n}")
            if n in (5, 12):
                r.restart()
        until(lambda: len(ana.got()) >= 20, 60)
        assert [m["body"] for m in ana.got()] == [f"answer {n}" for n in range(20)]
