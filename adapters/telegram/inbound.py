"""Telegram updates -> events. Pure. Source: https://core.telegram.org/bots/api#update"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adapters.telegram.kinds import content
from adapters.telegram.text import clean
from bridge.core.content import Author, Role
from bridge.core.events import AuthorTold, Event, MessageEdited, MessageReceived, NotUnderstood
from bridge.core.ids import BindingKey, EventKey, RemoteId

Json = Mapping[str, Any]
KINDS = ("message", "edited_message", "my_chat_member")
"""What we ask Telegram for; the rest is ignored if it comes all the same."""
KNOWN = frozenset(
    "channel_post edited_channel_post business_connection business_message edited_business_message "
    "deleted_business_messages guest_message message_reaction message_reaction_count inline_query "
    "chosen_inline_result callback_query shipping_query pre_checkout_query purchased_paid_media poll poll_answer "
    "my_chat_member chat_member chat_join_request chat_boost removed_chat_boost managed_bot subscription "
    "stopped_message_generation".split()
)
SERVICE = frozenset(
    "forum_topic_created forum_topic_edited forum_topic_closed forum_topic_reopened general_forum_topic_hidden "
    "general_forum_topic_unhidden pinned_message new_chat_members left_chat_member new_chat_title new_chat_photo "
    "delete_chat_photo group_chat_created supergroup_chat_created channel_chat_created "
    "message_auto_delete_timer_changed migrate_to_chat_id migrate_from_chat_id successful_payment refunded_payment "
    "users_shared chat_shared connected_website write_access_allowed passport_data proximity_alert_triggered "
    "boost_added chat_background_set video_chat_scheduled video_chat_started video_chat_ended "
    "video_chat_participants_invited web_app_data giveaway_created giveaway_completed direct_message_price_changed "
    "paid_message_price_changed suggested_post_approved suggested_post_approval_failed suggested_post_declined "
    "suggested_post_paid suggested_post_refunded chat_owner_left chat_owner_changed gift unique_gift gift_upgrade_sent "
    "checklist_tasks_done checklist_tasks_added community_chat_added community_chat_joined community_chat_removed "
    "managed_bot_created poll_option_added poll_option_deleted".split()
)
"""Messages that nobody wrote."""
NO_AGENT = "Not relayed: {} can’t answer customers here."
NOT_LISTED = "Not relayed: you aren’t on the list of agents. Ask your admin to add your Telegram user id."


@dataclass(frozen=True, slots=True)
class Group:
    """Whom we listen to: the bot's own id, the chats that bridges name, the agents' ids (empty: everyone in the group)."""

    bot: int
    chats: frozenset[int]
    agents: frozenset[int]


def events(update: Json, group: Group, at: float) -> list[Event] | None:
    """What an update means; nothing where it isn't for us, None where it isn't understood."""
    for name in ("message", "edited_message"):
        if isinstance(message := update.get(name), Mapping):
            return _written(clean(message), group, at, edited=name == "edited_message")
    return [] if KNOWN & update.keys() else None


def unknown(update: Json, at: float) -> NotUnderstood:
    """Authentic, and kept as it came."""
    names = ", ".join(sorted(str(k)[:40] for k in update if k != "update_id")) or "nothing"
    try:
        raw = json.dumps(update)
    except RecursionError:
        raw = ""
    key = EventKey(f"update:{str(update.get('update_id'))[:40]}")
    return NotUnderstood(key=clean(key), at=at, what=clean(f"an update with {names}"), raw=raw)


def _written(message: Json, group: Group, at: float, *, edited: bool) -> list[Event] | None:
    chat, thread = _chat(message), message.get("message_thread_id")
    in_topic = message.get("is_topic_message") is True and isinstance(thread, int)
    number = message.get("message_id")
    who = message.get("from")
    sender: Json = who if isinstance(who, Mapping) else {}
    if chat not in group.chats or not in_topic or not isinstance(number, int) or SERVICE & message.keys():
        return []  # what is written in General goes to nobody
    if sender.get("id") == group.bot or message.get("ephemeral_message_id") is not None:
        return []
    binding, remote = BindingKey(f"{chat}:{thread}"), RemoteId(f"{chat}:{number}")
    if refused := _refused(message, sender, group):
        voice = message.get("sender_chat")
        who = (voice if isinstance(voice, Mapping) else sender).get("id")
        told = AuthorTold(
            key=EventKey(f"refused:{binding}:{who}"), binding=binding, at=at, remote=remote, words=refused
        )
        return [] if edited else [told]
    if not isinstance(sender.get("id"), int):
        return None  # nobody's word goes to a customer
    if edited:
        return [_edit(message, binding, remote, at)]
    return _message(message, sender, binding, remote, at)


def _message(message: Json, sender: Json, binding: BindingKey, remote: RemoteId, at: float) -> list[Event]:
    found, told = content(message)
    sent: list[Event] = [
        AuthorTold(key=EventKey(f"told:{remote}:{i}"), binding=binding, at=at, remote=remote, words=words)
        for i, words in enumerate(told)
    ]
    if told and not (found.text or found.attachments or found.sentences):
        return sent
    name = " ".join(str(sender[k]) for k in ("first_name", "last_name") if sender.get(k))
    received = MessageReceived(
        key=EventKey(f"message:{remote}"),
        binding=binding,
        at=_date(message, "date", at),
        remote=remote,
        author=Author(id=str(sender.get("id")), role=Role.AGENT, name=name),
        content=found,
        reply_to=_reply(message),
    )
    return [received, *sent]


def _edit(message: Json, binding: BindingKey, remote: RemoteId, at: float) -> MessageEdited:
    text = content(message)[0].words
    key = EventKey(f"edited:{remote}:{message.get('edit_date')}")
    return MessageEdited(key=key, binding=binding, at=_date(message, "edit_date", at), remote=remote, text=text)


def _refused(message: Json, sender: Json, group: Group) -> str:
    """Why its author is no agent, in words; empty where it is one. The sender's chat decides, not well-known user ids."""
    if message.get("is_automatic_forward"):
        return NO_AGENT.format("what a channel forwards by itself")
    if isinstance(message.get("sender_chat"), Mapping):
        same = message["sender_chat"].get("id") == _chat(message)
        who = "anonymous administrators (switch off “remain anonymous”)" if same else "channels"
        return NO_AGENT.format(who)
    if sender.get("is_bot"):
        return NO_AGENT.format("bots")
    if group.agents and sender.get("id") not in group.agents:
        return NOT_LISTED
    return ""


def _reply(message: Json) -> RemoteId | None:
    """The message that is answered. Every first-level message of a topic replies to the topic's root: that is no reply."""
    replied = message.get("reply_to_message")
    if not isinstance(replied, Mapping) or "forum_topic_created" in replied:
        return None
    number = replied.get("message_id")
    if not isinstance(number, int) or number == message.get("message_thread_id"):
        return None
    return RemoteId(f"{_chat(message)}:{number}")


def _chat(message: Json) -> int | None:
    chat = message.get("chat")
    id = chat.get("id") if isinstance(chat, Mapping) else None
    return id if isinstance(id, int) else None


def _date(message: Json, name: str, otherwise: float) -> float:
    value = message.get(name)
    return float(value) if isinstance(value, int) else otherwise
