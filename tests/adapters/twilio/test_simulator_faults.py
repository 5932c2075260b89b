"""What goes wrong on request."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
from twilio.base.exceptions import TwilioRestException, TwilioServiceException

from tests.adapters.twilio.judge import OURS, Receiver, Running, listening, running


@pytest.fixture
def twilio() -> Iterator[Running]:
    with running() as one:
        yield one


@pytest.fixture
def path(twilio: Running) -> str:
    """The Messages of a conversation with Ana."""
    conversations = twilio.client.conversations.v1.conversations
    sid = conversations.create().sid
    conversations(sid).participants.create(messaging_binding_address="+15550141", messaging_binding_proxy_address=OURS)
    return f"/v1/Conversations/{sid}/Messages"


def bodies(twilio: Running, path: str) -> list[str]:
    return [one["body"] for one in twilio.rest("GET", path).json()["messages"]]


def test_twilio_is_down_and_the_phones_go_on(twilio: Running) -> None:
    receiver = Receiver()
    listening(twilio, receiver)
    twilio.fault("down")
    for method, where, product in (
        ("GET", "/v1/Conversations", "conversations"),
        ("POST", "/v1/Services/IS1/Media", "mcs.us1"),
    ):
        answer = twilio.rest(method, where, product=product)
        assert (answer.status_code, answer.json()["code"]) == (503, 20503)
    twilio.act(do="say", person="ana", text="hello")
    twilio.settled()
    assert "onMessageAdded" in receiver.events()
    twilio.fault("down", on=False)
    assert twilio.rest("GET", "/v1/Conversations").status_code == 200
    receiver.close()


def test_429_so_many_times(twilio: Running, path: str) -> None:
    twilio.fault("rate", {"count": 2, "retry_after": 3})
    with pytest.raises(TwilioRestException) as error:
        twilio.client.conversations.v1.conversations.create()
    assert (error.value.status, error.value.code) == (429, 20429)
    answer = twilio.rest("POST", path, data={"Body": "x"})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")
    assert bodies(twilio, path) == []
    twilio.fault("rate")
    assert [twilio.rest("GET", path).status_code for _ in range(3)] == [429] * 3
    assert "retry-after" not in twilio.rest("GET", path).headers


def test_too_many_at_once(twilio: Running) -> None:
    twilio.control("options", {"max_concurrent": 1})
    twilio.fault("slow", 0.2)
    with httpx.Client(auth=twilio.auth) as other:
        statuses: list[int] = []
        threads = [
            threading.Thread(
                target=lambda: statuses.append(
                    other.get(f"{twilio.base_url}/conversations/v1/Conversations").status_code
                )
            )
            for _ in range(3)
        ]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    assert 429 in statuses


@pytest.mark.parametrize(("fault", "there"), [("cut_before", False), ("cut_after", True)])
def test_the_connection_is_cut(twilio: Running, path: str, fault: str, there: bool) -> None:
    twilio.fault(fault, 2)
    for n in range(2):
        with pytest.raises(httpx.RemoteProtocolError):
            twilio.rest("POST", path, data={"Body": str(n)})
    assert bodies(twilio, path) == (["0", "1"] if there else [])
    assert twilio.rest("POST", path, data={"Body": "2"}).status_code == 201
    assert [one["body"] for one in twilio.accepted()] == (["0", "1", "2"] if there else ["2"])


@pytest.mark.parametrize(("fault", "there"), [("error_before", False), ("error_after", True)])
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_5xx_processed_or_not(twilio: Running, path: str, fault: str, there: bool, status: int) -> None:
    twilio.fault(fault, {"status": status})
    assert twilio.rest("POST", path, data={"Body": "x"}).status_code == status
    assert bodies(twilio, path) == (["x"] if there else [])
    assert twilio.rest("POST", path, data={"Body": "y"}).status_code == 201


@pytest.mark.parametrize("kind", ["html", "empty", "cut", "no_sid"])
def test_nonsense_after_a_message_was_taken(twilio: Running, path: str, kind: str) -> None:
    twilio.fault("garble", {"kind": kind})
    answer = twilio.rest("POST", path, data={"Body": "x"})
    assert answer.is_success
    if kind == "no_sid":
        assert "sid" not in answer.json()
    else:
        with pytest.raises(json.JSONDecodeError):
            answer.json()
    assert bodies(twilio, path) == ["x"]


def test_a_redirect_elsewhere(twilio: Running, path: str) -> None:
    twilio.fault("redirect", "https://elsewhere.example/")
    answer = twilio.rest("POST", path, data={"Body": "x"})
    assert (answer.status_code, answer.headers["location"]) == (307, "https://elsewhere.example/")


def test_slow_and_landing_after_the_caller_left(twilio: Running, path: str) -> None:
    twilio.fault("slow", {"seconds": 0.3, "count": 1})
    with pytest.raises(httpx.ReadTimeout):
        twilio.rest("POST", path, data={"Body": "late"}, timeout=0.1)
    deadline = time.monotonic() + 5
    while not twilio.accepted():
        assert time.monotonic() < deadline
    assert bodies(twilio, path) == ["late"]


def test_credentials_refused_and_rotated(twilio: Running) -> None:
    twilio.fault("unauthorized")
    assert twilio.rest("GET", "/v1/Conversations").json()["code"] == 20003
    twilio.fault("unauthorized", on=False)
    twilio.control("options", {"auth_token": "f" * 32})
    assert twilio.rest("GET", "/v1/Conversations").status_code == 401
    assert twilio.rest("GET", "/v1/Conversations", auth=(twilio.account_sid, "f" * 32)).status_code == 200


def test_problem_documents(twilio: Running) -> None:
    twilio.fault("problem_json")
    answer = twilio.rest("GET", "/v1/Conversations/nothing")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "https://www.twilio.com/docs/errors/20404"
    assert {"title", "detail"} <= set(answer.json())
    with pytest.raises(TwilioServiceException) as error:
        twilio.client.conversations.v1.conversations("nothing").fetch()
    assert (error.value.status, error.value.code) == (404, 20404), "the SDK knows this shape by a class of its own"


def test_a_silent_carrier(twilio: Running, path: str) -> None:
    twilio.fault("carrier_silent")
    twilio.rest("POST", path, data={"Body": "x"})
    assert twilio.control("idle?timeout=0.2") == {"idle": False}
    assert twilio.phone("ana") == []
    twilio.fault("carrier_silent", on=False)
    twilio.settled()
    assert [one["text"] for one in twilio.phone("ana")] == ["x"]


def test_the_page_lists_four(twilio: Running) -> None:
    every = twilio.control("faults")["faults"]
    assert {"down", "refuse", "rate", "drop_webhook", "cut_after", "slow", "reorder"} <= {one["id"] for one in every}
    assert not any(one["on"] for one in every)
    unknown = twilio.http.post(f"{twilio.base_url}/_sim/fault", json={"id": "earthquake", "on": True})
    assert (unknown.status_code, "earthquake" in unknown.json()["error"]) == (400, True)
