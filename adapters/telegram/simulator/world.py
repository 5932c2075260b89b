"""What can happen in the groups, whoever does it: messages are posted, edited and deleted, topics come and go.

Each step changes the records, tells the observer, and queues the update that the bot would get of it. Rights and limits
are checked by the callers: the bot's methods and the people.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import render
from .clock import Clock
from .records import BOT, Group, Json, Message, Topic
from .state import State
from .switches import Switches
from .updates import Updates
from .view import View

NAME_LIMIT = 128
COLOURS = (7322096, 16766590, 13338331, 9367192, 16749490, 16478047)
Observer = Callable[[Json], None]


class World:
    """The groups as they are, and the steps that change them."""

    def __init__(
        self, state: State, clock: Clock, updates: Updates, view: View, switches: Switches, observe: Observer
    ) -> None:
        """`observe` is told of every new or changed topic and message."""
        self.state = state
        self._clock = clock
        self._updates = updates
        self._view = view
        self._switches = switches
        self._observe = observe

    def post(
        self,
        group: Group,
        sender: str,
        kind: str,
        content: Json,
        thread: int | None,
        *,
        reply_to: int = 0,
        extra: Json | None = None,
        markup: Json | None = None,
    ) -> tuple[Message, int | None]:
        """Posts a message; returns it and the id of its update, None where the bot gets none. `thread` None is for the
        message that begins a topic. Ids are drawn from the chat's one sequence."""
        number = group.next_id
        group.next_id += 1
        message = Message(
            chat=group.key,
            id=number,
            seq=self.state.count("seq"),
            thread=number if thread is None else thread,
            date=int(self._clock.now()),
            sender=sender,
            kind=kind,
            content=content,
            extra=extra or {},
            reply_to=reply_to,
            markup=markup,
        )
        self.state.add(message)
        self.state.save(group)
        self.show(message)
        return message, self._tell_bot("message", group, message)

    def _tell_bot(self, kind: str, group: Group, message: Message) -> int | None:
        """Queues the update of a message that the bot may see: all but its own (its service ones it does see) and other
        bots' (need_skip_update_message in Client.cpp)."""
        own_talk = message.sender == BOT and not is_service(message)
        person = self.state.people.get(message.sender)
        deaf = person is not None and person.is_bot and not self._switches.on("bot_to_bot")
        if own_talk or deaf or group.status != "administrator":
            return None
        return self._updates.add(kind, str(group.key), render.message(self.state, message))

    def edit(self, message: Message, kind: str, content: Json, markup: Json | None) -> int | None:
        """Gives a message new content; returns the update's id where the bot gets one."""
        message.kind, message.content, message.markup = kind, content, markup
        message.edit_date = max(int(self._clock.now()), message.date, message.edit_date)
        self.state.save(message)
        self.show(message)
        return self._tell_bot("edited_message", self.state.groups[message.chat], message)

    def mark(self, message: Message, markup: Json | None) -> None:
        """Changes the buttons alone; that is no edit for anybody else."""
        message.markup = markup
        self.state.save(message)
        self.show(message)

    def delete(self, message: Message) -> None:
        """Deletes a message, for the bot in silence."""
        message.deleted = True
        group = self.state.groups[message.chat]
        if message.id in group.pins:
            group.pins.remove(message.id)
            self.state.save(group)
        self.state.save(message)
        self.show(message)

    def react(self, message: Message, who: str, emojis: list[str]) -> int | None:
        """Sets somebody's reactions; a person's reach the bot in a line of their own and may overtake the message."""
        old = message.reactions.get(who, [])
        message.reactions[who] = emojis
        self.state.save(message)
        self.show(message)
        group = self.state.groups[message.chat]
        if who == BOT or old == emojis or group.status != "administrator":
            return None
        return self._updates.add("message_reaction", f"{group.key}:reactions", self._reaction(group, message, who, old))

    def _reaction(self, group: Group, message: Message, who: str, old: list[str]) -> Json:
        anonymous = self.state.people[who].voice == "anonymous"
        actor = {"actor_chat": render.chat(group)} if anonymous else {"user": render.user(self.state, who)}
        return {
            "chat": render.chat(group),
            "message_id": message.id,
            **actor,
            "date": int(self._clock.now()),
            "old_reaction": [{"type": "emoji", "emoji": emoji} for emoji in old],
            "new_reaction": [{"type": "emoji", "emoji": emoji} for emoji in message.reactions[who]],
        }

    def create_topic(self, group: Group, who: str, name: str, color: int, icon: str) -> tuple[Topic, int | None]:
        """Opens a topic: its id is the id of the service message that says so."""
        topic = Topic(group.key, group.next_id, name, color, icon, creator=who)
        self.state.add(topic)
        self.show_topic(group, topic.id)
        created = {"forum_topic_created": render.topic_created(topic)}
        return topic, self.post(group, who, "forum_topic_created", created, None)[1]

    def edit_topic(self, group: Group, topic: Topic, who: str, changes: Json) -> int | None:
        """Renames a topic or changes its icon; `changes` are the fields of ``forum_topic_edited``."""
        topic.name = changes.get("name", topic.name)
        topic.icon_custom_emoji_id = changes.get("icon_custom_emoji_id", topic.icon_custom_emoji_id)
        self.state.save(topic)
        self.show_topic(group, topic.id)
        return self.post(group, who, "forum_topic_edited", {"forum_topic_edited": changes}, topic.id)[1]

    def close_topic(self, group: Group, topic: Topic, who: str, closed: bool) -> int | None:
        """Closes or reopens a topic."""
        topic.closed = closed
        self.state.save(topic)
        self.show_topic(group, topic.id)
        kind = "forum_topic_closed" if closed else "forum_topic_reopened"
        return self.post(group, who, kind, {kind: {}}, topic.id)[1]

    def delete_topic(self, group: Group, topic: Topic) -> None:
        """Deletes a topic with all its messages; nobody is told (facts: telegram.md 2.3)."""
        topic.deleted = True
        self.state.save(topic)
        for message in self.state.thread(group.key, topic.id):
            if not message.deleted:
                self.delete(message)
        self.show_topic(group, topic.id)

    def change_membership(self, group: Group, **changes: Any) -> int | None:
        """Changes the bot's own place in the group (`status`, `rights`); it gets my_chat_member."""
        old = render.bot_member(self.state, group)
        for name, value in changes.items():
            setattr(group, name, value)
        self.state.save(group)
        new = render.bot_member(self.state, group)
        if old == new:
            return None
        by = next(iter(self.state.people))
        payload = {
            "chat": render.chat(group),
            "from": render.user(self.state, by),
            "date": int(self._clock.now()),
            "old_chat_member": old,
            "new_chat_member": new,
        }
        return self._updates.add("my_chat_member", f"{group.key}:members", payload)

    def show(self, message: Message) -> None:
        """Tells the observer of a new or changed message."""
        group = self.state.groups[message.chat]
        shown = self._view.message(message)
        self._observe({"type": "message", "group": str(group.id), "topic": str(message.thread), "message": shown})

    def show_topic(self, group: Group, thread: int) -> None:
        """Tells the observer of a new or changed topic."""
        self._observe({"type": "topic", "group": str(group.id), "topic": self._view.topic(group, thread)})


def is_service(message: Message) -> bool:
    """Whether the message tells of something that was done, rather than being said."""
    return message.kind in message.content and message.kind.startswith(("forum_", "general_", "pinned_"))


def clean_name(name: str) -> str:
    """A topic's name as Telegram keeps it: one line, 128 characters at most (td/telegram/misc.cpp, clean_name)."""
    return " ".join(name.split())[:NAME_LIMIT].strip()
