"""X-Twilio-Signature, pure. Source: https://www.twilio.com/docs/usage/security (validating requests), and the SDKs' own tests."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import parse_qs, urlsplit, urlunsplit

Params = Sequence[tuple[str, str]]
_DEFAULT_PORTS = {"http": 80, "https": 443}


def verified(tokens: Iterable[str], url: str, params: Params, signature: str, body: bytes | None = None) -> bool:
    """Did the holder of one of `tokens` sign this request?

    `url` is the public one with its query; `params` are all fields of the form body, decoded, empty ones too, and none for a GET.
    With a `body` (JSON) the URL alone is signed, and must carry the body's hash.
    """
    given = signature.encode("utf-8", "replace")
    try:
        candidates = list(_urls(url))
        if body is not None and not _body_hash_matches(url, body):
            return False
    except ValueError:  # no URL at all
        return False
    fields = _fields(params)
    return any(
        hmac.compare_digest(sign(token, candidate, fields), given) for token in tokens for candidate in candidates
    )


def sign(token: str, url: str, fields: str) -> bytes:
    digest = hmac.digest(token.encode(), (url + fields).encode("utf-8", "surrogatepass"), "sha1")
    return base64.b64encode(digest)


def _fields(params: Params) -> str:
    """Names in byte order; a name's values without repeats, in order; no separators."""
    values: dict[str, set[str]] = {}
    for name, value in params:
        values.setdefault(name, set()).add(value)
    return "".join(name + value for name in sorted(values) for value in sorted(values[name]))


def _urls(url: str) -> Iterator[str]:
    """The URL as Twilio may have signed it: with or without its port, without user and fragment, and with the apostrophe that
    one SDK escapes. The bytes of host, path and query are never touched otherwise."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    name, port = _host_and_port(host)
    ports = [f":{port}", ""] if port else ["", f":{_DEFAULT_PORTS.get(parts.scheme.lower(), 80)}"]
    scheme = url[: len(parts.scheme)]
    seen = set()
    for netloc in [u + name + p for u in ([user + at, ""] if user else [""]) for p in ports]:
        for query in (parts.query, parts.query.replace("'", "%27")):
            candidate = urlunsplit((scheme, netloc, parts.path, query, ""))
            if candidate not in seen:
                seen.add(candidate)
                yield candidate


def _host_and_port(host: str) -> tuple[str, str]:
    name, colon, port = host.rpartition(":")
    return (name, port) if colon and port.isdigit() else (host, "")


def _body_hash_matches(url: str, body: bytes) -> bool:
    given = parse_qs(urlsplit(url).query).get("bodySHA256", [""])[-1]
    return hmac.compare_digest(hashlib.sha256(body).hexdigest().encode(), given.encode("utf-8", "replace"))
