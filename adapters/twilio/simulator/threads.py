"""What can happen to conversations, whoever causes it: REST, a customer's phone, a timer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import events
from .carrier import Carrier
from .durations import seconds
from .errors import TwilioError, closed, invalid
from .faults import Faults
from .hooks import Hooks
from .options import PARTICIPANT_ROLE_SID, Options
from .records import Accepted, Conversation, Json, Message, Participant, new_sid
from .state import State

Settled = Callable[[bool, str], None]


@dataclass(frozen=True)
class Origin:
    """Who acts. `source` is the webhook parameter, `notify`: do webhooks fire at all, `reason`: why a state changes."""

    source: str = "API"
    notify: bool = False
    reason: str = "API"


TIMER = Origin("API", True, "TIMER")


class Threads:
    """Every method changes records and queues webhooks; the caller commits before it answers anybody."""

    def __init__(self, state: State, options: Options, faults: Faults, hooks: Hooks, carrier: Carrier) -> None:
        self._state = state
        self._options = options
        self._faults = faults
        self._hooks = hooks
        self._carrier = carrier

    # -- conversations ---

    def create(
        self, service_sid: str, values: Json, origin: Origin, binding: Participant | None = None
    ) -> Conversation:
        """A new conversation. `binding` is the customer whose message made it."""
        unique_name = values.pop("unique_name", None)
        thread = Conversation(sid=new_sid("CH"), parent=service_sid, **values)
        thread.messaging_service_sid = thread.messaging_service_sid or self._state.default_messaging_service
        defaults = self._state.configuration("configuration")
        if thread.inactive_after is None:
            thread.inactive_after = seconds(defaults.get("default_inactive_timer") or "")
        if thread.closed_after is None:
            thread.closed_after = seconds(defaults.get("default_closed_timer") or "")
        self._state.save(thread)
        self._state.rename(thread, unique_name)
        self._wind(thread)
        self._emit(
            origin, events.conversation_event("onConversationAdded", *self._who(origin), thread, binding=binding)
        )
        return thread

    def update(self, thread: Conversation, values: Json, origin: Origin) -> None:
        """Changes fields; a changed `state` among them is told as onConversationStateUpdated."""
        state = values.pop("state", None)
        if "unique_name" in values:
            self._state.rename(thread, values.pop("unique_name"))
        rewind = "inactive_after" in values or "closed_after" in values
        for name, value in values.items():
            setattr(thread, name, value)
        if rewind:
            self._wind(thread)
        self._touch(thread, values)
        self._emit(origin, events.conversation_event("onConversationUpdated", *self._who(origin), thread))
        if state is not None and state != thread.state:
            self.turn(thread, state, origin)

    def turn(self, thread: Conversation, state: str, origin: Origin) -> None:
        """Another state. `closed` frees the number pairs, `inactive` keeps them (docs: inbound-autocreation)."""
        before, thread.state = thread.state, state
        if state == "closed":
            for member in self._state.participants.of(thread.sid):
                self._state.release(member)
        self._wind(thread)
        self._state.touch(thread)
        self._emit(origin, events.state_event(self._state.account_sid, origin.source, thread, before, origin.reason))

    def remove(self, thread: Conversation, origin: Origin) -> None:
        """Deletes the conversation with all that is in it."""
        event = events.conversation_event(
            "onConversationRemoved", *self._who(origin), thread, removed=self._state.now()
        )
        self._emit(origin, event)
        for member in self._state.participants.of(thread.sid):
            self._state.release(member)
            self._state.drop(member)
        for message in self._state.messages.of(thread.sid):
            self._forget(message)
        for scoped in self._state.scoped.of(thread.sid):
            self._state.drop(scoped)
        self._state.rename(thread, None)
        self._state.drop(thread)

    def run_timers(self) -> None:
        """Ends what has run out by now."""
        now = self._state.now()
        for thread in self._state.conversations.all():
            if thread.closed_at is not None and thread.closed_at <= now and thread.state != "closed":
                self.turn(thread, "closed", TIMER)
            elif thread.inactive_at is not None and thread.inactive_at <= now and thread.state == "active":
                self.turn(thread, "inactive", TIMER)
        self._state.commit()

    # -- participants ---

    def join(self, thread: Conversation, member: Participant, origin: Origin) -> None:
        """Adds a participant; raises 50416 when its number pair, 50433 when its identity is taken."""
        if thread.state == "closed":
            raise closed()
        self.check_free(thread, member)
        member.role_sid = member.role_sid or PARTICIPANT_ROLE_SID
        self._state.save(member)
        self._state.hold(member)
        self._emit(origin, events.participant_event("onParticipantAdded", *self._who(origin), thread, member))

    def check_free(self, thread: Conversation, member: Participant) -> None:
        """Raises where another participant stands in the way."""
        self.check_pair(member)
        others = [one for one in self._state.participants.of(thread.sid) if one is not member]
        if member.identity and any(one.identity == member.identity for one in others):
            raise TwilioError(409, 50433, "Participant already exists")
        if len(others) >= 1000:
            raise invalid(50417, "Participants limit exceeded")
        if member.address and sum(1 for one in others if one.address) >= 50:
            raise invalid(50418, "Non-Chat participants limit exceeded")

    def check_pair(self, member: Participant) -> None:
        """Raises 50416 where another participant of the account holds the number pair."""
        holder = self._state.holder(member.address, member.proxy) if member.address and member.proxy else None
        if holder is not None and holder is not member:
            message = f"A binding for this participant and proxy address already exists in Conversation {holder.parent}"
            raise TwilioError(409, 50416, message)

    def change_member(self, thread: Conversation, member: Participant, values: Json, origin: Origin) -> None:
        """Changes fields of a participant."""
        self._state.release(member)
        for name, value in values.items():
            setattr(member, name, value)
        if thread.state != "closed":
            self._state.hold(member)
        self._touch(member, values)
        self._emit(origin, events.participant_event("onParticipantUpdated", *self._who(origin), thread, member))

    def leave(self, thread: Conversation, member: Participant, origin: Origin) -> None:
        """Removes a participant and frees its number pair."""
        self._state.release(member)
        self._state.drop(member)
        event = events.participant_event(
            "onParticipantRemoved", *self._who(origin), thread, member, removed=self._state.now()
        )
        self._emit(origin, event)

    # -- messages ---

    def say(self, thread: Conversation, message: Message, origin: Origin, settled: Settled | None = None) -> Message:
        """Adds a message, wakes an inactive conversation, and sends it to every phone but its author's."""
        if thread.state == "closed":
            raise closed()
        members = self._state.participants.of(thread.sid)
        author = next((one for one in members if message.author in one.names), None)
        message.participant_sid = author.sid if author is not None else None
        skipped = self._faults.take("skip_index")
        message.index = thread.next_index + (int(skipped.value or 1) if skipped else 0)
        thread.next_index = message.index + 1
        self._state.save(message)
        self._awake(thread, origin)
        event = events.message_event("onMessageAdded", *self._who(origin), thread, message)
        event.settled = settled
        self._emit(origin, event)
        addresses = self._carrier.send(message, members, origin.notify or self._options.delivery_events)
        if origin.source == "API":
            self._accepted(message, addresses)
        return message

    def edit(self, thread: Conversation, message: Message, values: Json, origin: Origin) -> None:
        """Changes a message in the thread; what phones have received stays as it was."""
        for name, value in values.items():
            setattr(message, name, value)
        self._touch(message, values)
        self._emit(origin, events.message_event("onMessageUpdated", *self._who(origin), thread, message))

    def unsay(self, thread: Conversation, message: Message, origin: Origin) -> None:
        """Removes a message from the thread."""
        self._forget(message)
        event = events.message_event("onMessageRemoved", *self._who(origin), thread, message, removed=self._state.now())
        self._emit(origin, event)

    # -- within ---

    def _awake(self, thread: Conversation, origin: Origin) -> None:
        """A message restarts the timers, and makes an inactive conversation active."""
        if thread.state == "inactive":
            self.turn(thread, "active", Origin(origin.source, origin.notify, "EVENT"))
        else:
            self._wind(thread)
            self._state.touch(thread)

    def _wind(self, thread: Conversation) -> None:
        """Starts the timers of a state anew."""
        now = self._state.now()
        running = thread.state in ("active", "inactive")
        thread.inactive_at = now + thread.inactive_after if thread.inactive_after and thread.state == "active" else None
        thread.closed_at = now + thread.closed_after if thread.closed_after and running else None
        self._state.save(thread)

    def _touch(self, row: Any, values: Json) -> None:
        """A changed record's date is now, unless the caller set it."""
        (self._state.save if "updated" in values else self._state.touch)(row)

    def _accepted(self, message: Message, addresses: list[str]) -> None:
        self._state.save(
            Accepted(
                sid=f"accepted-{message.sid}",
                parent=self._state.account_sid,
                conversation=message.parent,
                message=message.sid,
                index=message.index,
                author=message.author,
                body=message.body,
                media=message.media,
                attributes=message.attributes,
                addresses=addresses,
            )
        )

    def _forget(self, message: Message) -> None:
        for receipt in self._state.receipts.of(message.sid):
            self._state.drop(receipt)
        self._state.drop(message)

    def _who(self, origin: Origin) -> tuple[str, str]:
        return self._state.account_sid, origin.source

    def _emit(self, origin: Origin, event: events.Event) -> None:
        if origin.notify:
            self._hooks.emit(event)
        elif event.settled is not None:
            event.settled(True, "")
