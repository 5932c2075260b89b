"""Each Conversations webhook, whole, with fields missing, and hostile."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.twilio import inbound
from adapters.twilio.forms import MAX_FIELDS, parse
from bridge.channel import Events, Ignored
from bridge.core.content import Attachment, Author, Content, Role
from bridge.core.events import (
    BindingChanged,
    BindingSeen,
    Event,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    NotUnderstood,
    ReceiptReceived,
)
from bridge.core.receipts import ReceiptState

AC, CH, IM, IS, MB, ME, DY = (p + "0a" * 16 for p in ("AC", "CH", "IM", "IS", "MB", "ME", "DY"))
AT = 1_790_000_000.0
T, T_AT = "2026-09-21T14:13:20.500Z", 1_790_000_000.5
COMMON = {"AccountSid": AC, "ConversationSid": CH, "Source": "SMS", "RetryCount": "0"}
MESSAGE = COMMON | {
    "EventType": "onMessageAdded",
    "MessageSid": IM,
    "Index": "7",
    "DateCreated": T,
    "Author": "+15550199",
    "ParticipantSid": MB,
    "Body": "Hello",
    "Attributes": "{}",
    "ChatServiceSid": IS,
}
PARTICIPANT = COMMON | {
    "EventType": "onParticipantAdded",
    "ParticipantSid": MB,
    "DateCreated": T,
    "MessagingBinding.Address": "whatsapp:+15550199",
    "MessagingBinding.ProxyAddress": "whatsapp:+15550100",
    "MessagingBinding.Type": "whatsapp",
    "ChatServiceSid": IS,
}
EDITED = MESSAGE | {"EventType": "onMessageUpdated", "DateUpdated": T, "Body": "Hallo"}
REMOVED = MESSAGE | {"EventType": "onMessageRemoved", "DateRemoved": T}
RECEIPT = COMMON | {
    "EventType": "onDeliveryUpdated",
    "MessageSid": IM,
    "DeliveryReceiptSid": DY,
    "ChannelMessageSid": "SM" + "0a" * 16,
    "Status": "undelivered",
    "ErrorCode": "30003",
    "DateUpdated": T,
}
STATE = COMMON | {
    "EventType": "onConversationStateUpdated",
    "StateFrom": "active",
    "StateTo": "closed",
    "StateUpdated": T,
    "Reason": "API",
}
GONE = COMMON | {"EventType": "onConversationRemoved", "DateRemoved": T}
KNOWN = {
    "message": (MESSAGE, MessageReceived),
    "participant": (PARTICIPANT, BindingSeen),
    "conversation": (PARTICIPANT | {"EventType": "onConversationAdded", "ParticipantSid": ""}, BindingSeen),
    "edited": (EDITED, MessageEdited),
    "removed": (REMOVED, MessageDeleted),
    "receipt": (RECEIPT, ReceiptReceived),
    "state": (STATE, BindingChanged),
    "gone": (GONE, BindingChanged),
}


def one(fields: dict[str, str], at: float = AT) -> Event:
    received = inbound.received(fields, at)
    assert isinstance(received, Events), received
    assert len(received.events) == 1
    return received.events[0]


def test_a_message() -> None:
    assert one(MESSAGE) == MessageReceived(
        key=IM,
        binding=CH,
        at=T_AT,
        remote=IM,
        author=Author(id="+15550199", role=Role.CUSTOMER),
        content=Content(text="Hello"),
        index=7,
        road="conversations",
    )


def test_a_message_with_files() -> None:
    media = [
        {"Sid": ME, "Filename": "a.jpg", "ContentType": "image/jpeg", "Size": 1234},
        {"Sid": ME, "ContentType": "audio/ogg; codecs=opus"},
        {"Filename": "no sid"},
        "nonsense",
    ]
    event = one(MESSAGE | {"Body": "", "Media": json.dumps(media)})
    assert isinstance(event, MessageReceived)
    ref = f"{IS}/{CH}/{ME}"
    assert event.content.attachments == (
        Attachment(ref=ref, content_type="image/jpeg", kind="image", filename="a.jpg", size=1234),
        Attachment(ref=ref, content_type="audio/ogg", kind="voice"),
    )
    assert event.content.words == ""


@pytest.mark.parametrize(
    ("author", "role", "name"),
    [
        ("+15550199", Role.CUSTOMER, ""),
        ("whatsapp:US.ABC123", Role.CUSTOMER, ""),
        ("messenger:42", Role.CUSTOMER, ""),
        ("system", Role.SYSTEM, "system"),
        ("Support", Role.SYSTEM, "Support"),
        ("", Role.SYSTEM, "system"),
    ],
)
def test_authors(author: str, role: Role, name: str) -> None:
    event = one(MESSAGE | {"Author": author})
    assert isinstance(event, MessageReceived)
    assert event.author == Author(id=author or "system", role=role, name=name)


@pytest.mark.parametrize(
    ("attributes", "delivery"),
    [
        ('{"trunkline":{"d":"c1-7"}}', "c1-7"),
        ('{"x":1,"trunkline":{"d":"c1-7","e":2}}', "c1-7"),
        ('{"trunkline":{}}', None),
        ('{"trunkline":{"d":7}}', None),
        ('{"trunkline":"c1-7"}', None),
        ('["trunkline"]', None),
        ('"trunkline"', None),
        ("trunkline", None),
        ("{}", None),
        ("", None),
    ],
)
def test_a_delivery_of_ours_is_known_again(attributes: str, delivery: str | None) -> None:
    event = one(MESSAGE | {"Attributes": attributes})
    assert isinstance(event, MessageReceived)
    assert event.delivery == delivery


def test_a_binding() -> None:
    event = one(PARTICIPANT)
    assert event == BindingSeen(
        key=f"onParticipantAdded:{MB}",
        binding=CH,
        at=T_AT,
        endpoint="whatsapp:+15550100",
        address="whatsapp:+15550199",
        person="+15550199",
        label="+15550199",
        network="WhatsApp",
        meta=IS,
    )


USERNAME = PARTICIPANT | {
    "EventType": "onParticipantUpdated",
    "DateUpdated": "2026-09-21T14:13:21.000Z",
    "MessagingBinding.Address": "whatsapp:US.ABC123XYZ",
}


def test_a_customer_who_trades_the_number_for_a_username_is_renamed() -> None:
    event = one(USERNAME)
    assert event == BindingSeen(
        key=f"renamed:{MB}:2026-09-21T14:13:21.000Z:whatsapp:US.ABC123XYZ",
        binding=CH,
        at=T_AT + 0.5,
        endpoint="whatsapp:+15550100",
        address="whatsapp:US.ABC123XYZ",
        person="whatsapp:US.ABC123XYZ",
        label="US.ABC123XYZ",
        network="WhatsApp",
        meta=IS,
        renamed=True,
    )
    assert one(USERNAME, AT + 9).key == event.key
    back = one(USERNAME | {"DateUpdated": "2026-09-21T15:13:21.000Z", "MessagingBinding.Address": "whatsapp:+15550199"})
    assert back.key != event.key
    assert not one(PARTICIPANT).renamed  # type: ignore[union-attr]


def test_an_update_without_an_address_is_not_for_us() -> None:
    fields = {k: v for k, v in USERNAME.items() if k != "MessagingBinding.Address"}
    assert inbound.received(fields, AT) == Ignored(reason="onParticipantUpdated")


def test_a_group_is_never_renamed() -> None:
    event = one(USERNAME | {"MessagingBinding.Address": '["+15550199","+15550198"]'})
    assert isinstance(event, BindingSeen)
    assert (event.renamed, event.others) == (False, 1)


def test_a_profile_name() -> None:
    event = one(PARTICIPANT | {"MessagingBinding.Name": "Ana"})
    assert isinstance(event, BindingSeen)
    assert event.name == "Ana"


def test_messenger_and_rcs_have_words_of_their_own_for_the_window() -> None:
    words = {s: one(RECEIPT | {"ErrorCode": "63016", "Source": s}).words for s in ("WHATSAPP", "Messenger", "RCS")}  # type: ignore[union-attr]
    assert len(set(words.values())) == 3
    assert "24 hours" in words["Messenger"]


@pytest.mark.parametrize(
    ("address", "first", "others"),
    [
        ('["+15550199","+15550198","+15550197"]', "+15550199", 2),
        ('["+15550199"]', "+15550199", 0),
        ('["+15550199",7]', "+15550199", 0),
        ("[broken", "[broken", 0),
        ('{"a":1}', '{"a":1}', 0),
    ],
)
def test_a_groups_addresses(address: str, first: str, others: int) -> None:
    event = one(PARTICIPANT | {"MessagingBinding.Address": address})
    assert isinstance(event, BindingSeen)
    assert (event.address, event.others) == (first, others)


@pytest.mark.parametrize("address", ["", "[]", "[7]"])
def test_a_conversation_without_a_phone_is_nobodys(address: str) -> None:
    event = one(PARTICIPANT | {"MessagingBinding.Address": address})
    assert event == BindingChanged(key=f"onParticipantAdded:{MB}", binding=CH, at=AT, state="open")


def test_a_projected_address_is_ours_too() -> None:
    fields = PARTICIPANT | {"MessagingBinding.ProjectedAddress": "+15550100"}
    del fields["MessagingBinding.ProxyAddress"]
    event = one(fields)
    assert isinstance(event, BindingSeen)
    assert event.endpoint == "+15550100"


@pytest.mark.parametrize(
    ("status", "state", "code", "words"),
    [
        ("sent", ReceiptState.SENT, "", ""),
        ("delivered", ReceiptState.DELIVERED, "", ""),
        ("READ", ReceiptState.READ, "", ""),
        ("failed", ReceiptState.FAILED, "30003", "the handset is unreachable"),
        ("undelivered", ReceiptState.FAILED, "30003", "the handset is unreachable"),
    ],
)
def test_receipts(status: str, state: ReceiptState, code: str, words: str) -> None:
    event = one(RECEIPT | {"Status": status})
    assert isinstance(event, ReceiptReceived)
    assert (event.remote, event.state, event.code, event.words) == (IM, state, code, words)
    assert event.key == f"receipt:{DY}:{status.lower()}"


def test_a_failure_without_a_code() -> None:
    event = one(RECEIPT | {"ErrorCode": "0"})
    assert isinstance(event, ReceiptReceived)
    assert (event.code, event.words) == ("", "the network reported a failure")


@pytest.mark.parametrize(
    ("to", "state"), [("closed", "closed"), ("active", "open"), ("inactive", "open"), ("initializing", "open")]
)
def test_states(to: str, state: str) -> None:
    event = one(STATE | {"StateTo": to})
    assert isinstance(event, BindingChanged)
    assert event.state == state


def test_gone_edited_removed() -> None:
    assert one(GONE) == BindingChanged(key=f"gone:{CH}", binding=CH, at=T_AT, state="gone")
    assert one(REMOVED) == MessageDeleted(key=f"removed:{IM}", binding=CH, at=T_AT, remote=IM)
    event = one(EDITED)
    assert isinstance(event, MessageEdited)
    assert (event.remote, event.text, event.at) == (IM, "Hallo", T_AT)
    assert event.key != one(EDITED | {"Body": "Hello"}).key, "two edits in one instant are two"


@pytest.mark.parametrize("name", sorted(inbound.IGNORED))
def test_what_is_not_for_us(name: str) -> None:
    assert inbound.received(COMMON | {"EventType": name}, AT) == Ignored(reason=name)


def test_pre_events_are_never_refused() -> None:
    """A 4xx to one of them would lose the customer's message."""
    for name in ("onMessageAdd", "onConversationAdd", "onParticipantAdd"):
        assert inbound.received({"EventType": name}, AT).reply.status == 200  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("fields", "needed"),
    [
        (MESSAGE, ("ConversationSid", "MessageSid")),
        (EDITED, ("ConversationSid", "MessageSid")),
        (REMOVED, ("ConversationSid", "MessageSid")),
        (RECEIPT, ("ConversationSid", "MessageSid", "Status")),
        (STATE, ("ConversationSid", "StateTo")),
        (GONE, ("ConversationSid",)),
        (PARTICIPANT, ("ConversationSid",)),
    ],
    ids=lambda v: v["EventType"] if isinstance(v, dict) else "",
)
def test_missing_fields(fields: dict[str, str], needed: tuple[str, ...]) -> None:
    for name in fields:
        if name == "EventType":
            continue
        event = one({k: v for k, v in fields.items() if k != name})
        assert isinstance(event, NotUnderstood) is (name in needed), name
        assert isinstance(one(fields | {name: ""}), NotUnderstood) is (name in needed), name


