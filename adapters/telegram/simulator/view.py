"""The agents' side as a page shows it: groups, topics, messages (the shapes are the sandbox's, see its protocol)."""

from __future__ import annotations

from .media import media_files
from .records import BOT, GENERAL, Ephemeral, Group, Json, Message
from .render import BOT_NAME
from .state import State

SERVICE_WORDS = {
    "forum_topic_created": "created the topic",
    "forum_topic_edited": "changed the topic",
    "forum_topic_closed": "closed the topic",
    "forum_topic_reopened": "reopened the topic",
    "general_forum_topic_hidden": "hid the General topic",
    "general_forum_topic_unhidden": "showed the General topic",
    "pinned_message": "pinned a message",
}


class View:
    """Reads the state and says what a person would see; `base_url` is where the page loads media from."""

    def __init__(self, state: State, base_url: str) -> None:
        self._state = state
        self._base_url = base_url.rstrip("/")

    def snapshot(self) -> Json:
        """The whole view of the side ``agents``."""
        return {"groups": [self.group(group) for group in self._state.groups.values()]}

    def group(self, group: Group) -> Json:
        """One group with its people and all topics, General first."""
        people = [{"id": one.key, "name": one.name, "user_id": one.user_id} for one in self._state.people.values()]
        topics = [topic for topic in self._state.topics.values() if topic.chat == group.key]
        return {
            "id": str(group.id),
            "title": group.title,
            "people": people,
            "topics": [self._full(group, GENERAL), *(self._full(group, topic.id) for topic in topics)],
        }

    def topic(self, group: Group, thread: int) -> Json:
        """A topic without its messages; General is one of its own."""
        topic = self._state.topics.get((group.key, thread))
        if topic is None:
            name, closed = group.general_name, group.general_closed
            return {"id": str(GENERAL), "name": name, "color": "#8e8e93", "closed": closed, "deleted": False}
        return {
            "id": str(topic.id),
            "name": topic.name,
            "color": f"#{topic.icon_color:06x}",
            "closed": topic.closed,
            "deleted": topic.deleted,
        }

    def _full(self, group: Group, thread: int) -> Json:
        common = [self.message(one) for one in self._state.thread(group.key, thread)]
        private = [
            self.ephemeral(one)
            for one in self._state.ephemerals.values()
            if (one.chat, one.thread) == (group.key, thread)
        ]
        return {**self.topic(group, thread), "messages": sorted(common + private, key=lambda one: one["at"])}

    def message(self, record: Message) -> Json:
        """A MESSAGE; what the sandbox's shape doesn't name stands in `reactions`, `service` and `buttons`."""
        mine = record.sender != BOT
        author = self._state.people[record.sender].name if mine else BOT_NAME
        service = record.kind in SERVICE_WORDS
        return {
            "id": str(record.id),
            "mine": mine,
            "author": author,
            "text": self._words(record),
            "media": [self._media(kind, held) for kind, held in media_files(record.content)],
            "at": float(record.date),
            "status": "sent",
            "error": "",
            "reply_to": str(record.reply_to) if record.reply_to else None,
            "edited": bool(record.edit_date),
            "deleted": record.deleted,
            "reactions": [emoji for emojis in record.reactions.values() for emoji in emojis],
            "service": service,
            "buttons": (record.markup or {}).get("inline_keyboard", []),
        }

    def ephemeral(self, record: Ephemeral) -> Json:
        """A MESSAGE that only one person sees; `only_for` names them."""
        return {
            "id": f"e{record.id}",
            "mine": False,
            "author": BOT_NAME,
            "text": record.content.get("text", ""),
            "media": [],
            "at": float(record.date),
            "status": "sent",
            "error": "",
            "reply_to": None,
            "edited": False,
            "deleted": False,
            "only_for": self._state.people[record.receiver].name,
        }

    def _words(self, record: Message) -> str:
        content = record.content
        if record.kind in SERVICE_WORDS:
            name = content[record.kind].get("name", "") if isinstance(content[record.kind], dict) else ""
            return f"{SERVICE_WORDS[record.kind]} {name}".strip()
        words: str = content.get("text") or content.get("caption") or ""
        return words or _stand_in(record)

    def _media(self, kind: str, held: Json) -> Json:
        file = self._state.by_unique[held["file_unique_id"]]
        return {
            "url": f"{self._base_url}/_sim/file/{file.unique_id}",
            "content_type": file.mime,
            "filename": file.name or file.path.rpartition("/")[2],
            "size": file.size,
            "kind": kind,
        }


def _stand_in(record: Message) -> str:
    """Words for what a page can't draw."""
    content = record.content
    match record.kind:
        case "venue":
            return f"{content['venue']['title']}, {content['venue']['address']}"
        case "location":
            return f"{content['location']['latitude']:.5f}, {content['location']['longitude']:.5f}"
        case "contact":
            return f"{content['contact']['first_name']} {content['contact']['phone_number']}"
        case "sticker":
            return str(content["sticker"].get("emoji", ""))
    return ""


def topic_reference(group: Group, thread: int) -> str:
    """The network's own name of a conversation: ``chat:topic``."""
    return f"{group.id}:{thread}"
