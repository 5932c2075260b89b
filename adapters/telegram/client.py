"""The Bot API through aiogram: its methods, its session; answers as they came, every outcome mapped.

Importing this module imports aiogram: seconds of CPU and 130 MB, so the channel does it in a thread once the server listens.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import IO, Any

import aiohttp
from aiogram import Bot, methods
from aiogram.client.default import Default
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.methods import TelegramMethod
from aiogram.types import InputFile, LinkPreviewOptions, ReplyParameters, TelegramObject

from adapters.telegram.errors import answered, broke, is_done
from adapters.telegram.inbound import KINDS
from adapters.telegram.settings import Settings
from bridge.core.outcomes import Refused, SendError, Unavailable, Unsure

TIMEOUT_S = 20
"""Telegram's server waits out short floods itself, up to 8 s a request: a hasty timeout would be false doubt."""
UPLOAD_TIMEOUT_S = 100
POLL_S = 25
SAFE = frozenset({"getMe", "getFile", "getUpdates", "getWebhookInfo", "setWebhook", "deleteWebhook", "getChatMember"})
"""Methods that send nothing: repeating them does no harm."""
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
"""A preview would tell a customer's link that somebody looked."""


class Session(AiohttpSession):
    """aiogram's session, less its models: an answer is used as it came, and one that fits no model is no failure."""

    async def make_request(self, bot: Bot, method: TelegramMethod[Any], timeout: int | None = None) -> Any:  # noqa: ASYNC109
        name = method.__api_method__
        creates = name not in SAFE
        url = self.api.api_url(token=bot.token, method=name)
        session = await self.create_session()
        broken: SendError | None = None
        try:
            async with session.post(
                url,
                timeout=aiohttp.ClientTimeout(total=timeout or TIMEOUT_S),
                allow_redirects=False,
                **_body(self, bot, method),
            ) as r:
                status, text = r.status, await r.text(errors="replace")
        except (aiohttp.ClientError, TimeoutError) as error:
            never_left = isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
            broken = broke(type(error).__name__, left=not never_left, creates=creates)
        if broken is not None:
            raise broken  # out here: aiohttp's own error, which holds the URL, is not even its context
        body = _parsed(text)
        if isinstance(body, dict) and body.get("ok") is True and status < 300:
            return body.get("result")
        if isinstance(body, dict) and is_done(str(body.get("description") or "")):
            return True
        raise answered(status, body, time.time(), creates=creates)


def _body(session: Session, bot: Bot, method: TelegramMethod[Any]) -> dict[str, Any]:
    """A form of the fields that are set, as aiogram's own session sends it; multipart where there is a file."""
    fields = {k: v for k, v in method.__dict__.items() if v is not None and not isinstance(v, Default)}
    if any(isinstance(v, InputFile) for v in fields.values()):
        return {"data": session.build_form_data(bot, method)}
    return {"data": {k: _field(v) for k, v in fields.items()}}


def _field(value: Any) -> str:
    if isinstance(value, TelegramObject):
        value = {k: v for k, v in value.__dict__.items() if v is not None and not isinstance(v, Default)}
    return value if isinstance(value, str) else json.dumps(value)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


class Upload(InputFile):
    """A file that is open already."""

    def __init__(self, body: IO[bytes], filename: str) -> None:
        super().__init__(filename=filename, chunk_size=64 * 1024)
        self._body = body

    async def read(self, bot: Bot) -> AsyncIterator[bytes]:  # type: ignore[override]
        while chunk := await asyncio.to_thread(self._body.read, self.chunk_size):
            yield chunk


