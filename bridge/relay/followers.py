"""Those who follow the message log: they hear what was committed, in that order, and read what came before."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from bridge.channel.port import StoreUnavailable
from bridge.core.capabilities import Form
from bridge.core.content import Author, Role, Side
from bridge.core.ids import ChannelName, ConversationId, RemoteId
from bridge.core.log import (
    AGENT_ID,
    ConversationNews,
    ConversationView,
    Happening,
    LogLeg,
    MessageNews,
    MessageView,
    ReceiptNews,
    TypingNews,
    for_customer,
)
from bridge.relay.channels import Open
from bridge.relay.context import Changed, Heard
from bridge.relay.directory import Bridge, Directory
from bridge.store import log
from bridge.store.store import Store, StoreBusy

T = TypeVar("T")
MOST_WAITING = 1000
Followed = tuple[ChannelName, LogLeg]


def customer_view(bridge: Bridge, conversation: ConversationView) -> ConversationView:
    """To a customer it is the talk with whoever answers: the title for agents is no customer's business."""
    return replace(conversation, title=bridge.agent_name)


@dataclass(frozen=True, slots=True)
class Told:
    """What a leg says for a moment: who hears it is looked up."""

    channel: ChannelName
    leg: LogLeg
    conversation: ConversationId
    news: TypingNews | ReceiptNews


class Followers:
    """`hear` takes what a commit brought; `run` hands it on for as long as something must be read first."""

    def __init__(self, store: Store, directory: Directory, channels: Mapping[ChannelName, Open]) -> None:
        self._store = store
        self._directory = directory
        self._channels = channels
        self._queue: deque[Heard | Told] = deque()
        self._more = asyncio.Event()
        self._log = logging.getLogger("trunkline.followers")

    def hear(self, heard: Iterable[Heard]) -> None:
        """In the order of commits. What needs nothing read is handed on at once, unless something before it does."""
        for h in heard:
            if self._queue or isinstance(h.what, Changed):
                self._queue.append(h)
                self._more.set()
            else:
                self._hand_on(h, h.what)

    async def run(self) -> None:
        while True:
            self._more.clear()
            while self._queue:
                match self._queue[0]:
                    case Heard(what=Changed() as changed) as h:
                        if (what := await self._read(h, changed)) is not None:
                            self._hand_on(h, what)
                    case Heard() as h:
                        assert not isinstance(h.what, Changed)  # noqa: S101 - the case above
                        self._hand_on(h, h.what)
                    case Told() as told:
                        await self._pass_on(told)
                self._queue.popleft()
            await self._more.wait()

    def tell(self, told: Told) -> None:
        """Stored nowhere; a flood of it is dropped."""
        if len(self._queue) < MOST_WAITING:
            self._queue.append(told)
            self._more.set()

    async def _pass_on(self, told: Told) -> None:
        """To the agents and, of who is typing, to the customer; what the leg has no right to is dropped."""
        try:
            bridge = self._directory.find(told.channel, told.leg.endpoint)
            view = await ChannelLog(self._store, self._directory, told.channel).conversation(
                told.leg, told.conversation
            )
            legs = await self._store.read(log.customers, told.conversation)
        except (StoreBusy, StoreUnavailable):
            return
        if bridge is None or view is None:
            return
        for follower in self._agents(bridge):
            self._say(*follower, view, told.news)
        if isinstance(told.news, TypingNews) and told.leg.side is Side.AGENT:
            author = Author(id=AGENT_ID, role=Role.AGENT, name=bridge.agent_name)
            for channel, leg in legs:
                self._say(channel, leg, customer_view(bridge, view), TypingNews(author=author))

    async def _read(self, h: Heard, changed: Changed) -> MessageNews | None:
        while True:
            try:
                found = await self._store.read(log.message, (h.conversation.id, changed.seq))
            except StoreBusy:
                await asyncio.sleep(0.5)
            else:
                return MessageNews(change=changed.change, message=found) if found else None

    def _hand_on(self, h: Heard, what: MessageNews | ConversationNews | ReceiptNews) -> None:
        bridge = self._directory.bridges.get(h.bridge)
        if bridge is None:
            return
        if h.only is not None:
            self._say(*h.only, h.conversation, what)
        elif h.agents:
            for follower in self._agents(bridge):
                self._say(*follower, h.conversation, what)
        for follower in h.customers:
            self._say(*follower, customer_view(bridge, h.conversation), _for_customer(bridge, what))

    def _agents(self, bridge: Bridge) -> list[Followed]:
        return [
            (e.channel, LogLeg(endpoint=e.key, side=e.side))
            for e in bridge.agents()
            if self._directory.form(e.channel) is Form.LOG
        ]

    def _say(self, channel: ChannelName, leg: LogLeg, conversation: ConversationView, what: Happening) -> None:
        found = self._channels.get(channel)
        if found is None or found.follows is None:
            return
        try:
            found.follows.heard(leg, conversation, what)
        except Exception:
            self._log.exception("a channel couldn’t hear what happened", extra={"channel": channel})


