"""The port that a channel is given by the kit: keeps what it is told, and has an empty log."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence

from bridge.channel.inbound import Fate, Outcome
from bridge.channel.port import Files, Health, Messages
from bridge.core.content import Attachment, Side
from bridge.core.events import Event
from bridge.core.ids import ChannelName, ConversationId, EndpointKey, RemoteId
from bridge.core.log import ConversationView, LogLeg, MessageView, ReceiptNews, TypingNews
from bridge.core.outcomes import Refused

CONVERSATION = ConversationId("c1")


class EmptyLog:
    """Nothing was ever said."""

    async def conversations(self, leg: LogLeg, limit: int) -> list[ConversationView]:
        return []

    async def conversation(self, leg: LogLeg, id: ConversationId) -> ConversationView | None:
        return None

    async def after(self, leg: LogLeg, id: ConversationId, seq: int, limit: int) -> list[MessageView]:
        return []

    async def before(self, leg: LogLeg, id: ConversationId, seq: int, limit: int) -> list[MessageView]:
        return []

    async def active_since(self, leg: LogLeg, at: float, limit: int) -> list[ConversationView]:
        return []

    async def known(self, remotes: Sequence[RemoteId]) -> frozenset[RemoteId]:
        return frozenset()


class NoFiles:
    """Links lead nowhere, and nothing is taken."""

    def link(self, file: str) -> str:
        return f"https://bridge.example.com/media/{file}?signed=1"

    async def upload(self, leg: LogLeg, owner: str, filename: str, content_type: str, size: int) -> tuple[str, str]:
        raise Refused("there is no room for files here")

    async def uploaded(self, owner: str, id: str) -> Attachment | None:
        return None


class KitPort:
    """Implements `Port`. `ahead` (seconds) puts the clock forward; `news` is set by whatever is told."""

    def __init__(self, name: ChannelName, public_url: str, sides: dict[EndpointKey, Side]) -> None:
        self.name = name
        self.log = logging.getLogger(f"trunkline.channel.{name}")
        self.messages: Messages = EmptyLog()
        self.files: Files = NoFiles()
        self.events: list[Event] = []
        self.ahead = 0.0
        self.news = asyncio.Event()
        self.state = Health.OK
        self._public_url = public_url
        self._sides = sides

    async def accept(self, events: Sequence[Event]) -> Sequence[Outcome]:
        return self.take(events)

    def take(self, events: Sequence[Event]) -> list[Outcome]:
        """As the relay would: an event whose key is known changes nothing."""
        known = {e.key for e in self.events}
        outcomes = []
        for event in events:
            fate = Fate.REPEATED if event.key in known else Fate.DONE
            outcomes.append(Outcome(fate=fate, conversation=CONVERSATION, seq=len(known) + 1))
            if fate is Fate.DONE:
                self.events.append(event)
                known.add(event.key)
        self.news.set()
        return outcomes

    def tell(self, leg: LogLeg, id: ConversationId, news: TypingNews | ReceiptNews) -> None:
        self.news.set()

    def side(self, endpoint: EndpointKey) -> Side | None:
        return self._sides.get(endpoint)

    def now(self) -> float:
        return time.time() + self.ahead

    def webhook_url(self, rest: str = "") -> str:
        return f"{self._public_url}/webhooks/{self.name}" + (f"/{rest}" if rest else "")

    def health(self, state: Health, words: str = "") -> None:
        self.state = state
        self.news.set()
