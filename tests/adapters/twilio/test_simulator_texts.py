"""Programmable Messaging as the official SDK meets it: sending, reading, listing, files, errors."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.adapters.twilio.judge import OURS, PAGE, Receiver, Running, document, running

ANA = "+15550141"
PNG = b"\x89PNG" + bytes(200)


@pytest.fixture
def twilio() -> Iterator[Running]:
    with running() as one:
        yield one


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    yield one
    one.close()


def refused(twilio: Running, **message: Any) -> tuple[int, int | None]:
    with pytest.raises(TwilioRestException) as error:
        twilio.client.messages.create(**message)
    return error.value.status, error.value.code


def test_a_message_reaches_the_phone(twilio: Running) -> None:
    sent = twilio.client.messages.create(to=ANA, from_=OURS, body="hello")
    assert (sent.status, sent.direction, sent.num_segments, sent.num_media) == ("queued", "outbound-api", "1", "0")
    assert (sent.price, sent.date_sent, sent.error_code) == (None, None, None)
    assert sent.sid.startswith("SM")
    twilio.settled()
    (bubble,) = twilio.phone("ana")
    assert (bubble["text"], bubble["mine"]) == ("hello", False)
    found = twilio.client.messages(sent.sid).fetch()
    assert (found.status, found.body, found.from_, found.to) == ("delivered", "hello", OURS, ANA)
    assert found.price.startswith("-0.0")
    assert abs((found.date_sent - datetime.now(UTC)).total_seconds()) < 60
    assert twilio.client.http_client.judged >= 2 or document("api") is None


def test_what_is_sent_is_counted_for_tests_too(twilio: Running) -> None:
    sent = twilio.client.messages.create(to=ANA, from_=OURS, body="hello")
    (one,) = twilio.accepted()
    assert (one["message"], one["addresses"], one["body"], one["conversation"]) == (
        sent.sid,
        [ANA],
        "hello",
        f"M:{OURS}|{ANA}",
    )


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"From": OURS, "Body": "x"}, (400, 21604)),
        ({"To": "123", "From": OURS, "Body": "x"}, (400, 21211)),
        ({"To": ANA, "Body": "x"}, (400, 21603)),
        ({"To": ANA, "From": "hello?", "Body": "x"}, (400, 21212)),
        ({"To": ANA, "From": "+15559999", "Body": "x"}, (400, 21606)),
        ({"To": "whatsapp:" + ANA, "From": "whatsapp:+15559999", "Body": "x"}, (400, 63007)),
        ({"To": "whatsapp:" + ANA, "From": OURS, "Body": "x"}, (400, 21910)),
        ({"To": ANA, "From": OURS}, (400, 21602)),
        ({"To": ANA, "From": OURS, "Body": "x" * 1601}, (400, 21617)),
        ({"To": ANA, "From": OURS, "MediaUrl": "ftp://x/y"}, (400, 21620)),
        ({"To": ANA, "From": OURS, "MediaUrl": ["http://x/y"] * 11}, (400, 21623)),
        ({"To": ANA, "From": OURS, "Body": "x", "StatusCallback": "http://a_b.example/"}, (400, 21609)),
        ({"To": ANA, "MessagingServiceSid": "MG1", "Body": "x"}, (400, 21705)),
        ({"To": ANA, "MessagingServiceSid": "MG" + "0" * 32, "Body": "x"}, (404, 21701)),
        ({"To": ANA, "From": OURS, "ContentSid": "HX" + "0" * 32}, (400, 21655)),
    ],
)
def test_what_is_wrong_is_said(twilio: Running, form: dict[str, Any], error: tuple[int, int]) -> None:
    path = f"/2010-04-01/Accounts/{twilio.account_sid}/Messages.json"
    answer = twilio.rest("POST", path, "api", data=form)
    told = answer.json()
    assert (answer.status_code, told["code"]) == error
    assert told["more_info"] == f"https://www.twilio.com/docs/errors/{error[1]}"
    assert twilio.accepted() == []


def test_the_limit_of_a_text_is_1600_characters(twilio: Running) -> None:
    assert twilio.client.messages.create(to=ANA, from_=OURS, body="x" * 1600).num_segments == "11"


def test_a_full_queue_refuses(twilio: Running) -> None:
    twilio.fault("queue_full", 1)
    assert refused(twilio, to=ANA, from_=OURS, body="x") == (400, 21611)
    twilio.client.messages.create(to=ANA, from_=OURS, body="x")


def test_a_number_to_which_nothing_leads(twilio: Running) -> None:
    twilio.fault("unroutable", ANA)
    assert refused(twilio, to=ANA, from_=OURS, body="x") == (400, 21612)
    twilio.client.messages.create(to="+15550177", from_=OURS, body="x")


def test_wrong_credentials_and_unknown_accounts(twilio: Running) -> None:
    path = f"/2010-04-01/Accounts/{twilio.account_sid}/Messages.json"
    assert twilio.rest("GET", path, "api", auth=(twilio.account_sid, "wrong")).json()["code"] == 20003
    other = path.replace(twilio.account_sid, "AC" + "0" * 32)
    answer = twilio.rest("GET", other, "api").json()
    assert (answer["code"], answer["message"]) == (20404, f"The requested resource {other} was not found")
    with pytest.raises(TwilioRestException) as error:
        twilio.client.messages("SM" + "0" * 32).fetch()
    assert (error.value.status, error.value.code) == (404, 20404)


def test_an_api_key_sends_and_does_not_open_the_account() -> None:
    key = ("SK" + "1" * 32, "a-secret-of-the-test")
    with running(api_keys=[key]) as twilio:
        root = f"/2010-04-01/Accounts/{twilio.account_sid}"
        form = {"To": ANA, "From": OURS, "Body": "x"}
        assert twilio.rest("POST", f"{root}/Messages.json", "api", auth=key, data=form).status_code == 201
        assert twilio.rest("GET", f"{root}.json", "api", auth=key).status_code == 401


def test_a_message_is_redacted_and_deleted_once_it_is_complete() -> None:
    with running(receipt_delay=0.0) as twilio:
        twilio.fault("carrier_silent")
        sent = twilio.client.messages.create(to=ANA, from_=OURS, body="secret")
        for act in (lambda: twilio.client.messages(sent.sid).delete(), lambda: sent.update(body="")):
            with pytest.raises(TwilioRestException) as error:
                act()
            assert error.value.code == 20009
        twilio.fault("carrier_silent", on=False)
        twilio.settled()
        assert twilio.client.messages(sent.sid).update(body="").body == ""
        assert twilio.client.messages(sent.sid).delete()
        assert twilio.client.messages.list() == []


def test_a_message_is_canceled_before_it_leaves(twilio: Running) -> None:
    twilio.fault("carrier_silent")
    sent = twilio.client.messages.create(to=ANA, from_=OURS, body="x")
    assert sent.update(status="canceled").status == "canceled"
    twilio.fault("carrier_silent", on=False)
    twilio.settled()
    assert twilio.phone("ana") == []
    gone = twilio.client.messages.create(to=ANA, from_=OURS, body="y")
    twilio.settled()
    with pytest.raises(TwilioRestException) as error:
        gone.update(status="canceled")
    assert error.value.code == 30409


def test_lists_are_filtered_and_paged(twilio: Running) -> None:
    bodies = [str(n) for n in range(7)]
    for body in bodies:
        twilio.client.messages.create(to=ANA, from_=OURS, body=body)
    twilio.client.messages.create(to="+15550177", from_=OURS, body="other")
    twilio.settled()
    messages = twilio.client.messages
    assert [one.body for one in messages.list(to=ANA, page_size=3)] == bodies[::-1]
    first = messages.page(to=ANA, page_size=3)
    second = first.next_page()
    assert [one.body for one in second] == ["3", "2", "1"]
    assert [one.body for one in second.previous_page()] == ["6", "5", "4"]
    assert [one.body for one in second.next_page()] == ["0"]
    assert second.next_page().next_page() is None
    assert len(messages.list(from_=OURS)) == 8
    assert messages.list(from_=ANA) == []
    now = datetime.now(UTC)
    assert len(messages.list(date_sent=now.date())) == 8
    assert messages.list(date_sent=now.date() - timedelta(days=2)) == []
    assert len(messages.list(date_sent_after=now - timedelta(minutes=5))) == 8
    assert messages.list(date_sent_before=now - timedelta(minutes=5)) == []
    assert messages.list(date_sent_after=now + timedelta(minutes=5)) == []


def test_what_comes_between_two_pages_does_not_shift_them(twilio: Running) -> None:
    for n in range(4):
        twilio.client.messages.create(to=ANA, from_=OURS, body=str(n))
    first = twilio.client.messages.page(page_size=2)
    assert [one.body for one in first] == ["3", "2"]
    twilio.client.messages.create(to=ANA, from_=OURS, body="late")
    assert [one.body for one in first.next_page()] == ["1", "0"]


def test_a_messaging_service_chooses_the_sender(twilio: Running) -> None:
    services = twilio.client.messaging.v1.services
    service = services.create(friendly_name="desk")
    assert refused(twilio, to=ANA, messaging_service_sid=service.sid, body="x") == (400, 21704)
    (number,) = twilio.client.incoming_phone_numbers.list()
    services(service.sid).phone_numbers.create(phone_number_sid=number.sid)
    with pytest.raises(TwilioRestException) as error:
        services(service.sid).phone_numbers.create(phone_number_sid=number.sid)
    assert error.value.code == 21710
    sent = twilio.client.messages.create(to=ANA, messaging_service_sid=service.sid, body="“hi”")
    assert (sent.status, sent.from_, sent.num_segments, sent.messaging_service_sid) == (
        "accepted",
        None,
        "0",
        service.sid,
    )
    twilio.settled()
    found = twilio.client.messages(sent.sid).fetch()
    assert (found.status, found.from_, found.num_segments, found.body) == ("delivered", OURS, "1", '"hi"')
    lone = twilio.client.messages.create(to="whatsapp:+15550142", messaging_service_sid=service.sid, body="x")
    twilio.settled()
    assert twilio.client.messages(lone.sid).fetch().error_code == 21703
    assert [one.phone_number for one in services(service.sid).phone_numbers.list()] == [OURS]
    assert services(service.sid).phone_numbers(number.sid).delete()
    assert services(service.sid).delete()
    assert services.list() == []


def test_a_scheduled_message_leaves_in_its_time(twilio: Running) -> None:
    services = twilio.client.messaging.v1.services
    service = services.create(friendly_name="desk")
    (number,) = twilio.client.incoming_phone_numbers.list()
    services(service.sid).phone_numbers.create(phone_number_sid=number.sid)
    at = datetime.now(UTC) + timedelta(hours=1)
    asked = {"to": ANA, "body": "x", "schedule_type": "fixed"}
    assert refused(twilio, **asked, from_=OURS, send_at=at)[1] == 35118
    assert refused(twilio, **asked, messaging_service_sid=service.sid, send_at=datetime.now(UTC))[1] == 35114
    sent = twilio.client.messages.create(**asked, messaging_service_sid=service.sid, send_at=at)
    taken_back = twilio.client.messages.create(**asked, messaging_service_sid=service.sid, send_at=at)
    assert sent.status == "scheduled"
    assert taken_back.update(status="canceled").status == "canceled"
    twilio.control("clock", {"advance": 3601})
    twilio.settled()
    assert len(twilio.phone("ana")) == 1


# -- files ---


def test_a_file_is_really_fetched_and_kept(twilio: Running, receiver: Receiver) -> None:
    receiver.files["/cat.png"] = (200, "image/png", PNG)
    sent = twilio.client.messages.create(to=ANA, from_=OURS, body="look", media_url=[f"{receiver.url}/cat.png"])
    assert (sent.sid[:2], sent.num_media) == ("MM", "1")
    twilio.settled()
    (bubble,) = twilio.phone("ana")
    assert (bubble["text"], bubble["media"][0]["content_type"], bubble["media"][0]["size"]) == (
        "look",
        "image/png",
        len(PNG),
    )
    (media,) = twilio.client.messages(sent.sid).media.list()
    assert (media.content_type, media.parent_sid) == ("image/png", sent.sid)
    assert twilio.client.messages(sent.sid).media(media.sid).fetch().sid == media.sid
    url = f"{twilio.base_url}/api{media.uri.removesuffix('.json')}"
    assert twilio.http.get(url).status_code == 401
    redirect = twilio.http.get(url, auth=twilio.auth)
    link = redirect.headers["location"]
    assert (redirect.status_code, link.startswith(f"{twilio.base_url}/media.us1/{media.sid}?")) == (307, True)
    assert twilio.http.get(link).content == PNG
    assert twilio.http.get(link, auth=twilio.auth).status_code == 400
    (call,) = twilio.calls("fetch media")
    assert (call["status"], call["response"]["body"]) == (200, f"<{len(PNG)} bytes of image/png>")
    assert twilio.client.messages(sent.sid).media(media.sid).delete()
    assert twilio.client.messages(sent.sid).media.list() == []
    assert twilio.http.get(url, auth=twilio.auth).status_code == 404


@pytest.mark.parametrize(
    ("to", "sender", "file", "code"),
    [
        (ANA, OURS, (404, "image/png", b""), 11200),
        (ANA, OURS, (200, "", b"x"), 12300),
        (ANA, OURS, (200, "image/png", bytes(5 * 1024 * 1024 + 1)), 30019),
        (ANA, OURS, (200, "application/pdf", bytes(500 * 1024 + 1)), 30019),
        ("whatsapp:+15550142", f"whatsapp:{OURS}", (404, "image/png", b""), 63019),
        ("whatsapp:+15550142", f"whatsapp:{OURS}", (200, "application/pdf", bytes(16 * 1024 * 1024 + 1)), 63019),
    ],
)
def test_a_file_that_cannot_be_sent_fails_afterwards(
    twilio: Running, receiver: Receiver, to: str, sender: str, file: tuple[int, str, bytes], code: int
) -> None:
    receiver.files["/x"] = file
    sent = twilio.client.messages.create(to=to, from_=sender, media_url=[f"{receiver.url}/x"])
    assert sent.status == "queued"
    twilio.settled()
    found = twilio.client.messages(sent.sid).fetch()
    assert (found.status, found.error_code) == ("failed", code)
    assert found.error_message


@pytest.mark.parametrize("kind", ["image/png", "application/pdf"])
def test_a_file_at_the_limit_is_taken(twilio: Running, receiver: Receiver, kind: str) -> None:
    size = 5 * 1024 * 1024 if kind == "image/png" else 500 * 1024
    receiver.files["/x"] = (200, kind, bytes(size))
    twilio.client.messages.create(to=ANA, from_=OURS, media_url=[f"{receiver.url}/x"])
    twilio.settled()
    assert twilio.phone("ana")[0]["media"][0]["size"] == size


def test_nobody_serves_the_file(twilio: Running) -> None:
    sent = twilio.client.messages.create(to=ANA, from_=OURS, media_url=["http://127.0.0.1:1/x"])
    twilio.settled()
    assert twilio.client.messages(sent.sid).fetch().error_code == 11200


def test_whatsapp_and_messenger_take_one_file(twilio: Running) -> None:
    for to, sender in (("whatsapp:+15550142", f"whatsapp:{OURS}"), ("messenger:77", PAGE)):
        assert refused(twilio, to=to, from_=sender, media_url=["http://x/1", "http://x/2"]) == (400, 21623)


# -- what goes wrong ---


def test_the_carrier_refuses(twilio: Running) -> None:
    twilio.fault("refuse", ANA)
    sent = twilio.client.messages.create(to=ANA, from_=OURS, body="x")
    twilio.settled()
    found = twilio.client.messages(sent.sid).fetch()
    assert (found.status, found.error_code) == ("undelivered", 30003)


def test_the_window_of_whatsapp_is_closed(twilio: Running) -> None:
    twilio.fault("window_closed")
    sent = twilio.client.messages.create(to="whatsapp:+15550142", from_=f"whatsapp:{OURS}", body="x")
    twilio.settled()
    found = twilio.client.messages(sent.sid).fetch()
    assert (found.status, found.error_code) == ("failed", 63016)
    assert twilio.phone("bo") == []


@pytest.mark.parametrize(("fault", "taken"), [("cut_before", 0), ("cut_after", 1)])
def test_the_connection_is_cut(twilio: Running, fault: str, taken: int) -> None:
    twilio.fault(fault, 1)
    with pytest.raises(OSError, match=r"(?i)connection|broken|read"):
        twilio.client.messages.create(to=ANA, from_=OURS, body="x")
    assert len(twilio.client.messages.list()) == taken


@pytest.mark.parametrize(
    ("fault", "value", "status", "taken"),
    [
        ("error_before", {"count": 1, "status": 503}, 503, 0),
        ("error_after", {"count": 1, "status": 500}, 500, 1),
        ("rate", {"count": 1, "retry_after": 2}, 429, 0),
        ("down", None, 503, 0),
    ],
)
def test_twilio_fails(twilio: Running, fault: str, value: Any, status: int, taken: int) -> None:
    twilio.fault(fault, value)
    assert refused(twilio, to=ANA, from_=OURS, body="x")[0] == status
    twilio.fault(fault, on=False)
    assert len(twilio.client.messages.list()) == taken


def test_nonsense_after_a_message_was_taken(twilio: Running) -> None:
    twilio.fault("garble", {"count": 1, "kind": "html"})
    path = f"/2010-04-01/Accounts/{twilio.account_sid}/Messages.json"
    answer = twilio.rest("POST", path, "api", data={"To": ANA, "From": OURS, "Body": "x"})
    assert answer.headers["content-type"] == "text/html"
    assert len(twilio.client.messages.list()) == 1


def test_calls_are_named_on_the_wire(twilio: Running) -> None:
    sent = twilio.client.messages.create(to=ANA, from_=OURS, body="hello")
    twilio.client.messages(sent.sid).fetch()
    (call,) = twilio.calls("POST Messages")
    assert (call["direction"], call["status"], call["text"], call["ref"]) == ("call", 201, "hello", f"M:{OURS}|{ANA}")
    assert "Basic ***" in call["request"]["headers"].values()
    assert len(twilio.calls("GET Messages")) == 1
