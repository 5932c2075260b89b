"""X-Twilio-Signature as Twilio computes it (docs: usage/security, "Validating requests").

base64(HMAC-SHA1(auth token, URL + name1 + value1 + name2 + value2 …)): parameters sorted by name in byte order, values
decoded, nothing between them. A request without form parameters is signed by its URL alone.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from urllib.parse import urlsplit, urlunsplit


def signed_url(url: str) -> str:
    """The URL as Twilio signs it: without userinfo and fragment, everything else untouched."""
    parts = urlsplit(url)
    return urlunsplit((url.partition(":")[0], parts.netloc.rpartition("@")[2], parts.path, parts.query, ""))


def signature(auth_token: str, url: str, params: Iterable[tuple[str, str]]) -> str:
    """The header's value. Equal values of one name count once, several are sorted."""
    values: dict[str, set[str]] = {}
    for name, value in params:
        values.setdefault(name, set()).add(value)
    text = signed_url(url) + "".join(name + value for name in sorted(values) for value in sorted(values[name]))
    return base64.b64encode(hmac.digest(auth_token.encode(), text.encode(), hashlib.sha1)).decode()
