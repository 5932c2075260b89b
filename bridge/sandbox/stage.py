"""The stage: the simulators, the bridge between them, and one stream of what happens, for the page."""

from __future__ import annotations

import asyncio
import json
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from bridge.sandbox.bridge import BridgeProcess, free_port, remembered
from bridge.sandbox.config import config
from bridge.sandbox.simulator import Simulator
from bridge.sandbox.tally import tally
from bridge.sandbox.threads import Threads
from bridge.sandbox.web import AGENT, NAME, WebLegs

GROUP = "trunkline.simulators"
CALLS = 10_000
EVENTS = 5_000
SHOWN = 200
YOUNG_S = 5.0
"""A message is not called lost before."""
Json = dict[str, Any]


class Stage:
    """`open` makes the simulators, `start` lets everything run; `state`, `events`, `act`, `fault` and `call` serve the page."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        self.simulators: dict[str, Simulator] = {}
        self.web = WebLegs(folder / "web.json", url)
        self.port = free_port(int(remembered(folder / "sandbox.json").get("bridge_port") or 0))
        self.bridge = BridgeProcess(folder, self._bridge_changed)
        self._threads = Threads()
        self._calls: OrderedDict[str, Json] = OrderedDict()
        self._events: deque[Json] = deque(maxlen=EVENTS)
        self._seq = (
            time.time_ns() // 1_000_000
        )  # a number of this run's own: a page that followed an earlier run is reset
        self._news = asyncio.Event()
        self._refusals: dict[str, str] = {}
        self._shown: Json = {}
        self._shown_faults: list[Json] = []

    def open(self) -> None:
        """Every simulator that is installed joins, ours like anybody's."""
        for entry in sorted(entry_points(group=GROUP), key=lambda e: e.name):
            base = f"{self.url}/sim/{entry.name}"
            factory = entry.load()
            self.simulators[entry.name] = factory(
                base_url=base, folder=self.folder / entry.name, observe=self._observer(entry.name)
            )

    async def start(self) -> None:
        memory = self.folder / "sandbox.json"
        if not remembered(memory):
            await self._mend()
        memory.write_text(json.dumps({"bridge_port": self.port}))
        self.bridge.config.write_text(config(self.port, self.bridge_url, self.simulators, self.web.settings()))
        self.bridge.start()
        for name, simulator in self.simulators.items():
            await simulator.start(self.bridge_url, name)

    async def stop(self) -> None:
        await self.bridge.stop()
        await asyncio.gather(*(s.close() for s in self.simulators.values()), return_exceptions=True)

    async def _mend(self) -> None:
        """A sandbox begins with every fault off, also one that its network has for good."""
        for simulator in self.simulators.values():
            for fault in simulator.faults():
                if fault["on"]:
                    await simulator.fault(fault["id"], False)

    @property
    def bridge_url(self) -> str:
        """Where the bridge answers, networks and the page's own sockets."""
        return f"http://127.0.0.1:{self.port}"

    # ---- what the page asks

    def state(self) -> Json:
        """All that the page begins with. `data` is another where the sandbox was started afresh; `ours` is what customers write
        to."""
        return {
            "seq": self._seq,
            "bridge": self._header(),
            "networks": [*(self._view(name, s) for name, s in self.simulators.items()), self.web.view()],
            "data": self.web.born,
            "console": AGENT,
            "ours": [e["address"] for s in self.simulators.values() for e in s.endpoints() if "address" in e],
            "faults": self._faults(),
            "wire": [_line(c) for c in list(self._calls.values())[-SHOWN:]],
        }

    def call(self, id: str) -> Json | None:
        return self._calls.get(id)

    async def act(self, network: str, action: Json) -> Json:
        """Raises ValueError with words for a person."""
        if (network, action.get("do")) == (NAME, "add"):
            person = self.web.add(str(action.get("name") or ""))
            self._publish({"type": "person", "network": NAME, "person": person})
            return {"person": person["id"]}
        if network not in self.simulators:
            raise ValueError(f"no network is called {network}")
        if action.get("do") == "add":  # the page can't say "network" twice
            action["network"] = action.pop("over", action.get("network"))
        return await self.simulators[network].act(action)

    def token(self, role: str, subject: str) -> Json:
        """What lets the page in as one of them, and where: ``{"token", "lifetime_s", "url"}``. Raises ValueError."""
        return self.web.token(role, subject) | {"url": f"{self.bridge_url.replace('http', 'ws', 1)}/ws/{NAME}"}

    async def fault(self, network: str, id: str, on: bool, value: Any) -> None:
        if (network, id) == ("bridge", "kill"):
            self.bridge.kill()
        elif network in self.simulators:
            await self.simulators[network].fault(id, on, value)
        else:
            raise ValueError(f"no network is called {network}")
        self._look_at_faults()

    async def events(self, after: int) -> AsyncIterator[Json]:
        """What happened after `after`, for ever; a reset where that is no longer known, or of another run."""
        while True:
            oldest = self._events[0]["seq"] if self._events else self._seq + 1
            if after > self._seq or after + 1 < oldest:
                after = self._seq
                yield {"type": "reset", "seq": after}
            for event in [e for e in self._events if e["seq"] > after]:
                after = event["seq"]
                yield event
            self._news.clear()
            if self._seq == after:
                await self._news.wait()

    # ---- inside

    def _observer(self, network: str) -> Any:
        def observe(event: Json) -> None:
            self._heard(network, dict(event))

        return observe

    def _heard(self, network: str, event: Json) -> None:
        if event["type"] == "wire":
            call = {**event["call"]}
            before = self._calls.get(call["id"])
            thread = before.get("thread") if before else None
            if call.get("text"):
                thread = thread or self._threads.of_text(call["text"])
            call["thread"] = thread
            self._calls[call["id"]] = call
            if len(self._calls) > CALLS:
                self._calls.popitem(last=False)
            event["call"] = _line(call)
            if call["direction"] == "call" and (words := _refusal(call)):
                self._refusals[network] = words
        elif event["type"] == "message":
            event["message"] = self._dressed(network, event["message"], _place(event))
        self._publish({**event, "network": network})
        self.bridge.look()

    def _dressed(self, network: str, message: Json, place: str) -> Json:
        """With its thread; and media by their path, so that they load under whichever name the page was opened."""
        media = [{**m, "url": m["url"].removeprefix(self.url)} for m in message["media"]]
        return {**message, "media": media, "thread": self._threads.of_message(network, place, message)}

    def _bridge_changed(self) -> None:
        """Tells what is news of the header and of the switches: some turn themselves off."""
        if (header := self._header()) != self._shown:
            self._shown = header
            self._publish({"type": "bridge", "bridge": header})
        self._look_at_faults()

    def _look_at_faults(self) -> None:
        if (faults := self._faults()) != self._shown_faults:
            self._shown_faults = faults
            self._publish({"type": "faults", "faults": faults})

    def _header(self) -> Json:
        header = self.bridge.header()
        for held in header["waiting_why"]:
            held["why"] = held["why"] or self._refusals.get(held["channel"], "the last try failed")
        lost, doubled = tally((self._side(s) for s in self.simulators.values()), time.time() - YOUNG_S, apart=NAME)
        calm = header["state"] == "ready" and not header["waiting"]
        return header | {"url": self.url, "lost": lost if calm else 0, "doubled": doubled}

    def _side(self, simulator: Simulator) -> Json:
        return {"side": simulator.side, **simulator.snapshot()}

    def _view(self, name: str, simulator: Simulator) -> Json:
        view = {"name": name, **self._side(simulator)}
        for person in view.get("people", ()):
            person["messages"] = [self._dressed(name, m, person["id"]) for m in person["messages"]]
        for group in view.get("groups", ()):
            for topic in group["topics"]:
                place = f"{group['id']}:{topic['id']}"
                topic["messages"] = [self._dressed(name, m, place) for m in topic["messages"]]
        return view

    def _faults(self) -> list[Json]:
        listed = [{"network": name, **f} for name, s in self.simulators.items() for f in s.faults()]
        hint = "As a power cut would. It is started again at once and goes on where it was."
        kill = {"network": "bridge", "id": "kill", "label": "Kill the bridge (kill -9)", "on": False, "hint": hint}
        return [kill, *listed]

    def _publish(self, event: Json) -> None:
        self._seq += 1
        self._events.append({**event, "seq": self._seq})
        self._news.set()


def _place(event: Json) -> str:
    return str(event["person"]) if "person" in event else f"{event['group']}:{event['topic']}"


def _refusal(call: Json) -> str:
    """Why a call failed, for a person; empty where it didn't."""
    network, status = call["network"].capitalize(), call["status"]
    if status == 429:
        return f"{network} asks for a pause (429)"
    if status is not None:
        return f"{network} answered {status}" if status >= 400 else ""
    return f"{network} did not answer" if call["error"] else ""


def _line(call: Json) -> Json:
    """A call without its bodies: the page asks for them on a click."""
    return {k: v for k, v in call.items() if k not in ("request", "response")}
