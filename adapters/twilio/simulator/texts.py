"""Programmable Messaging: what becomes of a message of ours, step by step (docs: messaging status values)."""

from __future__ import annotations

import asyncio

from .activity import Activity
from .carrier import OUTSIDE_WINDOW, SILENCE, UNREACHABLE
from .errors import TwilioError, invalid
from .faults import Faults
from .fetching import Fetching
from .hooks import Hooks
from .options import Options
from .optouts import OPTED_OUT, OptOuts
from .phones import Phones
from .records import Accepted, Text, channel_of, new_sid
from .segments import count, smart
from .sending import Target
from .state import State
from .text_events import status_event
from .trial import Trial
from .twiml import Reply, replies

ON_ITS_WAY = ("accepted", "queued", "sending", "sent")
TOLD = ("queued", "sent", "delivered", "undelivered", "failed", "canceled", "read")
"""`accepted` and `sending` are not told."""
MESSAGES = {
    UNREACHABLE: "Unreachable destination handset",
    OUTSIDE_WINDOW: "Outside of the allowed window",
    OPTED_OUT: "Attempt to send to unsubscribed recipient",
    30019: "Content size exceeds carrier limit",
    12300: "Invalid Content-Type",
    11200: "HTTP retrieval failure",
    63019: "Media failed to download",
    63021: "Channel invalid content error",
    21703: "The Messaging Service does not have a phone number available to send a message",
}


