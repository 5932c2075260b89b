"""What happens is told to those who want more than messages: at once to who follows the log, by the outbox to who takes records.

Sentences of the bridge itself go to legs that take parts; others get the same as a receipt.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bridge.core.capabilities import Form
from bridge.core.content import Side
from bridge.core.ids import BindingId, ChannelName, RemoteId
from bridge.core.log import (
    Change,
    ConversationNews,
    ConversationView,
    LogLeg,
    MessageNews,
    MessageView,
    ReceiptNews,
    ReceiptView,
)
from bridge.core.receipts import ReceiptState
from bridge.core.routing import title
from bridge.relay.context import Changed, Context, Heard
from bridge.store.records import BindingRecord, ConversationRecord
from bridge.store.rows import RECEIPT


def view(conversation: ConversationRecord) -> ConversationView:
    """As agents see it."""
    answer = conversation.bindings.get(conversation.answer) if conversation.answer else None
    label, network = (answer.label, answer.network) if answer else ("", "")
    return ConversationView(
        id=conversation.id,
        bridge=conversation.bridge,
        title=title(conversation.name, label, network),
        state=conversation.state,
        last_seq=conversation.last_seq,
    )


def notice(
    ctx: Context,
    conversation: ConversationRecord,
    binding: BindingId,
    text: str,
    *,
    reply: RemoteId | None = None,
    seq: int | None = None,
    state: ReceiptState = ReceiptState.SENT,
) -> None:
    """A sentence of the bridge itself, to where something was written: message `seq`, which is in `state` there."""
    leg = conversation.bindings[binding]
    if ctx.directory.form(leg.channel) is Form.PARTS:
        ctx.deliver(conversation, leg, "notice", text=text, reply_remote=reply)
    elif seq is not None:
        news = ReceiptView(
            conversation=conversation.id, seq=seq, channel=leg.channel, side=leg.side, state=state, words=text
        )
        _receipt_to(ctx, conversation, leg, news)


def created(ctx: Context, conversation: ConversationRecord, message: MessageView) -> None:
    """A new message, to who follows the log; to records it goes as a delivery like to any other leg."""
    _hear(ctx, conversation, MessageNews(change=Change.CREATED, message=message), Side.AGENT, Side.CUSTOMER)


def changed(ctx: Context, conversation: ConversationRecord, origin: BindingRecord, seq: int, change: Change) -> None:
    """An edit or a deletion, to every leg but the one that it came from."""
    _hear(ctx, conversation, Changed(change=change, seq=seq), Side.AGENT, Side.CUSTOMER)
    for leg in _records(ctx, conversation):
        if leg.id != origin.id:
            ctx.deliver(conversation, leg, change, seq=seq)


def happened(ctx: Context, conversation: ConversationRecord, change: Change) -> None:
    """The conversation itself was made, closed, opened again or renamed: for agents."""
    if not ctx.directory.listens(conversation.bridge):
        return
    _hear(ctx, conversation, ConversationNews(change=change), Side.AGENT)
    for leg in _records(ctx, conversation, Side.AGENT):
        ctx.deliver(conversation, leg, f"conversation.{change}")


def receipt(ctx: Context, conversation: ConversationRecord, news: ReceiptView) -> None:
    """What became of a message at a customer's leg, for every agents' leg."""
    _hear(ctx, conversation, ReceiptNews(receipt=news), Side.AGENT)
    for leg in _records(ctx, conversation, Side.AGENT):
        _deliver_receipt(ctx, conversation, leg, news)


def receipt_of(
    conversation: ConversationRecord, leg: BindingRecord, seq: int, state: ReceiptState, **more: Any
) -> ReceiptView:
    """What became of message `seq` at `leg`."""
    return ReceiptView(conversation=conversation.id, seq=seq, channel=leg.channel, side=leg.side, state=state, **more)


def author_learns(
    ctx: Context, conversation: ConversationRecord, leg: BindingRecord, seq: int, state: ReceiptState, **why: Any
) -> None:
    """What became of a message at the other side, for the leg that wrote it; a customer isn't told why."""
    news = ReceiptView(
        conversation=conversation.id, seq=seq, channel=leg.channel, side=leg.side.other, state=state, **why
    )
    _receipt_to(ctx, conversation, leg, news)


def colleague_missed(
    ctx: Context, conversation: ConversationRecord, author: BindingRecord, leg: BindingRecord, seq: int, **why: Any
) -> None:
    """An agent's message didn't reach another agents' leg: told to the leg that wrote it."""
    _receipt_to(ctx, conversation, author, receipt_of(conversation, leg, seq, ReceiptState.FAILED, **why))


def _receipt_to(ctx: Context, conversation: ConversationRecord, leg: BindingRecord, news: ReceiptView) -> None:
    match ctx.directory.form(leg.channel):
        case Form.LOG:
            own = (leg.channel, LogLeg(endpoint=leg.endpoint, side=leg.side, address=leg.address))
            agents = leg.side is Side.AGENT
            ctx.accepted.heard.append(
                Heard(
                    bridge=conversation.bridge,
                    conversation=view(conversation),
                    what=ReceiptNews(receipt=news),
                    agents=agents,
                    customers=() if agents else (own,),
                    only=own if agents else None,
                )
            )
        case Form.RECORDS:
            _deliver_receipt(ctx, conversation, leg, news)
        case Form.PARTS:
            pass


def _deliver_receipt(ctx: Context, conversation: ConversationRecord, leg: BindingRecord, news: ReceiptView) -> None:
    ctx.deliver(conversation, leg, "receipt", seq=news.seq, text=RECEIPT.dump_json(news).decode())


def _records(ctx: Context, conversation: ConversationRecord, *sides: Side) -> Iterator[BindingRecord]:
    """The legs that take records, and still belong to the bridge. A customer's is one only where it is who wrote last."""
    for leg in list(conversation.bindings.values()):
        if ctx.directory.form(leg.channel) is not Form.RECORDS or (sides and leg.side not in sides):
            continue
        if leg.side is Side.CUSTOMER and conversation.answer != leg.id:
            continue
        if ctx.directory.names(leg, conversation.bridge):
            yield leg


def _hear(
    ctx: Context,
    conversation: ConversationRecord,
    what: MessageNews | Changed | ConversationNews | ReceiptNews,
    *sides: Side,
) -> None:
    if not ctx.directory.follows(conversation.bridge):
        return
    customers: tuple[tuple[ChannelName, LogLeg], ...] = ()
    if Side.CUSTOMER in sides:
        customers = tuple(
            (b.channel, LogLeg(endpoint=b.endpoint, side=b.side, address=b.address))
            for b in conversation.bindings.values()
            if b.side is Side.CUSTOMER and ctx.directory.form(b.channel) is Form.LOG
        )
    ctx.accepted.heard.append(
        Heard(
            bridge=conversation.bridge,
            conversation=view(conversation),
            what=what,
            agents=Side.AGENT in sides,
            customers=customers,
        )
    )
