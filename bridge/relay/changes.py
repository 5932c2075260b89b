"""What happens to a message afterwards: edits, deletions, receipts."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.core.capabilities import Form, Support
from bridge.core.content import Content, Role, Side
from bridge.core.events import MessageDeleted, MessageEdited, MessageReceived, ReceiptReceived
from bridge.core.fitting import fit
from bridge.core.ids import ChannelName, ConversationId, parse_delivery_id
from bridge.core.log import Change
from bridge.core.notices import EDIT_STAYS, deleted, edited_anew, lost, not_delivered, not_on, not_shown
from bridge.core.receipts import ReceiptState, supersedes
from bridge.core.retry import OPEN_STATES, State
from bridge.core.splitting import length
from bridge.relay import tell
from bridge.relay.context import Context
from bridge.relay.say import remote_row, shown_prefix
from bridge.store.records import BindingRecord, ConversationRecord, DeliveryRecord, MessageRecord, RemoteRecord, full


def found(ctx: Context, channel: ChannelName, remote: str) -> list[RemoteRecord]:
    return ctx.world.remotes.get(full(channel, remote), [])


def change(ctx: Context, channel: ChannelName, event: MessageEdited | MessageDeleted) -> bool:
    """An edit or a deletion of a message that came from `channel`; False where the message isn't known (yet)."""
    message = _meant(ctx, channel, event)
    if message is None:
        return False
    ctx.made = (message.conversation, message.seq)
    gone = isinstance(event, MessageDeleted)
    text = message.text if isinstance(event, MessageDeleted) else event.text
    if message.deleted or (not gone and text == message.text):
        return True  # a reaction or a preview comes as an edit, too
    first = message.changes == 0
    message.changes += 1
    message.text, message.deleted = text, gone
    row = {"conversation_id": message.conversation, "seq": message.seq, "k": message.changes}
    ctx.world.out.changes.append(row | {"kind": "deleted" if gone else "edited", "text": text, "at": event.at})
    conversation = ctx.world.conversations[message.conversation]
    origin = conversation.bindings[message.binding]
    tell.changed(ctx, conversation, origin, message.seq, Change.DELETED if gone else Change.EDITED)
    shown = deleted(text, by_customer=message.role is Role.CUSTOMER) if gone else text
    _relay_change(ctx, message, shown, first=first)
    return True


def _meant(ctx: Context, channel: ChannelName, event: MessageEdited | MessageDeleted) -> MessageRecord | None:
    """The message that is to change: by the network's id, or by ours, and then only for who wrote it by this channel."""
    if event.message is None:
        origin = next((r for r in found(ctx, channel, event.remote) if r.n == -1), None)
        return ctx.world.messages.get((origin.conversation, origin.seq)) if origin else None
    message = ctx.world.messages.get((event.message.conversation, event.message.seq))
    if message is None or message.author_id != event.author:
        return None
    leg = ctx.world.conversations[message.conversation].bindings[message.binding]
    return message if leg.channel == channel and event.endpoint in (None, leg.endpoint) else None


def _relay_change(ctx: Context, message: MessageRecord, text: str, *, first: bool) -> None:
    """To every leg that got the message; where it can't be changed there, an agent is told, once per message."""
    conversation = ctx.world.conversations[message.conversation]
    origin = conversation.bindings[message.binding]
    refused = False
    for binding in conversation.bindings.values():
        parts = _parts(ctx, message, binding)
        if not parts or ctx.directory.form(binding.channel) is not Form.PARTS:
            continue
        if ctx.directory.capabilities(binding).edit < Support.PARTIAL:
            refused = True
        else:
            _edit(ctx, conversation, origin, binding, message, parts, text)
    if refused and first and origin.side is Side.AGENT:
        tell.notice(ctx, conversation, origin.id, EDIT_STAYS, reply=message.remote, seq=message.seq)


def _parts(ctx: Context, message: MessageRecord, binding: BindingRecord) -> list[DeliveryRecord]:
    mine = [d for d in ctx.world.deliveries.values() if d.conversation == message.conversation and d.seq == message.seq]
    return [d for d in mine if d.binding == binding.id and d.kind == "message"]


def _edit(
    ctx: Context,
    conversation: ConversationRecord,
    origin: BindingRecord,
    binding: BindingRecord,
    message: MessageRecord,
    parts: list[DeliveryRecord],
    text: str,
) -> None:
    """In place where one part carried the text and still does; else told anew."""
    caps = ctx.directory.capabilities(binding)
    texts = [p for p in parts if p.attachment is None or p.text or len(parts) == 1]
    before = shown_prefix(conversation, origin, binding, message.role, message.author_name)
    limit = caps.max_caption if texts and texts[0].attachment is not None else caps.max_text
    if len(texts) == 1 and length(before + text, caps.text_unit) <= limit:
        ctx.deliver(conversation, binding, "edit", seq=message.seq, text=before + text, attachment=texts[0].attachment)
        return
    for part in fit(Content(text=edited_anew(text)), caps, before).parts:
        ctx.deliver(conversation, binding, "message", text=part.text, reply_to=message.seq)


