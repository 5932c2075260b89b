"""A third party's adapter as its users have it: two distributions in a clean environment, found by their entry points."""

from __future__ import annotations

import ast
import io
import json
import shutil
import subprocess
import sys
import sysconfig
import tokenize
import venv
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.rig import Process, free_port, until

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "trunkline-irc"
MOST_LINES = 300
CHAT = -1001234567890
Json = dict[str, Any]


def test_the_adapter_is_small() -> None:
    """Without its simulator; docstrings, comments and empty lines aren't counted."""
    assert sum(code_lines(file.read_text()) for file in (EXAMPLE / "trunkline_irc").glob("*.py")) < MOST_LINES


def code_lines(source: str) -> int:
    silent = {
        tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER
    }  # fmt: skip
    apart: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            apart |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    tokens = [t for t in tokenize.generate_tokens(io.StringIO(source).readline) if t.type not in silent]
    return len({line for t in tokens for line in range(t.start[0], t.end[0] + 1)} - apart)


@dataclass
class Environment:
    """An environment with both distributions; what else they need is this one's."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def run(self, *args: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
        command = [str(a) for a in args]
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=100, cwd=cwd)

    def trunkline(self, *args: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
        return self.run(self.folder / "bin" / "trunkline", *args, cwd=cwd)

    def process(self, name: str, args: list[str], folder: Path) -> Process:
        process = Process(name, [], folder)
        process.args = args
        return process


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    folder = tmp_path_factory.mktemp("environment")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = ["wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(folder / "wheels")]
    subprocess.run([*pip, *build, str(ROOT), str(EXAMPLE)], check=True, timeout=100)
    venv.create(folder / "venv", with_pip=False)
    made = Environment(folder / "venv")
    wheels = [str(wheel) for wheel in (folder / "wheels").glob("*.whl")]
    install = [*pip, "--python", str(made.python), "install", "--no-deps", "--no-index", *wheels]
    subprocess.run(install, check=True, timeout=100)
    site = Path(sysconfig.get_path("purelib", vars={"base": str(made.folder), "platbase": str(made.folder)}))
    (site / "others.pth").write_text(f"{sysconfig.get_path('purelib')}\n{sysconfig.get_path('platlib')}\n")
    return made


@pytest.mark.slow
def test_its_kit_is_green_where_it_is_installed(environment: Environment, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE / "tests", tmp_path / "tests")
    shutil.copy(EXAMPLE / "pyproject.toml", tmp_path)
    done = environment.run(environment.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-4000:]
    assert "conformance" in done.stdout
    assert "RED" not in done.stdout


CONFIG = """
[server]
port = {port}

[store]
url = "sqlite:///bridge.db"

[channels.chat]
adapter = "irc"
{irc}

[channels.telegram]
adapter = "telegram"
updates = "polling"
bot_token = "{token}"
api_url = "{telegram}"

