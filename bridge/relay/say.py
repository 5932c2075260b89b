"""A message was written: its place in the conversation, and a delivery for every part to every other leg."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from bridge.core.capabilities import Form
from bridge.core.content import Author, Content, Role, Side
from bridge.core.events import MessageReceived
from bridge.core.fitting import Fitted, fit
from bridge.core.ids import BindingId, attachment_id
from bridge.core.log import Change, FileView, MessageView
from bridge.core.notices import lost, no_way
from bridge.core.receipts import ReceiptState
from bridge.core.routing import Leg, prefix, targets
from bridge.relay import tell
from bridge.relay.context import Context
from bridge.relay.people import ensure_agents
from bridge.store.records import BindingRecord, ConversationRecord, Recent, attachment_row, full


def say(
    ctx: Context,
    conversation: ConversationRecord,
    origin: BindingRecord,
    event: MessageReceived,
    *,
    elsewhere: bool = False,
) -> None:
    """The next message of the conversation, whoever wrote it. A closed conversation is open again. `elsewhere`: it was written in
    an older place of the origin, so that the present one must show it."""
    seq = conversation.next_seq()
    reopened = conversation.state != "open"
    conversation.active_at, conversation.state = ctx.now, "open"
    by_customer = event.author.role is Role.CUSTOMER
    if by_customer:
        conversation.answer = origin.id
    ensure_agents(ctx, conversation)
    if reopened or seq == 1:
        tell.happened(ctx, conversation, Change.CREATED if seq == 1 else Change.UPDATED)
    reply_to = _quoted(ctx, conversation, origin, event)
    _write(ctx, conversation, origin, event, seq, reply_to)
    ctx.made = (conversation.id, seq)
    if ctx.directory.follows(conversation.bridge):
        tell.created(ctx, conversation, _view(conversation, origin, event, seq, reply_to))
    named = [b for b in conversation.bindings.values() if ctx.directory.names(b, conversation.bridge)]
    legs = [Leg(id=b.id, channel=b.channel, side=b.side) for b in named]
    answer = conversation.answer
    if answer is not None and all(b.id != answer for b in named):
        if not by_customer and answer != origin.id:
            words = no_way(conversation.bindings[answer].label)
            tell.notice(ctx, conversation, origin.id, words, reply=event.remote, seq=seq, state=ReceiptState.FAILED)
        answer = None
    sentences: dict[str, None] = {}
    came_from = None if elsewhere else origin.id
    reached = [conversation.bindings[t] for t in targets(came_from, legs, answer, by_customer=by_customer)]
    for target in reached:
        sentences |= dict.fromkeys(_put(ctx, conversation, origin, target, event, seq, reply_to))
    _stands(ctx, conversation, origin, [b for b in reached if ctx.directory.form(b.channel) is Form.LOG], seq)
    if sentences and origin.side is Side.AGENT:
        tell.notice(ctx, conversation, origin.id, lost(tuple(sentences)), reply=event.remote, seq=seq)
    ctx.accepted.messages.append((conversation.id, seq))


def _put(
    ctx: Context,
    conversation: ConversationRecord,
    origin: BindingRecord,
    target: BindingRecord,
    event: MessageReceived,
    seq: int,
    reply_to: int | None,
) -> tuple[str, ...]:
    """The message in the form that the leg takes; a sentence for each file that it can't carry."""
    match ctx.directory.form(target.channel):
        case Form.PARTS:
            fitted = _fitted(ctx, conversation, origin, target, event, seq)
            _deliver(ctx, conversation, target, fitted, event, seq, reply_to)
            return fitted.lost
        case Form.RECORDS:
            ctx.deliver(conversation, target, "message", seq=seq)
        case Form.LOG:
            pass  # whoever is there follows the log
    return ()


def _stands(
    ctx: Context, conversation: ConversationRecord, origin: BindingRecord, logs: list[BindingRecord], seq: int
) -> None:
    """Where the log is followed, a message stands as soon as it is committed: its author's side is told."""
    customers = [leg for leg in logs if leg.side is Side.CUSTOMER]
    for leg in customers:
        tell.receipt(ctx, conversation, tell.receipt_of(conversation, leg, seq, ReceiptState.SENT))
    if origin.side is Side.CUSTOMER and len(logs) > len(customers):
        tell.author_learns(ctx, conversation, origin, seq, ReceiptState.SENT)


