"""The websocket legs: visitors of a web chat, and the agents' console. There is no simulator: the page is the client, over the
real protocol. What is kept here is what a shop's own server would keep: the channel's secret, the visitors, their tokens.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from pathlib import Path
from typing import Any, cast

from bridge.channel.registry import load
from bridge.channel.tokens import IssuesTokens
from bridge.core.content import Side
from bridge.core.ids import ChannelName, EndpointKey
from bridge.sandbox.bridge import remembered

Json = dict[str, Any]
NAME = "web"
ADAPTER = "websocket"
ROOMS = {Side.CUSTOMER: "shop", Side.AGENT: "desk"}
FIRST: list[Json] = [{"id": "vera", "name": "Vera"}]
AGENT: Json = {"id": "mia", "name": "Mia"}
LIFETIME_S = 3600.0
KIND = "Web chat"


class WebLegs:
    """Kept in `file`, so that secret and visitors stay over restarts; `url` is the page's own. `born` names these data:
    those of a fresh start have another name."""

    def __init__(self, file: Path, url: str) -> None:
        self._file = file
        self._origins = [url, url.replace("127.0.0.1", "localhost")]
        known = remembered(file)
        self.born = str(known.get("born") or secrets.token_hex(4))
        self._secret = str(known.get("secret") or secrets.token_hex(32))
        self._visitors: list[Json] = known.get("visitors") or [dict(v) for v in FIRST]
        self._keep()

    def settings(self) -> Json:
        """The keys of ``[channels.web]``."""
        return {"secret": self._secret, "origins": self._origins}

    def view(self) -> Json:
        """As a simulator's, but for what was said: that, the page hears from the bridge itself."""
        people = [self._card(v) | {"messages": []} for v in self._visitors]
        return {"name": NAME, "side": "customers", "kinds": [KIND], "people": people}

    def add(self, name: str) -> Json:
        """A new visitor, as a person without messages. Raises ValueError: no name."""
        name = name.strip()
        if not name:
            raise ValueError("a visitor needs a name")
        slug = re.sub(r"\W+", "-", name.lower()).strip("-") or "visitor"
        taken = {v["id"] for v in self._visitors}
        number, id = 1, slug
        while id in taken:
            number += 1
            id = f"{slug}-{number}"
        self._visitors.append({"id": id, "name": name})
        self._keep()
        return self._card(self._visitors[-1])

    def token(self, role: str, subject: str) -> Json:
        """What lets one of them in: ``{"token", "lifetime_s"}``. Raises ValueError: nobody of that name is here."""
        there = self._visitors if role == Side.CUSTOMER else [AGENT] if role == Side.AGENT else []
        who = next((v for v in there if v["id"] == subject), None)
        if who is None:
            raise ValueError(f"no {role} is called {subject!r} here")
        adapter, side = load(ADAPTER), Side(role)
        made = cast(IssuesTokens, adapter).token(
            adapter.Settings.model_validate(self.settings()),
            ChannelName(NAME),
            side=side,
            endpoint=EndpointKey(ROOMS[side]),
            subject=subject,
            name=who["name"],
            lifetime_s=LIFETIME_S,
            now=time.time(),
        )
        return {"token": made, "lifetime_s": LIFETIME_S}

    def _card(self, visitor: Json) -> Json:
        return {**visitor, "network": NAME, "style": "chat", "address": visitor["id"]}

    def _keep(self) -> None:
        self._file.write_text(json.dumps({"born": self.born, "secret": self._secret, "visitors": self._visitors}))
