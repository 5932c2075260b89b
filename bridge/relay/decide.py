"""One event -> what follows from it. Pure: a `World` that was loaded is changed, nothing else is touched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

from bridge.channel.inbound import Fate, Outcome
from bridge.core.content import Role, Side
from bridge.core.events import (
    AuthorTold,
    BindingChanged,
    BindingSeen,
    Event,
    First,
    IndexTaken,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    NotUnderstood,
    ReceiptReceived,
    Within,
)
from bridge.core.ids import ChannelName
from bridge.core.log import Change
from bridge.core.ordering import GAP_DELAY_S, TWIN_S, Place, place
from bridge.relay import changes, tell
from bridge.relay.contacts import Merge, merge, split
from bridge.relay.context import Accepted, Context
from bridge.relay.directory import Directory
from bridge.relay.jobs import Job, bounds
from bridge.relay.people import addressed, join, seen
from bridge.relay.say import fingerprint, say
from bridge.store.records import BindingRecord, ConversationRecord, KeyRecord, Pending, full
from bridge.store.world import World

UNKNOWN_DELAY_S = 1.0
"""So long an edit or a receipt waits for the message it speaks of, doubled each time."""
UNKNOWN_TRIES = 8


def decide(
    jobs: list[Job], world: World, directory: Directory, now: float, new_id: Callable[[], str]
) -> list[Accepted]:
    """One `Accepted` per job, in their order."""
    ctx = Context(world, directory, now, new_id)
    results = []
    for job in jobs:
        ctx.accepted = Accepted()
        _decide_job(ctx, job)
        results.append(ctx.accepted)
    return results


def _decide_job(ctx: Context, job: Job) -> None:
    for event in job.events:
        ctx.accepted.outcomes.append(_outcome_of(ctx, job.channel, event))
    for pending in job.due:
        if (known := ctx.world.inbox.get(pending.id)) and known.state == "pending":
            _decide(
                ctx, pending.channel, pending.event, replace(pending)
            )  # a job may be decided again after a rollback
    for id, below in bounds(job.skip):
        if key := ctx.world.keys.get(id):
            _skip_gap(ctx, key, below)
    for id in job.absent:
        ctx.accepted.news.append(f"{id} doesn't exist at the network: what came of it is kept and not relayed")
        for pending in list(ctx.world.waiting.get(id, ())):
            ctx.finish(pending, "unrouted")
    _ours(ctx, job)


def _ours(ctx: Context, job: Job) -> None:
    """What comes from inside."""
    for failure in job.failures:
        changes.failed(ctx, failure)
    for arrival in job.arrivals:
        changes.arrived(ctx, arrival)
    for remark in job.remarks:
        changes.remarked(ctx, remark)
    for wish in job.wishes:
        ctx.accepted.contact = merge(ctx, wish) if isinstance(wish, Merge) else split(ctx, wish)


_FATES = {"done": Fate.DONE, "pending": Fate.WAITING}


def _outcome_of(ctx: Context, channel: ChannelName, event: Event) -> Outcome:
    """Decides the event, where it isn't known, and says what became of it."""
    id = full(channel, event.key)
    ctx.made, ctx.absent = None, ""
    known = id in ctx.world.inbox
    if known:
        ctx.accepted.duplicates += 1
        _passed(ctx, channel, event)
    else:
        _decide(ctx, channel, event, None)
    stored = ctx.world.inbox.get(id)
    if stored is None:
        return Outcome(fate=Fate.ABSENT, words=ctx.absent)
    fate = _FATES.get(stored.state, Fate.KEPT)
    return Outcome(
        fate=Fate.REPEATED if known and fate is Fate.DONE else fate,
        conversation=stored.conversation,
        seq=stored.seq,
        digest=stored.digest,
    )


def _passed(ctx: Context, channel: ChannelName, event: Event) -> None:
    """An event that came before, by a way on which it had no place in the order, has one now: what follows it may go."""
    key = ctx.world.keys.get(full(channel, event.binding)) if isinstance(event, MessageReceived | IndexTaken) else None
    if key is None or ctx.world.inbox[full(channel, event.key)].state == "pending":
        return
    if getattr(event, "index", None) == key.next_index:
        key.next_index, key.changed = key.next_index + 1, True
        _release(ctx, key)


