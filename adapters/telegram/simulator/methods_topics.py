"""Forum topics: create, edit, close, reopen, delete; General. Rights and refusals: facts telegram.md 2.2, 2.3."""

from __future__ import annotations

from typing import Any

from . import render
from .context import Context, Handler, find_group, find_topic, require
from .errors import bad
from .params import Params
from .records import BOT, GENERAL, Group, Json, Topic
from .world import COLOURS, clean_name

ICONS = {"5312536423851630001": "💡", "5312016608254762256": "⚡️", "5377544228505134960": "📣"}


def create_topic(context: Context, params: Params) -> Any:
    """createForumTopic: the ForumTopic; its service message goes out as an update too."""
    group = _forum(context, params)
    require(group, "can_manage_topics", "to create a topic")
    name = clean_name(params.text("name"))
    if not name:
        raise bad("TOPIC_TITLE_EMPTY")
    color = params.integer("icon_color", COLOURS[0])
    icon = _icon(params)
    context.faults.spend("message", group.key)
    topic, _ = context.world.create_topic(group, BOT, name, color if color in COLOURS else COLOURS[0], icon)
    return render.topic(topic)


def edit_topic(context: Context, params: Params) -> Any:
    """editForumTopic: an absent or empty name keeps it, an empty icon removes it; nothing to change is a success."""
    group = _forum(context, params)
    topic = find_topic(context, group, params)
    _may_manage(group, topic, "to edit the topic")
    changes: Json = {}
    name = clean_name(params.text("name"))
    if name and name != topic.name:
        changes["name"] = name
    if params.has("icon_custom_emoji_id") and _icon(params) != topic.icon_custom_emoji_id:
        changes["icon_custom_emoji_id"] = _icon(params)
    if changes:
        context.faults.spend("message", group.key)
        context.world.edit_topic(group, topic, BOT, changes)
    return True


def close_topic(context: Context, params: Params) -> Any:
    """closeForumTopic."""
    return _set_closed(context, params, True)


def reopen_topic(context: Context, params: Params) -> Any:
    """reopenForumTopic."""
    return _set_closed(context, params, False)


def delete_topic(context: Context, params: Params) -> Any:
    """deleteForumTopic: all of its messages go, without an update."""
    group = _forum(context, params)
    topic = find_topic(context, group, params)
    if topic.creator != BOT:
        require(group, "can_delete_messages", "to delete the topic")
    context.world.delete_topic(group, topic)
    return True


def hide_general(context: Context, params: Params) -> Any:
    """hideGeneralForumTopic: hiding also closes it."""
    group = _forum(context, params)
    require(group, "can_manage_topics", "to close or open the topic")
    if group.general_hidden:
        raise bad("TOPIC_NOT_MODIFIED")
    group.general_hidden = group.general_closed = True
    context.state.save(group)
    context.world.show_topic(group, GENERAL)
    context.world.post(group, BOT, "general_forum_topic_hidden", {"general_forum_topic_hidden": {}}, GENERAL)
    return True


def icon_stickers(context: Context, params: Params) -> Any:
    """getForumTopicIconStickers: a few of the icons that anybody may use."""
    return [
        {
            "file_id": f"CAACAgIAAx{number}",
            "file_unique_id": f"AgAD{number}",
            "type": "custom_emoji",
            "width": 100,
            "height": 100,
            "is_animated": True,
            "is_video": False,
            "emoji": emoji,
            "custom_emoji_id": number,
        }
        for number, emoji in ICONS.items()
    ]


def unpin_topic(context: Context, params: Params) -> Any:
    """unpinAllForumTopicMessages."""
    group = _forum(context, params)
    topic = find_topic(context, group, params)
    require(group, "can_pin_messages", "to manage pinned messages in the chat")
    group.pins = [pin for pin in group.pins if context.state.messages[group.key, pin].thread != topic.id]
    context.state.save(group)
    return True


def _set_closed(context: Context, params: Params, closed: bool) -> bool:
    group = _forum(context, params)
    topic = find_topic(context, group, params)
    _may_manage(group, topic, "to close or open the topic")
    if topic.closed == closed:
        raise bad("TOPIC_NOT_MODIFIED")
    context.faults.spend("message", group.key)
    context.world.close_topic(group, topic, BOT, closed)
    return True


def _forum(context: Context, params: Params) -> Group:
    group = find_group(context, params)
    if not group.is_forum:
        raise bad("the chat is not a forum")
    return group


def _may_manage(group: Group, topic: Topic, words: str) -> None:
    """A bot may manage topics with the right, and its own ones without."""
    if topic.creator != BOT:
        require(group, "can_manage_topics", words)


def _icon(params: Params) -> str:
    icon = params.text("icon_custom_emoji_id")
    if icon and icon not in ICONS:
        raise bad("DOCUMENT_INVALID")
    return icon


METHODS: dict[str, Handler] = {
    "createForumTopic": create_topic,
    "editForumTopic": edit_topic,
    "closeForumTopic": close_topic,
    "reopenForumTopic": reopen_topic,
    "deleteForumTopic": delete_topic,
    "hideGeneralForumTopic": hide_general,
    "getForumTopicIconStickers": icon_stickers,
    "unpinAllForumTopicMessages": unpin_topic,
}
