"""The simulator's own signature against Twilio's published vectors and Twilio's own code."""

from __future__ import annotations

import json

import pytest
from twilio.request_validator import RequestValidator

from adapters.twilio.simulator.signing import signature, signed_url
from tests.openapi import spec


def test_published_vectors() -> None:
    path = spec("twilio/signature-vectors.json")
    if path is None:
        pytest.skip("the vectors are not here")
    vectors = [
        one
        for one in json.loads(path.read_text())["vectors"]
        if one["valid"]
        and one["params"] is not None
        and one["algorithm"] == "HMAC_SHA1"
        and signed_url(one["signed_url"]) == one["signed_url"]
    ]
    assert len(vectors) > 10
    for one in vectors:
        pairs = [(name, value) for name, value in one["params"]]
        assert signature(one["auth_token"], one["signed_url"], pairs) == one["signature"], one["id"]


@pytest.mark.parametrize(
    "params",
    [
        {"Body": "", "Author": "+15550141"},
        {"ReasonConferenceEnded": "x", "Reason": "y"},
        {"Body": " ü ☎\n", "b": "1", "B": "2"},
    ],
)
def test_as_twilios_own_code(params: dict[str, str]) -> None:
    url = "https://e.example:8443/webhooks/phone?a=%27&b=%20+"
    assert RequestValidator("token").compute_signature(url, params) == signature("token", url, params.items())


def test_userinfo_and_fragment_are_not_signed() -> None:
    assert signed_url("HTTPS://u:p@E.example:8443/x?q='#rc=2") == "HTTPS://E.example:8443/x?q='"