def _decide(ctx: Context, channel: ChannelName, event: Event, waiting: Pending | None) -> None:
    match event:
        case MessageReceived() | IndexTaken():
            _in_order(ctx, channel, event, waiting)
        case BindingSeen():
            key = seen(ctx, channel, event)
            _done(ctx, channel, event, waiting)
            _release(ctx, key)
        case BindingChanged():
            _state(ctx, channel, event)
            _done(ctx, channel, event, waiting)
        case MessageEdited() | MessageDeleted():
            known = changes.change(ctx, channel, event)
            if known or event.message is None:
                _settle(ctx, channel, event, waiting, known=known)
            else:
                ctx.absent = "there is no such message of this author"
        case ReceiptReceived():
            _settle(ctx, channel, event, waiting, known=changes.receipt(ctx, channel, event))
        case AuthorTold():
            _told(ctx, channel, event)
            _done(ctx, channel, event, waiting)
        case NotUnderstood():
            ctx.remember(channel, event, "unknown", keep=True)
            ctx.accepted.news.append(f"{channel}: not understood and kept: {event.what}")
        case _:
            assert_never(event)


def _done(ctx: Context, channel: ChannelName, event: Event, waiting: Pending | None, state: str = "done") -> None:
    if waiting is not None:
        ctx.finish(waiting, state)
    else:
        ctx.remember(channel, event, state, keep=state != "done")


def _wait(
    ctx: Context, channel: ChannelName, event: Event, waiting: Pending | None, waits_for: str, on: str, delay_s: float
) -> None:
    if waiting is not None:
        ctx.postpone(waiting, waits_for, on, delay_s)
    else:
        ctx.wait(channel, event, waits_for, on, delay_s)


# ---- messages, by their place


def _in_order(ctx: Context, channel: ChannelName, event: MessageReceived | IndexTaken, waiting: Pending | None) -> None:
    if isinstance(event, MessageReceived) and event.to is not None:
        _to(ctx, channel, event, event.to)
        return
    key = ctx.key(channel, event)
    if key is None and channel in ctx.directory.describes:
        _wait(ctx, channel, event, waiting, "describe", full(channel, event.binding), 0.0)
    elif key is None or not (key.binding or join(ctx, key)):
        _unrouted(ctx, channel, event, waiting)
    elif event.index is None:
        _take(ctx, channel, event, waiting, key)
    else:
        _place(ctx, channel, event, waiting, key, event.index)


def _to(ctx: Context, channel: ChannelName, event: MessageReceived, to: Within | First) -> None:
    """An agent wrote in a conversation that is named by our id, or to somebody first; where that isn't, nothing is stored."""
    found = addressed(ctx, channel, to)
    if found is None:
        ctx.absent = "there is no such conversation" if isinstance(to, Within) else _nobody(to)
        return
    say(ctx, *found, event)
    _done(ctx, channel, event, None)


def _nobody(to: First) -> str:
    return f"{to.to} can’t be written to from {to.sender}: it must be an address that this one of the bridge’s reaches"


def _place(
    ctx: Context,
    channel: ChannelName,
    event: MessageReceived | IndexTaken,
    waiting: Pending | None,
    key: KeyRecord,
    i: int,
) -> None:
    match place(i, key.next_index):
        case Place.NEXT:
            key.next_index, key.changed = i + 1, True
            _take(ctx, channel, event, waiting, key)
            _release(ctx, key)
        case Place.EARLY:
            _wait(ctx, channel, event, waiting, "gap", key.id, GAP_DELAY_S)
            key.held, key.changed = _held(ctx, key), True
        case Place.LATE:
            _take(ctx, channel, event, waiting, key)


def _take(
    ctx: Context, channel: ChannelName, event: MessageReceived | IndexTaken, waiting: Pending | None, key: KeyRecord
) -> None:
    """The event's turn has come."""
    conversation = ctx.conversation_of(key)
    if conversation is None or key.binding is None or not isinstance(event, MessageReceived):
        pass
    elif not changes.came_back(ctx, channel, event) and not _twin(ctx, conversation, key, event):
        binding = conversation.bindings[key.binding]
        if event.author.role is Role.CUSTOMER and binding.key != key.key and key.state == "open":
            binding.key = None
            _reopened(conversation, binding, key)  # the answer takes the road of the last message
        elsewhere = binding.side is Side.AGENT and key.key != binding.key and key.state == "open"
        say(ctx, conversation, binding, event, elsewhere=elsewhere)
    _done(ctx, channel, event, waiting)


