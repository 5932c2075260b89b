"""The control routes below ``/_sim/``: for the sandbox's page and for tests, never part of Telegram."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from . import render
from .body import read_body
from .clock import Clock
from .context import Context
from .http import Answer, json_answer
from .people import People
from .records import BOT, Json, Message
from .view import View
from .wire import Wire
from .world import is_service

SAFE_HEADERS = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
    "cache-control": "private, max-age=3600",
}
_INLINE = ("image/jpeg", "image/png", "image/gif", "image/webp", "audio/", "video/")


class Control:
    """Answers ``/_sim/…``."""

    def __init__(self, context: Context, people: People, view: View, wire: Wire, settings: Json) -> None:
        self._context = context
        self._people = people
        self._view = view
        self._wire = wire
        self._settings = settings

    async def answer(self, scope: Any, receive: Any, path: str) -> Answer:
        """The answer for one path behind ``/_sim/``; words for a person at a 400."""
        query = dict(parse_qsl(scope.get("query_string", b"").decode("latin-1")))
        try:
            if scope["method"] == "GET":
                return self._read(path, query)
            asked = json.loads(await read_body(receive) or b"{}")
            if not isinstance(asked, dict):
                raise TypeError("a JSON object is expected")
            result = self._change(path, asked)
        except (ValueError, KeyError, TypeError) as problem:
            return json_answer({"error": str(problem)}, 400)
        self._context.state.store.flush()
        return json_answer({"error": "not found"}, 404) if result is None else json_answer(result)

    def _read(self, path: str, query: Json) -> Answer:
        after = int(query.get("after") or 0)
        match path.split("/"):
            case ["file", unique_id]:
                return self._file(unique_id)
            case ["snapshot"]:
                return json_answer(self._view.snapshot())
            case ["wire"]:
                return json_answer(self._wire.after(after))
            case ["faults"]:
                return json_answer({"faults": self._context.faults.listing(everything=True)})
            case ["settings"]:
                return json_answer(self._settings)
            case ["accepted"]:
                return json_answer({"accepted": self._accepted(after)})
            case ["topics"]:
                return json_answer({"topics": self._topics()})
            case ["clock"]:
                return json_answer(_time(self._context.clock))
        return json_answer({"error": "not found"}, 404)

    def _change(self, path: str, asked: Json) -> Json | None:
        match path:
            case "act":
                return self._people.act(asked)
            case "say":
                return self._people.act({"group": next(iter(self._context.state.groups)), **asked, "do": "say"})
            case "fault":
                self._context.faults.set(str(asked["id"]), bool(asked.get("on", True)), asked.get("value"))
                return {"faults": self._context.faults.listing(everything=True)}
            case "clock":
                rate = asked.get("rate")
                self._context.clock.set(advance=float(asked.get("advance", 0)), rate=float(rate) if rate else None)
                return _time(self._context.clock)
        return None

    def _accepted(self, after: int) -> list[Json]:
        """What the bot said and Telegram took, oldest first, deleted or not; `seq` is what ``after`` counts by."""
        messages = self._context.state.messages.values()
        said = [one for one in messages if one.sender == BOT and one.seq > after and not is_service(one)]
        return [self._entry(one) for one in sorted(said, key=lambda one: one.seq)]

    def _entry(self, message: Message) -> Json:
        content = message.content
        return {
            "seq": message.seq,
            "chat": self._context.state.groups[message.chat].id,
            "thread": message.thread,
            "message_id": message.id,
            "text": content.get("text") or content.get("caption") or "",
            "kind": message.kind,
            "reply_to": message.reply_to or None,
            "at": message.date,
            "edited": bool(message.edit_date),
            "deleted": message.deleted,
            "markup": message.markup,
            "reactions": message.reactions.get(BOT, []),
        }

    def _topics(self) -> list[Json]:
        groups = self._context.state.groups
        return [
            {**render.topic(topic), "chat": groups[topic.chat].id, "closed": topic.closed, "deleted": topic.deleted}
            for topic in self._context.state.topics.values()
        ]

    def _file(self, unique_id: str) -> Answer:
        """A file's bytes for the page: nothing in them can run there."""
        file = self._context.state.by_unique.get(unique_id)
        data = self._context.state.store.read_bytes(unique_id) if file else None
        if file is None or data is None:
            return json_answer({"error": "not found"}, 404)
        shown = file.mime.startswith(_INLINE)
        headers = {**SAFE_HEADERS, "content-disposition": "inline" if shown else "attachment"}
        return Answer(200, data, file.mime if shown else "application/octet-stream", headers)


def _time(clock: Clock) -> Json:
    return {"now": clock.now(), "rate": clock.rate}
