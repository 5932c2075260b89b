"""What the simulator remembers: plain records of JSON values, so that each can be stored by its fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

GENERAL = 1
"""The General topic's own id; its messages carry no thread id (GENERAL_FORUM_TOPIC_ID in tdlib)."""
BOT = "self"
"""The key of the bridge's bot among the people."""

ALL_RIGHTS = {
    "can_manage_chat": True,
    "can_delete_messages": True,
    "can_manage_video_chats": False,
    "can_restrict_members": False,
    "can_promote_members": False,
    "can_change_info": False,
    "can_invite_users": False,
    "can_post_stories": False,
    "can_edit_stories": False,
    "can_delete_stories": False,
    "can_send_welcome_messages": False,
    "can_pin_messages": True,
    "can_manage_topics": True,
}


@dataclass
class Person:
    """Who can write in the groups. `voice` says how Telegram shows a message: as a ``user`` (a bot too), an ``anonymous``
    administrator, a ``channel``, or an automatic forward from a ``linked`` channel (facts: telegram.md 5.4)."""

    key: str
    name: str
    user_id: int
    voice: str = "user"
    is_bot: bool = False
    username: str = ""
    status: str = "member"


@dataclass
class Topic:
    """One forum topic; `id` is the message id of its "created" service message."""

    chat: int
    id: int
    name: str
    icon_color: int
    icon_custom_emoji_id: str = ""
    creator: str = BOT
    closed: bool = False
    deleted: bool = False


@dataclass
class Message:
    """One message. `thread` is its topic's id, or GENERAL. `content` holds Telegram's own fields of the kind (text,
    entities, photo…), `extra` those of the envelope (media_group_id, forward_origin…). `seq` counts over all chats."""

    chat: int
    id: int
    seq: int
    thread: int
    date: int
    sender: str
    kind: str
    content: Json
    extra: Json = field(default_factory=dict)
    reply_to: int = 0
    edit_date: int = 0
    deleted: bool = False
    markup: Json | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class Ephemeral:
    """A message that one person alone sees (Bot API 10.2); it has an id of its own and never becomes a `Message`."""

    chat: int
    id: int
    thread: int
    date: int
    receiver: str
    content: Json
    markup: Json | None = None


@dataclass
class Group:
    """One forum supergroup. `key` never changes; `id` does when the group is migrated."""

    key: int
    id: int
    title: str
    next_id: int = 2
    next_ephemeral: int = 1
    is_forum: bool = True
    status: str = "administrator"
    rights: dict[str, bool] = field(default_factory=lambda: dict(ALL_RIGHTS))
    muted: bool = False
    general_name: str = "General"
    general_closed: bool = False
    general_hidden: bool = False
    pins: list[int] = field(default_factory=list)
    available_reactions: list[str] | None = None


@dataclass
class File:
    """A stored file; its bytes are found by `unique_id`. Telegram's ids of one content are many, its unique id one."""

    file_id: str
    unique_id: str
    kind: str
    name: str
    mime: str
    size: int
    path: str
    width: int = 0
    height: int = 0


@dataclass
class Update:
    """An update that nobody has confirmed yet. `queue` is what it must wait in line with; `body` is the JSON text."""

    update_id: int
    queue: str
    kind: str
    at: float
    body: str
    attempt: int = 0


@dataclass
class Webhook:
    """What setWebhook was told; an empty url means that there is none. `allowed` None means Telegram's default kinds,
    and outlives the webhook."""

    url: str = ""
    secret: str = ""
    max_connections: int = 40
    allowed: list[str] | None = None
    last_error_date: int = 0
    last_error_message: str = ""