def _twin(ctx: Context, conversation: ConversationRecord, key: KeyRecord, event: MessageReceived) -> bool:
    """Did the same message come by another road a moment ago? One to one: two equal texts by one road are two messages."""
    if not event.road or key.binding is None:
        return False
    binding = conversation.bindings[key.binding]
    if event.road not in binding.roads.split():
        binding.roads, binding.changed = f"{binding.roads} {event.road}".strip(), True
    said = fingerprint(event.content)
    for m in ctx.world.recent:
        same = m.binding == binding.id and m.road != event.road and m.fingerprint == said and not m.twin
        if same and ctx.now - m.accepted_at <= TWIN_S:
            m.twin = True
            ctx.world.out.twins.append({"conversation_": m.conversation, "seq_": m.seq, "twin": True})
            ctx.made = (m.conversation, m.seq)
            return True
    return False


def _held(ctx: Context, key: KeyRecord) -> int:
    return len(ctx.world.waiting.get(key.id, ()))


def _release(ctx: Context, key: KeyRecord) -> None:
    """What waited for this binding and may go now, in its order: all that waited to learn whose it is, then index by index."""
    if ctx.releasing:
        return  # the loop below is at it already
    ctx.releasing = True
    while (pending := _next_waiting(ctx, key)) is not None:
        _decide(ctx, pending.channel, pending.event, pending)
    ctx.releasing = False
    if key.held != _held(ctx, key):
        key.held, key.changed = _held(ctx, key), True


def _next_waiting(ctx: Context, key: KeyRecord) -> Pending | None:
    for pending in sorted(ctx.world.waiting.get(key.id, ()), key=lambda p: getattr(p.event, "index", None) or 0):
        index = getattr(pending.event, "index", None)
        if pending.waits_for == "describe" or (index is not None and index <= key.next_index):
            return pending
    return None


def _skip_gap(ctx: Context, key: KeyRecord, below: float) -> None:
    """The network has no message at the missing indexes up to `below`: go on with those that are held there."""
    _release(ctx, key)
    while (held := _first_held(ctx, key)) is not None and held <= below:
        ctx.accepted.news.append(f"{key.channel}: {key.key} has no message {key.next_index} to {held - 1}: gone on")
        key.next_index, key.changed = held, True
        _release(ctx, key)


def _first_held(ctx: Context, key: KeyRecord) -> int | None:
    held = [
        p.event.index for p in ctx.world.waiting.get(key.id, ()) if isinstance(p.event, MessageReceived | IndexTaken)
    ]
    return min((i for i in held if i is not None), default=None)


def _unrouted(ctx: Context, channel: ChannelName, event: Event, waiting: Pending | None) -> None:
    _done(ctx, channel, event, waiting, "unrouted")


# ---- the rest


def _state(ctx: Context, channel: ChannelName, event: BindingChanged) -> None:
    """The network closed, removed or reopened a binding; what isn't the conversation's present one closes nothing."""
    key = ctx.key(channel, event)
    if key is None:
        return
    key.state, key.changed = event.state, True
    conversation = ctx.conversation_of(key)
    if conversation is None or key.binding is None:
        return
    binding = conversation.bindings[key.binding]
    if event.state == "open":
        _reopened(conversation, binding, key)
        return
    if binding.key != key.key:
        return
    binding.key, binding.changed = None, True
    if conversation.answer == binding.id and conversation.state != "closed":
        conversation.state, conversation.changed = "closed", True
        tell.happened(ctx, conversation, Change.CLOSED)


def _reopened(conversation: ConversationRecord, binding: BindingRecord, key: KeyRecord) -> None:
    """It is the way to the customer again, where there is no newer one."""
    if binding.key is None:
        binding.key, binding.changed = key.key, True
        binding.meta = key.seen.meta if key.seen else binding.meta
        if conversation.answer == binding.id:
            conversation.state, conversation.changed = "open", True


def _settle(ctx: Context, channel: ChannelName, event: Event, waiting: Pending | None, *, known: bool) -> None:
    """News of a message that isn't known yet waits for it, and is kept where it never comes."""
    if known:
        _done(ctx, channel, event, waiting)
        return
    tries = waiting.tries + 1 if waiting else 0
    if waiting is not None:
        waiting.tries = tries
    if tries >= UNKNOWN_TRIES:
        _unrouted(ctx, channel, event, waiting)
        return
    remote = getattr(event, "remote", "")
    _wait(ctx, channel, event, waiting, "message", full(channel, remote), UNKNOWN_DELAY_S * 2**tries)


def _told(ctx: Context, channel: ChannelName, event: AuthorTold) -> None:
    key = ctx.key(channel, event)
    conversation = ctx.conversation_of(key) if key else None
    if key and key.binding and conversation:
        tell.notice(ctx, conversation, key.binding, event.words, reply=event.remote)
