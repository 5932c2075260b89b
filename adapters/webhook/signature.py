"""Standard Webhooks signatures, pure. Source: https://github.com/standard-webhooks/standard-webhooks (spec, signature scheme):
HMAC-SHA256 over ``id.timestamp.body``, in base64 behind ``v1,``; a list of them, separated by spaces, while secrets are rotated.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
TOLERANCE_S = 300
_ID = re.compile(r"[!-~]{1,256}")
_SECONDS = re.compile(r"[0-9]{1,12}")


def headers(keys: Iterable[bytes], id: str, at: float, body: bytes) -> dict[str, str]:
    """The three headers of one attempt at `at` (epoch seconds); the first of `keys` signs."""
    timestamp = str(int(at))
    signature = sign(next(iter(keys)), id, timestamp, body)
    return {ID: id, TIMESTAMP: timestamp, SIGNATURE: signature.decode()}


def sign(key: bytes, id: str, timestamp: str, body: bytes) -> bytes:
    """One signature with its version.

    >>> sign(b"k" * 24, "msg_1", "1674087231", b"{}")
    b'v1,G1doHG0ujFtlhHA+ZGJu/UzP6aXfo87GDP2VtWSggoI='
    """
    digest = hmac.digest(key, f"{id}.{timestamp}.".encode() + body, "sha256")
    return b"v1," + b64encode(digest)


def flaw(keys: Iterable[bytes], given: Mapping[str, str], body: bytes, at: float) -> str:
    """Why this request isn't from a holder of one of `keys` who signed it within five minutes of `at` (epoch seconds); empty
    where it is. `given` are the headers, names in lower case. Signatures of other versions than ``v1`` say nothing."""
    id, timestamp, signatures = (given.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE))
    if not _ID.fullmatch(id):
        return f"{ID} is missing, or no visible ASCII of 1 to 256 characters"
    if not _SECONDS.fullmatch(timestamp):
        return f"{TIMESTAMP} is missing, or not in whole seconds since 1970"
    if abs(int(at) - int(timestamp)) > TOLERANCE_S:
        return f"{TIMESTAMP} is more than {TOLERANCE_S // 60} minutes from our clock"
    candidates = [s.encode("utf-8", "replace") for s in signatures.split(" ")]
    for key in keys:
        right = sign(key, id, timestamp, body)
        if any(hmac.compare_digest(right, candidate) for candidate in candidates):
            return ""
    return f"{SIGNATURE} fits none of our secrets"
