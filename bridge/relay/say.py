"""A message was written: its place in the conversation, and a delivery for every part to every other leg."""

from __future__ import annotations

from bridge.core.content import Content, Role, Side
from bridge.core.events import MessageReceived
from bridge.core.fitting import Fitted, fit
from bridge.core.ids import BindingId
from bridge.core.notices import lost, no_way
from bridge.core.routing import Leg, prefix, targets
from bridge.relay.context import Context
from bridge.relay.people import ensure_agents
from bridge.store.records import BindingRecord, ConversationRecord, attachment_row, full


def say(ctx: Context, conversation: ConversationRecord, origin: BindingRecord, event: MessageReceived) -> None:
    """The next message of the conversation, whoever wrote it. A closed conversation is open again."""
    seq = conversation.next_seq()
    conversation.active_at, conversation.state = ctx.now, "open"
    by_customer = event.author.role is Role.CUSTOMER
    if by_customer:
        conversation.answer = origin.id
    ensure_agents(ctx, conversation)
    reply_to = _quoted(ctx, conversation, origin, event)
    _write(ctx, conversation, origin, event, seq, reply_to)
    named = [b for b in conversation.bindings.values() if ctx.directory.names(b, conversation.bridge)]
    legs = [Leg(id=b.id, channel=b.channel, side=b.side) for b in named]
    answer = conversation.answer
    if answer is not None and all(b.id != answer for b in named):
        if not by_customer and answer != origin.id:
            ctx.notice(conversation, origin.id, no_way(conversation.bindings[answer].label), event.remote)
        answer = None
    sentences: dict[str, None] = {}
    for target in targets(origin.id, legs, answer, by_customer=by_customer):
        binding = conversation.bindings[target]
        fitted = _fitted(ctx, conversation, origin, binding, event)
        sentences |= dict.fromkeys(fitted.lost)
        _deliver(ctx, conversation, binding, fitted, event, seq, reply_to)
    if sentences and origin.side is Side.AGENT:
        ctx.notice(conversation, origin.id, lost(tuple(sentences)), event.remote)
    ctx.accepted.messages.append((conversation.id, seq))


def shown_prefix(
    conversation: ConversationRecord, origin: BindingRecord, target: BindingRecord, role: Role, name: str
) -> str:
    """What stands before a text of `origin` in `target`."""
    name = name or ((conversation.name or origin.label) if role is Role.CUSTOMER else role.capitalize())
    several = conversation.several_addresses()
    return prefix(role, name, origin.network, origin.channel, several=several, to=target.side)


def _fitted(
    ctx: Context, conversation: ConversationRecord, origin: BindingRecord, target: BindingRecord, event: MessageReceived
) -> Fitted:
    caps = ctx.directory.capabilities(target)
    before = shown_prefix(conversation, origin, target, event.author.role, event.author.name)
    fitted = fit(event.content, caps, before)
    if not fitted.lost or target.side is Side.CUSTOMER:
        return fitted
    # A customer isn't told what the agents' network can't take: the agents read it where the file would have stood.
    kept = tuple(a for i, a in enumerate(event.content.attachments) if any(p.attachment == i for p in fitted.parts))
    sentences = event.content.sentences + fitted.lost
    refit = fit(Content(text=event.content.text, attachments=kept, sentences=sentences), caps, before)
    places = [i for i, a in enumerate(event.content.attachments) if a in kept]
    parts = tuple(
        type(p)(text=p.text, attachment=None if p.attachment is None else places[p.attachment]) for p in refit.parts
    )
    return Fitted(parts=parts, lost=fitted.lost)


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


def _quoted(
    ctx: Context, conversation: ConversationRecord, origin: BindingRecord, event: MessageReceived
) -> int | None:
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
        }
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
