"""Who and where: getMe, the chat and its members, commands, pins, typing, buttons' answers."""

from __future__ import annotations

import re
from typing import Any

from . import render
from .context import Context, Handler, find_group, find_message, require
from .errors import OLD_QUERY, bad
from .params import Params
from .records import BOT
from .updates import CALLBACK_SECONDS
from .world import is_service

_COMMAND = re.compile(r"[a-z0-9_]{1,32}\Z")
_ACTIONS = {
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document",
    "choose_sticker", "find_location", "record_video_note", "upload_video_note",
}  # fmt: skip
_PERMISSIONS = (
    "can_send_messages", "can_send_audios", "can_send_documents", "can_send_photos", "can_send_videos",
    "can_send_video_notes", "can_send_voice_notes", "can_send_polls", "can_send_other_messages",
    "can_add_web_page_previews", "can_react_to_messages",
)  # fmt: skip


def get_me(context: Context, params: Params) -> Any:
    """getMe: the bot, with privacy mode off."""
    return {
        **render.bot_user(context.state),
        "can_join_groups": True,
        "can_read_all_group_messages": True,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def get_chat(context: Context, params: Params) -> Any:
    """getChat: the ChatFullInfo."""
    group = find_group(context, params)
    gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
    found = {
        **render.chat(group),
        "accent_color_id": 1,
        "max_reaction_count": 11,
        "permissions": dict.fromkeys(_PERMISSIONS, not group.muted),
        "accepted_gift_types": dict.fromkeys(gifts, False),
        "has_visible_history": True,
    }
    if group.available_reactions is not None:
        found["available_reactions"] = [{"type": "emoji", "emoji": emoji} for emoji in group.available_reactions]
    if group.pins:
        found["pinned_message"] = render.pinned(context.state, group.key, group.pins[-1])
    return found


def get_member(context: Context, params: Params) -> Any:
    """getChatMember."""
    group = find_group(context, params)
    wanted = params.integer("user_id")
    if wanted == render.bot_id(context.state):
        return render.bot_member(context.state, group)
    person = context.state.person(wanted)
    if person is None:
        raise bad("user not found")
    return render.person_member(context.state, group, person)


def get_administrators(context: Context, params: Params) -> Any:
    """getChatAdministrators: the owner and the bot."""
    group = find_group(context, params)
    owners = [person for person in context.state.people.values() if person.status == "creator"]
    people = [render.person_member(context.state, group, person) for person in owners]
    return [*people, render.bot_member(context.state, group)]


def set_commands(context: Context, params: Params) -> Any:
    """setMyCommands: kept per scope and language, shown to nobody here."""
    commands = params.listing("commands", "commands JSON object") or []
    if len(commands) > 100:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    for one in commands:
        if not isinstance(one, dict) or not _COMMAND.match(str(one.get("command", "")).removeprefix("/")):
            raise bad("BOT_COMMAND_INVALID")
        if not 1 <= len(str(one.get("description", ""))) <= 256:
            raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
    scope = params.text("scope") + params.text("language_code")
    context.state.keep("commands", {**context.state.meta.get("commands", {}), scope: commands})
    return True


def pin(context: Context, params: Params) -> Any:
    """pinChatMessage: the newest pin shows; a service message tells of it, in the topic of the message."""
    group = find_group(context, params)
    require(group, "can_pin_messages", "to manage pinned messages in the chat")
    message = find_message(context, group, params.integer("message_id"), "message to pin not found")
    if is_service(message):
        raise bad("message can't be pinned")
    context.faults.spend("message", group.key)
    group.pins = [*(one for one in group.pins if one != message.id), message.id]
    context.state.save(group)
    context.world.post(group, BOT, "pinned_message", {"pinned_message": message.id}, message.thread)
    return True


def unpin(context: Context, params: Params) -> Any:
    """unpinChatMessage: the named one, else the newest."""
    group = find_group(context, params)
    require(group, "can_pin_messages", "to manage pinned messages in the chat")
    wanted = params.integer("message_id") or (group.pins[-1] if group.pins else 0)
    if wanted not in group.pins:
        raise bad("message to unpin not found")
    group.pins.remove(wanted)
    context.state.save(group)
    return True


def chat_action(context: Context, params: Params) -> Any:
    """sendChatAction: has a bucket of its own, and doesn't look whether the topic is there."""
    group = find_group(context, params)
    if params.text("action").lower() not in _ACTIONS:
        raise bad("wrong parameter action in request")
    context.faults.spend("action", group.key)
    return True


def answer_callback(context: Context, params: Params) -> Any:
    """answerCallbackQuery: once the query is too old or was never asked, only words."""
    asked = context.state.meta.get("callbacks", {}).get(params.text("callback_query_id"))
    if asked is None or context.clock.now() > asked + CALLBACK_SECONDS:
        raise bad(OLD_QUERY)
    if len(params.text("text")) > 200:
        raise bad("MESSAGE_TOO_LONG")
    return True


METHODS: dict[str, Handler] = {
    "getMe": get_me,
    "getChat": get_chat,
    "getChatMember": get_member,
    "getChatAdministrators": get_administrators,
    "setMyCommands": set_commands,
    "pinChatMessage": pin,
    "unpinChatMessage": unpin,
    "sendChatAction": chat_action,
    "answerCallbackQuery": answer_callback,
}
