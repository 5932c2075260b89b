"""One bot and its groups as a channel: a topic per conversation."""

from __future__ import annotations

import asyncio
import gc
import hmac
import importlib
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any, Never

from adapters.telegram import inbound
from adapters.telegram.errors import wants_document
from adapters.telegram.outbound import CAPABILITIES, filename, method_for
from adapters.telegram.pace import Bucket, Learned
from adapters.telegram.settings import Settings
from bridge.channel import (
    Binding,
    Edit,
    Events,
    Forged,
    Health,
    Ignored,
    Opened,
    Opening,
    Outbound,
    Port,
    Received,
    Request,
    Sent,
    StoreUnavailable,
    Unreadable,
)
from bridge.core.capabilities import Capabilities
from bridge.core.content import Attachment
from bridge.core.events import Event
from bridge.core.ids import BindingKey, RemoteId
from bridge.core.outcomes import BindingGone, Misconfigured, RateLimited, Refused, Scope, SendError, Unsure

if TYPE_CHECKING:
    from adapters.telegram.client import Client

FREE_TOPICS = 10
AGAIN_S = 5.0
RESTING_S = 30.0
WATCH_S = 60.0


class TelegramChannel:
    """Implements Channel, OpensBindings, EditsMessages, FetchesMedia, Warms, Runs."""

    def __init__(self, settings: Settings, chats: list[int], port: Port) -> None:
        self._settings = settings
        self._port = port
        token = settings.bot_token.get_secret_value()
        self._group = inbound.Group(int(token.partition(":")[0]), frozenset(chats), frozenset(settings.agents))
        self._secret = settings.webhook_secret.get_secret_value().encode() if settings.webhook_secret else None
        self._client: Client | None = None
        self._loaded = asyncio.Event()
        self._mended: Any = None
        self._paces: dict[int, Bucket | Learned] = {}
        self._topics = Bucket(FREE_TOPICS, settings.topics_per_minute)

    def capabilities(self, binding: Binding) -> Capabilities:
        return CAPABILITIES

    # ---- in

    def receive(self, request: Request) -> Received:
        given = request.headers.get("x-telegram-bot-api-secret-token", "").encode("utf-8", "replace")
        if self._secret is None or not hmac.compare_digest(given, self._secret):
            return Forged(reason="the secret token is not this channel’s webhook_secret")
        try:
            update = json.loads(request.body)
        except (ValueError, RecursionError):
            update = None
        if not isinstance(update, dict):
            return Unreadable(reason="the body is no JSON object")
        found = self._events(update, request.at)
        return Events(events=tuple(found)) if found else Ignored(reason="not for us")

    def _events(self, update: Mapping[str, Any], at: float) -> list[Event]:
        """One odd update must stop neither its neighbours nor the group's queue at Telegram."""
        try:
            found = inbound.events(update, self._group, at)
        except Exception:
            self._port.log.exception(
                "an update couldn’t be read and is kept", extra={"update": update.get("update_id")}
            )
            found = None
        return [inbound.unknown(update, at)] if found is None else found

    # ---- what goes on beside requests

    async def run(self) -> None:
        while True:
            try:
                await self._introduce()
                if self._settings.updates == "webhook":
                    await self._watch()
                else:
                    await self._poll()
            except Misconfigured as error:
                self._port.health(Health.RESTING, str(error))
                await asyncio.sleep(RESTING_S)
            except RateLimited as error:
                await asyncio.sleep(max(AGAIN_S, (error.retry_at or 0.0) - self._port.now()))
            except (SendError, StoreUnavailable) as error:
                self._port.health(Health.UNREACHABLE, str(error))
                await asyncio.sleep(AGAIN_S)

    async def warm(self) -> None:
        """aiogram takes seconds to import, so a thread does it; its 190,000 objects then leave the collector's sight."""
        if self._client is None:
            module = await asyncio.to_thread(importlib.import_module, "adapters.telegram.client")
            gc.collect()
            gc.freeze()
            self._client = module.Client(self._settings, CAPABILITIES.max_in_flight * 2)
            self._loaded.set()

    async def _introduce(self) -> None:
        bot = await self._bot()
        me = await bot.me()
        if me.get("id") not in (None, self._group.bot):
            raise Misconfigured(f"the token is another bot’s ({me.get('username')}): check bot_token")
        if self._settings.updates == "polling":
            await bot.delete_webhook()
        else:
            await self._register(bot)
        self._port.health(Health.OK)

    async def _register(self, bot: Client) -> None:
        found, url = await bot.webhook(), self._port.webhook_url()
        failed = found.get("last_error_date")
        # A 403 of our own says that Telegram has another secret; once per error, for it stays in sight.
        refused = failed != self._mended and "403" in str(found.get("last_error_message") or "")
        kinds = set(found.get("allowed_updates") or ())
        if found.get("url") != url or kinds != set(inbound.KINDS) or refused:
            secret = self._secret.decode() if self._secret else ""
            await bot.set_webhook(url, secret)
            self._mended = failed
            self._port.log.info("the webhook is registered", extra={"url": url})

    async def _watch(self) -> Never:
        """Telegram doesn't show which secret it uses: that it is another one shows in its errors alone, once it has called."""
        bot = await self._bot()
        while True:
            await asyncio.sleep(WATCH_S)
            await self._register(bot)

    async def _poll(self) -> Never:
        """Own loop: the offset moves only after the commit, which confirms to Telegram what we have and nothing else."""
        bot = await self._bot()
        offset: int | None = None
        while True:
            updates = await bot.updates(offset)
            at = self._port.now()
            found = [event for update in updates for event in self._events(update, at)]
            if found:
                await self._port.accept(found)
            numbers = [n for u in updates if isinstance(n := u.get("update_id"), int)]
            if numbers:
                offset = max(numbers) + 1
            self._port.health(Health.OK)

    async def _bot(self) -> Client:
        await self._loaded.wait()
        assert self._client is not None  # noqa: S101 - set before the event
        return self._client

    # ---- out

    async def send(self, out: Outbound) -> Sent:
        bot = await self._bot()
        chat, thread = _topic(out.binding)
        reply = _message(out.reply_to, chat)
        async with self._paced(chat):
            result = await self._send(bot, chat, thread, out, reply)
        if not isinstance(number := result.get("message_id"), int):
            raise Unsure("Telegram answered without a message’s id")
        if result.get("message_thread_id") != thread:
            await self._misplaced(bot, chat, number)
        return Sent(remote=RemoteId(f"{chat}:{number}"), next_at=self._paces[chat].next_at)

    async def _send(self, bot: Client, chat: int, thread: int, out: Outbound, reply: int | None) -> dict[str, Any]:
        if out.file is None:
            return await bot.send_text(chat, thread, out.text, reply)
        module = importlib.import_module("adapters.telegram.client")
        attachment = out.file.attachment
        kind = method_for(attachment, out.file.size)
        upload = module.Upload(out.file.body, filename(attachment, kind))
        try:
            return await bot.send_file(kind, chat, thread, upload, out.text, reply)
        except Refused as refused:
            if kind == "document" or not wants_document(refused):
                raise
            out.file.body.seek(0)
            return await bot.send_file("document", chat, thread, upload, out.text, reply)

    async def _misplaced(self, bot: Client, chat: int, number: int) -> None:
        """With Topics switched off, Telegram ignores the topic without a word and shows the text to everybody."""
        self._port.log.error("a message landed outside of its topic and is deleted", extra={"chat": chat})
        try:
            await bot.delete(chat, number)
        except SendError as error:
            self._port.log.error("it could not be deleted: %s", error, extra={"chat": chat})
        raise BindingGone("the message landed outside of its topic")

    async def open_binding(self, opening: Opening) -> Opened:
        bot = await self._bot()
        chat = int(opening.binding.endpoint)
        again = _topic(opening.binding)[1] if opening.closed and opening.binding.key is not None else None
        if again is None and self._settings.topics_per_minute and (at := self._topics.take(self._port.now())):
            raise RateLimited("topics are made slowly", retry_at=at, scope=Scope.BINDING)
        # A repair follows on a request that had its turn; were it to wait for another, that request would run into it again.
        async with self._paced(chat, waits=opening.binding.key is None):
            if again is not None:
                await bot.reopen_topic(chat, again)
            thread = again if again is not None else await bot.create_topic(chat, opening.title)
        return Opened(key=BindingKey(f"{chat}:{thread}"))

    async def edit(self, edit: Edit) -> None:
        bot = await self._bot()
        chat, _ = _topic(edit.binding)
        number = _message(edit.remote, chat)
        if number is None:
            raise Refused("the message is in another group")
        async with self._paced(chat):
            if edit.caption:
                await bot.edit_caption(chat, number, edit.text)
            else:
                await bot.edit_text(chat, number, edit.text)

    @asynccontextmanager
    async def _paced(self, chat: int, *, waits: bool = True) -> AsyncIterator[None]:
        """One request of the chat's budget; one that doesn't wait for its turn still learns from what it is told."""
        pace = self._paces.get(chat)
        if pace is None:
            pace = Bucket(20, 20) if self._settings.pace == "documented" else Learned()
            self._paces[chat] = pace
        if (at := pace.take(self._port.now())) and waits:
            raise RateLimited("the group’s pace", retry_at=at, scope=Scope.ENDPOINT)
        try:
            yield
        except RateLimited as limited:
            if isinstance(pace, Learned) and limited.retry_at is not None:
                pace.limited(self._port.now(), limited.retry_at)
            raise

    # ---- media

    def open_media(self, attachment: Attachment) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        return self._media(attachment.ref)

    @asynccontextmanager
    async def _media(self, file_id: str) -> AsyncIterator[AsyncIterator[bytes]]:
        bot = await self._bot()
        async with bot.download(file_id) as chunks:
            yield chunks

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()


def _topic(binding: Binding) -> tuple[int, int]:
    chat, _, thread = (binding.key or "").rpartition(":")
    return int(chat), int(thread)


def _message(remote: RemoteId | None, chat: int) -> int | None:
    """The number of a message of this chat."""
    where, _, number = (remote or "").rpartition(":")
    return int(number) if where == str(chat) else None