def _for_customer(
    bridge: Bridge, what: MessageNews | ConversationNews | ReceiptNews
) -> MessageNews | ConversationNews | ReceiptNews:
    match what:
        case MessageNews():
            return MessageNews(change=what.change, message=for_customer(what.message, bridge.agent_name))
        case ReceiptNews():
            return ReceiptNews(receipt=replace(what.receipt, code="", words=""))
        case ConversationNews():
            return what


class ChannelLog:
    """The message log as one channel's legs may read it (`bridge.channel.Messages`)."""

    def __init__(self, store: Store, directory: Directory, channel: ChannelName) -> None:
        self._store = store
        self._directory = directory
        self._channel = channel

    async def conversations(self, leg: LogLeg, limit: int) -> list[ConversationView]:
        bridge = self._bridge(leg)
        if bridge is None:
            return []
        if leg.side is Side.CUSTOMER:
            own = await self._own(bridge, leg)
            return [own] if own else []
        return await _asked(self._store.read(log.of_bridge, log.OfBridge(bridge=bridge.name, limit=limit)))

    async def conversation(self, leg: LogLeg, id: ConversationId) -> ConversationView | None:
        bridge = self._bridge(leg)
        if bridge is None:
            return None
        if leg.side is Side.CUSTOMER:
            own = await self._own(bridge, leg)
            return own if own and own.id == id else None
        found = await _asked(self._store.read(log.by_id, id))
        return found if found and found.bridge == bridge.name else None

    async def after(self, leg: LogLeg, id: ConversationId, seq: int, limit: int) -> list[MessageView]:
        return await self._page(leg, log.Page(conversation=id, seq=seq, limit=limit))

    async def before(self, leg: LogLeg, id: ConversationId, seq: int, limit: int) -> list[MessageView]:
        return await self._page(leg, log.Page(conversation=id, seq=seq, limit=limit, before=True))

    async def active_since(self, leg: LogLeg, at: float, limit: int) -> list[ConversationView]:
        bridge = self._bridge(leg)
        if bridge is None:
            return []
        if leg.side is Side.CUSTOMER:
            own = await self._own(bridge, leg)
            return [own] if own and await self._active(own.id) > at else []
        return await _asked(self._store.read(log.of_bridge, log.OfBridge(bridge=bridge.name, limit=limit, since=at)))

    async def known(self, remotes: Sequence[RemoteId]) -> frozenset[RemoteId]:
        return await _asked(self._store.read(log.known, (self._channel, tuple(remotes))))

    async def _page(self, leg: LogLeg, page: log.Page) -> list[MessageView]:
        bridge = self._bridge(leg)
        if bridge is None or await self.conversation(leg, page.conversation) is None:
            return []
        found = await _asked(self._store.read(log.page, page))
        if leg.side is Side.CUSTOMER:
            return [for_customer(m, bridge.agent_name) for m in found]
        return found

    def _bridge(self, leg: LogLeg) -> Bridge | None:
        """The bridge that names the leg's endpoint, on its side."""
        bridge = self._directory.find(self._channel, leg.endpoint)
        on = bridge is not None and self._directory.side(self._channel, leg.endpoint) is leg.side
        return bridge if on else None

    async def _active(self, id: ConversationId) -> float:
        return await _asked(self._store.read(log.active_at, id))

    async def _own(self, bridge: Bridge, leg: LogLeg) -> ConversationView | None:
        found = await _asked(self._store.read(log.of_customer, (self._channel, leg)))
        return customer_view(bridge, found) if found and found.bridge == bridge.name else None


async def _asked(answer: Awaitable[T]) -> T:
    try:
        return await answer
    except StoreBusy as busy:
        raise StoreUnavailable(str(busy)) from busy
