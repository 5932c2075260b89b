"""The page's routes over real HTTP, with the real simulators and the real bridge behind them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from tests.rig import Process, until

pytestmark = pytest.mark.slow
Json = dict[str, Any]


def sandbox(folder: Path, *more: str) -> Process:
    args = ["-m", "bridge", "sandbox", "--port", "0", "--no-browser", "--data", str(folder / "data"), *more]
    process = Process("sandbox", args, folder)
    process.start()
    return process


def client(process: Process) -> httpx.Client:
    return httpx.Client(base_url=process.url, timeout=30, trust_env=False)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    process = sandbox(tmp_path_factory.mktemp("sandbox"))
    yield process
    assert process.stop() == 0


@pytest.fixture
def http(running: Process) -> Iterator[httpx.Client]:
    with client(running) as http:
        yield http


def state(http: httpx.Client) -> Json:
    found: Json = http.get("/api/state").json()
    return found


def network(http: httpx.Client, side: str) -> Json:
    return next(n for n in state(http)["networks"] if n["side"] == side)


def says(http: httpx.Client, text: str, person: str = "ana") -> None:
    action = {"network": "twilio", "do": "say", "person": person, "text": text}
    http.post("/api/act", json=action).raise_for_status()


def in_topics(http: httpx.Client, text: str) -> list[Json]:
    topics = [t for g in network(http, "agents")["groups"] for t in g["topics"]]
    return [m for t in topics for m in t["messages"] if m["text"] == text]


def events(http: httpx.Client, last: int | None, until_type: str) -> list[Json]:
    """What the stream tells after `last`, up to the first event of a type."""
    found: list[Json] = []
    headers = {} if last is None else {"Last-Event-ID": str(last)}
    with http.stream("GET", "/api/events", headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            if line.startswith("data: "):
                found.append(json.loads(line.removeprefix("data: ")))
                if found[-1]["type"] == until_type:
                    break
    return found


def test_the_page_and_its_parts(http: httpx.Client) -> None:
    page = http.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert http.get("/page/page.js").headers["content-type"].startswith("text/javascript")
    assert http.get("/page/style.css").headers["content-type"].startswith("text/css")
    assert http.get("/page/stage.py").status_code == 404
    assert http.get("/page/..%2fstage.py").status_code == 404


def test_the_state_is_what_both_sides_see(http: httpx.Client) -> None:
    says(http, "in the state")
    heard = until(lambda: in_topics(http, "in the state"))[0]
    now = state(http)
    said = next(p for p in network(http, "customers")["people"] if p["id"] == "ana")["messages"][-1]
    assert said["thread"] == heard["thread"]
    assert now["bridge"]["state"] == "ready"
    assert not any(f["on"] for f in now["faults"]), "a sandbox begins with every fault off"
    assert {(f["network"], f["id"]) for f in now["faults"]} >= {
        ("bridge", "kill"),
        ("telegram", "limit"),
        ("twilio", "refuse"),
    }
    line = next(c for c in now["wire"] if c["event"] == "onMessageAdded")
    assert "request" not in line
    whole = http.get(f"/api/call/{line['id']}").json()
    assert "X-Twilio-Signature" in whole["request"]["headers"]
    assert http.get("/api/call/nothing").status_code == 404


def test_hints_are_for_people(http: httpx.Client) -> None:
    for fault in state(http)["faults"]:
        assert fault["hint"].endswith("."), fault
        assert "value:" not in fault["hint"]
        assert "F-" not in fault["hint"]


def test_events_go_on_where_a_page_was(http: httpx.Client) -> None:
    before = state(http)["seq"]
    says(http, "followed")
    first = events(http, before, "message")
    numbers = [e["seq"] for e in first]
    assert numbers == list(range(before + 1, before + 1 + len(numbers)))
    assert first[-1]["message"]["text"] == "followed"
    assert events(http, before, "message") == first
    after = events(http, numbers[0], "message")
    assert after[0]["seq"] == numbers[0] + 1


@pytest.mark.parametrize("last", [None, 3, 10**15])
def test_a_page_of_another_run_is_told_to_begin_anew(http: httpx.Client, last: int | None) -> None:
    first = events(http, last, "reset")
    assert first[0]["type"] == "reset"
    assert first[0]["seq"] <= state(http)["seq"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"network":"carrier pigeon","do":"say"}', "carrier pigeon"),
        (b'{"network":"twilio","do":"fly"}', "fly"),
        (b'{"network":"twilio","do":"say","person":"ana","text":""}', "nothing to send"),
        (b"not json", "Expecting value"),
        (b"[]", "JSON object"),
    ],
)
def test_what_cannot_be_done_is_422_with_words(http: httpx.Client, body: bytes, words: str) -> None:
    answer = http.post("/api/act", content=body)
    assert answer.status_code == 422
    assert words in answer.json()["error"]


def test_faults_are_switched_and_told(http: httpx.Client) -> None:
    def on(network: str, id: str) -> Any:
        return next(f["on"] for f in state(http)["faults"] if (f["network"], f["id"]) == (network, id))

    before = state(http)["seq"]
    http.post("/api/fault", json={"network": "twilio", "id": "drop_webhook", "on": True}).raise_for_status()
    told = events(http, before, "faults")[-1]["faults"]
    assert [f["id"] for f in told if f["on"]] == ["drop_webhook"]
    says(http, "lost on its way")
    until(lambda: not on("twilio", "drop_webhook"))  # it turns itself off, and the page hears of it
    assert http.post("/api/fault", json={"network": "twilio", "id": "moonlight", "on": True}).status_code == 422
    assert http.post("/api/fault", json={"network": "nobody", "id": "down", "on": True}).status_code == 422
    assert http.post("/api/fault", json={"on": True}).status_code == 422


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Host": "127.0.0.1.evil.example"},
    ],
)
@pytest.mark.parametrize("path", ["/", "/api/state", "/sim/telegram/_sim/topics"])
def test_nobody_elses_page_may_ask(http: httpx.Client, headers: dict[str, str], path: str) -> None:
    assert http.get(path, headers=headers).status_code == 403


def test_localhost_is_us_too(http: httpx.Client, running: Process) -> None:
    port = running.url.rpartition(":")[2]
    assert http.get("/", headers={"Host": f"localhost:{port}", "Origin": f"http://localhost:{port}"}).status_code == 200


def test_media_is_named_by_path(http: httpx.Client) -> None:
    png = {"filename": "a.png", "content_type": "image/png", "data": "iVBORw0KGgo="}
    action = {"network": "twilio", "do": "say", "person": "bo", "text": "", "files": [png]}
    http.post("/api/act", json=action).raise_for_status()
    bo = next(p for p in network(http, "customers")["people"] if p["id"] == "bo")
    url = bo["messages"][-1]["media"][0]["url"]
    assert url.startswith("/sim/twilio/")
    assert http.get(url).headers["content-type"] == "image/png"


def test_the_page_gets_in_as_a_visitor_and_as_an_agent(http: httpx.Client) -> None:
    for role, subject in (("customer", "vera"), ("agent", "mia")):
        given = http.post("/api/token", json={"role": role, "subject": subject}).raise_for_status().json()
        with connect(
            given["url"], subprotocols=[Subprotocol("trunkline.v1")], origin=Origin(str(http.base_url)), proxy=None
        ) as ws:
            ws.send(json.dumps({"type": "hello", "token": given["token"]}))
            welcome = json.loads(ws.recv(10))
            assert (welcome["type"], welcome["role"]) == ("welcome", role)
    assert http.post("/api/token", json={"role": "agent", "subject": "eve"}).status_code == 422
    assert http.post("/api/token", json={}).status_code == 422
    strange = {"Origin": "https://evil.example"}
    assert http.post("/api/token", json={"role": "agent", "subject": "mia"}, headers=strange).status_code == 403


def test_a_second_visitor_comes_along(http: httpx.Client) -> None:
    before = state(http)["seq"]
    action = {"network": "web", "do": "add", "name": "Ugo", "over": "Web chat"}
    assert http.post("/api/act", json=action).json() == {"person": "ugo"}
    assert events(http, before, "person")[-1]["person"]["name"] == "Ugo"
    web = next(n for n in state(http)["networks"] if n["name"] == "web")
    assert [p["id"] for p in web["people"]] == ["vera", "ugo"]
    assert http.post("/api/act", json={"network": "web", "do": "add", "name": ""}).status_code == 422
    assert http.post("/api/act", json={"network": "web", "do": "say", "text": "?"}).status_code == 422


def test_the_page_may_reach_the_bridge_and_nobody_else(http: httpx.Client) -> None:
    url = http.post("/api/token", json={"role": "agent", "subject": "mia"}).json()["url"]
    bridge = url.removesuffix("/ws/web")
    policy = http.get("/").headers["content-security-policy"]
    assert f"connect-src 'self' {bridge.replace('ws', 'http', 1)} {bridge};" in policy
    assert "*" not in policy


def test_a_restart_goes_on_and_fresh_starts_over(tmp_path: Path) -> None:
    process = sandbox(tmp_path)
    with client(process) as http:
        says(http, "remember me")
        until(lambda: in_topics(http, "remember me"))
        http.post("/api/fault", json={"network": "telegram", "id": "limit", "on": True}).raise_for_status()
    process.kill()
    process = sandbox(tmp_path)
    with client(process) as http:
        assert len(in_topics(http, "remember me")) == 1
        assert [f["id"] for f in state(http)["faults"] if f["on"]] == ["limit"], "what was switched stays"
    assert process.stop() == 0
    process = sandbox(tmp_path, "--fresh")
    with client(process) as http:
        assert in_topics(http, "remember me") == []
        assert not any(f["on"] for f in state(http)["faults"])
    assert process.stop() == 0
