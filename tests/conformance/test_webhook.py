"""The webhook adapter by the conformance kit, on the agents' side and on the customers'."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from functools import partial
from typing import Any

from standardwebhooks.webhooks import Webhook

from adapters.webhook.adapter import adapter
from adapters.webhook.simulator import create
from bridge.channel.conformance import Conformance, Failure, Fault, Posts, Subject


def sign(settings: Any, url: str, body: bytes, at: float) -> dict[str, str]:
    id, when = f"msg_{uuid.uuid5(uuid.NAMESPACE_URL, repr(body))}", datetime.fromtimestamp(int(at), UTC)
    try:
        signature = Webhook(settings.secret[0].get_secret_value()).sign(id, when, body.decode())
    except UnicodeDecodeError:
        signature = "v1,none"
    return {"webhook-id": id, "webhook-timestamp": str(int(at)), "webhook-signature": signature}


whole = partial(
    Subject,
    adapter=adapter,
    simulator=create,
    faults={
        Failure.RATE: Fault("rate", 2),
        Failure.UNAUTHORIZED: Fault("status", 401),
        Failure.DOWN: Fault("down"),
        Failure.ERROR_AFTER: Fault("lost"),
        Failure.SLOW: Fault("slow"),
    },
    posts=Posts(
        sign=sign,
        unknown=(b'{"type":"hologram.send","data":{}}', b'{"type":"message.send"}'),
        shapeless=(b"", b"[1]", b"a=b"),
    ),
)


class TestWebhookOfAgents(Conformance):
    subject = whole()


class TestWebhookOfCustomers(Conformance):
    subject = whole(options={"side": "customers"})
