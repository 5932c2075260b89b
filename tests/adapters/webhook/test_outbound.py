"""What a receiver reads of each thing that happens."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from adapters.webhook.outbound import CAPABILITIES, body
from bridge.channel import Record
from bridge.core.capabilities import Form, Support
from bridge.core.content import Side
from bridge.core.ids import ChannelName, ConversationId
from bridge.core.log import Change, ConversationNews, FileView, MessageNews, ReceiptNews, ReceiptView
from bridge.core.receipts import ReceiptState
from tests.adapters.webhook.stand import MESSAGE, RECORD, VIEW, Links


def told(record: Record = RECORD, **changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(body(replace(record, **changes), Links().link))
    return found


WHOLE = {
    "bridge": "support",
    "conversation": {"id": "c1", "title": "Ana · SMS", "state": "open"},
    "contact": {"id": "k1", "name": "Ana", "addresses": ["+15550199"]},
}


def test_a_message() -> None:
    message = {
        "id": "c1.7",
        "seq": 7,
        "author": {"id": "+15550199", "name": "Ana", "role": "customer"},
        "text": "Grüße 👋",
        "attachments": [],
        "reply_to": None,
        "at": "2026-08-10T18:00:58.111Z",
    }
    assert told() == {
        "type": "message.created",
        "timestamp": "2026-08-10T18:00:59.000Z",
        "data": WHOLE | {"message": message},
    }


def test_files_and_quotes_by_our_ids() -> None:
    file = FileView(id="c1.7.0", content_type="image/png", filename="cat.png", size=None)
    news = MessageNews(change=Change.CREATED, message=replace(MESSAGE, files=(file,), reply_to=3))
    message = told(news=news)["data"]["message"]
    assert message["attachments"] == [
        {
            "id": "c1.7.0",
            "url": "https://bridge.example.com/media/c1.7.0?sig=x",
            "content_type": "image/png",
            "filename": "cat.png",
            "size": None,
        }
    ]
    assert message["reply_to"] == "c1.3"


@pytest.mark.parametrize("change", [Change.EDITED, Change.DELETED])
def test_an_edit_and_a_deletion_show_the_message_as_it_now_is(change: Change) -> None:
    now = replace(MESSAGE, text="", **{f"{change}_at": MESSAGE.at + 60})
    found = told(news=MessageNews(change=change, message=now))
    assert found["type"] == f"message.{change}"
    assert found["data"]["message"][f"{change}_at"] == "2026-08-10T18:01:58.111Z"
    assert found["data"]["conversation"]["id"] == "c1"


@pytest.mark.parametrize("change", [Change.CREATED, Change.UPDATED, Change.CLOSED])
def test_news_of_a_conversation(change: Change) -> None:
    found = told(news=ConversationNews(change=change), conversation=replace(VIEW, state="closed"))
    assert found["type"] == f"conversation.{change}"
    assert found["data"] == WHOLE | {"conversation": {"id": "c1", "title": "Ana · SMS", "state": "closed"}}


RECEIPT = ReceiptView(
    conversation=ConversationId("c1"),
    seq=7,
    channel=ChannelName("phone"),
    side=Side.CUSTOMER,
    state=ReceiptState.FAILED,
    code="30003",
    words="the handset is unreachable",
)


def test_a_receipt() -> None:
    found = told(news=ReceiptNews(receipt=RECEIPT))
    assert found["type"] == "receipt.updated"
    assert found["data"] == {
        "conversation": {"id": "c1"},
        "message": {"id": "c1.7"},
        "leg": {"channel": "phone"},
        "state": "failed",
        "code": "30003",
        "reason": "the handset is unreachable",
    }


def test_a_receipt_without_a_reason_and_with_segments() -> None:
    receipt = replace(RECEIPT, state=ReceiptState.DELIVERED, code="", words="", segments=3)
    data = told(news=ReceiptNews(receipt=receipt))["data"]
    assert (data["state"], data["code"], data["reason"], data["segments"]) == ("delivered", None, None, 3)


def test_a_customers_own_key_stands_in_every_event() -> None:
    keyed = replace(VIEW, key="order-17")
    for news in (RECORD.news, ConversationNews(change=Change.CREATED), ReceiptNews(receipt=RECEIPT)):
        assert told(conversation=keyed, news=news)["data"]["conversation"]["key"] == "order-17"


def test_the_same_bytes_each_time_and_text_as_it_is() -> None:
    first = body(RECORD, Links().link)
    assert first == body(RECORD, Links().link)
    assert "Grüße 👋".encode() in first
    assert json.loads(body(replace(RECORD, bridge="\ud800"), Links().link))["data"]["bridge"] == "?"


@pytest.mark.parametrize(("at", "text"), [(0.0, "1970-01-01T00:00:00.000Z"), (1.9999, "1970-01-01T00:00:02.000Z")])
def test_times(at: float, text: str) -> None:
    assert told(at=at)["timestamp"] == text


def test_what_it_carries() -> None:
    assert (CAPABILITIES.form, CAPABILITIES.send_once, CAPABILITIES.edit) == (Form.RECORDS, "key", Support.FULL)
    assert CAPABILITIES.rule_for("application/x-anything") is not None
