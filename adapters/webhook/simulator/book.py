"""What came and what was said, place by place: a conversation at an agents' system, a person at a customers' one.

Everything follows from the entries of the journal, applied one by one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from .journal import Json

STATES = {"sent": 1, "delivered": 2, "read": 3, "failed": 4}


class Place:
    """Where messages stand, by their id."""

    def __init__(self, id: str, name: str) -> None:
        self.id = id
        self.name = name
        self.closed = False
        self.messages: dict[str, Json] = {}


class Book:
    """`deliveries` are all webhooks that were taken, `counts` how often each id came."""

    def __init__(self, customers: bool, base_url: str) -> None:
        self._customers = customers
        self._base_url = base_url
        self.places: dict[str, Place] = {}
        self.deliveries: dict[str, Json] = {}
        self.counts: dict[str, int] = {}
        self.owed: dict[str, Json] = {}
        self._ours: dict[str, tuple[str, str]] = {}
        self._told: dict[str, Json] = {}

    def apply(self, entry: Json) -> tuple[Place, Json | None] | None:
        """The place that changed, and the message where one did."""
        match entry["k"]:
            case "place":
                return self._place(entry["id"], entry["name"]), None
            case "say":
                self.owed[entry["id"]] = entry
                return self._said(entry)
            case "answer":
                return self._answered(entry)
            case "came":
                return self._came(entry)
        raise AssertionError(entry["k"])

    def _place(self, id: str, name: str) -> Place:
        place = self.places.setdefault(id, Place(id, name or id))
        place.name = name or place.name
        return place

    def _said(self, entry: Json) -> tuple[Place, Json]:
        place = self._place(entry["place"], "")
        media = [{**m, "url": self._base_url + m["url"]} for m in entry["media"]]
        message = _message(entry["id"], entry["author"], entry["text"], media, entry["at"]) | {"mine": True}
        place.messages[entry["id"]] = message
        return place, message

    def _answered(self, entry: Json) -> tuple[Place, Json] | None:
        said = self.owed.pop(entry["id"], None)
        if said is None:
            return None
        place = self.places[said["place"]]
        message = place.messages[entry["id"]]
        body = entry["body"] if isinstance(entry["body"], dict) else {}
        if entry["status"] != 202:
            message |= {"status": "failed", "error": str(body.get("detail") or f"answered {entry['status']}")}
        else:
            message["status"] = "sent"
            self._ours[body["message"]] = place.id, entry["id"]
            if receipt := self._told.pop(body["message"], None):  # it may come before its answer
                _receive(message, receipt)
        return place, message

    def _came(self, entry: Json) -> tuple[Place, Json | None] | None:
        id, body = entry["id"], entry["body"]
        self.counts[id] = self.counts.get(id, 0) + 1
        if id in self.deliveries:
            return None
        self.deliveries[id] = entry
        data, type = body.get("data") or {}, str(body.get("type"))
        if type == "receipt.updated":
            return self._receipt(data)
        conversation = data.get("conversation") or {}
        key = conversation.get("key") if self._customers else conversation.get("id")
        place = self._place(str(key), "" if self._customers else str(conversation.get("title") or ""))
        place.closed = conversation.get("state") == "closed"
        if not type.startswith("message."):
            return place, None
        return place, self._shown(place, type, data["message"])

    def _shown(self, place: Place, type: str, message: Json) -> Json:
        own = self._ours.get(message["id"])
        at = datetime.fromisoformat(message["at"]).timestamp()
        shown = place.messages.setdefault(
            own[1] if own else message["id"], _message(message["id"], message["author"]["name"], "", [], at)
        )
        shown |= {"text": message["text"], "media": message["attachments"], "reply_to": message["reply_to"]}
        shown |= {"edited": type == "message.edited" or shown["edited"], "deleted": type == "message.deleted"}
        return shown

    def _receipt(self, data: Json) -> tuple[Place, Json] | None:
        id = data["message"]["id"]
        own = self._ours.get(id)
        if own is None:
            self._told[id] = data
            return None
        place = self.places[own[0]]
        message = place.messages[own[1]]
        _receive(message, data)
        return place, message

    def view(self, place: Place, *, messages: bool) -> Json:
        """As the sandbox shows it."""
        if self._customers:
            shown: Json = {"name": place.name, "network": "Webhook", "style": "plain", "address": place.id}
        else:
            shown = {"name": place.name, "color": 0, "closed": place.closed, "deleted": False}
        return {"id": place.id, **shown} | ({"messages": list(place.messages.values())} if messages else {})


def _receive(message: Json, receipt: Json) -> None:
    state = receipt["state"]
    if STATES.get(state, 0) > STATES.get(message["status"], 0):
        message |= {"status": state, "error": receipt.get("reason") or ""}


def _message(id: str, author: str, text: str, media: list[Any], at: float) -> Json:
    return {
        "id": id,
        "mine": False,
        "author": author,
        "text": text,
        "media": media,
        "at": at,
        "status": "",
        "error": "",
        "reply_to": None,
        "edited": False,
        "deleted": False,
    }
