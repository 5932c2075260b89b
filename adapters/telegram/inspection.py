"""Asking Telegram whether a configuration will work there: the token, the groups, the webhook. Reads, changes nothing.

It speaks to the Bot API by httpx alone: aiogram would take seconds to import, and `check` is to be quick.
Sources: https://core.telegram.org/bots/api (getMe, getChat, getChatMember, getWebhookInfo, setWebhook),
https://core.telegram.org/bots/features#privacy-mode.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx

from adapters.telegram.errors import answered, broke
from adapters.telegram.settings import Settings
from bridge.channel import Finding
from bridge.channel.problems import Path
from bridge.core.ids import ChannelName
from bridge.core.outcomes import RateLimited, SendError, Unavailable, Unsure

TIMEOUT_S = 12.0
"""The Bot API's server waits out short floods itself, up to 8 s a request."""
NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.InvalidURL)
PORTS = (443, 80, 88, 8443)
ADMINISTRATOR = "in the group, open the bot’s profile and make it an administrator who may manage topics"
Json = dict[str, Any]


class Asking:
    """One bot. Its token stands in every URL, so no error of the HTTP client ever leaves here."""

    def __init__(self, http: httpx.AsyncClient, api_url: str, token: str) -> None:
        self._http = http
        self._root = f"{api_url}/bot{token}/"

    async def call(self, method: str, **fields: str | int) -> Any:
        """The result. Raises `SendError`."""
        broken: httpx.HTTPError | httpx.InvalidURL | None = None
        try:
            response = await self._http.post(self._root + method, data={k: str(v) for k, v in fields.items()})
            body = _parsed(response)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            broken = error
        if broken is not None:
            raise broke(type(broken).__name__, left=not isinstance(broken, NEVER_LEFT), creates=False)
        if isinstance(body, dict) and body.get("ok") is True:
            return body.get("result")
        raise answered(response.status_code, body, time.time(), creates=False)

    async def record(self, method: str, **fields: str | int) -> Json:
        """A result that is an object."""
        found = await self.call(method, **fields)
        if not isinstance(found, dict):
            raise Unavailable(f"Telegram answered {method} with something else than an object")
        return found


@asynccontextmanager
async def asking(api_url: str, token: str, timeout_s: float = TIMEOUT_S) -> AsyncIterator[Asking]:
    """A bot to ask; `timeout_s` is that of one request."""
    async with httpx.AsyncClient(timeout=timeout_s, follow_redirects=False, trust_env=False) as http:
        yield Asking(http, api_url, token)


async def inspected(settings: Settings, chats: Sequence[int], public_url: str, channel: ChannelName) -> list[Finding]:
    """What is right and what is wrong with the bot and the groups `chats`."""
    async with asking(settings.api_url, settings.bot_token.get_secret_value()) as bot:
        try:
            me = await bot.record("getMe")
        except SendError as error:
            return [doubt(error, ("bot_token",), "copy the token anew from @BotFather")]
        url = f"{public_url.rstrip('/')}/webhooks/{channel}"
        groups = (group(bot, me, chat, ("endpoints", i, "chat")) for i, chat in enumerate(chats))
        found = await asyncio.gather(webhook(bot, settings, url), *groups)
        return [
            Finding(ok=True, words=f"the token is {name(me)}’s", path=("bot_token",)),
            *(f for fs in found for f in fs),
        ]


async def group(bot: Asking, me: Json, chat: int, path: Path) -> list[Finding]:
    """Is it a group with topics, does the bot hear what is written there, and may it make topics?"""
    try:
        found = await bot.record("getChat", chat_id=chat)
        member = await bot.record("getChatMember", chat_id=chat, user_id=me.get("id", 0))
    except SendError as error:
        return [doubt(error, path)]
    title = f"“{found.get('title') or chat}”"
    if member.get("status") in ("left", "kicked"):
        return [Finding(ok=False, words=f"the bot is not in {title}", mend="add it to the group", path=path)]
    wrong = [*_topics_off(found, title, path), *_rights(me, found, member, title, path)]
    return wrong or [Finding(ok=True, words=f"{title} has topics, and the bot may manage them", path=path)]


