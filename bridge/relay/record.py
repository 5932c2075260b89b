"""A claimed delivery to a leg that takes records -> the record."""

from __future__ import annotations

from dataclasses import replace

from bridge.channel.outbound import Record
from bridge.core.content import Side
from bridge.core.log import Change, ConversationNews, MessageNews, ReceiptNews, for_customer
from bridge.relay.directory import Bridge
from bridge.relay.followers import customer_view
from bridge.store.log import RecordParts
from bridge.store.outbox import Claimed
from bridge.store.records import BindingRecord
from bridge.store.rows import RECEIPT

_CHANGES = {"message": Change.CREATED, Change.EDITED: Change.EDITED, Change.DELETED: Change.DELETED}


def made(c: Claimed, parts: RecordParts, bridge: Bridge | None) -> Record | None:
    """None where what it should tell is no longer there, or its bridge is not."""
    news = _news(c, parts)
    if bridge is None or news is None:
        return None
    record = Record(
        bridge=bridge.name, at=c.created_at, conversation=parts.conversation, contact=parts.contact, news=news
    )
    return _for_customer(record, c.binding, bridge) if c.binding.side is Side.CUSTOMER else record


def _news(c: Claimed, parts: RecordParts) -> MessageNews | ConversationNews | ReceiptNews | None:
    if c.kind == "receipt":
        return ReceiptNews(receipt=RECEIPT.validate_json(c.text))
    if c.kind.startswith("conversation."):
        return ConversationNews(change=Change(c.kind.removeprefix("conversation.")))
    change = _CHANGES.get(c.kind)
    return MessageNews(change=change, message=parts.message) if change and parts.message else None


def _for_customer(record: Record, leg: BindingRecord, bridge: Bridge) -> Record:
    """What was meant for customers, and the customer's own names of things."""
    news = record.news
    if isinstance(news, MessageNews):
        news = replace(news, message=for_customer(news.message, bridge.agent_name))
    elif isinstance(news, ReceiptNews):
        news = ReceiptNews(receipt=replace(news.receipt, code="", words=""))
    conversation = replace(customer_view(bridge, record.conversation), key=leg.address)
    contact = replace(record.contact, addresses=(leg.address,))
    return replace(record, conversation=conversation, contact=contact, news=news)