def test_what_is_not_understood_is_kept_as_it_came() -> None:
    event = one({"EventType": "onSomethingNew", "A": "1"})
    assert isinstance(event, NotUnderstood)
    assert event.raw == "A=1&EventType=onSomethingNew"
    assert "onSomethingNew" in event.what
    assert isinstance(one({}), NotUnderstood)


def test_no_place_without_a_number() -> None:
    for index in ("", "x", "-1", "1e9", "٧", "9" * 20):
        event = one(MESSAGE | {"Index": index})
        assert isinstance(event, MessageReceived)
        assert event.index is None, index


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_keys_are_stable_over_redelivery(name: str) -> None:
    fields, kind = KNOWN[name]
    first = one(fields)
    again = one(fields | {"RetryCount": "3", "SomethingNew": "1"}, AT + 86400)
    assert type(first) is type(again) is kind
    assert first == again


def test_an_unknown_event_is_the_same_when_it_comes_again() -> None:
    fields = {"EventType": "onSomethingNew", "A": "1", "RetryCount": "0"}
    assert one(fields).key == one(fields | {"RetryCount": "2"}, AT + 9).key
    assert one(fields).key != one(fields | {"A": "2"}).key


def test_the_events_of_one_thing_have_keys_of_their_own() -> None:
    assert len({one(fields).key for fields, _ in KNOWN.values()}) == len(KNOWN)


