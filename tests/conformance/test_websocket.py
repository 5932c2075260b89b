"""The websocket adapter by the conformance kit. Its network are its clients; their protocol has tests of its own."""

from __future__ import annotations

import json
import time
from typing import Any

import jwt

from adapters.websocket.adapter import adapter
from bridge.channel.conformance import Conformance, Subject
from bridge.core.log import LogLeg


def greets(settings: Any, channel: str, leg: LogLeg) -> str:
    claims = {
        "sub": leg.address or "eve",
        "role": leg.side.value,
        "room": leg.endpoint,
        "name": "Somebody",
        "aud": f"trunkline:{channel}",
        "exp": int(time.time()) + 60,
    }
    token = jwt.encode(claims, settings.secret[0].get_secret_value(), algorithm="HS256")
    return json.dumps({"type": "hello", "token": token})


class TestWebsocket(Conformance):
    subject = Subject(
        adapter=adapter,
        settings={"secret": "the-secret-of-the-conformance-test-0001", "origins": ["https://shop.example.com"]},
        endpoints=({"room": "shop"},),
        greets=greets,
    )
