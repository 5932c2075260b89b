"""Who is let in, and by nothing but HS256 with a secret of this channel."""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any

import jwt
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.websocket.tokens import LONGEST_S, Claims, Refused, check, make
from bridge.core.content import Side
from bridge.core.ids import ChannelName

ONE, TWO, FOREIGN = "1" * 32, "2" * 32, "3" * 32
WEB = ChannelName("web")
NOW = 1_800_000_000.0
CLAIMS = {"sub": "ana", "role": "customer", "room": "shop", "aud": "trunkline:web", "exp": int(NOW) + 60}


def part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(claims: Any, header: Any = None, secret: str = ONE, hash: str = "sha256") -> str:
    """A token as anybody could make it who has `secret`, whatever the header says."""
    message = f"{part({'alg': 'HS256', 'typ': 'JWT'} if header is None else header)}.{part(claims)}"
    return f"{message}.{part(hmac.digest(secret.encode(), message.encode(), hash))}"


def without(name: str) -> dict[str, Any]:
    return {k: v for k, v in CLAIMS.items() if k != name}


def test_a_good_token() -> None:
    found = check(signed(CLAIMS | {"name": " Ana  B "}), [TWO, ONE], WEB, NOW)
    assert found == Claims(subject="ana", side=Side.CUSTOMER, room="shop", name="Ana B", expires_at=NOW + 60)


def test_what_is_made_is_good_and_signed_by_the_first_secret() -> None:
    token = make(ONE, WEB, subject="eve", side=Side.AGENT, room="support", name="Eve", lifetime_s=90, now=NOW + 0.9)
    assert check(token, [ONE], WEB, NOW).expires_at == NOW + 90
    assert check(token, [ONE], WEB, NOW + 89.9).name == "Eve"
    with pytest.raises(Refused):
        check(token, [TWO], WEB, NOW)
    assert "name" not in jwt.decode(
        make(ONE, WEB, subject="a", side=Side.AGENT, room="r", name="", lifetime_s=1, now=NOW),
        options={"verify_signature": False},
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"subject": ""},
        {"subject": "x" * 201},
        {"subject": "\x00"},
        {"room": ""},
        {"name": "x" * 201},
        {"lifetime_s": 0},
        {"lifetime_s": LONGEST_S + 1},
    ],
)
def test_what_can_not_be_in_a_token_is_said(changed: dict[str, Any]) -> None:
    right: dict[str, Any] = {"subject": "a", "side": Side.AGENT, "room": "r", "name": "", "lifetime_s": 60, "now": NOW}
    with pytest.raises(ValueError, match="is"):
        make(ONE, WEB, **(right | changed))