def _view(
    conversation: ConversationRecord, origin: BindingRecord, event: MessageReceived, seq: int, reply_to: int | None
) -> MessageView:
    files = tuple(
        FileView(
            id=attachment_id(conversation.id, seq, i), content_type=a.content_type, filename=a.filename, size=a.size
        )
        for i, a in enumerate(event.content.attachments)
    )
    author = Author(
        id=event.author.id,
        role=event.author.role,
        name=shown_name(conversation, origin, event.author.role, event.author.name),
    )
    return MessageView(
        conversation=conversation.id,
        seq=seq,
        channel=origin.channel,
        remote=event.remote,
        author=author,
        text=event.content.words,
        files=files,
        reply_to=reply_to,
        at=event.at,
    )


def shown_name(conversation: ConversationRecord, origin: BindingRecord, role: Role, name: str) -> str:
    return name or ((conversation.name or origin.label) if role is Role.CUSTOMER else role.capitalize())


def shown_prefix(
    conversation: ConversationRecord, origin: BindingRecord, target: BindingRecord, role: Role, name: str
) -> str:
    """What stands before a text of `origin` in `target`."""
    name = shown_name(conversation, origin, role, name)
    several = conversation.several_addresses()
    return prefix(role, name, origin.network, origin.channel, several=several, to=target.side)


def _fitted(
    ctx: Context,
    conversation: ConversationRecord,
    origin: BindingRecord,
    target: BindingRecord,
    event: MessageReceived,
    seq: int,
) -> Fitted:
    caps, link = ctx.directory.capabilities(target), ctx.directory.link
    before = shown_prefix(conversation, origin, target, event.author.role, event.author.name)

    def linking(position: int) -> str:
        assert link is not None  # noqa: S101 - asked for only where it is
        return link(attachment_id(conversation.id, seq, position))

    fitted = fit(event.content, caps, before, linking if link else None)
    if not fitted.lost or target.side is Side.CUSTOMER:
        return fitted
    # A customer isn't told what the agents' network can't take: the agents read it where the file would have stood.
    content = replace(event.content, sentences=event.content.sentences + fitted.lost)
    return fit(content, caps, before, linking if link else None)


def _deliver(
    ctx: Context,
    conversation: ConversationRecord,
    target: BindingRecord,
    fitted: Fitted,
    event: MessageReceived,
    seq: int,
    reply_to: int | None,
) -> None:
    words = event.content.words
    for i, part in enumerate(fitted.parts):
        text = None if part.text == words else part.text
        reply = reply_to if i == 0 else None
        ctx.deliver(conversation, target, "message", seq=seq, text=text, attachment=part.attachment, reply_to=reply)


def fingerprint(content: Content) -> str:
    """The same for the same message by whichever road: one may say more of it than the other, but not of its text."""
    return hashlib.sha256(f"{len(content.attachments)}:{content.text}".encode()).hexdigest()[:32]


def _quoted(
    ctx: Context, conversation: ConversationRecord, origin: BindingRecord, event: MessageReceived
) -> int | None:
    if event.quotes is not None:
        known = event.quotes.conversation == conversation.id and 0 < event.quotes.seq <= conversation.last_seq
        return event.quotes.seq if known else None
    if event.reply_to is None:
        return None
    for r in ctx.world.remotes.get(full(origin.channel, event.reply_to), ()):
        if r.conversation == conversation.id:
            return r.seq
    return None


def _write(
    ctx: Context,
    conversation: ConversationRecord,
    origin: BindingRecord,
    event: MessageReceived,
    seq: int,
    reply_to: int | None,
) -> None:
    out, author = ctx.world.out, event.author
    out.messages.append(
        {
            "conversation_id": conversation.id,
            "seq": seq,
            "binding": origin.id,
            "remote": event.remote,
            "author_id": author.id,
            "author_name": author.name,
            "role": author.role,
            "text": event.content.words,
            "reply_to": reply_to,
            "at": event.at,
            "accepted_at": ctx.now,
            "road": event.road,
            "twin": False,
            "fingerprint": fingerprint(event.content) if event.road else "",
        }
    )
    if event.road:
        ctx.world.recent.append(
            Recent(
                conversation=conversation.id,
                seq=seq,
                binding=origin.id,
                road=event.road,
                fingerprint=fingerprint(event.content),
                accepted_at=ctx.now,
            )
        )
    for i, a in enumerate(event.content.attachments):
        out.attachments.append(attachment_row(conversation.id, seq, i, origin.channel, a))
    out.remotes.append(remote_row(origin, conversation, event.remote, seq, -1))
    person = {"binding": origin.id, "id": author.id, "role": author.role, "name": author.name, "first_at": ctx.now}
    out.participants.append(person)


def remote_row(
    binding: BindingRecord, conversation: ConversationRecord, remote: str, seq: int, n: int
) -> dict[str, object]:
    return {
        "id": full(binding.channel, remote),
        "conversation_id": conversation.id,
        "n": n,
        "seq": seq,
        "binding": BindingId(binding.id),
        "remote": remote,
    }