HOSTILE: list[Any] = [
    [],
    {},
    "x",
    7,
    None,
    [None],
    [[]],
    [{"Sid": {"a": 1}, "Size": -1, "ContentType": ["x"], "Filename": 7}],
    [{"Sid": "ME/../x", "ContentType": "image/png\r\nX: y", "Filename": "\ud800\0", "Size": True}],
]


@pytest.mark.parametrize("media", HOSTILE, ids=repr)
def test_hostile_media(media: Any) -> None:
    event = one(MESSAGE | {"Media": json.dumps(media)})
    assert isinstance(event, MessageReceived)
    for a in event.content.attachments:
        assert a.ref.count("/") == 2
        assert "\r" not in a.content_type
        assert a.filename.encode().decode() == a.filename
        assert "\0" not in a.filename


@pytest.mark.parametrize("deep", ["[" * 100_000, '{"trunkline":' * 50_000, "9" * 10_000])
def test_deep_and_long_json(deep: str) -> None:
    event = one(MESSAGE | {"Media": deep, "Attributes": f'{{"trunkline":{deep}'})
    assert isinstance(event, MessageReceived)
    assert event.delivery is None
    assert isinstance(one(PARTICIPANT | {"MessagingBinding.Address": deep}), BindingSeen)


names = st.sampled_from(sorted(set().union(*(f for f, _ in KNOWN.values())) | {"Media"}))
values = st.one_of(
    st.text(max_size=30),
    st.sampled_from(sorted(inbound._TRANSLATE)),
    st.sampled_from(["[", '["', "[]", "{}", '[{"Sid":"\\ud800"}]', "null", T, "0001-01-01T00:00:00+23:59", "9999"]),
    st.recursive(st.none() | st.integers() | st.text(max_size=5), st.lists, max_leaves=5).map(json.dumps),
)


