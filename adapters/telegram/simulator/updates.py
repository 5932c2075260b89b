"""The bot's pending updates: which kinds are kept, in which line each waits, and getUpdates.

Sources: Client.cpp (allowed updates, webhook_queue_id, get_updates) of tdlib/telegram-bot-api; facts: telegram.md 5.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from .clock import Clock
from .errors import POLLING_ELSEWHERE, POLLING_WITH_WEBHOOK, ApiError
from .records import Json, Update
from .state import State

KINDS = (
    "message", "edited_message", "channel_post", "edited_channel_post", "business_connection", "business_message",
    "edited_business_message", "deleted_business_messages", "guest_message", "message_reaction",
    "message_reaction_count", "inline_query", "chosen_inline_result", "callback_query", "shipping_query",
    "pre_checkout_query", "purchased_paid_media", "poll", "poll_answer", "my_chat_member", "chat_member",
    "chat_join_request", "chat_boost", "removed_chat_boost", "managed_bot", "subscription",
    "stopped_message_generation",
)  # fmt: skip
NOT_BY_DEFAULT = {"chat_member", "message_reaction", "message_reaction_count"}
KEPT_SECONDS = 86_400
CALLBACK_SECONDS = 150
LONGEST_POLL = 50


def expired(update: Update, at: float) -> bool:
    """Whether Telegram would no longer deliver the update at that moment."""
    return at > update.at + (CALLBACK_SECONDS if update.kind == "callback_query" else KEPT_SECONDS)


class Updates:
    """The queue. `added` is called with each new update's queue, so that a webhook can go on with it."""

    def __init__(self, state: State, clock: Clock, added: Callable[[str], None]) -> None:
        self._state = state
        self._clock = clock
        self._added = added
        self._poll: asyncio.Future[str] | None = None
        self._arrived = asyncio.Event()

    def add(self, kind: str, queue: str, payload: Json) -> int | None:
        """Queues an update; returns its id, or None where the bot did not ask for that kind."""
        allowed = self._state.webhook.allowed
        if kind in NOT_BY_DEFAULT if allowed is None else kind not in allowed:
            return None
        update_id = self._state.count("update_id")
        body = json.dumps({"update_id": update_id, kind: payload})
        self._state.add(Update(update_id, queue, kind, self._clock.now(), body))
        self._arrived.set()
        self._added(queue)
        return update_id

    def allow(self, wanted: list[str] | None) -> None:
        """Remembers the kinds for every later update: None changes nothing, an empty list is the default again."""
        if wanted is None:
            return
        known = [kind for kind in wanted if kind in KINDS] or None
        if known != self._state.webhook.allowed:
            self._state.webhook.allowed = known
            self._state.save(self._state.webhook)

    def drop_all(self) -> None:
        """Forgets everything that is pending."""
        for update_id in list(self._state.updates):
            self._state.forget_update(update_id)

    def interrupt(self, reason: str) -> None:
        """Ends a waiting getUpdates with a 409 of that text."""
        if self._poll and not self._poll.done():
            self._poll.set_result(reason)

    async def poll(self, offset: int, limit: int, patience: int) -> list[Json]:
        """getUpdates: confirms everything below `offset` at once, then waits up to `patience` seconds for something to tell."""
        if self._state.webhook.url:
            raise ApiError(409, POLLING_WITH_WEBHOOK)
        self.interrupt(POLLING_ELSEWHERE)
        self._confirm(offset)
        self._state.store.flush()
        limit = limit if 1 <= limit <= 100 else 100
        found = self._pending(limit)
        if found or patience <= 0:
            return found
        mine: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._poll = mine
        try:
            await self._wait(mine, min(patience, LONGEST_POLL))
        finally:
            # An abandoned poll must not keep the next one from being the only one.
            if self._poll is mine:
                self._poll = None
        return self._pending(limit)

    async def _wait(self, mine: asyncio.Future[str], seconds: int) -> None:
        deadline = asyncio.get_running_loop().time() + seconds
        while not self._pending(1):
            self._arrived.clear()
            news: asyncio.Future[Any] = asyncio.ensure_future(self._arrived.wait())
            try:
                left = deadline - asyncio.get_running_loop().time()
                waiting: set[asyncio.Future[Any]] = {news, mine}
                await asyncio.wait(waiting, timeout=max(left, 0), return_when=asyncio.FIRST_COMPLETED)
            finally:
                news.cancel()
            if mine.done():
                raise ApiError(409, mine.result())
            if left <= 0:
                return

    def _confirm(self, offset: int) -> None:
        pending = list(self._state.updates)
        if offset < 0:
            offset = pending[offset:][0] if pending else 0
        for update_id in pending:
            if update_id >= offset:
                return
            self._state.forget_update(update_id)

    def _pending(self, limit: int) -> list[Json]:
        now = self._clock.now()
        found: list[Json] = []
        for update in list(self._state.updates.values()):
            if len(found) == limit:
                break
            if expired(update, now):
                self._state.forget_update(update.update_id)
            else:
                found.append(json.loads(update.body))
        return found
