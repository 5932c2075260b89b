"""How far a client has come, over all its connections: what to resume from, what to send again, what was shown. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.client.events import Ack, Conversation, Message, Welcome

REMEMBERED = 4096
"""Refs of what was acked: a replay brings them again."""


class Place:
    """One per client; connections come and go."""

    def __init__(self) -> None:
        self.seqs: dict[str, int] = {}
        self.since = ""
        """When the first connection began. Later ones needn't move it: what has news since then was seen, and so is named by
        `seqs`, or was missed."""
        self.unacked: dict[str, Mapping[str, Any]] = {}
        """Frames by ref, in the order in which they were sent."""
        self._acked: dict[str, None] = {}
        self._missed: dict[str, list[Message]] = {}
        self._asked = False

    def hello(self, token: str) -> dict[str, Any]:
        """The first frame of a connection. What the last one was still asking for is asked for anew."""
        self._missed.clear()
        self._asked = bool(self.since)
        frame: dict[str, Any] = {"type": "hello", "token": token, "resume": dict(self.seqs)}
        return frame | ({"since": self.since} if self.since else {})

    def welcomed(self, welcome: Welcome) -> None:
        """By the first one, what there was before is known."""
        if not self.since:
            self.seqs = {c.id: c.last_seq for c in welcome.conversations}
            self.since = welcome.server_time

    def misses(self, conversation: Conversation) -> bool:
        """Must its messages be asked for? Before it was announced this client had never heard of it."""
        known = conversation.id in self.seqs or conversation.id in self._missed
        if not self._asked or known or not conversation.last_seq:
            return False
        self._missed[conversation.id] = []
        return True

    def acked(self, ack: Ack) -> bool:
        """Was it waited for? An ack moves the place only where nothing can be missing before it."""
        self._acked[ack.ref] = None
        if len(self._acked) > REMEMBERED:
            del self._acked[next(iter(self._acked))]
        if self.seqs.get(ack.conversation, 0) == ack.seq - 1:
            self.seqs[ack.conversation] = ack.seq
        return self.unacked.pop(ack.ref, None) is not None

    def live(self, message: Message) -> list[Message]:
        """Those to show now. While what was missed is being read, what is new waits for it."""
        if (waiting := self._missed.get(message.conversation)) is not None:
            waiting.append(message)
            return []
        return self._new([message])

    def read(self, conversation: str, messages: list[Message]) -> list[Message]:
        """What was missed has been read, ascending; with what has waited for it."""
        return self._new(messages + self._missed.pop(conversation, []))

    def as_ack(self, message: Message) -> Ack | None:
        """A message of ours that comes back before its ack is as good as one."""
        if not message.ref or message.ref not in self.unacked:
            return None
        return Ack(ref=message.ref, conversation=message.conversation, id=message.id, seq=message.seq)

    def _new(self, messages: list[Message]) -> list[Message]:
        """What this client sent it has shown itself; what it has seen isn't shown again."""
        shown = []
        for m in messages:
            if m.seq <= self.seqs.get(m.conversation, 0):
                continue
            self.seqs[m.conversation] = m.seq
            if not m.ref or (m.ref not in self._acked and m.ref not in self.unacked):
                shown.append(m)
        return shown
