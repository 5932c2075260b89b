"""The way out: every message of a conversation goes to its non-chat participants, and receipts come back."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from .activity import Activity
from .events import delivery_event
from .faults import Faults
from .hooks import Hooks
from .options import Options
from .optouts import OPTED_OUT, OptOuts
from .phones import Phones
from .records import Conversation, Json, Message, Participant, Receipt, channel_of, new_sid
from .state import State
from .trial import Trial

UNREACHABLE = 30003
OUTSIDE_WINDOW = 63016
MMS_LARGEST = 5 * 1024 * 1024
MMS_KINDS = {
    "image/jpeg",
    "image/jpg",
    "image/png",
    "image/gif",
    "audio/mpeg",
    "audio/mp3",
    "audio/amr",
    "video/mp4",
    "application/pdf",
}
SILENCE = 0.1


class Carrier:
    """Moves receipts from nothing to sent to delivered, failed or undelivered; `read` comes when a person reads."""

    def __init__(
        self,
        state: State,
        options: Options,
        faults: Faults,
        hooks: Hooks,
        phones: Phones,
        activity: Activity,
        optouts: OptOuts,
        trial: Trial,
    ) -> None:
        self._state = state
        self._options = options
        self._faults = faults
        self._hooks = hooks
        self._phones = phones
        self._activity = activity
        self._optouts = optouts
        self._trial = trial
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def send(self, message: Message, members: list[Participant], notify: bool) -> list[str]:
        """Takes a message on its way to all but its author; returns the addresses. Commit is the caller's."""
        addresses = []
        for member in members:
            if (
                member.address
                and member.proxy
                and message.author not in member.names
                and any(fitted(message, member.address))
            ):
                addresses.append(member.address)
                receipt = Receipt(
                    sid=new_sid("DY"),
                    parent=message.sid,
                    conversation_sid=message.parent,
                    participant_sid=member.sid,
                    channel_message_sid=new_sid(channel_prefix(member.address, message)),
                    notify=notify,
                )
                self._state.save(receipt)
                self._later(receipt.sid)
        return addresses

    def resume(self) -> None:
        """Goes on with the receipts that an earlier process still owed."""
        for receipt in self._state.receipts.all():
            if receipt.status in (None, "sent") and receipt.sid not in self._timers:
                self._later(receipt.sid)

    def read(self, receipt_sid: str) -> None:
        """A person has seen the message: over-the-top channels tell, SMS does not."""
        receipt = self._state.receipts.get(receipt_sid)
        member = self._state.participants.get(receipt.participant_sid) if receipt is not None else None
        told = member is not None and member.address is not None and channel_of(member.address) != "sms"
        if receipt is not None and receipt.status == "delivered" and told:
            self._move(receipt, "read", member)

    def close(self) -> None:
        """Stops; what is owed is owed still after a restart."""
        for timer in self._timers.values():
            timer.cancel()
            self._activity.end()
        self._timers.clear()

    def _later(self, receipt_sid: str, seconds: float | None = None) -> None:
        self._activity.begin()
        wait = self._options.receipt_delay if seconds is None else seconds
        self._timers[receipt_sid] = asyncio.get_running_loop().call_later(wait, self._due, receipt_sid)

    def _due(self, receipt_sid: str) -> None:
        del self._timers[receipt_sid]
        try:
            self._step(receipt_sid)
        finally:
            self._activity.end()

    def _step(self, receipt_sid: str) -> None:
        """The next status of one receipt."""
        receipt = self._state.receipts.get(receipt_sid)
        if receipt is None or receipt.status not in (None, "sent"):
            return
        if self._faults.get("carrier_silent"):
            self._later(receipt_sid, SILENCE)
            return
        member = self._state.participants.get(receipt.participant_sid)
        if receipt.status is None:
            self._decide(receipt, member)
        status = "sent" if receipt.status is None and receipt.fate != "failed" else receipt.fate
        if status == "sent":
            self._later(receipt_sid)
        else:
            receipt.error_code = receipt.fate_code
        self._move(receipt, status, member)

    def _decide(self, receipt: Receipt, member: Participant | None) -> None:
        """What will become of it, by the faults that are on now."""
        address = member.address if member is not None and member.address else ""
        if code := self._forbidden(receipt, member):
            receipt.fate, receipt.fate_code = "failed", code
            return
        refused = self._faults.hits("refuse", address)
        receipt.fate = "delivered"
        if refused is not None:
            receipt.fate = str(refused.setting("status", "undelivered"))
            receipt.fate_code = int(refused.setting("code", UNREACHABLE))
        elif channel_of(address) == "whatsapp" and self._faults.hits("window_closed", address):
            receipt.fate, receipt.fate_code = "failed", OUTSIDE_WINDOW

    def _forbidden(self, receipt: Receipt, member: Participant | None) -> int:
        """The code with which Programmable Messaging refuses the message: an opt-out, a trial account; 0 where it doesn't.

        That Conversations tells it by a receipt is inferred: its own answer was given long before.
        """
        message = self._state.messages.get(receipt.parent)
        if member is None or not member.address or not member.proxy or message is None:
            return 0
        if self._optouts.blocks(member.proxy, member.address):
            return OPTED_OUT
        problem = self._trial.problem(member.proxy, member.address, message.body or "")
        return problem.code if problem is not None else 0

    def _move(self, receipt: Receipt, status: str, member: Participant | None) -> None:
        receipt.status = status
        self._state.touch(receipt)
        message = self._state.messages.get(receipt.parent)
        if status == "delivered" and message is not None and member is not None and member.address:
            person = self._phones.at(member.address)
            if person is not None:
                text, media = fitted(message, member.address)
                text = self._trial.text(text)
                self._phones.received(person, message, receipt, text, media)
        self._state.commit()
        self._tell(receipt, member)
        if status not in (None, "sent") and self._faults.get("doubled_receipts"):
            self._tell(receipt, member)
            self._tell(replace(receipt, status="sent", error_code=0), member)

    def _tell(self, receipt: Receipt, member: Participant | None) -> None:
        thread: Conversation | None = self._state.conversations.get(receipt.conversation_sid)
        if thread is not None and receipt.notify:
            source = channel_of(member.address).upper() if member is not None and member.address else "API"
            self._hooks.emit(delivery_event(self._state.account_sid, source, thread, receipt))


def fitted(message: Message, address: str) -> tuple[str, list[Json]]:
    """What reaches a phone: of a message with media the first file alone, the text is dropped.

    A file that MMS can't carry is left out in silence, and then the text goes (docs: conversations-limits).
    """
    media = message.media
    if channel_of(address) == "sms":
        media = [one for one in media if one["size"] <= MMS_LARGEST and one["content_type"] in MMS_KINDS]
    return ("", media[:1]) if media else (message.body or "", [])


def channel_prefix(address: str, message: Message) -> str:
    """The kind of the Programmable Messaging message behind a receipt."""
    return "WA" if channel_of(address) == "whatsapp" else ("MM" if fitted(message, address)[1] else "SM")


def summary(receipts: list[Receipt]) -> Json | None:
    """The `delivery` of a message: how far it came with all, some or none; None where it goes to no phone."""
    if not receipts:
        return None
    reached = {
        "sent": ("sent", "delivered", "read", "undelivered"),
        "delivered": ("delivered", "read"),
        "read": ("read",),
        "failed": ("failed",),
        "undelivered": ("undelivered",),
    }
    counts = {word: sum(one.status in statuses for one in receipts) for word, statuses in reached.items()}
    amounts = {word: "all" if n == len(receipts) else "some" if n else "none" for word, n in counts.items()}
    return {"total": len(receipts), **amounts}