[bridges.support]
title = "Support"
customers = [{{ channel = "chat", nick = "support" }}]
agents = [{{ channel = "telegram", chat = {chat} }}]
"""


def config(folder: Path, irc: str, telegram: str, token: str) -> Path:
    file = folder / "t.toml"
    file.write_text(CONFIG.format(port=free_port(), irc=irc, telegram=telegram, token=token, chat=CHAT))
    return file


@pytest.mark.slow
def test_check_knows_its_keys(environment: Environment, tmp_path: Path) -> None:
    right = config(tmp_path, 'host = "irc.example.com"', "https://api.telegram.org", "7:x")
    done = environment.trunkline("check", "--config", right, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    wrong = config(tmp_path, 'host = "irc.example.com"\ntls = false\nport = 0', "https://api.telegram.org", "7:x")
    done = environment.trunkline("check", "--config", wrong, cwd=tmp_path)
    assert done.returncode == 78
    assert ":11:1: error: channels.chat.tls: plain text, which is for loopback alone; right is true" in done.stderr
    assert ":12:1: error: channels.chat.port: " in done.stderr


@dataclass
class Running:
    """``trunkline run`` between two simulated networks."""

    irc: Process
    telegram: Process
    bridge: Process

    def control(self, process: Process, path: str, **asked: Any) -> Any:
        url = f"{process.url}/_sim/{path}"
        with httpx.Client(trust_env=False, timeout=10) as http:
            answer = http.post(url, json=asked) if asked else http.get(url)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ana(self) -> Json:
        return dict(self.control(self.irc, "snapshot")["people"][0])

    def topic(self) -> Json:
        def found() -> list[Json]:
            return [
                t for g in self.control(self.telegram, "snapshot")["groups"] for t in g["topics"] if "IRC" in t["name"]
            ]

        return dict(until(found, what="a topic")[0])

    def shown_in_topic(self, text: str) -> Callable[[], list[Json]]:
        return lambda: [m for m in self.topic()["messages"] if m["text"] == text]

    def shown_to_ana(self, text: str) -> Callable[[], list[Json]]:
        return lambda: [m for m in self.ana()["messages"] if m["text"] == text and not m["mine"]]

    def answer(self, text: str) -> None:
        topic = int(str(self.topic()["id"]).rpartition(":")[2])
        self.control(self.telegram, "say", text=text, topic=topic, person="eve")


@pytest.fixture
def running(environment: Environment, tmp_path: Path) -> Iterator[Running]:
    irc = environment.process("irc", [str(environment.python), "-m", "trunkline_irc.simulator"], tmp_path)
    telegram = environment.process("telegram", [sys.executable, "-m", "adapters.telegram.simulator"], tmp_path)
    with ExitStack() as stack:
        for process in (irc, telegram):
            process.start()
            stack.callback(process.stop)
        http = httpx.Client(trust_env=False)
        stack.callback(http.close)
        told = http.get(f"{irc.url}/_sim/settings").json()["settings"]
        token = http.get(f"{telegram.url}/_sim/settings").json()["settings"]["bot_token"]
        keys = "\n".join(f"{k} = {json.dumps(v)}" for k, v in told.items())
        file = config(tmp_path, keys, telegram.url, token)
        command = [str(environment.folder / "bin" / "trunkline"), "run", "--config", str(file)]
        bridge = environment.process("bridge", command, tmp_path)
        bridge.start()
        stack.callback(bridge.stop)
        yield Running(irc, telegram, bridge)


@pytest.mark.slow
def test_a_person_on_irc_and_an_agent_talk(running: Running) -> None:
    def connected() -> bool:
        with httpx.Client(trust_env=False) as http:
            return bool(http.get(f"{running.bridge.url}/readyz").json()["channels"]["chat"] == "ok")

    until(connected, what="the connection to IRC")
    said = until(lambda: said_to_somebody(running, "Hello, is anybody there?"), what="somebody of our nick")
    assert said
    until(running.shown_in_topic("Hello, is anybody there?"), what="the question in its topic")
    assert running.topic()["name"] == "ana · IRC"
    running.answer("Yes: what can I do for you?")
    until(running.shown_to_ana("Yes: what can I do for you?"), what="the answer on IRC")

    running.control(running.irc, "act", do="nick", person="ana", name="ana-away")
    running.answer("Are you still there?")
    until(running.shown_to_ana("Are you still there?"), what="the answer under the new nick")
    assert (
        len([g for g in running.control(running.telegram, "snapshot")["groups"][0]["topics"] if "IRC" in g["name"]])
        == 1
    )


def said_to_somebody(running: Running, text: str) -> bool:
    """IRC keeps nothing: what is said before we are there is lost, and the person sees it."""
    running.control(running.irc, "act", do="say", person="ana", text=text)
    return not running.ana()["messages"][-1]["error"]


@pytest.mark.slow
def test_the_sandbox_finds_its_network(environment: Environment, tmp_path: Path) -> None:
    command = [str(environment.folder / "bin" / "trunkline"), "sandbox", "--port", "0", "--no-browser"]
    sandbox = environment.process("sandbox", [*command, "--data", str(tmp_path / "data")], tmp_path)
    sandbox.start()
    http = httpx.Client(base_url=sandbox.url, trust_env=False, timeout=10)

    def networks() -> Json:
        return {n["name"]: n for n in http.get("/api/state").json()["networks"]}

    def said() -> bool:
        http.post("/api/act", json={"network": "irc", "do": "say", "person": "ana", "text": "In the sandbox"})
        return not networks()["irc"]["people"][0]["messages"][-1]["error"]

    def relayed() -> list[Json]:
        topics = [t for g in networks()["telegram"]["groups"] for t in g["topics"]]
        return [m for t in topics for m in t["messages"] if m["text"] == "In the sandbox"]

    try:
        until(lambda: http.get("/readyz").status_code == 200, what="the bridge in the sandbox")
        assert "irc" in networks()
        until(said, what="somebody of our nick")
        until(relayed, what="the words in a topic")
    finally:
        http.close()
        sandbox.stop()
