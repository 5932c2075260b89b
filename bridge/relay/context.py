"""What the decisions of one group share, and the rows that they write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from bridge.channel.inbound import Outcome
from bridge.core.events import Event
from bridge.core.ids import BridgeName, ChannelName, ContactId, ConversationId
from bridge.core.log import Change, ConversationNews, ConversationView, LogLeg, MessageNews, ReceiptNews
from bridge.core.retry import State
from bridge.relay.directory import Directory
from bridge.store.records import BindingRecord, ConversationRecord, InboxRecord, KeyRecord, Lane, Pending, full
from bridge.store.rows import EVENT
from bridge.store.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """Message `seq` was edited or deleted: whoever follows reads it anew."""

    change: Change
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What those who follow the log of a conversation are to hear: the `agents` of its bridge, and the `customers` named."""

    bridge: BridgeName
    conversation: ConversationView
    what: MessageNews | Changed | ConversationNews | ReceiptNews
    agents: bool
    customers: tuple[tuple[ChannelName, LogLeg], ...]
    only: tuple[ChannelName, LogLeg] | None = None
    """Of the agents' legs, this one alone."""


@dataclass(slots=True)
class Accepted:
    """What came of one job: the lanes that got work, the events that wait, what the admin should read, and what followers hear.
    `outcomes` are those of its events, in their order."""

    lanes: set[Lane] = field(default_factory=set)
    pending: list[Pending] = field(default_factory=list)
    news: list[str] = field(default_factory=list)
    messages: list[tuple[str, int]] = field(default_factory=list)
    """(conversation, seq) of the messages that were made."""
    duplicates: int = 0
    outcomes: list[Outcome] = field(default_factory=list)
    contact: ContactId | None = None
    """Who goes on after a merge, or came out of a split."""
    heard: list[Heard] = field(default_factory=list)


@dataclass(slots=True)
class Context:
    """One group of events being decided. `new_id` draws a random id; `now` is epoch seconds."""

    world: World
    directory: Directory
    now: float
    new_id: Callable[[], str]
    accepted: Accepted = field(default_factory=Accepted)
    fresh: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Inbox rows of this group by id: an event may be held and released within it."""
    releasing: bool = False
    made: tuple[ConversationId, int] | None = None
    """The message that the event at hand made or changed."""
    absent: str = ""
    """Why nothing can come of the event at hand, which leaves no trace then."""

    # ---- the inbox

    def remember(self, channel: ChannelName, event: Event, state: str = "done", *, keep: bool = False) -> None:
        """The event is stored; its payload only where `keep` says that somebody may ask for it."""
        row = _inbox_row(channel, event, self.now, state, EVENT.dump_json(event).decode() if keep else None)
        if self.made is not None:
            row["conversation_id"], row["seq"] = self.made
        self.world.inbox[row["id"]] = _record(row)
        self.world.out.inbox.append(row)
        self.fresh[row["id"]] = row

    def wait(self, channel: ChannelName, event: Event, waits_for: str, waits_on: str, delay_s: float) -> None:
        """The event can't be decided yet: stored whole, and due again."""
        pending = Pending(
            id=full(channel, event.key),
            event=event,
            channel=channel,
            waits_for=waits_for,
            waits_on=waits_on,
            due=self.now + delay_s,
        )
        row = _inbox_row(channel, event, self.now, "pending", EVENT.dump_json(event).decode())
        row |= {
            "waits_for": waits_for,
            "waits_on": waits_on,
            "due": pending.due,
            "index": getattr(event, "index", None),
        }
        self.world.inbox[pending.id] = _record(row)
        self.world.out.inbox.append(row)
        self.fresh[pending.id] = row
        self.world.waiting.setdefault(waits_on, []).append(pending)
        self.accepted.pending.append(pending)

    def finish(self, pending: Pending, state: str = "done") -> None:
        """A waiting event was decided; kept whole where nothing came of it."""
        kept = None if state == "done" else EVENT.dump_json(pending.event).decode()
        change = {
            "state": state,
            "waits_for": None,
            "waits_on": None,
            "due": None,
            "tries": pending.tries,
            "event": kept,
            "conversation_id": self.made[0] if self.made else None,
            "seq": self.made[1] if self.made else None,
        }
        self._update(pending, change)
        self._no_longer(pending)

    def _no_longer(self, pending: Pending) -> None:
        if waiting := self.world.waiting.get(pending.waits_on):
            waiting[:] = [w for w in waiting if w.id != pending.id]

    def postpone(self, pending: Pending, waits_for: str, waits_on: str, delay_s: float) -> None:
        """A waiting event goes on waiting, perhaps for something else."""
        self._no_longer(pending)
        pending.waits_for, pending.waits_on, pending.due = waits_for, waits_on, self.now + delay_s
        change = {
            "state": "pending",
            "waits_for": waits_for,
            "waits_on": waits_on,
            "due": pending.due,
            "tries": pending.tries,
            "conversation_id": None,
            "seq": None,
        }
        self._update(pending, change | {"event": EVENT.dump_json(pending.event).decode()})
        self.world.waiting.setdefault(waits_on, []).append(pending)
        self.accepted.pending.append(pending)

    def _update(self, pending: Pending, change: dict[str, Any]) -> None:
        before = self.world.inbox.get(pending.id, InboxRecord("pending"))
        made = {"conversation": change["conversation_id"], "seq": change["seq"]}
        self.world.inbox[pending.id] = replace(before, state=change["state"], **made)
        if (row := self.fresh.get(pending.id)) is not None:
            row |= change
        else:
            self.world.out.inbox_updates.append(change | {"id_": pending.id})

    # ---- what was found

    def key(self, channel: ChannelName, event: Any) -> KeyRecord | None:
        return self.world.keys.get(full(channel, event.binding))

    def conversation_of(self, key: KeyRecord) -> ConversationRecord | None:
        return self.world.conversations.get(key.conversation) if key.conversation else None

    # ---- the outbox

    def deliver(self, conversation: ConversationRecord, binding: BindingRecord, kind: str, **columns: Any) -> None:
        """One more delivery at the end of the binding's lane."""
        row = _DELIVERY | columns
        row |= {"conversation_id": conversation.id, "n": conversation.next_n(), "binding": binding.id, "kind": kind}
        row |= {"due": self.now, "created_at": self.now}
        self.world.out.deliveries.append(row)
        self.accepted.lanes.add(binding.lane)


_DELIVERY: dict[str, Any] = {
    "seq": None,
    "text": None,
    "attachment": None,
    "reply_to": None,
    "reply_remote": None,
    "state": State.READY,
    "attempt": 0,
    "fence": 0,
    "owner": "",
    "lease_until": 0.0,
    "claimed_at": 0.0,
    "first_tried": 0.0,
    "possibly_twice": False,
    "receipt": None,
    "code": "",
    "words": "",
    "segments": None,
}


def _record(row: dict[str, Any]) -> InboxRecord:
    return InboxRecord(row["state"], row["conversation_id"], row["seq"], row["digest"])


def _inbox_row(channel: ChannelName, event: Event, now: float, state: str, payload: str | None) -> dict[str, Any]:
    return {
        "id": full(channel, event.key),
        "channel": channel,
        "state": state,
        "at": now,
        "waits_for": None,
        "waits_on": None,
        "index": None,
        "due": None,
        "tries": 0,
        "event": payload,
        "conversation_id": None,
        "seq": None,
        "digest": getattr(event, "digest", ""),
    }