async def webhook(bot: Asking, settings: Settings, url: str) -> list[Finding]:
    """Where Telegram sends updates now. The bridge itself sets that right when it runs, so little of it is wrong."""
    by_webhook = settings.updates == "webhook"
    if by_webhook and (words := unfit(settings.api_url, url)):
        return [Finding(ok=False, words=words, mend='use another port there, or updates = "polling"')]
    try:
        info = await bot.record("getWebhookInfo")
    except SendError as error:
        return [doubt(error, ("updates",))]
    return [_updates(info, url if by_webhook else "")]


def unfit(api_url: str, url: str) -> str:
    """Why Telegram won't call `url`; empty where it will. A Bot API server of one's own calls any port."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if urlsplit(api_url).hostname != "api.telegram.org" or port in PORTS:
        return ""
    return f"Telegram calls the ports {', '.join(map(str, PORTS))} alone, and public_url has {port}"


def doubt(error: SendError, path: Path, mend: str = "") -> Finding:
    """What an answer that is no result says of the key at `path`."""
    passing = isinstance(error, Unavailable | Unsure | RateLimited)
    return Finding(ok=False, words=str(error), mend="" if passing else mend, path=path, certain=not passing)


def name(me: Json) -> str:
    return f"@{me.get('username') or me.get('id')}"


def _topics_off(found: Json, title: str, path: Path) -> list[Finding]:
    if found.get("is_forum") is True:
        return []
    if found.get("type") not in ("group", "supergroup"):
        words, mend = f"{title} is no group but a {found.get('type')} chat", "make a group and give its id"
    else:
        words, mend = f"{title} has no topics", "switch Topics on in the group’s settings"
    return [Finding(ok=False, words=words, mend=mend, path=path)]


def _rights(me: Json, found: Json, member: Json, title: str, path: Path) -> list[Finding]:
    """An administrator has rights of its own; any other member has those that the group gives to everybody."""
    rules = found.get("permissions")
    administrator = member.get("status") in ("administrator", "creator")
    rights = member if administrator else rules if isinstance(rules, dict) else {}
    wrong = []
    if not administrator and me.get("can_read_all_group_messages") is not True:
        wrong.append(
            f"the bot doesn’t hear what is written in {title}: it is no administrator, and its privacy mode is on"
        )
    if member.get("status") != "creator" and rights.get("can_manage_topics") is not True:
        wrong.append(f"the bot may not manage topics in {title}")
    return [Finding(ok=False, words=words, mend=ADMINISTRATOR, path=path) for words in wrong]


def _updates(info: Json, wanted: str) -> Finding:
    """`wanted` is empty while we poll. Errors of the past stay in sight at Telegram: they count while something waits."""
    there = str(info.get("url") or "")
    waiting, failure = info.get("pending_update_count") or 0, info.get("last_error_message")
    if not wanted:
        words = (
            f"a webhook is set ({_host(there)}), which the bridge removes when it starts"
            if there
            else "no webhook is set"
        )
    elif not there:
        words = "no webhook is set yet; the bridge sets it when it starts"
    elif there != wanted:
        words = f"the webhook leads elsewhere ({_host(there)}); the bridge changes that when it starts"
    elif failure and waiting:
        words = f"Telegram calls {wanted}, {waiting} updates wait, and the last one failed: {failure}"
        mend = "see that the bridge runs and that public_url leads to it"
        return Finding(ok=False, words=words, mend=mend, path=("updates",), certain=False)
    else:
        words = f"Telegram calls {wanted}"
    return Finding(ok=True, words=words, path=("updates",))


def _host(url: str) -> str:
    """Another program's webhook may carry a secret in its path."""
    return urlsplit(url).hostname or "?"


def _parsed(response: httpx.Response) -> Any:
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None
