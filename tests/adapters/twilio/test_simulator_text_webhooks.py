"""What Programmable Messaging tells: inbound messages, status callbacks, retries; and what TwiML answers lead to."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from twilio.twiml.messaging_response import MessagingResponse

from adapters.twilio.simulator.twiml import replies
from tests.adapters.twilio.judge import OURS, PAGE, Receiver, Running, eventually, listening, running

ANA = "+15550141"
WHATSAPP = f"whatsapp:{OURS}"
FILE = {"filename": "a.png", "content_type": "image/png", "data": "aGVsbG8="}


@pytest.fixture
def twilio() -> Iterator[Running]:
    with running(messaging=[OURS, WHATSAPP, PAGE]) as one:
        yield one


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    yield one
    one.close()


def send(twilio: Running, url: str, **more: Any) -> Any:
    given = {"to": ANA, "from_": OURS, "body": "hello"} | ({"status_callback": url} if url else {}) | more
    sent = twilio.client.messages.create(**given)
    twilio.settled()
    return sent


# -- inbound ---


def test_an_sms_has_all_its_fields(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    said = twilio.act(do="say", person="ana", text="grüß & = 😀 " + "x" * 100)
    twilio.settled()
    (hook,) = receiver.hooks
    hook.verify(twilio.auth_token)
    assert hook.url == f"{receiver.url}/webhooks/phone/messages"
    assert hook.form == {
        "MessageSid": said["message_sid"],
        "SmsSid": said["message_sid"],
        "SmsMessageSid": said["message_sid"],
        "AccountSid": twilio.account_sid,
        "From": ANA,
        "To": OURS,
        "Body": "grüß & = 😀 " + "x" * 100,
        "NumMedia": "0",
        "NumSegments": "2",
        "ApiVersion": "2010-04-01",
        "SmsStatus": "received",
    }
    assert said["conversation_sid"] == ""
    assert twilio.phone("ana")[0]["status"] == "sent"
    found = twilio.client.messages(said["message_sid"]).fetch()
    assert (found.direction, found.status, found.price) == ("inbound", "received", None)
    (call,) = twilio.calls("inbound message")
    assert (call["direction"], call["ref"], call["signature"]) == ("webhook", f"M:{OURS}|{ANA}", "ok")


def test_whatsapp_tells_who_writes(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    send(twilio, "", to="whatsapp:+15550142", from_=WHATSAPP)
    answered = twilio.phone("bo")[0]["id"]
    sid = twilio.client.messages.list()[0].sid
    twilio.act(do="say", person="bo", text="yes", reply_to=answered)
    twilio.act(do="say", person="cy", text="hi", files=[FILE])
    twilio.settled()
    bo, cy = sorted((hook.form for hook in receiver.hooks), key=lambda form: form["ProfileName"])
    assert (bo["ProfileName"], bo["WaId"], bo["MessageType"]) == ("Bo", "15550142", "text")
    assert (bo["OriginalRepliedMessageSid"], bo["OriginalRepliedMessageSender"]) == (sid, WHATSAPP)
    assert bo["ExternalUserId"].startswith("whatsapp:ID.")
    assert bo["ExternalUserId"].removeprefix("whatsapp:ID.").isdecimal()
    assert (cy["From"], cy["ProfileName"], cy["MessageType"]) == ("whatsapp:US.CY7Q2", "Cy", "image")
    assert "WaId" not in cy
    assert (cy["NumMedia"], cy["MediaContentType0"]) == ("1", "image/png")
    media = twilio.http.get(cy["MediaUrl0"], auth=twilio.auth, follow_redirects=False)
    assert twilio.http.get(media.headers["location"]).content == b"hello"


def test_a_location_and_a_button(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    place = {"latitude": 59.43, "longitude": 24.75, "label": "Town Hall", "address": "Raekoja plats 1"}
    twilio.act(do="say", person="bo", location=place)
    twilio.act(do="say", person="bo", button={"text": "Yes", "payload": "yes-1"})
    twilio.settled()
    where, pressed = (hook.form for hook in receiver.hooks)
    for hook in receiver.hooks:
        hook.verify(twilio.auth_token)
    assert (where["Latitude"], where["Longitude"], where["Label"], where["Address"], where["Body"]) == (
        "59.43",
        "24.75",
        "Town Hall",
        "Raekoja plats 1",
        "",
    )
    assert (where["MessageType"], pressed["MessageType"], pressed["ButtonPayload"]) == ("location", "button", "yes-1")


def test_messenger_is_a_network_too(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    twilio.act(do="add", name="Mia", network="Messenger")
    twilio.act(do="say", person="mia", text="hello", files=[FILE])
    twilio.settled()
    (hook,) = receiver.hooks
    mia = next(one for one in twilio.control("snapshot")["people"] if one["id"] == "mia")
    assert (mia["network"], mia["style"]) == ("Messenger", "plain")
    assert (hook.form["From"], hook.form["To"], hook.form["NumMedia"]) == (mia["address"], PAGE, "1")
    assert mia["address"].removeprefix("messenger:").isdecimal()
    send(twilio, f"{receiver.url}/s", to=mia["address"], from_=PAGE)
    twilio.act(do="read", person="mia")
    twilio.settled()
    assert receiver.hooks[-1].form["ChannelPrefix"] == "messenger"
    assert receiver.hooks[-1].event == "status read"


def test_the_webhook_says_no(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    receiver.answer = lambda form: 500
    twilio.act(do="say", person="ana", text="hello")
    twilio.settled()
    assert len(receiver.hooks) == 1, "a 500 is not tried again"
    assert (twilio.phone("ana")[0]["status"], twilio.phone("ana")[0]["error"]) == (
        "failed",
        "the webhook was answered 500",
    )


def test_the_fallback_is_asked(twilio: Running, receiver: Receiver) -> None:
    (number,) = twilio.client.incoming_phone_numbers.list()
    number.update(sms_url=f"{receiver.url}/first", sms_fallback_url=f"{receiver.url}/second", sms_fallback_method="GET")
    receiver.answer = lambda form: 200 if "ErrorCode" in form else 502
    twilio.inbound(ANA, "hello")
    twilio.settled()
    first, second = receiver.hooks
    assert (second.method, second.form["ErrorCode"], second.form["ErrorUrl"]) == (
        "GET",
        "11200",
        f"{receiver.url}/first",
    )
    second.verify(twilio.auth_token)
    assert second.form["MessageSid"] == first.form["MessageSid"]


def test_a_service_takes_what_its_numbers_get(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    services = twilio.client.messaging.v1.services
    service = services.create(friendly_name="desk", inbound_request_url=f"{receiver.url}/service", inbound_method="GET")
    (number,) = twilio.client.incoming_phone_numbers.list()
    services(service.sid).phone_numbers.create(phone_number_sid=number.sid)
    twilio.inbound(ANA, "one")
    service.update(use_inbound_webhook_on_number=True)
    twilio.inbound(ANA, "two")
    twilio.settled()
    one, two = receiver.hooks
    assert (one.method, one.form["MessagingServiceSid"]) == ("GET", service.sid)
    assert (two.method, two.form["MessagingServiceSid"]) == ("POST", service.sid)
    for hook in receiver.hooks:
        hook.verify(twilio.auth_token)


def test_a_lost_message(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    twilio.fault("drop_webhook")
    twilio.act(do="say", person="ana", text="lost")
    twilio.act(do="say", person="ana", text="found")
    twilio.settled()
    assert [hook.form["Body"] for hook in receiver.hooks] == ["found"]


# -- TwiML ---


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "<Response/>",
        '<?xml version="1.0"?><Response></Response>',
        "thanks",
        "<a><b",
        "<Message><Media>x</Media></Message>",
    ],
)
def test_an_answer_that_says_nothing(twilio: Running, receiver: Receiver, answer: str) -> None:
    listening(twilio, receiver)
    receiver.twiml = answer
    twilio.act(do="say", person="ana", text="hello")
    twilio.settled()
    assert len(twilio.phone("ana")) == 1


@pytest.mark.parametrize(
    ("document", "bodies"),
    [
        ("<Response><Message>a</Message> stray <Message><Body> b </Body></Message></Response>", ["a", "b"]),
        ("<Response><Message/><Message></Message></Response>", []),
        ("<Response><Say>a</Say><Message>&lt;b&gt;</Message></Response>", ["<b>"]),
        ("<Message>a</Message>", []),
    ],
)
def test_what_counts_in_a_twiml_document(document: str, bodies: list[str]) -> None:
    assert [reply.body for reply in replies(document)] == bodies


def test_a_twiml_message_is_a_reply(twilio: Running, receiver: Receiver) -> None:
    listening(twilio, receiver)
    receiver.files["/cat.png"] = (200, "image/png", b"hello")
    answer = MessagingResponse()
    answer.message("Tom & Jerry <3", status_callback=f"{receiver.url}/status")
    picture = answer.message()
    picture.body("look")
    picture.media(f"{receiver.url}/cat.png")
    receiver.twiml = str(answer)
    twilio.act(do="say", person="ana", text="hello")
    twilio.settled()
    bubbles = {bubble["text"]: bubble for bubble in twilio.phone("ana")}
    assert set(bubbles) == {"hello", "Tom & Jerry <3", "look"}
    assert len(bubbles["look"]["media"]) == 1
    directions = sorted(one.direction for one in twilio.client.messages.list())
    assert directions == ["inbound", "outbound-reply", "outbound-reply"]
    assert [hook.event for hook in receiver.hooks[1:]] == ["status queued", "status sent", "status delivered"]


# -- status callbacks ---


def test_the_life_of_a_message_is_told(twilio: Running, receiver: Receiver) -> None:
    url = f"{receiver.url}/status?d=dl_1&x=%20a"
    sent = send(twilio, url)
    assert [hook.event for hook in receiver.hooks] == ["status queued", "status sent", "status delivered"]
    for hook in receiver.hooks:
        hook.verify(twilio.auth_token)
        assert hook.url == url
        assert "Body" not in hook.form
    form = receiver.hooks[-1].form
    assert set(form) == {"AccountSid", "From", "To", "MessageSid", "SmsSid", "MessageStatus", "SmsStatus", "ApiVersion",
                         "RawDlrDoneDate"}  # fmt: skip
    assert (form["MessageSid"], form["From"], form["To"]) == (sent.sid, OURS, ANA)
    assert len(form["RawDlrDoneDate"]) == len("YYMMDDhhmm")
    (call,) = twilio.calls("status delivered")
    assert (call["direction"], call["ref"], call["status"]) == ("webhook", f"M:{OURS}|{ANA}", 200)


def test_whatsapp_is_read(twilio: Running, receiver: Receiver) -> None:
    sent = send(twilio, f"{receiver.url}/status", to="whatsapp:+15550142", from_=WHATSAPP)
    twilio.act(do="read", person="bo")
    twilio.settled()
    hook = receiver.hooks[-1]
    assert (hook.event, hook.form["EventType"], hook.form["ChannelPrefix"]) == ("status read", "READ", "whatsapp")
    assert hook.form["ChannelInstallSid"].startswith("XE")
    assert twilio.client.messages(sent.sid).fetch().status == "read"


def test_sms_is_never_read(twilio: Running, receiver: Receiver) -> None:
    send(twilio, f"{receiver.url}/status")
    twilio.act(do="read", person="ana")
    twilio.settled()
    assert receiver.hooks[-1].event == "status delivered"


def test_a_failure_says_why(twilio: Running, receiver: Receiver) -> None:
    twilio.fault("window_closed")
    send(twilio, f"{receiver.url}/status", to="whatsapp:+15550142", from_=WHATSAPP)
    assert [hook.event for hook in receiver.hooks] == ["status queued", "status failed"]
    form = receiver.hooks[-1].form
    assert form["ErrorCode"] == "63016"
    assert form["ChannelStatusMessage"] == form["ErrorMessage"] != ""


def test_the_callback_of_a_service(twilio: Running, receiver: Receiver) -> None:
    services = twilio.client.messaging.v1.services
    service = services.create(friendly_name="desk", status_callback=f"{receiver.url}/service")
    (number,) = twilio.client.incoming_phone_numbers.list()
    services(service.sid).phone_numbers.create(phone_number_sid=number.sid)
    twilio.client.messages.create(to=ANA, messaging_service_sid=service.sid, body="x")
    twilio.settled()
    assert [hook.event for hook in receiver.hooks] == ["status queued", "status sent", "status delivered"]
    assert {hook.form["MessagingServiceSid"] for hook in receiver.hooks} == {service.sid}
    send(twilio, f"{receiver.url}/own", from_=OURS)
    assert [hook.url for hook in receiver.hooks[3:]] == [f"{receiver.url}/own"] * 3


def test_callbacks_overtake_each_other_and_get_lost(twilio: Running, receiver: Receiver) -> None:
    twilio.fault("reorder", {"count": 3, "wait": 2})
    send(twilio, f"{receiver.url}/status")
    assert [hook.event for hook in receiver.hooks] == ["status delivered", "status sent", "status queued"]
    twilio.fault("reorder", on=False)
    twilio.fault("drop_webhook", {"count": 1, "event": "status delivered"})
    receiver.hooks.clear()
    send(twilio, f"{receiver.url}/status")
    assert [hook.event for hook in receiver.hooks] == ["status queued", "status sent"]


def test_callbacks_come_twice_and_backwards(twilio: Running, receiver: Receiver) -> None:
    twilio.fault("doubled_receipts")
    send(twilio, f"{receiver.url}/status")
    assert [hook.event for hook in receiver.hooks][2:] == ["status delivered", "status delivered", "status sent"]


# -- retries ---


def test_a_500_is_tried_again_only_where_the_url_says_so(twilio: Running, receiver: Receiver) -> None:
    receiver.answer = lambda form: 500
    send(twilio, f"{receiver.url}/status")
    assert len(receiver.hooks) == 3
    receiver.hooks.clear()
    send(twilio, f"{receiver.url}/status#rc=2&rp=5xx")
    assert [hook.event for hook in receiver.hooks] == [
        f"status {word}" for word in ("queued", "sent", "delivered") for _ in range(3)
    ]
    tokens = [hook.headers["i-twilio-idempotency-token"] for hook in receiver.hooks]
    assert [len(set(tokens[n : n + 3])) for n in (0, 3, 6)] == [1, 1, 1], "a retry keeps its event's token"
    assert len(set(tokens)) == 3
    for hook in receiver.hooks:
        assert "#" not in hook.url
        hook.verify(twilio.auth_token)


def test_a_failed_connection_is_tried_once_again(twilio: Running) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    send(twilio, f"http://127.0.0.1:{port}/status")
    assert [call["attempt"] for call in twilio.calls("status queued")] == [1, 2]
    send(twilio, f"http://127.0.0.1:{port}/status#rc=0")
    assert [call["attempt"] for call in twilio.calls("status sent")] == [1, 2, 1]


def test_a_webhook_that_hangs_is_left_after_its_time(twilio: Running, receiver: Receiver) -> None:
    held = threading.Event()
    receiver.answer = lambda form: 200 if held.wait(5) else 500
    began = time.monotonic()
    send(twilio, f"{receiver.url}/status#rt=100&tt=300&rc=1&rp=rt")
    assert time.monotonic() - began < 4
    held.set()
    eventually(lambda: len(receiver.hooks) >= 3)
    assert {call["error"][:9] for call in twilio.calls("status queued")} == {"no answer"}
