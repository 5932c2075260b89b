"""Programmable Messaging's webhooks, whole, with fields missing, and hostile."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.twilio import inbound_messages as room
from adapters.twilio.errors import WORDS, receipt_words
from bridge.channel import Events, Ignored
from bridge.core.content import Attachment, Author, Content, Role
from bridge.core.events import BindingSeen, MessageReceived, NotUnderstood, ReceiptReceived
from bridge.core.receipts import ReceiptState

AC, SM, MM, ME, MG = (p + "0a" * 16 for p in ("AC", "SM", "MM", "ME", "MG"))
AT = 1_790_000_000.0
OURS, ANA = "+15550100", "+15550199"
PAIR = f"M:{OURS}|{ANA}"
MESSAGE = {
    "MessageSid": SM,
    "SmsSid": SM,
    "SmsMessageSid": SM,
    "AccountSid": AC,
    "From": ANA,
    "To": OURS,
    "Body": "Hello",
    "NumMedia": "0",
    "NumSegments": "1",
    "SmsStatus": "received",
    "ApiVersion": "2010-04-01",
}
WHATSAPP = MESSAGE | {
    "From": "whatsapp:+15550199",
    "To": "whatsapp:+15550100",
    "ProfileName": "Ana",
    "WaId": "15550199",
    "MessageType": "text",
}
STATUS = {
    "MessageSid": SM,
    "SmsSid": SM,
    "AccountSid": AC,
    "From": OURS,
    "To": ANA,
    "MessageStatus": "delivered",
    "SmsStatus": "delivered",
    "ApiVersion": "2010-04-01",
}


def heard(fields: dict[str, str], at: float = AT) -> tuple[BindingSeen, MessageReceived]:
    received = room.received(fields, at)
    assert isinstance(received, Events), received
    assert received.reply == room.NO_ANSWER
    seen, message = received.events
    assert isinstance(seen, BindingSeen)
    assert isinstance(message, MessageReceived)
    return seen, message


def content(**more: str) -> Content:
    return heard(MESSAGE | more)[1].content


def test_a_message() -> None:
    seen, message = heard(MESSAGE)
    assert message == MessageReceived(
        key=SM,
        binding=PAIR,
        at=AT,
        remote=SM,
        author=Author(id=ANA, role=Role.CUSTOMER),
        content=Content(text="Hello"),
        road="messages",
    )
    assert (seen.binding, seen.endpoint, seen.address, seen.person) == (PAIR, OURS, ANA, ANA)
    assert (seen.label, seen.network, seen.name, seen.meta, seen.others, seen.state) == (ANA, "SMS", "", "", 0, "open")


def test_the_answer_is_twiml_that_says_nothing() -> None:
    reply = room.NO_ANSWER
    assert (reply.status, reply.content_type) == (200, "text/xml")
    assert reply.body.endswith(b"<Response/>")


def test_a_pair_is_told_of_again_only_when_something_about_it_changed() -> None:
    key = heard(MESSAGE)[0].key
    assert heard(MESSAGE | {"MessageSid": MM, "Body": "x"}, AT + 99)[0].key == key
    changed = [{"ProfileName": "Ana"}, {"MessagingServiceSid": MG}, {"To": "+15550101"}, {"From": "+15550198"}]
    assert len({key, *(heard(MESSAGE | c)[0].key for c in changed)}) == 5


def test_whatsapp_tells_a_name() -> None:
    seen, message = heard(WHATSAPP | {"OriginalRepliedMessageSid": MM})
    assert (seen.name, seen.network, seen.person, seen.label) == ("Ana", "WhatsApp", ANA, ANA)
    assert message.reply_to == MM
    assert message.author == Author(id="whatsapp:+15550199", role=Role.CUSTOMER)


@pytest.mark.parametrize("address", ["whatsapp:US.ABC123XYZ", "messenger:4711", "rcs:+15550199", "12345", "Bank"])
def test_whoever_writes_is_the_customer(address: str) -> None:
    seen, message = heard(MESSAGE | {"From": address})
    assert seen.address == message.author.id == address
    assert message.author.role is Role.CUSTOMER


def test_a_username_in_place_of_an_address() -> None:
    fields = {k: v for k, v in WHATSAPP.items() if k != "From"} | {"ExternalUserId": "whatsapp:ID.123"}
    assert heard(fields)[0].address == "whatsapp:ID.123"


def test_a_messaging_service_is_remembered() -> None:
    assert heard(MESSAGE | {"MessagingServiceSid": MG})[0].meta == MG
    for odd in ("", "IS" + "0a" * 16, "MG", f"{MG}/x"):
        assert heard(MESSAGE | {"MessagingServiceSid": odd})[0].meta == ""


def media_url(host: str = "https://api.twilio.com", account: str = AC, message: str = MM, media: str = ME) -> str:
    return f"{host}/2010-04-01/Accounts/{account}/Messages/{message}/Media/{media}"


def test_files() -> None:
    found = content(
        NumMedia="3",
        Body="",
        MediaUrl0=media_url(),
        MediaContentType0="image/jpeg",
        MediaUrl1=media_url("http://127.0.0.1:8200/api"[:21]),
        MediaContentType1="audio/ogg; codecs=opus",
        MediaUrl2=media_url(),
        MediaContentType2="text/vcard",
    )
    ref = f"messages/{AC}/{MM}/{ME}"
    assert found.attachments == (
        Attachment(ref=ref, content_type="image/jpeg", kind="image"),
        Attachment(ref=ref, content_type="audio/ogg", kind="voice"),
        Attachment(ref=ref, content_type="text/vcard", kind="file"),
    )
    assert found.words == ""
    assert room.media_path(ref) == f"/2010-04-01/Accounts/{AC}/Messages/{MM}/Media/{ME}"
    assert room.media_path("IS1/CH1/ME1") is None


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        media_url(media="ME/../../x"),
        media_url(account=".."),
        media_url() + "/../x",
        media_url() + "/x",
        media_url().replace("/2010-04-01", ""),
        "http://[",
        "",
    ],
)
def test_a_link_that_names_no_media_is_never_fetched(url: str) -> None:
    found = content(NumMedia="1", MediaUrl0=url, MediaContentType0="image/png\r\nX: y")
    assert found.attachments == ()
    assert found.sentences == ("sent a file (application/octet-stream) that doesn’t lie at Twilio",)


@pytest.mark.parametrize("host", ["http://169.254.169.254", "http://u:p@evil.example:1", "http://[::ffff:10.0.0.1]"])
def test_of_a_link_only_the_sids_are_kept(host: str) -> None:
    (file,) = content(NumMedia="1", MediaUrl0=media_url(host) + "?x=1#y", MediaContentType0="image/png").attachments
    assert file.ref == f"messages/{AC}/{MM}/{ME}"


def test_no_more_files_than_a_message_may_have() -> None:
    assert len(content(NumMedia="999999999").sentences) == room.MOST_FILES


SENTENCES: list[tuple[dict[str, str], str]] = [
    ({"Latitude": "1.5", "Longitude": "-2"}, "(sent a location: https://maps.google.com/?q=1.5,-2)"),
    (
        {"Latitude": "1.5", "Longitude": "-2", "Label": "Home", "Address": "Road 1"},
        "(sent a location: Home, Road 1 https://maps.google.com/?q=1.5,-2)",
    ),
    ({"Latitude": "1.5"}, "(sent an empty message)"),
    ({"ButtonText": "Yes", "ButtonPayload": "y-1"}, "Yes"),
    ({"Body": "Yes", "ButtonText": "Yes"}, "Yes"),
    ({"FlowData": '{"size":"L","extras":["a",{"b":1}]}'}, "(filled in a form: size: L; extras: a, b: 1)"),
    ({"InteractiveData": '{"list_reply":{"title":"Two"}}'}, "(chose: list_reply: title: Two)"),
    ({"Body": "Two", "InteractiveData": '{"list_reply":{"title":"Two"}}'}, "Two"),
    ({"MessageType": "order"}, "(sent something that can’t be shown here (order))"),
    ({"MessageType": "text"}, "(sent an empty message)"),
    (
        {"Body": "Hi", "ReferralHeadline": "Sale", "ReferralSourceUrl": "https://x.example/1"},
        "Hi\n(came by an advertisement: Sale https://x.example/1)",
    ),
    ({"Body": "STOP", "OptOutType": "STOP"}, "STOP"),
    ({"FlowData": "[" * 100_000}, "(sent an empty message)"),
    ({"FlowData": '{"a":"\\ud800\\u0000"}'}, "(filled in a form: a: ?\ufffd)"),
]


@pytest.mark.parametrize(("fields", "words"), SENTENCES, ids=[str(list(s[0]))[:40] for s in SENTENCES])
def test_what_is_neither_text_nor_file_is_a_sentence(fields: dict[str, str], words: str) -> None:
    assert content(**({"Body": ""} | fields)).words == words


@pytest.mark.parametrize("missing", [("MessageSid", "SmsSid"), ("From",), ("To",)])
def test_a_message_without_its_addresses_is_kept(missing: tuple[str, ...]) -> None:
    received = room.received({k: v for k, v in MESSAGE.items() if k not in missing}, AT)
    assert isinstance(received, Events)
    (event,) = received.events
    assert isinstance(event, NotUnderstood)
    assert "Body=Hello" in event.raw
    assert received.reply == room.NO_ANSWER


def test_an_older_name_of_the_sid() -> None:
    assert heard({k: v for k, v in MESSAGE.items() if k != "MessageSid"})[1].key == SM


# ---- status callbacks


def receipt(fields: dict[str, str], delivery: str = "c1-7", at: float = AT) -> ReceiptReceived:
    received = room.status(fields, delivery, at)
    assert isinstance(received, Events), received
    (event,) = received.events
    assert isinstance(event, ReceiptReceived), event
    return event


def told(status: str, **more: str) -> dict[str, str]:
    return STATUS | {"MessageStatus": status, "SmsStatus": status} | more


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("accepted", ReceiptState.SENT),
        ("queued", ReceiptState.SENT),
        ("sending", ReceiptState.SENT),
        ("sent", ReceiptState.SENT),
        ("delivered", ReceiptState.DELIVERED),
        ("READ", ReceiptState.READ),
        ("undelivered", ReceiptState.FAILED),
        ("failed", ReceiptState.FAILED),
        ("canceled", ReceiptState.FAILED),
    ],
)
def test_statuses(status: str, state: ReceiptState) -> None:
    event = receipt(told(status))
    assert (event.state, event.remote, event.binding, event.delivery, event.at) == (state, SM, PAIR, "c1-7", AT)
    assert event.key == f"receipt:{SM}:{status.lower()}" == receipt(told(status), at=AT + 9).key
    assert bool(event.words) is (state is ReceiptState.FAILED)


@pytest.mark.parametrize("status", ["accepted", "queued", "sending"])
def test_on_its_way_is_news_only_where_it_names_the_delivery(status: str) -> None:
    assert isinstance(room.status(told(status), "", AT), Ignored)


@pytest.mark.parametrize("status", ["scheduled", "receiving", "received"])
def test_statuses_that_are_no_news(status: str) -> None:
    assert isinstance(room.status(told(status), "c1-7", AT), Ignored)


def test_a_receipt_without_a_delivery_is_one_all_the_same() -> None:
    assert receipt(told("delivered"), "").delivery is None


@pytest.mark.parametrize(
    ("fields", "code", "words"),
    [
        ({"ErrorCode": "30003"}, "30003", WORDS["30003"]),
        ({"ErrorCode": "0"}, "", "the network reported a failure"),
        ({}, "", "the network reported a failure"),
        ({"ErrorCode": "99999"}, "99999", "the network reported an error"),
        ({"ErrorCode": "99999", "ErrorMessage": "Moon phase"}, "99999", "Moon phase"),
        ({"ErrorCode": "63016", "To": "messenger:42"}, "63016", receipt_words("63016", "Messenger")),
        ({"ErrorCode": "30003", "ChannelStatusMessage": "x"}, "30003", WORDS["30003"]),
        ({"ErrorCode": "99999", "ErrorMessage": "x" * 999}, "99999", "x" * 300),
    ],
    ids=str,
)  # fmt: skip
def test_why_it_failed(fields: dict[str, str], code: str, words: str) -> None:
    event = receipt(told("undelivered", **fields))
    assert (event.code, event.words) == (code, words)


def test_words_stand_at_failures_alone() -> None:
    assert (
        receipt(told("delivered", ErrorCode="30003")).words == receipt(told("delivered", ErrorCode="30003")).code == ""
    )


def test_a_status_posted_to_the_other_route_is_a_receipt_too() -> None:
    received = room.received(told("delivered"), AT)
    assert isinstance(received, Events)
    assert isinstance(received.events[0], ReceiptReceived)


@pytest.mark.parametrize("fields", [told("levitating"), {"MessageSid": SM}, {"MessageStatus": "sent"}, {}], ids=str)
def test_a_status_that_is_not_understood_is_kept(fields: dict[str, str]) -> None:
    received = room.status(fields, "c1-7", AT)
    assert isinstance(received, Events)
    assert isinstance(received.events[0], NotUnderstood)


def test_before_a_service_chose_the_sender() -> None:
    """`accepted` comes without From."""
    fields = {k: v for k, v in told("accepted").items() if k != "From"}
    assert receipt(fields).remote == SM


names = st.sampled_from(
    sorted({*WHATSAPP, *STATUS, "MediaUrl0", "MediaContentType0", "Latitude", "Longitude", "FlowData", "InteractiveData",
            "ButtonText", "MessagingServiceSid", "ExternalUserId", "ErrorCode", "OriginalRepliedMessageSid", "ReferralHeadline"})
)  # fmt: skip
values = st.text(max_size=30) | st.sampled_from(["1", "3", "queued", media_url(), "{}", '{"a":["\\ud800"]}', "|", OURS])


@given(st.dictionaries(names, values, max_size=14), st.text(max_size=9))
def test_any_form_is_a_value(fields: dict[str, str], delivery: str) -> None:
    base: dict[str, Any] = MESSAGE | fields
    for received in (room.received(base, AT), room.status(base, delivery, AT)):
        if isinstance(received, Events):
            assert all(e.key for e in received.events)
            json.dumps([repr(e) for e in received.events])
        else:
            assert isinstance(received, Ignored)
