"""What the decisions of one group share, and the rows that they write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bridge.core.events import Event
from bridge.core.ids import BindingId, ChannelName, RemoteId
from bridge.core.retry import State
from bridge.relay.directory import Directory
from bridge.store.records import BindingRecord, ConversationRecord, KeyRecord, Lane, Pending, full
from bridge.store.rows import EVENT
from bridge.store.world import World


@dataclass(slots=True)
class Accepted:
    """What came of one job: the lanes that got work, the events that wait, and what the admin should read."""

    lanes: set[Lane] = field(default_factory=set)
    pending: list[Pending] = field(default_factory=list)
    news: list[str] = field(default_factory=list)
    messages: list[tuple[str, int]] = field(default_factory=list)
    """(conversation, seq) of the messages that were made."""
    duplicates: int = 0


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

    # ---- the inbox

    def remember(self, channel: ChannelName, event: Event, state: str = "done", *, keep: bool = False) -> None:
        """The event is stored; its payload only where `keep` says that somebody may ask for it."""
        row = _inbox_row(channel, event, self.now, state, EVENT.dump_json(event).decode() if keep else None)
        self.world.inbox[row["id"]] = state
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
        self.world.inbox[pending.id] = "pending"
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
        }
        self._update(pending, change | {"event": EVENT.dump_json(pending.event).decode()})
        self.world.waiting.setdefault(waits_on, []).append(pending)
        self.accepted.pending.append(pending)

    def _update(self, pending: Pending, change: dict[str, Any]) -> None:
        self.world.inbox[pending.id] = change["state"]
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

    def notice(
        self, conversation: ConversationRecord, binding: BindingId, text: str, reply: RemoteId | None = None
    ) -> None:
        """A sentence of the bridge itself, to where something was written."""
        self.deliver(conversation, conversation.bindings[binding], "notice", text=text, reply_remote=reply)


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
}


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
    }