@given(st.sampled_from(sorted(inbound._TRANSLATE)), st.dictionaries(names | st.text(max_size=9), values, max_size=14))
def test_any_form_is_a_value(event: str, fields: dict[str, str]) -> None:
    received = inbound.received({"ConversationSid": CH, "MessageSid": IM, **fields, "EventType": event}, AT)
    if isinstance(received, Ignored):
        assert event == "onParticipantUpdated"
        return
    assert isinstance(received, Events)
    assert received.events[0].key


@given(st.text(max_size=60))
def test_any_body_is_a_form_or_none(body: str) -> None:
    found = parse(body)
    assert found is None or all(isinstance(k, str) and isinstance(v, str) for k, v in found)


def test_forms() -> None:
    assert parse("a=1&b=&a=2&c=x%26y+z") == [("a", "1"), ("b", ""), ("a", "2"), ("c", "x&y z")]
    assert parse("") == []
    assert parse('{"a": 1}') is None
    assert parse("&".join(["a=1"] * MAX_FIELDS)) is not None
    assert parse("&".join(["a=1"] * (MAX_FIELDS + 1))) is None


# ---- records of the REST API


RECORD: dict[str, Any] = {
    "sid": IM,
    "account_sid": AC,
    "conversation_sid": CH,
    "index": 7,
    "author": "+15550199",
    "body": "Hello",
    "media": [{"sid": ME, "size": 3, "content_type": "image/png", "filename": "a.png"}],
    "attributes": '{"trunkline":{"d":"c1-7"}}',
    "date_created": "2026-09-21T14:13:20Z",
}


def test_a_record_is_the_event_that_its_webhook_is() -> None:
    media = json.dumps([{"Sid": ME, "Size": 3, "ContentType": "image/png", "Filename": "a.png"}])
    fields = MESSAGE | {"Media": media, "Attributes": RECORD["attributes"], "DateCreated": "2026-09-21T14:13:20Z"}
    assert inbound.from_record(RECORD, CH, IS, AT) == one(fields)


@pytest.mark.parametrize("name", sorted(RECORD))
@pytest.mark.parametrize("value", [None, 7, "x", [], {}, [7], "\ud800\0"], ids=repr)
def test_an_odd_record_is_an_event_all_the_same(name: str, value: Any) -> None:
    event = inbound.from_record(RECORD | {name: value}, CH, IS, AT)
    assert isinstance(event, MessageReceived)
    assert repr(event).encode()
    assert event.content.text.encode().decode() == event.content.text
