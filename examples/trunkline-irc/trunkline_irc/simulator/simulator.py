"""The people on the server, and what the sandbox and the conformance kit ask of a simulator."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from trunkline_irc.simulator.server import NICK, Server, fold

Json = dict[str, Any]
OURS = "support"
PASSWORD = "simulated-irc-password"  # noqa: S105 - a stand-in's, worth nothing elsewhere
LONGEST = 400
SWITCHES = {
    "down": ("A netsplit", "Everybody is cut off, and nobody gets in until it is over."),
    "rate": ("The server asks for pauses", "Each message is refused with 439 (value: seconds)."),
    "password": ("The password is refused", "Who connects anew is sent away."),
    "cut_before": ("The connection is cut before a message is taken", ""),
    "cut_after": ("The connection is cut after a message was taken", ""),
    "garbage": ("The server answers nonsense and goes", ""),
    "slow": ("The server is slow", "value: seconds before it answers a PING"),
    "patient": ("The server doesn’t mind a flood", "Else who writes too fast is put out."),
}


class IrcSimulator:
    """One server. All of it lives in one event loop."""

    name = "irc"
    side: Literal["customers", "agents"] = "customers"

    def __init__(
        self,
        observe: Callable[[Json], None],
        folder: Path | None,
        *,
        password: str = PASSWORD,
        line_every_s: float = 2.0,
    ) -> None:
        self._observe = observe
        self._file = folder / "irc.json" if folder else None
        self._password = password
        self._line_every_s = line_every_s
        self._faults: Json = {}
        self._people: dict[str, Json] = {}
        self._server = Server(password, self._heard, self._faults)
        kept = self._file.read_text() if self._file and self._file.exists() else ""
        for person in json.loads(kept) if kept else [_person("ana"), _person("bo")]:
            self._people[person["id"]] = person

    def settings(self) -> Json:
        """The keys of a ``[channels.NAME]`` table that reach this simulator."""
        return {
            "host": "127.0.0.1", "port": self._server.port, "tls": False, "password": self._password,
            "rooms": ["#help"], "line_every_s": self._line_every_s,
        }  # fmt: skip

    def endpoints(self) -> list[Json]:
        return [{"nick": OURS}]

    async def start(self, public_url: str, channel: str) -> None:
        await self._server.start()

    async def close(self) -> None:
        await self._server.close()

    def snapshot(self) -> Json:
        return {"people": list(self._people.values())}

    async def act(self, action: Json) -> Json:
        """``say``, ``add``, ``read``; and ``nick`` {"person", "name"}."""
        match action.get("do"):
            case "say":
                return self._say(self._known(action), str(action.get("text") or ""))
            case "add":
                return self._add(str(action.get("name") or ""))
            case "nick":
                return self._rename(self._known(action), str(action.get("name") or ""))
            case "read":
                return {}
        raise ValueError("that can’t be done on IRC")

    def faults(self) -> list[Json]:
        return [
            {"id": id, "label": label, "on": bool(self._faults.get(id)), "hint": hint}
            for id, (label, hint) in SWITCHES.items()
        ]

    async def fault(self, id: str, on: bool, value: Any = None) -> None:
        if id not in SWITCHES:
            raise ValueError(f"there is no fault {id!r}")
        self._faults.pop(id, None)
        if on:
            self._faults[id] = 5 if value is None else value
        if on and id in ("down", "password"):
            self._server.split()

    # ---- people

    def _known(self, action: Json) -> Json:
        found = self._people.get(str(action.get("person")))
        if found is None:
            raise ValueError("nobody of that name is here")
        return found

    def _say(self, person: Json, text: str) -> Json:
        """A client sends each line apart, and a long one in pieces."""
        if not text.strip():
            raise ValueError("there is nothing to say")
        for line in filter(str.strip, text.split("\n")):
            for at in range(0, len(line), LONGEST):
                there = self._server.deliver(person["address"], OURS, line[at : at + LONGEST])
                self._note(person, line[at : at + LONGEST], mine=True, error="" if there else "No such nick")
        return {}

    def _add(self, name: str) -> Json:
        if not NICK.fullmatch(name) or fold(name) in self._people:
            raise ValueError("right is a nick that nobody has")
        self._people[fold(name)] = _person(name)
        self._keep()
        return {"person": fold(name)}

    def _rename(self, person: Json, name: str) -> Json:
        if not NICK.fullmatch(name):
            raise ValueError("that is no nick")
        self._server.renamed(person["address"], name)
        person["name"] = person["address"] = name
        self._observe({"type": "person", "person": {k: v for k, v in person.items() if k != "messages"}})
        self._keep()
        return {}

    def _heard(self, sender: str, to: str, text: str) -> bool:
        person = next((p for p in self._people.values() if fold(p["address"]) == fold(to)), None)
        if person is not None:
            self._note(person, text, mine=False, author=sender)
        return person is not None

    def _note(self, person: Json, text: str, *, mine: bool, author: str = "", error: str = "") -> None:
        message: Json = {
            "id": f"{person['id']}-{len(person['messages'])}", "mine": mine, "author": author or person["name"],
            "text": text, "media": [], "at": time.time(), "status": "failed" if error else "sent", "error": error,
            "reply_to": None, "edited": False, "deleted": False,
        }  # fmt: skip
        person["messages"].append(message)
        self._observe({"type": "message", "person": person["id"], "message": message})
        self._keep()

    def _keep(self) -> None:
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._file.write_text(json.dumps(list(self._people.values())))

    # ---- HTTP: the control routes alone

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        """An ASGI 3 application."""
        if scope["type"] != "http":
            return
        path = scope["path"].removeprefix(scope.get("root_path", "").rstrip("/"))
        body, more = b"", True
        while more:
            event = await receive()
            body += event.get("body", b"")
            more = event.get("more_body", False)
        status, told = await self._control(path, body)
        data = json.dumps(told).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(data)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": data})

    async def _control(self, path: str, body: bytes) -> tuple[int, Any]:
        try:
            match path:
                case "/_sim/snapshot":
                    return 200, self.snapshot()
                case "/_sim/settings":
                    return 200, {"settings": self.settings(), "endpoints": self.endpoints()}
                case "/_sim/act":
                    return 200, await self.act(json.loads(body))
                case "/_sim/fault":
                    asked = json.loads(body)
                    await self.fault(asked["id"], asked.get("on", True), asked.get("value"))
                    return 200, self.faults()
        except (ValueError, KeyError) as error:
            return 400, {"error": str(error)}
        return 404, {"error": "there is no such place"}


def _person(name: str) -> Json:
    return {"id": fold(name), "name": name, "network": "IRC", "style": "plain", "address": name, "messages": []}
