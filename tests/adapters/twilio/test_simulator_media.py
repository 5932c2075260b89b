"""The Media Content Service, by plain httpx: no SDK covers it (docs: conversations/media-resource)."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.adapters.twilio.judge import OURS, Receiver, Running, listening, running

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


@pytest.fixture
def twilio() -> Iterator[Running]:
    with running() as one:
        yield one


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    yield one
    one.close()


def upload(twilio: Running, service: str, data: bytes = PNG, kind: str = "image/png", **kwargs: Any) -> httpx.Response:
    return twilio.rest(
        "POST", f"/v1/Services/{service}/Media?Filename=a+cat.png", product="mcs.us1", content=data,
        headers={"Content-Type": kind}, **kwargs,
    )  # fmt: skip


def thread_of(twilio: Running, address: str = "+15550141", proxy: str = OURS) -> Any:
    conversations = twilio.client.conversations.v1.conversations
    made = conversations.create()
    conversations(made.sid).participants.create(
        messaging_binding_address=address, messaging_binding_proxy_address=proxy
    )
    return made


def test_uploaded_attached_once_and_delivered_without_the_text(twilio: Running) -> None:
    thread = thread_of(twilio)
    answer = upload(twilio, thread.chat_service_sid)
    assert answer.status_code == 201
    media = answer.json()
    assert (media["size"], media["content_type"], media["filename"]) == (len(PNG), "image/png", "a cat.png")
    assert media["url"] == f"/v1/Services/{thread.chat_service_sid}/Media/{media['sid']}", "relative, as recorded"
    messages = twilio.client.conversations.v1.conversations(thread.sid).messages
    made = messages.create(author="Support", body="a caption", media_sid=media["sid"])
    assert made.media == [{"sid": media["sid"], "size": len(PNG), "content_type": "image/png", "filename": "a cat.png"}]
    twilio.settled()
    (bubble,) = twilio.phone("ana")
    assert bubble["text"] == ""
    assert [one["filename"] for one in bubble["media"]] == ["a cat.png"]
    assert twilio.http.get(bubble["media"][0]["url"]).content == PNG
    (receipt,) = messages(made.sid).delivery_receipts.list()
    assert receipt.channel_message_sid.startswith("MM")
    again = twilio.rest("POST", f"/v1/Conversations/{thread.sid}/Messages", data={"MediaSid": media["sid"]})
    assert (again.status_code, again.json()["code"]) == (400, 50508)


def test_read_by_a_temporary_link_without_credentials(twilio: Running) -> None:
    service = thread_of(twilio).chat_service_sid
    path = f"/v1/Services/{service}/Media/{upload(twilio, service).json()['sid']}"
    found = twilio.rest("GET", path, product="mcs.us1").json()
    link = found["links"]["content_direct_temporary"]
    answer = twilio.http.get(link)
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, PNG, "image/png")
    assert twilio.http.get(link, auth=twilio.auth).status_code == 400, "a signed link takes no other credentials"
    assert twilio.http.get(link.replace("Signature=", "Signature=0")).status_code == 403
    twilio.fault("media_lost")
    assert twilio.http.get(link).status_code == 404
    twilio.fault("media_lost", "html")
    assert twilio.http.get(link).headers["content-type"] == "text/html"
    twilio.fault("media_lost", "empty")
    assert twilio.http.get(link).content == b""
    twilio.fault("media_lost", on=False)
    twilio.control("clock", {"advance": 301})
    assert twilio.http.get(link).status_code == 403, "it has expired"
    assert twilio.rest("GET", f"{path}/Content", product="mcs.us1").content == PNG
    assert twilio.rest("GET", f"{path}/Content", product="mcs.us1", auth=None).status_code == 401
    assert twilio.rest("DELETE", path, product="mcs.us1").status_code == 204
    assert twilio.rest("GET", path, product="mcs.us1").status_code == 404


def test_refusals(twilio: Running) -> None:
    service = thread_of(twilio).chat_service_sid
    assert upload(twilio, "default").status_code == 404, "the word `default` is no service"
    assert upload(twilio, service, kind="picture").json()["code"] == 50511
    assert upload(twilio, service, auth=("x", "y")).status_code == 401
    other = twilio.client.conversations.v1.services.create(friendly_name="second").sid
    foreign = upload(twilio, other).json()["sid"]
    sid = thread_of(twilio, "+15550199").sid
    answer = twilio.rest("POST", f"/v1/Conversations/{sid}/Messages", data={"MediaSid": foreign})
    assert (answer.status_code, answer.json()["code"]) == (404, 50507)


@pytest.mark.parametrize(("size", "kind"), [(6 * 1024 * 1024, "image/png"), (100, "application/zip")])
def test_what_mms_cannot_carry_is_left_out_in_silence(twilio: Running, size: int, kind: str) -> None:
    thread = thread_of(twilio)
    media = upload(twilio, thread.chat_service_sid, b"x" * size, kind).json()["sid"]
    messages = twilio.client.conversations.v1.conversations(thread.sid).messages
    assert messages.create(author="Support", body="caption", media_sid=media).delivery["total"] == 1
    alone = upload(twilio, thread.chat_service_sid, b"x" * size, kind).json()["sid"]
    assert messages.create(author="Support", media_sid=alone).delivery is None
    twilio.settled()
    assert [(one["text"], one["media"]) for one in twilio.phone("ana")] == [("caption", [])]


def test_a_customer_sends_files(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    files = [
        {"filename": "a.png", "content_type": "image/png", "data": base64.b64encode(PNG).decode()},
        {"filename": "b.html", "content_type": "text/html", "data": base64.b64encode(b"<script>").decode()},
    ]
    said = twilio.act(do="say", person="ana", text="look", files=files)
    twilio.settled()
    told = receiver.one("onMessageAdded").form
    media = json.loads(told["Media"])
    assert [(one["Filename"], one["ContentType"], one["Size"]) for one in media] == [
        ("a.png", "image/png", len(PNG)), ("b.html", "text/html", 8),
    ]  # fmt: skip
    assert told["Body"] == "look"
    thread = twilio.client.conversations.v1.conversations(said["conversation_sid"])
    message = thread.messages(said["message_sid"]).fetch()
    assert [one["sid"] for one in message.media] == [one["Sid"] for one in media]
    found = twilio.rest("GET", f"/v1/Services/{told['ChatServiceSid']}/Media/{media[0]['Sid']}", product="mcs.us1")
    assert (found.json()["message_sid"], found.json()["author"]) == (said["message_sid"], "+15550141")


def test_the_page_shows_pictures_and_runs_nothing(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    files = [
        {"filename": "a.png", "content_type": "image/png", "data": base64.b64encode(PNG).decode()},
        {"filename": "ü.svg", "content_type": "image/svg+xml", "data": base64.b64encode(b"<svg/>").decode()},
    ]
    message = twilio.act(do="say", person="ana", text="", files=files)["message"]
    picture, drawing = (twilio.http.get(one["url"]) for one in message["media"])
    assert picture.headers["content-type"] == "image/png"
    assert drawing.headers["content-type"] == "application/octet-stream"
    assert drawing.headers["content-disposition"] == "attachment; filename*=UTF-8''%C3%BC.svg"
    for one in (picture, drawing):
        assert one.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in one.headers["content-security-policy"]
    assert twilio.http.get(f"{twilio.base_url}/_sim/media/ME{'0' * 32}").status_code == 404