class Client:
    """One bot."""

    def __init__(self, settings: Settings, limit: int) -> None:
        server = TelegramAPIServer(
            base=f"{settings.api_url}/bot{{token}}/{{method}}", file=f"{settings.api_url}/file/bot{{token}}/{{path}}"
        )
        self._session = Session(api=server, limit=limit)
        self._bot = Bot(settings.bot_token.get_secret_value(), session=self._session)

    async def close(self) -> None:
        await self._session.close()

    async def me(self) -> dict[str, Any]:
        return await self._object(methods.GetMe())

    async def create_topic(self, chat: int, name: str) -> int:
        made = await self._object(methods.CreateForumTopic(chat_id=chat, name=name))
        if not isinstance(thread := made.get("message_thread_id"), int):
            raise Unsure("Telegram answered without a topic’s id")
        return thread

    async def reopen_topic(self, chat: int, thread: int) -> None:
        await self._call(methods.ReopenForumTopic(chat_id=chat, message_thread_id=thread))

    async def send_text(self, chat: int, thread: int, text: str, reply_to: int | None) -> dict[str, Any]:
        return await self._object(
            methods.SendMessage(
                chat_id=chat,
                message_thread_id=thread,
                text=text,
                parse_mode=None,
                link_preview_options=NO_PREVIEW,
                reply_parameters=_reply(reply_to),
            )
        )

    async def send_file(
        self, kind: str, chat: int, thread: int, file: Upload, caption: str, reply_to: int | None
    ) -> dict[str, Any]:
        """`kind` as `outbound.method_for` names it."""
        method = _SENDS[kind](
            chat_id=chat,
            message_thread_id=thread,
            caption=caption or None,
            parse_mode=None,
            reply_parameters=_reply(reply_to),
            **{kind: file},
        )
        return await self._object(method, UPLOAD_TIMEOUT_S)

    async def edit_text(self, chat: int, message: int, text: str) -> None:
        await self._call(
            methods.EditMessageText(
                chat_id=chat, message_id=message, text=text, parse_mode=None, link_preview_options=NO_PREVIEW
            )
        )

    async def edit_caption(self, chat: int, message: int, text: str) -> None:
        await self._call(methods.EditMessageCaption(chat_id=chat, message_id=message, caption=text, parse_mode=None))

    async def delete(self, chat: int, message: int) -> None:
        await self._call(methods.DeleteMessage(chat_id=chat, message_id=message))

    async def webhook(self) -> dict[str, Any]:
        return await self._object(methods.GetWebhookInfo())

    async def set_webhook(self, url: str, secret: str) -> None:
        """What waits at Telegram is never dropped."""
        await self._call(
            methods.SetWebhook(url=url, secret_token=secret, allowed_updates=list(KINDS), drop_pending_updates=False)
        )

    async def delete_webhook(self) -> None:
        await self._call(methods.DeleteWebhook(drop_pending_updates=False))

    async def updates(self, offset: int | None) -> list[dict[str, Any]]:
        """Raw updates from `offset` on, which confirms all before it. Waits up to `POLL_S` for one."""
        method = methods.GetUpdates(offset=offset, timeout=POLL_S, limit=100, allowed_updates=list(KINDS))
        found = await self._call(method, POLL_S + TIMEOUT_S)
        return [u for u in found if isinstance(u, dict)] if isinstance(found, list) else []

    @asynccontextmanager
    async def download(self, file_id: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """A file's bytes. Its URL holds the bot's token, so it is told nobody."""
        found = await self._call(methods.GetFile(file_id=file_id))
        path = str(found.get("file_path") or "") if isinstance(found, dict) else ""
        if not path:
            raise Refused("the file is no longer at Telegram", code="404")
        session = await self._session.create_session()
        url = self._session.api.file_url(self._bot.token, path)
        broken: SendError | None = None
        try:
            limit = aiohttp.ClientTimeout(total=UPLOAD_TIMEOUT_S)
            async with session.get(url, timeout=limit, allow_redirects=False) as response:
                if response.status == 404:
                    raise Refused("the file is no longer at Telegram", code="404")
                if response.status != 200:
                    raise Unavailable("the file couldn’t be fetched", code=str(response.status))
                yield response.content.iter_chunked(64 * 1024)
        except (aiohttp.ClientError, TimeoutError) as error:
            broken = broke(type(error).__name__, left=True, creates=False)
        if broken is not None:
            raise broken

    async def _object(self, method: TelegramMethod[Any], timeout_s: int | None = None) -> dict[str, Any]:
        found = await self._call(method, timeout_s)
        if not isinstance(found, dict):
            raise Unsure("Telegram answered with something else than an object")
        return found

    async def _call(self, method: TelegramMethod[Any], timeout_s: int | None = None) -> Any:
        return await self._bot(method, request_timeout=timeout_s)


def _reply(message: int | None) -> ReplyParameters | None:
    return ReplyParameters(message_id=message, allow_sending_without_reply=True) if message is not None else None


_SENDS: dict[str, Any] = {
    "photo": methods.SendPhoto,
    "video": methods.SendVideo,
    "animation": methods.SendAnimation,
    "audio": methods.SendAudio,
    "voice": methods.SendVoice,
    "document": methods.SendDocument,
}
