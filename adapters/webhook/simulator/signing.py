"""Standard Webhooks as the other side does it: signs what it posts, verifies what it gets."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping

TOLERANCE = 300


def signed(secret: str, id: str, body: bytes, at: float) -> dict[str, str]:
    """The headers of a request."""
    timestamp = str(int(at))
    return {
        "webhook-id": id,
        "webhook-timestamp": timestamp,
        "webhook-signature": "v1," + _digest(secret, id, timestamp, body),
    }


def verify(secret: str, headers: Mapping[str, str], body: bytes) -> str:
    """What is wrong with a request, empty where it is signed rightly and was so less than five minutes ago."""
    id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not id or not timestamp.isdigit():
        return "no webhook-id or no webhook-timestamp"
    if abs(time.time() - int(timestamp)) > TOLERANCE:
        return "the webhook-timestamp is too far from now"
    right = "v1," + _digest(secret, id, timestamp, body)
    given = headers.get("webhook-signature", "").split(" ")
    return "" if any(hmac.compare_digest(right.encode(), g.encode()) for g in given) else "no signature fits"


def _digest(secret: str, id: str, timestamp: str, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{id}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
