"""What an admin is asked to set up Telegram: a bot's token, and the group, which is found by a word that is written there.

Sources: https://core.telegram.org/bots/api (getUpdates, getWebhookInfo, deleteWebhook), https://core.telegram.org/api/links
(the rights that a link asks for).
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from adapters.telegram.inspection import Asking, Json, asking, group, name
from adapters.telegram.settings import Settings
from bridge.channel.inspection import Draft, Talk
from bridge.core.outcomes import Misconfigured, SendError

WAIT_S, PAUSE_S, PATIENCE_S = 5, 1.0, 120.0
BOT = """Telegram. The bridge needs a bot of its own. Write /newbot to @BotFather in Telegram: it asks for a name and answers \
with a token, digits, a colon and more. If you have made the bot already, /token shows it again."""
CALLED = "Telegram can call it for every message; without one, the bridge asks Telegram instead, which works as well."
GROUP = """Now the agents' group:
  1. make a group in Telegram, or take one that you have
  2. switch Topics on in its settings
  3. add {name} to it as an administrator who may manage topics
     (https://t.me/{username}?startgroup&admin=manage_topics does that in one step)
  4. write a word there
Waiting for that word ..."""
IN_USE = """A webhook is set for this bot ({host}): a program may be using it. While it is set nobody can listen for your group. \
Nothing that waits at Telegram is lost by removing it."""
SMALL = "“{title}” has no topics yet. Switch Topics on in its settings, then write a word there again."


async def guided(talk: Talk, api_url: str) -> Draft:
    """The bot, how updates come, and the group."""
    talk.say(BOT)
    url = (api_url or str(Settings.model_fields["api_url"].default)).rstrip("/")
    token, me = await _bot(talk, url)
    by_webhook = bool(talk.public_url(CALLED, required=False)) and talk.confirm("Shall Telegram call that URL?")
    async with asking(url, token) as bot:
        chat = await _group(talk, bot, me)
    settings: dict[str, str | int | bool] = {"bot_token": token, "updates": "webhook" if by_webhook else "polling"}
    settings |= {"webhook_secret": secrets.token_urlsafe(32)} if by_webhook else {}
    settings |= {"api_url": url} if api_url else {}
    return Draft(
        channel="telegram",
        settings=settings,
        endpoints=[{"chat": chat}],
        secrets=frozenset({"bot_token", "webhook_secret"}),
    )


async def _bot(talk: Talk, url: str) -> tuple[str, Json]:
    """The token and whose it is; an empty object where Telegram can't be reached and they go on without."""
    while True:
        token = talk.ask("The bot's token", secret=True)
        try:
            Settings.model_validate({"bot_token": token, "updates": "polling"})
            async with asking(url, token) as bot:
                me = await bot.record("getMe")
        except ValidationError:
            talk.say("That is no bot token: it has digits, a colon and more, without blanks. Try again.")
        except Misconfigured as error:
            talk.say(f"That token was refused by Telegram ({error.raw or error.words}). Try again.")
        except SendError as error:
            talk.say(f"The token couldn't be tried: {error}.")
            if not talk.confirm("Try again?"):
                return token, {}
        else:
            talk.say(f"That is {name(me)}.")
            return token, me


async def _group(talk: Talk, bot: Asking, me: Json) -> int:
    chat: int | None = None
    if me and await _may_listen(talk, bot):
        talk.say(GROUP.format(name=name(me), username=me.get("username", "")))
        chat = await _heard(talk, bot)
    if chat is None:
        chat = _typed(talk)
    if me:
        await _mended(talk, bot, me, chat)
    return chat


async def _may_listen(talk: Talk, bot: Asking) -> bool:
    """A webhook excludes getUpdates, and may be somebody's."""
    try:
        there = str((await bot.record("getWebhookInfo")).get("url") or "")
        if there:
            talk.say(IN_USE.format(host=urlsplit(there).hostname))
            if not talk.confirm("Remove it?", default=False):
                return False
            await bot.call("deleteWebhook", drop_pending_updates="false")
    except SendError as error:
        talk.say(f"Telegram: {error}.")
        return False
    return True


async def _heard(talk: Talk, bot: Asking) -> int | None:
    """The group where a word was written; None where they would rather type its id."""
    answered: set[int] = set()
    until = time.monotonic() + PATIENCE_S
    while (found := await _groups(talk, bot)) is not None:
        for chat, (title, kind) in found.items():
            if chat in answered:
                continue
            if kind != "supergroup":
                talk.say(SMALL.format(title=title))
            elif talk.confirm(f"Found “{title}”. Is it this group?"):
                return chat
            answered.add(chat)
            until = time.monotonic() + PATIENCE_S
        if time.monotonic() > until:
            if not talk.confirm("Nothing was heard from a group yet. Wait on?"):
                return None
            until = time.monotonic() + PATIENCE_S
        await asyncio.sleep(PAUSE_S)
    return None


async def _groups(talk: Talk, bot: Asking) -> dict[int, tuple[str, str]] | None:
    """What `chats` finds in the updates that wait; None where they can't be had. None is confirmed to Telegram: what waits
    there, waits for the bridge."""
    while True:
        try:
            updates = await bot.call("getUpdates", timeout=WAIT_S, limit=100)
        except SendError as error:
            talk.say(f"Telegram: {error}.")
            if not talk.confirm("Try again?"):
                return None
        else:
            return chats(updates if isinstance(updates, list) else ())


def chats(updates: Iterable[Any]) -> dict[int, tuple[str, str]]:
    """The groups that updates come from, by id, the one heard last first: title and kind. One that became another chat
    counts as that; one that the bot was thrown out of doesn't."""
    found: dict[int, tuple[str, str]] = {}
    for update in updates:
        if not isinstance(update, dict):
            continue
        for happened in (v for v in update.values() if isinstance(v, dict) and isinstance(v.get("chat"), dict)):
            chat, member = happened["chat"], happened.get("new_chat_member")
            id, kind = chat.get("id"), str(chat.get("type"))
            if not isinstance(id, int) or kind not in ("group", "supergroup"):
                continue
            found.pop(id, None)
            if isinstance(member, dict) and member.get("status") in ("left", "kicked"):
                continue
            moved = happened.get("migrate_to_chat_id")
            title = str(chat.get("title") or id)
            found |= {moved: (title, "supergroup")} if isinstance(moved, int) else {id: (title, kind)}
    return dict(reversed(found.items()))


def _typed(talk: Talk) -> int:
    while True:
        typed = talk.ask("The group's id, negative, as in -1001234567890")
        if typed.removeprefix("-").isdecimal() and int(typed) < 0:
            return int(typed)
        talk.say(
            "That is no group's id: it is a negative number. A link to a message of the group holds its digits: \
https://t.me/c/1234567890/5 is of the group -1001234567890."
        )


async def _mended(talk: Talk, bot: Asking, me: Json, chat: int) -> None:
    """Until the group is as it must be, or they want to see to it later."""
    while True:
        found = await group(bot, me, chat, ())
        wrong = [f for f in found if not f.ok]
        if not wrong:
            talk.say(f"{found[0].words}. Good.")
            return
        talk.say("\n".join(f"- {f.words}" + (f"; {f.mend}" if f.mend else "") for f in wrong))
        if talk.ask("Enter once that is done, or “later”", default="look again").strip("“”\"'").lower() == "later":
            return