def receipt(ctx: Context, channel: ChannelName, event: ReceiptReceived) -> bool:
    """What became of a delivery; False where the network's message isn't known (yet)."""
    ours = [(r.conversation, r.n) for r in found(ctx, channel, event.remote) if r.n >= 0]
    if not ours and event.delivery and (parsed := parse_delivery_id(event.delivery)):
        d = ctx.world.deliveries.get(parsed)
        if d is not None and _of_channel(ctx, d, channel):
            _arrived(ctx, d, event.remote)
            ours = [parsed]
    for place in ours:
        d = ctx.world.deliveries.get(place)
        if d is not None and supersedes(event.state, d.receipt):
            _record_receipt(ctx, d, event)
    return bool(ours)


def _of_channel(ctx: Context, d: DeliveryRecord, channel: ChannelName) -> bool:
    return ctx.world.conversations[d.conversation].bindings[d.binding].channel == channel


def _record_receipt(ctx: Context, d: DeliveryRecord, event: ReceiptReceived) -> None:
    words = {"state": event.state, "at": event.at, "code": event.code, "words": event.words}
    ctx.world.out.receipts.append({"conversation_id": d.conversation, "n": d.n} | words)
    d.receipt = event.state
    if event.state is ReceiptState.FAILED:
        _fail(ctx, d, State.FAILED, event.code, event.words)
    else:
        _settled(ctx, d, event.code, event.words)
        _told(ctx, d, event.state)


def _told(ctx: Context, d: DeliveryRecord, state: ReceiptState) -> None:
    """News of a customer's delivery for the agents: of a message in several parts, once all of them are so far."""
    conversation = ctx.world.conversations[d.conversation]
    leg = conversation.bindings[d.binding]
    if leg.side is not Side.CUSTOMER or d.seq is None or d.kind != "message":
        return
    others = _siblings(ctx, d)
    if any(supersedes(state, o.receipt) for o in others):
        return
    counts = [p.segments for p in (d, *others) if p.segments is not None]
    news = tell.receipt_of(conversation, leg, d.seq, state, segments=sum(counts) if counts else None)
    tell.receipt(ctx, conversation, news)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A delivery was sent, in so many segments where it is an SMS."""

    conversation: ConversationId
    n: int
    segments: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """What the author of a delivery should know of it, although it was sent."""

    conversation: ConversationId
    n: int
    words: str


def remarked(ctx: Context, remark: Remark) -> None:
    """Told to agents alone: what their network can't take is no customer's business."""
    d = ctx.world.deliveries.get((remark.conversation, remark.n))
    message = ctx.world.messages.get((d.conversation, d.seq)) if d and d.seq is not None else None
    if message is None:
        return
    conversation = ctx.world.conversations[message.conversation]
    if conversation.bindings[message.binding].side is Side.AGENT:
        words = lost((remark.words,))
        tell.notice(ctx, conversation, message.binding, words, reply=message.remote, seq=message.seq)


def arrived(ctx: Context, arrival: Arrival) -> None:
    """Agents hear that a customer's network has their message, a customer that it stands at the first agents' leg."""
    d = ctx.world.deliveries.get((arrival.conversation, arrival.n))
    message = ctx.world.messages.get((d.conversation, d.seq)) if d and d.seq is not None else None
    if d is None or message is None or d.kind != "message":
        return
    d.segments = arrival.segments
    conversation = ctx.world.conversations[d.conversation]
    if conversation.bindings[d.binding].side is Side.CUSTOMER:
        if not supersedes(ReceiptState.SENT, d.receipt) and d.receipt is not ReceiptState.SENT:
            return  # better news came first
        d.receipt = ReceiptState.SENT
        _told(ctx, d, ReceiptState.SENT)
    elif message.role is Role.CUSTOMER:
        first = not any(o.receipt for o in _at_agents(ctx, message))
        d.state, d.receipt = State.SENT, ReceiptState.SENT
        _settled(ctx, d, "", "")
        if first and not _followed(ctx, conversation):
            tell.author_learns(
                ctx, conversation, conversation.bindings[message.binding], message.seq, ReceiptState.SENT
            )


def _at_agents(ctx: Context, message: MessageRecord) -> list[DeliveryRecord]:
    """The deliveries of a message to agents' legs."""
    bindings = ctx.world.conversations[message.conversation].bindings
    mine = [d for d in ctx.world.deliveries.values() if d.conversation == message.conversation and d.seq == message.seq]
    return [d for d in mine if d.kind == "message" and bindings[d.binding].side is Side.AGENT]