class Texts:
    """Sends what REST and TwiML ask for. Every change is saved; the caller of a public method commits."""

    def __init__(
        self,
        state: State,
        options: Options,
        faults: Faults,
        hooks: Hooks,
        phones: Phones,
        activity: Activity,
        fetching: Fetching,
        optouts: OptOuts,
        trial: Trial,
    ) -> None:
        self._state = state
        self._options = options
        self._faults = faults
        self._hooks = hooks
        self._phones = phones
        self._activity = activity
        self._fetching = fetching
        self._optouts = optouts
        self._trial = trial
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._scheduled = {text.sid for text in state.texts.all() if text.status == "scheduled"}

    # -- beginning ---

    def send(self, text: Text, *, smart_encoding: bool | None = None) -> Text:
        """Takes a checked message on its way. Raises 21608, 21610, 21611, 21612 and 57200x."""
        if problem := self._trial.problem(text.sender, text.to, text.body):
            raise problem
        if text.sender is not None:
            self._refuse(text.sender, text.to)
        pool = self._state.pools.get(text.service or "")
        body = self._trial.text(text.body)
        encoded = smart_encoding if smart_encoding is not None else (pool is not None and pool.smart_encoding)
        text.body = smart(body) if encoded else body
        text.callback = text.callback or (pool.status_callback or "" if pool is not None else "")
        text.num_media = len(text.urls)
        text.status = "scheduled" if text.send_at is not None else "accepted" if text.sender is None else "queued"
        if text.status == "queued":
            text.segments = self._segments(text)
        self._state.save(text)
        self._accepted(text)
        if text.status == "scheduled":
            self._scheduled.add(text.sid)
        else:
            self._tell(text)
            self._later(text.sid)
        return text

    def answer(self, inbound: Text, document: str) -> None:
        """Sends the replies of a TwiML document. What may not be sent is only an entry in Twilio's debugger."""
        for reply in replies(document):
            try:
                self.send(self._reply(inbound, reply))
            except TwilioError:
                continue
        self._state.commit()

    def _reply(self, inbound: Text, reply: Reply) -> Text:
        files = len(reply.media)
        return Text(
            sid=new_sid("MM" if files else "SM"),
            parent=self._state.account_sid,
            direction="outbound-reply",
            sender=reply.sender or inbound.to,
            to=reply.to or inbound.sender or "",
            body=reply.body,
            urls=reply.media,
            callback=reply.callback if reply.callback.startswith(("http://", "https://")) else "",
            service=inbound.service,
        )

    def _refuse(self, sender: str, to: str) -> None:
        if self._optouts.blocks(sender, to):
            raise invalid(OPTED_OUT, MESSAGES[OPTED_OUT])
        if self._faults.hits("unroutable", to):
            raise invalid(21612, "The 'To' phone number is not currently reachable via SMS")
        if self._faults.take("queue_full"):
            raise invalid(21611, "This 'From' number has exceeded the maximum number of queued messages")

    def _segments(self, text: Text) -> int:
        return count(text.body) if channel_of(text.to) == "sms" and not text.urls else 1

    # -- later ---

    def cancel(self, text: Text) -> None:
        """Takes back what has not left; raises 30409 for the rest."""
        if text.status not in ("scheduled", "accepted", "queued"):
            raise invalid(30409, "This message cannot be canceled")
        self._move(text, "canceled")

    def read(self, sid: str) -> None:
        """A person has seen it: over-the-top channels tell, SMS does not."""
        text = self._state.texts.get(sid)
        if text is not None and text.status == "delivered" and channel_of(text.to) != "sms":
            self._move(text, "read")

    def resume(self) -> None:
        """Goes on with what an earlier process still owed."""
        for text in self._state.texts.all():
            if text.status in ON_ITS_WAY and text.sid not in self._timers:
                self._later(text.sid)

    def run_timers(self) -> None:
        """Lets go what was scheduled for now or earlier."""
        for sid in list(self._scheduled):
            text = self._state.texts.get(sid)
            if text is not None and text.status == "scheduled":
                if (text.send_at or 0) > self._state.now():
                    continue
                self._move(text, "accepted" if text.sender is None else "queued")
                self._later(sid)
            self._scheduled.discard(sid)
        self._state.commit()

    async def close(self) -> None:
        """Stops; what is owed is owed still after a restart."""
        for timer in self._timers.values():
            timer.cancel()
            self._activity.end()
        self._timers.clear()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # -- one step ---

    def _later(self, sid: str, seconds: float | None = None) -> None:
        self._activity.begin()
        wait = self._options.receipt_delay if seconds is None else seconds
        self._timers[sid] = asyncio.get_running_loop().call_later(wait, self._due, sid)

    def _due(self, sid: str) -> None:
        del self._timers[sid]
        try:
            text = self._state.texts.get(sid)
            if text is not None and text.status in ON_ITS_WAY:
                self._step(text)
                self._state.commit()
        finally:
            self._activity.end()

    def _step(self, text: Text) -> None:
        """From one status to the next."""
        if self._faults.get("carrier_silent"):
            self._later(text.sid, SILENCE)
        elif text.status == "accepted":
            self._choose(text)
        elif text.status == "queued" and len(text.media) < len(text.urls):
            self._activity.begin()
            task = asyncio.get_running_loop().create_task(self._fetch(text))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif text.status == "queued":
            self._go(text, "sending")
        elif text.status == "sending":
            self._decide(text)
            self._go(text, text.fate if text.fate == "failed" else "sent")
        else:
            self._go(text, text.fate or "delivered")

    def _go(self, text: Text, status: str) -> None:
        if status in ("failed", "undelivered"):
            text.error_code = text.fate_code
        if status in ON_ITS_WAY:
            self._later(text.sid)
        self._move(text, status)

    def _choose(self, text: Text) -> None:
        """The service's sender for a customer: on the same channel, and for one customer always the same."""
        pool = self._state.pools.get(text.service or "")
        same = [one for one in (pool.senders if pool else ()) if channel_of(one) == channel_of(text.to)]
        if not same:
            text.fate, text.fate_code = "failed", 21703
            self._go(text, "failed")
            return
        text.sender = same[sum(text.to.encode()) % len(same)]
        if self._optouts.blocks(text.sender, text.to):
            text.fate, text.fate_code = "failed", OPTED_OUT
            self._go(text, "failed")
            return
        text.segments = self._segments(text)
        self._go(text, "queued")

    async def _fetch(self, text: Text) -> None:
        """Gets its files; then it goes on, or it has failed."""
        try:
            text.fate_code = await self._fetching.fetch(text)
            if text.status == "queued":
                text.fate = "failed" if text.fate_code else ""
                self._go(text, "failed" if text.fate_code else "sending")
            self._state.commit()
        finally:
            self._activity.end()

    def _decide(self, text: Text) -> None:
        """What will become of it, by the faults that are on now."""
        refused = self._faults.hits("refuse", text.to)
        text.fate = "delivered"
        if refused is not None:
            text.fate = str(refused.setting("status", "undelivered"))
            text.fate_code = int(refused.setting("code", UNREACHABLE))
        elif channel_of(text.to) == "whatsapp" and self._faults.hits("window_closed", text.to):
            text.fate, text.fate_code = "failed", OUTSIDE_WINDOW

    def _move(self, text: Text, status: str) -> None:
        text.status = status
        if status == "sent":
            text.sent_at = self._state.now()
        self._state.touch(text)
        person = self._phones.at(text.to) if status == "delivered" else None
        if person is not None:
            self._phones.texted(person, text)
        self._tell(text)
        if status not in ON_ITS_WAY and self._faults.get("doubled_receipts"):
            self._tell(text)
            self._tell(text, "sent")

    def _tell(self, text: Text, status: str = "") -> None:
        """Calls the status callback, where there is one."""
        told = status or text.status
        if text.callback and told in TOLD:
            kept, text.status = text.status, told
            event = status_event(self._state.account_sid, text, explained(text.error_code))
            text.status = kept
            self._hooks.queue(event, [Target(text.callback)])

    def _accepted(self, text: Text) -> None:
        self._state.save(
            Accepted(
                sid=f"accepted-{text.sid}",
                parent=self._state.account_sid,
                conversation=text.pair,
                message=text.sid,
                author=text.sender or "",
                body=text.body,
                media=[{"url": url} for url in text.urls],
                addresses=[text.to],
            )
        )


def explained(code: int) -> str:
    """The dictionary's words for an error code."""
    return MESSAGES.get(code, "Unknown error") if code else ""
