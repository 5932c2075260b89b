"""Tokens: who may say what, in a JWT (RFC 7519) signed with HS256 by the channel's secret. Pure: the time comes in.

Only the signature is PyJWT's business. It takes a token without `exp`, an `exp` that is text and one in the year 9999, and asks
the clock itself; so the claims are judged here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

import jwt

from adapters.websocket.text import storable
from bridge.core.content import Side
from bridge.core.ids import ChannelName

ALGORITHM = "HS256"
LONGEST_S = 30 * 86400.0
"""No token may be good for longer."""
LEEWAY_S = 60.0
"""On that limit alone: clocks differ."""
LONGEST_TEXT = 200
"""Characters of a subject, a room, a name."""


class Refused(Exception):
    """The token isn't good; the words say why and hold nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a good token says. `expires_at` is epoch seconds; `name` is empty where it says none."""

    subject: str
    side: Side
    room: str
    name: str
    expires_at: float


def audience(channel: ChannelName) -> str:
    """
    >>> audience(ChannelName("web"))
    'trunkline:web'
    """
    return f"trunkline:{channel}"


def make(
    secret: str, channel: ChannelName, *, subject: str, side: Side, room: str, name: str, lifetime_s: float, now: float
) -> str:
    """A token that is good for `lifetime_s` from `now` on. Raises `ValueError`: of what can't be in one, in words."""
    if not 0 < lifetime_s <= LONGEST_S:
        raise ValueError("a token is good for 30 days at most, and for some time at least")
    for what, text, needed in (("subject", subject, True), ("room", room, True), ("name", name, False)):
        if not _is_text(text) or (needed and not text.strip()):
            raise ValueError(f"the {what} is {LONGEST_TEXT} characters at most, without U+0000, and not empty")
    claims: dict[str, Any] = {
        "sub": subject,
        "role": side.value,
        "room": room,
        "aud": audience(channel),
        "iat": int(now),
        "exp": math.floor(now + lifetime_s),
    }
    return jwt.encode(claims | ({"name": name} if name else {}), secret, algorithm=ALGORITHM)


def check(token: str, secrets: Sequence[str], channel: ChannelName, now: float) -> Claims:
    """What `token` says, signed by any of `secrets`. Raises `Refused`, whatever it is that was handed in."""
    payload = _verified(token, secrets)
    expires = payload.get("exp")
    if not _is_number(expires) or expires <= now:
        raise Refused("the token has run out, or doesn’t say when it will")
    if expires > now + LONGEST_S + LEEWAY_S:
        raise Refused("the token is good for longer than 30 days")
    starts = payload.get("nbf", now)
    if not _is_number(starts) or starts > now:
        raise Refused("the token is not good yet")
    meant = payload.get("aud")
    if audience(channel) not in (meant if isinstance(meant, list) else [meant]):
        raise Refused("the token is for another channel")
    return _claims(payload, float(expires))


def _claims(payload: dict[str, Any], expires: float) -> Claims:
    name, role = payload.get("name") or "", payload.get("role")
    if not _is_text(name):
        raise Refused("the token’s name is no name")
    if not isinstance(role, str) or role not in tuple(Side):
        raise Refused("the token’s role is neither agent nor customer")
    return Claims(
        subject=_needed(payload, "sub"),
        side=Side(role),
        room=_needed(payload, "room"),
        name=" ".join(name.split()),
        expires_at=expires,
    )


def _needed(payload: dict[str, Any], what: str) -> str:
    text = payload.get(what)
    if not _is_text(text) or not text.strip():
        raise Refused(f"the token has no {what}")
    return text


def _verified(token: str, secrets: Sequence[str]) -> dict[str, Any]:
    """The payload, once the signature is right. Nothing in the header chooses a key or a way to verify."""
    options: Any = {f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")}
    for secret in secrets:
        try:
            found = jwt.decode_complete(token, secret, algorithms=[ALGORITHM], options=options)
        except jwt.InvalidSignatureError:
            continue
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError, AttributeError):
            raise Refused("the token is no JWT signed with HS256") from None
        if {"crit", "b64"} & found["header"].keys():
            raise Refused("the token’s header asks for what isn’t understood here")
        payload: dict[str, Any] = found["payload"]
        return payload
    raise Refused("the token’s signature is none of this channel’s")


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and len(value) <= LONGEST_TEXT and storable(value)
