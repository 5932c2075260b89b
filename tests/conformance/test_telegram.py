"""The Telegram adapter by the conformance kit."""

from __future__ import annotations

from adapters.telegram.adapter import adapter
from adapters.telegram.simulator import create
from bridge.channel.conformance import Conformance, Failure, Fault, Posts, Subject

HTML = {"method": "sendMessage", "html": True, "code": 502, "description": "Bad Gateway"}


class TestTelegram(Conformance):
    subject = Subject(
        adapter=adapter,
        simulator=create,
        options={"limit": False},
        settings={"topics_per_minute": 0},
        faults={
            Failure.RATE: Fault("rate", 5),
            Failure.UNAUTHORIZED: Fault(
                "answer", {"method": "sendMessage", "code": 401, "description": "Unauthorized"}
            ),
            Failure.DOWN: Fault("down"),
            Failure.CUT_BEFORE: Fault("cut_before"),
            Failure.CUT_AFTER: Fault("cut_after"),
            Failure.GARBAGE: Fault("answer", HTML),
            Failure.SLOW: Fault("slow", 1),
        },
        posts=Posts(
            sign=lambda settings, url, body, at: {
                "X-Telegram-Bot-Api-Secret-Token": settings.webhook_secret.get_secret_value()
            },
            unknown=(b'{"update_id":1,"hologram":{}}', b'{"update_id":2,"poll":{"id":"7"}}', b"{}"),
            shapeless=(b"", b"\xff\xfe", b"[1]", b"a=b"),
            signs_body=False,
        ),
    )