def _followed(ctx: Context, conversation: ConversationRecord) -> bool:
    """Does a message stand at an agents' leg as soon as it is committed?"""
    legs = [b for b in conversation.bindings.values() if b.side is Side.AGENT]
    return any(ctx.directory.form(b.channel) is Form.LOG for b in legs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A delivery ended badly: `state` is FAILED or HELD, `code` the network's, `words` for a person."""

    conversation: ConversationId
    n: int
    state: State
    code: str
    words: str
    fence: int | None = None
    """Of the claim under which it failed; only its holder may say so."""


def failed(ctx: Context, failure: Failure) -> None:
    """Recorded, and told where it was written."""
    d = ctx.world.deliveries.get((failure.conversation, failure.n))
    if d is not None and d.state in OPEN_STATES and failure.fence in (None, d.fence):
        _fail(ctx, d, failure.state, failure.code, failure.words)


def _fail(ctx: Context, d: DeliveryRecord, state: State, code: str, words: str) -> None:
    told_before = any(o.state in (State.FAILED, State.HELD) for o in _siblings(ctx, d))
    d.state = state
    _settled(ctx, d, code, words)
    message = ctx.world.messages.get((d.conversation, d.seq)) if d.seq is not None else None
    if told_before or message is None:
        return
    conversation = ctx.world.conversations[d.conversation]
    origin, leg = conversation.bindings[message.binding], conversation.bindings[d.binding]
    failure = {"code": code, "words": words}
    if leg.side is Side.CUSTOMER:
        tell.receipt(ctx, conversation, tell.receipt_of(conversation, leg, message.seq, ReceiptState.FAILED, **failure))
    if origin.side is Side.AGENT and ctx.directory.form(origin.channel) is Form.PARTS:
        told = not_delivered(words, code) if leg.side is Side.CUSTOMER else not_on(leg.channel, words, code)
        tell.notice(ctx, conversation, origin.id, told, reply=message.remote)
    elif origin.side is Side.AGENT and leg.side is Side.AGENT:
        tell.colleague_missed(ctx, conversation, origin, leg, message.seq, **failure)
    elif leg.side is Side.AGENT:
        tell.notice(ctx, conversation, leg.id, not_shown(words, code))
        if not _followed(ctx, conversation) and all(o.state in _LOST for o in _at_agents(ctx, message)):
            tell.author_learns(ctx, conversation, origin, message.seq, ReceiptState.FAILED)


_LOST = (State.FAILED, State.HELD, State.SKIPPED)


def _settled(ctx: Context, d: DeliveryRecord, code: str, words: str) -> None:
    ids = {"conversation_": d.conversation, "n_": d.n}
    ctx.world.out.settled.append(ids | {"state": d.state, "receipt": d.receipt, "code": code, "words": words})


def _siblings(ctx: Context, d: DeliveryRecord) -> list[DeliveryRecord]:
    """The other parts of the same message at the same leg: what became of one is told for all."""
    same = (d.conversation, d.seq, d.binding)
    return [o for o in ctx.world.deliveries.values() if o.n != d.n and (o.conversation, o.seq, o.binding) == same]


def came_back(ctx: Context, channel: ChannelName, event: MessageReceived) -> bool:
    """Is it what we sent, by the delivery id that it carries? Then a send that died without an answer is settled."""
    parsed = parse_delivery_id(event.delivery) if event.delivery else None
    d = ctx.world.deliveries.get(parsed) if parsed else None
    if d is None:
        return False
    if not _of_channel(ctx, d, channel):
        return False
    _arrived(ctx, d, event.remote)
    return True


def _arrived(ctx: Context, d: DeliveryRecord, remote: str) -> None:
    """The network has it under `remote`, whatever became of the request that brought it there."""
    conversation = ctx.world.conversations[d.conversation]
    binding = conversation.bindings[d.binding]
    if d.state in OPEN_STATES:
        d.state = State.SENT
        ctx.world.out.settled.append(
            {
                "conversation_": d.conversation,
                "n_": d.n,
                "state": d.state,
                "receipt": d.receipt,
                "code": "",
                "words": "",
            }
        )
        ctx.accepted.lanes.add(binding.lane)
    if d.seq is not None:
        ctx.world.out.remotes.append(remote_row(binding, conversation, remote, d.seq, d.n))
