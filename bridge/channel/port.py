"""What a channel is given of ours, and nothing else: events in, the message log and files of its own legs, time, words."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from bridge.channel.inbound import Outcome
from bridge.core.content import Attachment, Side
from bridge.core.events import Event
from bridge.core.ids import ChannelName, ConversationId, EndpointKey, RemoteId
from bridge.core.log import ConversationView, LogLeg, MessageView, ReceiptNews, TypingNews


class Health(StrEnum):
    """Of a channel, as ``/readyz`` shows it."""

    OK = "ok"
    RESTING = "resting"
    UNREACHABLE = "unreachable"


class Messages(Protocol):
    """The message log as the legs of one channel may read it: a foreign conversation is absent. Raises `StoreUnavailable`."""

    async def conversations(self, leg: LogLeg, limit: int) -> list[ConversationView]:
        """An agents' leg: the open ones, last active first. A customer's: the own one, open or closed, or none."""

    async def conversation(self, leg: LogLeg, id: ConversationId) -> ConversationView | None:
        """None where the leg has no such conversation."""

    async def after(self, leg: LogLeg, id: ConversationId, seq: int, limit: int) -> list[MessageView]:
        """The messages whose seq is above `seq`, ascending."""

    async def before(self, leg: LogLeg, id: ConversationId, seq: int, limit: int) -> list[MessageView]:
        """The last ones whose seq is below `seq`, ascending."""

    async def active_since(self, leg: LogLeg, at: float, limit: int) -> list[ConversationView]:
        """The conversations with news after `at` (epoch seconds), open or closed, in that order."""

    async def known(self, remotes: Sequence[RemoteId]) -> frozenset[RemoteId]:
        """Those of the network's message ids that are of this channel and known to us."""


class Files(Protocol):
    """The media room as a channel may use it."""

    def link(self, file: str) -> str:
        """A signed URL of `FileView.id` that expires."""

    async def upload(self, leg: LogLeg, owner: str, filename: str, content_type: str, size: int) -> tuple[str, str]:
        """A place for a file of `size` bytes that only `owner` may attach: its id, and the signed URL to PUT it to. Raises
        `Refused` where it is too large, or `StoreUnavailable`."""

    async def uploaded(self, owner: str, id: str) -> Attachment | None:
        """The file that `owner` has put there; None where there is none, or it is somebody else's."""


class Port(Protocol):
    """All that a channel is given of ours."""

    name: ChannelName
    log: logging.Logger

    @property
    def messages(self) -> Messages:
        """The message log, as this channel's legs may read it."""

    @property
    def files(self) -> Files:
        """The media room."""

    async def accept(self, events: Sequence[Event]) -> Sequence[Outcome]:
        """Durable when it returns: what became of each. Raises `StoreUnavailable`: then the sender must come again."""

    def tell(self, leg: LogLeg, id: ConversationId, news: TypingNews | ReceiptNews) -> None:
        """Lets those who follow the log on the agents' side know, and of typing a customer too; stored nowhere. The relay knows
        whether the conversation is one of `leg`'s: what is not is dropped."""

    def side(self, endpoint: EndpointKey) -> Side | None:
        """On which side of a bridge one of this channel's endpoints stands; None where no bridge names it."""

    def now(self) -> float:
        """Epoch seconds."""

    def webhook_url(self, rest: str = "") -> str:
        """The public URL of ``/webhooks/{channel}[/rest]``."""

    def health(self, state: Health, words: str = "") -> None:
        """Says how the channel is; `words` tell the admin what to do and are logged once per change."""


class StoreUnavailable(Exception):
    """The store can't take an event now."""
