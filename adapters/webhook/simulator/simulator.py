"""The object that the sandbox and the tests hold: one system with its receiver, as an ASGI application and as Python."""

from __future__ import annotations

import base64
import binascii
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from .app import App
from .book import Book, Place
from .faults import Faults
from .journal import Journal, Json
from .poster import Poster
from .wire import Wire

SECRET = "whsec_" + base64.b64encode(b"simulated-webhook-secret" * 2).decode()
GROUP = "webhook"
PERSON = "eve"


class WebhookSimulator:
    """Implements the protocol of `bridge.sandbox.simulator` without importing it. All within one event loop."""

    name = "webhook"

    def __init__(
        self,
        *,
        base_url: str,
        folder: Path | None,
        observe: Callable[[Json], None],
        side: Literal["customers", "agents"] = "agents",
        title: str = "CRM",
        secret: str = SECRET,
    ) -> None:
        self.side = side
        self._base_url = base_url.rstrip("/")
        self._title = title
        self.secret = secret
        self._observe = observe
        self.journal = Journal(folder)
        self.wire = Wire(observe)
        self.switches = Faults()
        self.book = Book(side == "customers", self._base_url)
        self.poster = Poster(secret, self.wire, self._answered)
        for entry in self.journal.entries:
            self.book.apply(entry)
        self.app: Any = App(self, self._base_url)

    def settings(self) -> Json:
        """The keys of a ``[channels.NAME]`` table that reach this simulator."""
        return {"url": f"{self._base_url}/hook", "secret": self.secret}

    def endpoints(self) -> list[Json]:
        """The channel is its own endpoint."""
        return [{}]

    async def start(self, public_url: str, channel: str) -> None:
        """From now on what is said is posted there; what an earlier process left first."""
        self.poster.aim(f"{public_url.rstrip('/')}/webhooks/{channel}")
        for said in list(self.book.owed.values()):
            self._post(said)

    async def close(self) -> None:
        """Stops all tasks; everything is in the folder already."""
        await self.poster.close()
        self.journal.close()

    def snapshot(self) -> Json:
        """The whole view."""
        places = [self.book.view(place, messages=True) for place in self.book.places.values()]
        if self.side == "customers":
            return {"people": places}
        people = [{"id": PERSON, "name": "Eve"}]
        return {"groups": [{"id": GROUP, "title": self._title, "people": people, "topics": places}]}

    async def act(self, action: Json) -> Json:
        """What a person does: says something, or (a customer) comes along. Raises ValueError where it can't be done."""
        match action.get("do"):
            case "add" if self.side == "customers":
                id = str(action.get("id") or f"visitor-{uuid.uuid4().hex[:8]}")
                self.record({"k": "place", "id": id, "name": str(action.get("name") or "")})
                return {"person": id}
            case "say":
                return self._say(action)
            case "read":
                return {}
        raise ValueError("that can’t be done here")

    def _say(self, action: Json) -> Json:
        place = str(action.get("person" if self.side == "customers" else "topic") or "")
        if place not in self.book.places:
            raise ValueError("nobody of that name is here")
        said = {
            "k": "say",
            "id": f"msg_{uuid.uuid4().hex}",
            "place": place,
            "author": self.book.places[place].name if self.side == "customers" else "Eve",
            "text": str(action.get("text") or ""),
            "media": [self._kept(f) for f in action.get("files") or ()],
            "at": time.time(),
        }
        self.record(said)
        self._post(said)
        return {"id": said["id"]}

    def _kept(self, file: Json) -> Json:
        try:
            data = base64.b64decode(str(file["data"]), validate=True)
        except (binascii.Error, KeyError) as error:
            raise ValueError("a file needs its data in base64") from error
        id = uuid.uuid4().hex
        self.journal.put_bytes(id, data)
        kind, filename = (
            str(file.get("content_type") or "application/octet-stream"),
            str(file.get("filename") or "file"),
        )
        return {"url": f"/files/{id}", "content_type": kind, "filename": filename, "size": len(data)}

    def _post(self, said: Json) -> None:
        files = [
            {
                "url": self._base_url + m["url"],
                "filename": m["filename"],
                "content_type": m["content_type"],
            }
            for m in said["media"]
        ]
        author = {"id": said["place"] if self.side == "customers" else PERSON, "name": said["author"]}
        data = {"conversation": said["place"], "text": said["text"], "attachments": files, "author": author}
        self.poster.queue(said["place"], said["id"], {"type": "message.send", "data": data})

    def _answered(self, id: str, status: int, body: Any) -> None:
        self.record({"k": "answer", "id": id, "status": status, "body": body})

    def record(self, entry: Json) -> None:
        """Something happened: remembered, applied, and told to who looks on."""
        self.journal.add(entry)
        changed = self.book.apply(entry)
        if changed is not None:
            self._tell(*changed)

    def _tell(self, place: Place, message: Json | None) -> None:
        shown = self.book.view(place, messages=False)
        if self.side == "customers":
            where: Json = {"person": shown if message is None else place.id}
        else:
            where = {"group": GROUP, "topic": shown if message is None else place.id}
        kind = "message" if message else "person" if self.side == "customers" else "topic"
        self._observe({"type": kind, **where} | ({"message": dict(message)} if message else {}))

    def faults(self) -> list[Json]:
        """The switches for the page."""
        return self.switches.listed()

    async def fault(self, id: str, on: bool, value: Any = None) -> None:
        """Turns a switch."""
        self.switches.set(id, on, value)