REFUSED = [
    ("no token", ""),
    ("no JWT", "abc"),
    ("two dots", "a.b.c"),
    ("four parts", signed(CLAIMS) + ".x"),
    ("no ASCII", "é.é.é"),
    ("another channel's key", signed(CLAIMS, secret=FOREIGN)),
    ("alg none", f"{part({'alg': 'none'})}.{part(CLAIMS)}."),
    ("alg nOnE", f"{part({'alg': 'nOnE'})}.{part(CLAIMS)}."),
    ("alg none, signed", signed(CLAIMS, {"alg": "none"})),
    ("alg absent", signed(CLAIMS, {"typ": "JWT"})),
    ("alg no text", signed(CLAIMS, {"alg": ["HS256"]})),
    ("alg HS512", signed(CLAIMS, {"alg": "HS512"}, hash="sha512")),
    ("alg RS256", signed(CLAIMS, {"alg": "RS256"})),
    ("crit", signed(CLAIMS, {"alg": "HS256", "crit": ["x"], "x": 1})),
    ("b64", signed(CLAIMS, {"alg": "HS256", "crit": ["b64"], "b64": False})),
    ("b64 without crit", signed(CLAIMS, {"alg": "HS256", "b64": False})),
    ("jwk", signed(CLAIMS, {"alg": "HS256", "jwk": {"kty": "oct", "k": part(FOREIGN.encode())}}, secret=FOREIGN)),
    ("the header no object", signed(CLAIMS, ["HS256"])),
    ("the payload no object", signed([1])),
    ("the payload no JSON", signed(b"{")),
    ("the payload nested without end", signed(b"[" * 100_000)),
    ("no exp", signed(without("exp"))),
    ("exp a text", signed(CLAIMS | {"exp": str(int(NOW) + 60)})),
    ("exp true", signed(CLAIMS | {"exp": True})),
    ("exp null", signed(CLAIMS | {"exp": None})),
    ("exp infinite", signed(json.dumps(CLAIMS | {"exp": float("inf")}).encode())),
    ("exp no number", signed(json.dumps(CLAIMS | {"exp": float("nan")}).encode())),
    ("exp past", signed(CLAIMS | {"exp": int(NOW) - 1})),
    ("exp now", signed(CLAIMS | {"exp": int(NOW)})),
    ("exp in the year 9999", signed(CLAIMS | {"exp": 253_402_300_799})),
    ("exp a little too far", signed(CLAIMS | {"exp": int(NOW + LONGEST_S) + 61})),
    ("nbf ahead", signed(CLAIMS | {"nbf": int(NOW) + 30})),
    ("nbf a text", signed(CLAIMS | {"nbf": "0"})),
    ("no aud", signed(without("aud"))),
    ("another aud", signed(CLAIMS | {"aud": "trunkline:web2"})),
    ("the channel's name alone", signed(CLAIMS | {"aud": "web"})),
    ("another aud in a list", signed(CLAIMS | {"aud": ["trunkline:web2"]})),
    ("aud an object", signed(CLAIMS | {"aud": {"trunkline:web": 1}})),
    ("no sub", signed(without("sub"))),
    ("sub empty", signed(CLAIMS | {"sub": " "})),
    ("sub a number", signed(CLAIMS | {"sub": 7})),
    ("sub with NUL", signed(CLAIMS | {"sub": "a\x00"})),
    ("sub with half a pair", signed(CLAIMS | {"sub": "a\ud800"})),
    ("sub too long", signed(CLAIMS | {"sub": "x" * 201})),
    ("no role", signed(without("role"))),
    ("role system", signed(CLAIMS | {"role": "system"})),
    ("role a list", signed(CLAIMS | {"role": ["agent"]})),
    ("no room", signed(without("room"))),
    ("room a list", signed(CLAIMS | {"room": ["shop"]})),
    ("name a number", signed(CLAIMS | {"name": 7})),
]


@pytest.mark.parametrize(("label", "token"), REFUSED, ids=[label for label, _ in REFUSED])
def test_refused(label: str, token: str) -> None:
    with pytest.raises(Refused) as refused:
        check(token, [ONE, TWO], WEB, NOW)
    assert str(refused.value)
    assert token not in str(refused.value) or not token


@pytest.mark.parametrize(
    ("label", "token"),
    [
        ("signed by the second secret", signed(CLAIMS, secret=TWO)),
        ("a header that is ignored", signed(CLAIMS, {"alg": "HS256", "kid": "../../dev/null", "jku": "https://x"})),
        ("a list of audiences", signed(CLAIMS | {"aud": ["x", "trunkline:web"]})),
        ("30 days", signed(CLAIMS | {"exp": int(NOW + LONGEST_S)})),
        ("nbf now", signed(CLAIMS | {"nbf": int(NOW)})),
        ("exp with a fraction", signed(CLAIMS | {"exp": NOW + 0.5})),
        ("issued ahead of our clock", signed(CLAIMS | {"iat": int(NOW) + 5})),
        ("no name", signed(CLAIMS | {"name": None})),
    ],
)
def test_accepted(label: str, token: str) -> None:
    assert check(token, [ONE, TWO], WEB, NOW).subject == "ana"


def test_one_bit_is_enough() -> None:
    token = signed(CLAIMS)
    for i in range(len(token) - 1):  # the last character has bits that mean nothing
        with pytest.raises(Refused):
            check(token[:i] + ("A" if token[i] != "A" else "B") + token[i + 1 :], [ONE], WEB, NOW)


@given(st.one_of(st.text(), st.binary().map(lambda b: b.decode("latin-1"))))
@example("\ud800.\ud800.\ud800")
def test_any_text_is_refused_in_words(token: str) -> None:
    with pytest.raises(Refused):
        check(token, [ONE], WEB, NOW)


claims = st.dictionaries(
    st.sampled_from(["sub", "role", "room", "aud", "exp", "nbf", "name"]),
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.text(), max_size=2)),
)


@given(claims)
def test_any_claims_have_an_answer(changed: dict[str, Any]) -> None:
    try:
        found = check(signed(CLAIMS | changed), [ONE], WEB, NOW)
    except Refused:
        return
    assert NOW < found.expires_at <= NOW + LONGEST_S + 60
    assert found.subject
    assert found.room
