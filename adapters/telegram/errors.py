"""The Bot API's answers -> what happens next. Pure. Its texts are no interface: matched loosely, kept as they came.

Sources: https://core.telegram.org/bots/api#making-requests, the texts of tdlib/telegram-bot-api and tdlib/td.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bridge.core.outcomes import BindingGone, Misconfigured, RateLimited, Refused, Scope, SendError, Unavailable, Unsure

GONE = ("message thread not found", "topic_deleted", "topic_id_invalid")
CLOSED = ("topic_closed",)
DONE = ("message is not modified", "topic_not_modified", "message to delete not found")
AS_DOCUMENT = ("image_process_failed", "photo_invalid_dimensions", "voice_messages_forbidden", "photo_ext_invalid")
RIGHTS = {
    "not enough rights to create a topic": "give the bot the right to manage topics in the group",
    "not enough rights to close or open the topic": "give the bot the right to manage topics in the group",
    "not enough rights": "give the bot the rights to write and to manage topics in the group",
    "have no write access": "let the bot write in the group",
    "chat_write_forbidden": "let the bot write in the group",
    "chat_send_": "let the bot write in the group",
    "chat_admin_required": "make the bot an administrator of the group",
    "chat not found": "add the bot to the group, and check the chat's id in the configuration",
    "peer_id_invalid": "add the bot to the group, and check the chat's id in the configuration",
    "the chat is not a forum": "switch Topics on in the group's settings",
    "channel_forum_missing": "switch Topics on in the group's settings",
    "upgraded to a supergroup": "the group has a new id: put it into the configuration",
    "bot was kicked": "add the bot to the group again",
    "bot is not a member": "add the bot to the group again",
    "the group chat was deleted": "the group is gone: configure another one",
    "bad webhook": "Telegram doesn't take public_url: it must be https on port 443, 80, 88 or 8443, reachable from outside",
}


def is_done(description: str) -> bool:
    """Nothing was left to do."""
    return _has(description, DONE)


def wants_document(error: SendError) -> bool:
    """The file can't be sent as what it is, but as a document."""
    return isinstance(error, Refused) and _has(error.raw, AS_DOCUMENT)


def answered(status: int, body: Any, now: float, *, creates: bool) -> SendError:
    """The error that an answer without ``ok: true`` means; `body` is its JSON, None where it was none. `creates`: it sends
    something, so a server's failure leaves it in doubt."""
    if 300 <= status < 400:
        return Misconfigured(f"what answers there is not the Bot API ({status}): check api_url", code=str(status))
    if not isinstance(body, Mapping):
        if status == 413:
            return Refused("Telegram refuses it: the file is too large", code="413")
        return _doubt(f"Telegram answered {status} without JSON", creates=creates and not 400 <= status < 500)
    description = str(body.get("description") or "")
    code = body.get("error_code") if isinstance(body.get("error_code"), int) else status
    if code in (429, 420) or description.lower().startswith("too many requests"):
        return _limited(body, description, now)
    if code == 401 or (code == 404 and "method not found" not in description.lower()):
        return Misconfigured("Telegram doesn’t know this bot: check bot_token", code=str(code), raw=description)
    if code == 409:
        words = "another program asks for this bot’s updates, or a webhook is set: stop the other one"
        return Misconfigured(words, code="409", raw=description)
    if isinstance(code, int) and code >= 500:
        return _doubt(description or f"Telegram answered {code}", creates=creates)
    if isinstance(code, int) and code < 400 and not description:
        return _doubt("Telegram answered without a word", creates=creates)
    return _refusal(str(code), description + _new_id(body))


def broke(cause: str, *, left: bool, creates: bool) -> SendError:
    """What a request that got no answer means; the cause never holds the URL, for the bot's token stands in it."""
    if not left:
        return Unavailable(f"Telegram can’t be reached ({cause})")
    return _doubt(f"the connection to Telegram broke ({cause})", creates=creates)


def _doubt(words: str, *, creates: bool) -> SendError:
    return Unsure(words) if creates else Unavailable(words)


def _limited(body: Mapping[str, Any], description: str, now: float) -> RateLimited:
    parameters = body.get("parameters")
    told = parameters.get("retry_after") if isinstance(parameters, Mapping) else None
    if not isinstance(told, int):
        found = re.search(r"retry after (\d{1,6})", description.lower())
        told = int(found[1]) if found else None
    at = now + max(1, told) if told is not None else None
    return RateLimited("Telegram asks for a pause", retry_at=at, scope=Scope.ENDPOINT, code="429")


def _refusal(code: str, description: str) -> SendError:
    if _has(description, GONE):
        return BindingGone("the topic was deleted", code=code, raw=description)
    if _has(description, CLOSED):
        return BindingGone("the topic is closed", code=code, raw=description, closed=True)
    for text, mend in RIGHTS.items():
        if text in description.lower():
            return Misconfigured(f"Telegram refuses ({description}): {mend}", code=code, scope=Scope.ENDPOINT)
    if "wrong file_id or the file is temporarily unavailable" in description.lower():
        return Unavailable("the file is not at hand at Telegram", code=code)
    words = description.partition(": ")[2] or description or f"Telegram answered {code}"
    return Refused(f"Telegram refuses it: {words}", code=code, raw=description)


def _new_id(body: Mapping[str, Any]) -> str:
    """Of a group that became another chat."""
    parameters = body.get("parameters")
    id = parameters.get("migrate_to_chat_id") if isinstance(parameters, Mapping) else None
    return f" {id}" if isinstance(id, int) else ""


def _has(description: str, texts: tuple[str, ...]) -> bool:
    return any(t in description.lower() for t in texts)
