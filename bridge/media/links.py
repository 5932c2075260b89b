"""Signed and expiring links: who holds one may do what it says, to one file, until its time, and nothing else. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode

KEY_BYTES = 32
"""A key is at least that long."""
_ID = re.compile(r"[A-Za-z0-9._~-]{1,512}", re.ASCII)
_SIGNATURE = "&signature="
_PURPOSE = b"trunkline media link 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Valid:
    """Ours and in time. `expires` is in epoch seconds; `claims` are what it was signed with besides."""

    expires: int
    claims: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """Ours, and over since `expires`."""

    expires: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tampered:
    """Not what we signed; `words` don't say more than the holder knows already."""

    words: str


Verdict = Valid | Expired | Tampered


def sign(key: bytes, method: str, id: str, expires: int, **claims: str | int) -> str:
    """The query of a link by which `method` may be done to the file `id` until `expires` (epoch seconds).

    A link for GET is one for HEAD too, and for nothing else. Claims are readable by who holds the link, and can't be changed.
    Raises `ValueError` for a key that is too short, an id that is not safe in a path, or a claim named ``signature``.
    """
    if len(key) < KEY_BYTES:
        raise ValueError(f"a key that signs media links needs {KEY_BYTES} bytes, this one has {len(key)}")
    if not _ID.fullmatch(id):
        raise ValueError(f"{id!r} can’t be the id of a file: letters, digits and . _ ~ - alone are safe in a path")
    if "signature" in claims:
        raise ValueError("a claim can’t be called signature")
    said = urlencode([("expires", expires), *sorted(claims.items())], safe="/", quote_via=quote)
    return f"{said}{_SIGNATURE}{_signature(key, method, id, said)}"


def verify(keys: Sequence[bytes], method: str, id: str, query: str, now: float) -> Verdict:
    """What a request's `query`, as it came, is worth for `method` on `id`; any of `keys` may have signed it.

    What is signed is the text of the query and not its meaning: another spelling of the same values is refused as well.
    Never raises for what a stranger may send.
    """
    said, found, given = query.rpartition(_SIGNATURE)
    if not found:
        return Tampered(words="the link is not signed")
    if not (query.isascii() and _ID.fullmatch(id)):
        return Tampered(words="the link is not one of ours")
    # Every key is tried, so that the time taken doesn't tell which one fits.
    fits = [hmac.compare_digest(_signature(key, method, id, said).encode(), given.encode()) for key in keys]
    if not any(fits):
        return Tampered(
            words="the signature doesn’t fit: the link was changed on its way, or its key is no longer in use"
        )
    claims = dict(parse_qsl(said, keep_blank_values=True))
    expires = int(claims.pop("expires"))
    return Valid(expires=expires, claims=claims) if now < expires else Expired(expires=expires)


def _signature(key: bytes, method: str, id: str, said: str) -> str:
    """43 characters. None of the joined pieces can hold a line break but `said`, which comes last."""
    right = "GET" if method == "HEAD" else method
    signed = b"\n".join([_PURPOSE, right.encode(), id.encode(), said.encode()])
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
