"""How far one socket has followed the log: a cursor per conversation. Pure: what comes back says what to send or to read.

Every message goes to a socket once and, within a conversation, in the order of `seq`. Live news of a conversation whose earlier
messages are being read wait for them; what happened to a message in the meantime is said after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from bridge.core.ids import ConversationId
from bridge.core.log import MessageView

MOST_CURSORS = 4096
MOST_REFS = 1024


class Verdict(Enum):
    """Of a message that was heard: it goes out, it doesn't, or earlier ones must be read first."""

    SEND = auto()
    DROP = auto()
    BEHIND = auto()


@dataclass(slots=True)
class _Behind:
    """A conversation that is being read: up to `head` at least, then `late` goes out. `asked` is the `head` that was known when
    the last page was asked for; `whole` says that it had all there was."""

    head: int
    asked: int = 0
    late: list[str] = field(default_factory=list)
    whole: bool = False


class Session:
    """Of one socket, from its first `welcome` on."""

    def __init__(self) -> None:
        self._cursors: dict[ConversationId, int] = {}
        self._behind: dict[ConversationId, _Behind] = {}
        self._own: dict[str, None] = {}
        self.in_flight: str | None = None
        """The ref of the message that is being accepted: whether this socket's sending made it isn't known yet."""

    # ---- where it begins

    def fence(self, conversation: ConversationId, seq: int) -> None:
        """What is up to `seq` was before this socket, and is not sent."""
        if conversation not in self._behind:
            self._move(conversation, seq)

    def resume(self, conversation: ConversationId, seq: int) -> None:
        """What comes after `seq` is to be read and sent first."""
        self._move(conversation, seq)
        self._behind.setdefault(conversation, _Behind(head=seq))

    def forget(self, conversation: ConversationId) -> None:
        """It isn't one that this socket may follow."""
        self._behind.pop(conversation, None)
        self._cursors.pop(conversation, None)

    # ---- live

    def heard(self, message: MessageView, ref: str | None) -> Verdict:
        """A message was committed; `ref` where this subject wrote it."""
        conversation, seq = message.conversation, message.seq
        if (behind := self._behind.get(conversation)) is not None:
            behind.head = max(behind.head, seq)
            return Verdict.DROP
        last = self._cursors.get(conversation)
        if last is not None and seq <= last:
            return Verdict.DROP
        if last is not None and seq > last + 1:
            self._behind[conversation] = _Behind(head=seq)
            return Verdict.BEHIND
        self._move(conversation, seq)
        return Verdict.DROP if ref is not None and ref in self._own else Verdict.SEND

    def is_behind(self, conversation: ConversationId) -> bool:
        """Is it being read?"""
        return conversation in self._behind

    def waits(self, conversation: ConversationId, text: str) -> bool:
        """Other news of a conversation: True where they are kept until what is being read has gone out."""
        behind = self._behind.get(conversation)
        if behind is None:
            return False
        behind.late.append(text)
        return True

    def waiting(self) -> int:
        """How many news are kept."""
        return sum(len(b.late) for b in self._behind.values())

    # ---- reading what was missed

    def cursor(self, conversation: ConversationId) -> int | None:
        """After which seq the next page is to be read, which is done next; None once nothing is missing."""
        behind = self._behind.get(conversation)
        if behind is None:
            return None
        behind.asked = behind.head
        return self._cursors.get(conversation, 0)

    def read(
        self, conversation: ConversationId, page: Sequence[tuple[MessageView, str | None]], *, whole: bool
    ) -> list[tuple[MessageView, str | None]]:
        """Those of a page (messages with their own refs) that go out. `whole` says that there were no more when it was read."""
        behind = self._behind[conversation]
        if page:
            self._move(conversation, page[-1][0].seq)
        elif behind.head == behind.asked:
            behind.head = self._cursors.get(conversation, 0)  # what isn't there to be read can't be waited for
        behind.whole = whole
        return [(m, ref) for m, ref in page if ref is None or ref not in self._own]

    def caught_up(self, conversation: ConversationId) -> list[str] | None:
        """What was kept, once all before it was read; from here on the conversation is live. None: read on."""
        behind = self._behind[conversation]
        if not behind.whole or behind.head > self._cursors.get(conversation, 0):
            return None
        del self._behind[conversation]
        return behind.late

    # ---- what this socket sends

    def sending(self, ref: str) -> None:
        """A message is about to be accepted."""
        self.in_flight = ref
        self._own[ref] = None
        if len(self._own) > MOST_REFS:
            del self._own[next(iter(self._own))]

    def settled(self, ref: str, *, made: bool) -> None:
        """It was; `made` says that it was this sending that made the message, so that its ack is all that this socket gets."""
        self.in_flight = None
        if not made:
            self._own.pop(ref, None)

    def _move(self, conversation: ConversationId, seq: int) -> None:
        self._cursors.pop(conversation, None)  # the last moved stands last
        self._cursors[conversation] = seq
        if len(self._cursors) > MOST_CURSORS:
            oldest = next((c for c in self._cursors if c not in self._behind), conversation)
            if oldest != conversation:
                del self._cursors[oldest]
