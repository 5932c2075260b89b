"""Edits and deletions of messages. Words and rules: facts telegram.md 3.2, 6.5."""

from __future__ import annotations

from typing import Any

from . import render
from .context import Context, Handler, find_group, find_message
from .errors import NOT_MODIFIED, bad
from .markup import inline_keyboard
from .methods_media import album_content
from .params import Params, whole
from .records import BOT, Ephemeral, Json, Message
from .text import message_caption, message_text
from .world import is_service

DELETABLE_SECONDS = 48 * 3600
DELETE_LIMIT = 100
_WORDS = ("caption", "caption_entities")


def edit_text(context: Context, params: Params) -> Any:
    """editMessageText."""
    message = _editable(context, params)
    if message.kind != "text":
        raise bad("there is no text in the message to edit")
    return _change(context, params, message, "text", message_text(params))


def edit_caption(context: Context, params: Params) -> Any:
    """editMessageCaption: an absent caption removes it."""
    message = _editable(context, params)
    if message.kind == "text":
        raise bad("there is no caption in the message to edit")
    kept = {name: value for name, value in message.content.items() if name not in _WORDS}
    return _change(context, params, message, message.kind, {**kept, **message_caption(params)})


def edit_media(context: Context, params: Params) -> Any:
    """editMessageMedia: text may become media, not the other way."""
    message = _editable(context, params)
    item = params.mapping("media", "InputMedia")
    kind = str(item.get("type") or "")
    if kind not in ("photo", "video", "audio", "document", "animation"):
        raise bad("can't parse InputMedia: type must be one of photo, video, audio, document, animation")
    return _change(context, params, message, kind, album_content(context, params, item))


def edit_markup(context: Context, params: Params) -> Any:
    """editMessageReplyMarkup."""
    message = _editable(context, params)
    markup = inline_keyboard(params)
    if markup == message.markup:
        raise bad(NOT_MODIFIED)
    context.faults.spend("message", message.chat)
    context.world.mark(message, markup)
    return render.message(context.state, message)


def _editable(context: Context, params: Params) -> Message:
    group = find_group(context, params)
    message = find_message(context, group, params.integer("message_id"), "message to edit not found")
    if message.sender != BOT or is_service(message):
        raise bad("message can't be edited")
    return message


def _change(context: Context, params: Params, message: Message, kind: str, content: Json) -> Json:
    """Puts the new content in, unless nothing would change. Buttons that are not given again go away."""
    markup = inline_keyboard(params)
    if content == message.content and markup == message.markup:
        raise bad(NOT_MODIFIED)
    context.faults.spend("message", message.chat)
    context.world.edit(message, kind, content, markup)
    return render.message(context.state, message)


def delete_message(context: Context, params: Params) -> Any:
    """deleteMessage."""
    group = find_group(context, params)
    message = find_message(context, group, params.integer("message_id"), "message to delete not found")
    _check_deletable(context, message)
    context.world.delete(message)
    return True


def delete_messages(context: Context, params: Params) -> Any:
    """deleteMessages: unknown ones are skipped, one that can't be deleted fails all."""
    group = find_group(context, params)
    wanted = params.listing("message_ids", "message identifiers") or []
    if not 1 <= len(wanted) <= DELETE_LIMIT:
        raise bad("message identifiers are not specified" if not wanted else "too many message identifiers specified")
    found = [context.state.messages.get((group.key, whole(one))) for one in wanted]
    messages = [message for message in found if message is not None and not message.deleted]
    for message in messages:
        _check_deletable(context, message)
    for message in messages:
        context.world.delete(message)
    return True


def _check_deletable(context: Context, message: Message) -> None:
    if message.kind == "forum_topic_created" or message.date < context.clock.now() - DELETABLE_SECONDS:
        raise bad("message can't be deleted")
    if message.sender != BOT and not context.state.groups[message.chat].rights.get("can_delete_messages"):
        raise bad("message can't be deleted")


def edit_ephemeral(context: Context, params: Params) -> Any:
    """editEphemeralMessageText: true, whether or not the person's app ever shows it."""
    record = _ephemeral(context, params, "message to edit not found")
    content, markup = message_text(params), inline_keyboard(params)
    if content == record.content and markup == record.markup:
        raise bad(NOT_MODIFIED)
    record.content, record.markup = content, markup
    context.state.save(record)
    return True


def delete_ephemeral(context: Context, params: Params) -> Any:
    """deleteEphemeralMessage."""
    record = _ephemeral(context, params, "message to delete not found")
    context.state.drop_ephemeral(record)
    return True


def _ephemeral(context: Context, params: Params, words: str) -> Ephemeral:
    group = find_group(context, params)
    record = context.state.ephemerals.get((group.key, params.integer("ephemeral_message_id")))
    person = context.state.person(params.text("receiver_user_id"))
    if record is None or person is None or record.receiver != person.key:
        raise bad(words)
    return record


def set_reaction(context: Context, params: Params) -> Any:
    """setMessageReaction: a bot sets one, or none; it lands on an album's first message."""
    group = find_group(context, params)
    message = find_message(context, group, params.integer("message_id"), "message to react not found")
    emojis = [str(one.get("emoji", "")) if isinstance(one, dict) else "" for one in _reactions(params)]
    if len(emojis) > 1:
        raise bad("REACTIONS_TOO_MANY")
    allowed = REACTIONS if group.available_reactions is None else group.available_reactions
    if is_service(message) or not set(emojis) <= set(allowed):
        raise bad("REACTION_INVALID")
    context.world.react(_first_of_album(context, message), BOT, emojis)
    return True


def _reactions(params: Params) -> list[Any]:
    return params.listing("reaction", "reaction types JSON object") or []


def _first_of_album(context: Context, message: Message) -> Message:
    album = message.extra.get("media_group_id")
    if not album:
        return message
    thread = context.state.thread(message.chat, message.thread)
    return next(one for one in thread if one.extra.get("media_group_id") == album)


REACTIONS = (
    "❤", "👍", "👎", "🔥", "🥰", "👏", "😁", "🤔", "🤯", "😱", "🤬", "😢", "🎉", "🤩", "🤮", "💩", "🙏", "👌", "🕊", "🤡", "🥱",
    "🥴", "😍", "🐳", "❤‍🔥", "🌚", "🌭", "💯", "🤣", "⚡", "🍌", "🏆", "💔", "🤨", "😐", "🍓", "🍾", "💋", "🖕", "😈", "😴",
    "😭", "🤓", "👻", "👨‍💻", "👀", "🎃", "🙈", "😇", "😨", "🤝", "✍", "🤗", "🫡", "🎅", "🎄", "☃", "💅", "🤪", "🗿", "🆒",
    "💘", "🙉", "🦄", "😘", "💊", "🙊", "😎", "👾", "🤷‍♂", "🤷", "🤷‍♀", "😡",
)  # fmt: skip
"""The emoji that ReactionTypeEmoji allows (core.telegram.org/bots/api#reactiontypeemoji), without U+FE0F."""

METHODS: dict[str, Handler] = {
    "editMessageText": edit_text,
    "editMessageCaption": edit_caption,
    "editMessageMedia": edit_media,
    "editMessageReplyMarkup": edit_markup,
    "deleteMessage": delete_message,
    "deleteMessages": delete_messages,
    "editEphemeralMessageText": edit_ephemeral,
    "deleteEphemeralMessage": delete_ephemeral,
    "setMessageReaction": set_reaction,
}
