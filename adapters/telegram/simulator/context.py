"""What every method of the Bot API is handed, and the checks that most of them begin with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .clock import Clock
from .errors import THREAD_NOT_FOUND, ApiError, bad
from .faults import Faults
from .params import Params, whole
from .records import GENERAL, Group, Json, Message, Topic
from .render import user
from .state import State
from .updates import Updates
from .webhook import Delivery
from .world import World


@dataclass(frozen=True)
class Context:
    """The simulated server, as a method sees it."""

    state: State
    clock: Clock
    world: World
    updates: Updates
    delivery: Delivery
    faults: Faults


Handler = Callable[[Context, Params], Any]
"""A method: parameters in, ``result`` out (or something to await); refuses by raising `ApiError`."""


@dataclass(frozen=True)
class Described:
    """A result that comes with words (`description` of the envelope)."""

    result: Any
    description: str


@dataclass(frozen=True)
class Target:
    """Where a message goes: its group, its topic (or GENERAL), what it answers, and what shows of an answer from afar."""

    group: Group
    thread: int
    reply_to: int
    extra: Json


def find_group(context: Context, params: Params, name: str = "chat_id") -> Group:
    """The group that `chat_id` names, if the bot may act there."""
    given = params.text(name)
    if not given:
        raise bad("chat_id is empty")
    try:
        chat_id = int(given)
    except ValueError:
        raise bad("chat not found") from None
    group = context.state.group(chat_id)
    if group is None:
        raise _no_group(context, chat_id)
    if group.status == "kicked":
        raise ApiError(403, "bot was kicked from the supergroup chat")
    return group


def _no_group(context: Context, chat_id: int) -> ApiError:
    moved = context.state.groups.get(chat_id)
    if moved is not None:
        words = "group chat was upgraded to a supergroup chat"
        return ApiError(400, words, {"migrate_to_chat_id": moved.id})
    if any(person.user_id == chat_id for person in context.state.people.values()):
        return ApiError(403, "bot can't initiate conversation with a user")
    return bad("chat not found")


def require(group: Group, right: str, words: str) -> None:
    """Refuses with ``not enough rights WORDS`` where the bot lacks a right."""
    if not group.rights.get(right):
        raise bad(f"not enough rights {words}")


def find_target(context: Context, params: Params, what: str) -> Target:
    """Where a message of the kind `what` ("text messages", "photos") goes. Refuses as Telegram does."""
    group = find_group(context, params)
    if group.muted:
        raise bad(f"not enough rights to send {what} to the chat")
    asked = _asked_thread(context, group, params)
    replied, extra = _replied(context, group, asked, params)
    thread = asked or (replied.thread if replied and group.is_forum else GENERAL)
    _check_open(context, group, thread)
    answered = 0 if replied is None or "external_reply" in extra else replied.id
    return Target(group, thread, answered, extra)


def _asked_thread(context: Context, group: Group, params: Params) -> int:
    """The topic that was asked for; 0 where none was.

    A negative or unreadable id counts as none, and without topics every id is ignored without a word
    (check_message_topic, get_forum_topic_id in Client.cpp); General's own id is refused.
    """
    asked = params.integer("message_thread_id")
    if asked <= 0 or not group.is_forum:
        return 0
    topic = context.state.topics.get((group.key, asked))
    if topic is None:
        raise bad(THREAD_NOT_FOUND)
    if topic.deleted:
        raise bad("TOPIC_DELETED" if context.faults.on("topic_deleted_text") else THREAD_NOT_FOUND)
    return asked


def _check_open(context: Context, group: Group, thread: int) -> None:
    """Refuses to write into a closed topic, or into a closed General."""
    topic = context.state.topics.get((group.key, thread))
    closed = topic.closed if topic else group.is_forum and group.general_closed
    if closed and not context.faults.on("closed_writable"):
        raise bad("TOPIC_CLOSED")


def _replied(context: Context, group: Group, thread: int, params: Params) -> tuple[Message | None, Json]:
    """The message that is answered, if any, and the fields that an answer adds (quote, external_reply)."""
    given = params.mapping("reply_parameters", "reply parameters")
    wanted = whole(given.get("message_id") or params.integer("reply_to_message_id"))
    if not wanted:
        return None, {}
    lenient = given.get("allow_sending_without_reply", params.flag("allow_sending_without_reply"))
    message = context.state.messages.get((group.key, wanted))
    if message is None or message.deleted:
        if not lenient:
            raise bad("message to be replied not found")
        return None, {}
    quote = _quote(message, str(given.get("quote") or ""))
    if thread and message.thread != thread:
        from_afar = {"origin": _origin(context, message), "message_id": message.id}
        return message, {"external_reply": from_afar, **quote}
    return message, quote


def _quote(message: Message, words: str) -> Json:
    """The quote of a reply, which must be a part of what is answered."""
    if not words:
        return {}
    text = str(message.content.get("text") or message.content.get("caption") or "")
    if words not in text:
        raise bad("QUOTE_TEXT_INVALID")
    before = text[: text.index(words)]
    return {"quote": {"text": words, "position": len(before.encode("utf-16-le")) // 2, "is_manual": True}}


def _origin(context: Context, message: Message) -> Json:
    return {"type": "user", "date": message.date, "sender_user": user(context.state, message.sender)}


def find_message(context: Context, group: Group, message_id: int, words: str) -> Message:
    """A message that is still there; refuses with `words`."""
    message = context.state.messages.get((group.key, message_id))
    if message is None or message.deleted:
        raise bad(words)
    return message


def find_topic(context: Context, group: Group, params: Params) -> Topic:
    """The topic that a topic method names."""
    if not group.is_forum:
        raise bad("the chat is not a forum")
    asked = params.integer("message_thread_id")
    if asked <= 0:
        raise bad("invalid forum topic identifier specified")
    topic = context.state.topics.get((group.key, asked))
    if topic is None or topic.deleted:
        deleted = topic is not None and context.faults.on("topic_deleted_text")
        raise bad("TOPIC_DELETED" if deleted else THREAD_NOT_FOUND)
    return topic
