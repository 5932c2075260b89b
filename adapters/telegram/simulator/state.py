"""Everything the simulated network knows, in memory for answers and in the store for the next start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from .records import Ephemeral, File, Group, Json, Message, Person, Topic, Update, Webhook
from .store import Store

Anything = Person | Topic | Message | Ephemeral | Group | File | Update | Webhook
Record = TypeVar("Record", bound=Anything)

GROUP_ANONYMOUS_BOT = 1087968824
CHANNEL_BOT = 136817688
TELEGRAM = 777000
FIRST_UPDATE = 500_000_001


def first_people() -> list[Person]:
    """Who is in the group of a new sandbox; keys and ids are fixed, tests rely on them."""
    return [
        Person("eve", "Eve", 700000001, username="eve_agent", status="creator"),
        Person("max", "Max", 700000002, username="max_agent"),
        Person("anonymous", "Anonymous admin", GROUP_ANONYMOUS_BOT, voice="anonymous", username="GroupAnonymousBot"),
        Person("channel", "A channel", CHANNEL_BOT, voice="channel", username="Channel_Bot"),
        Person("linked", "The linked channel", TELEGRAM, voice="linked"),
        Person("robot", "Another bot", 600000007, is_bot=True, username="another_bot"),
    ]


class State:
    """The records by their keys. Whoever changes one calls `save` with it; `store.flush` makes it last."""

    def __init__(self, store: Store, token: str, chats: Sequence[int]) -> None:
        self.store = store
        self.token = token
        self.people: dict[str, Person] = {}
        self.groups: dict[int, Group] = {}
        self.topics: dict[tuple[int, int], Topic] = {}
        self.messages: dict[tuple[int, int], Message] = {}
        self.timeline: dict[tuple[int, int], list[Message]] = {}
        self.ephemerals: dict[tuple[int, int], Ephemeral] = {}
        self.files: dict[str, File] = {}
        self.by_unique: dict[str, File] = {}
        self.updates: dict[int, Update] = {}
        self.meta: Json = {"update_id": FIRST_UPDATE, "seq": 0, "file": 0}
        self.webhook = Webhook()
        self._load()
        self._seed(chats)

    def save(self, record: Anything) -> None:
        """Puts a new or changed record into the store."""
        self.store.put(type(record).__name__, _key(record), vars(record))

    def add(self, record: Record) -> Record:
        """Takes a new record in and saves it."""
        self._take(record)
        self.save(record)
        return record

    def count(self, name: str) -> int:
        """Draws the next number of a counter ("update_id", "seq", "file")."""
        self.meta[name] += 1
        self.store.put("meta", "meta", self.meta)
        return int(self.meta[name])

    def keep(self, name: str, value: Any) -> None:
        """Remembers a single value (the clock, the commands)."""
        self.meta[name] = value
        self.store.put("meta", "meta", self.meta)

    def group(self, chat_id: int) -> Group | None:
        """The group with that id of today, or None."""
        return next((group for group in self.groups.values() if group.id == chat_id), None)

    def person(self, who: object) -> Person | None:
        """A person by key, by name or by Telegram user id."""
        word = str(who).strip().lower()
        if word in self.people:
            return self.people[word]
        return next((one for one in self.people.values() if word in (str(one.user_id), one.name.lower())), None)

    def thread(self, chat: int, thread: int) -> list[Message]:
        """The messages of a topic (or of GENERAL), oldest first, deleted ones included."""
        return self.timeline.get((chat, thread), [])

    def forget_update(self, update_id: int) -> None:
        """Removes a confirmed update."""
        if self.updates.pop(update_id, None):
            self.store.put("Update", update_id, None)

    def drop_ephemeral(self, record: Ephemeral) -> None:
        """Removes an ephemeral message for good."""
        del self.ephemerals[record.chat, record.id]
        self.store.put("Ephemeral", _key(record), None)

    def _take(self, record: Anything) -> None:
        match record:
            case Person():
                self.people[record.key] = record
            case Group():
                self.groups[record.key] = record
            case Topic():
                self.topics[record.chat, record.id] = record
            case Message():
                self.messages[record.chat, record.id] = record
                self.timeline.setdefault((record.chat, record.thread), []).append(record)
            case Ephemeral():
                self.ephemerals[record.chat, record.id] = record
            case File():
                self.files[record.file_id] = record
                self.by_unique.setdefault(record.unique_id, record)
            case Update():
                self.updates[record.update_id] = record
            case Webhook():
                self.webhook = record

    def _load(self) -> None:
        kinds: tuple[type[Anything], ...] = (Person, Group, Topic, Message, Ephemeral, File, Update, Webhook)
        for kind in kinds:
            for row in self.store.rows(kind.__name__):
                self._take(kind(**row))
        # A record that was removed and put again would stand last: order by number, not by row.
        self.updates = dict(sorted(self.updates.items()))
        for row in self.store.rows("meta"):
            self.meta.update(row)

    def _seed(self, chats: Sequence[int]) -> None:
        if not self.people:
            for person in first_people():
                self.add(person)
        for number, chat in enumerate(chats):
            if chat not in self.groups:
                self.add(Group(chat, chat, "Support" if number == 0 else f"Support {number + 1}"))
        self.store.flush()


def _key(record: Anything) -> str:
    """The record's place among its kind."""
    match record:
        case Person() | Group():
            return str(record.key)
        case Topic() | Message() | Ephemeral():
            return f"{record.chat}:{record.id}"
        case File():
            return record.file_id
        case Update():
            return str(record.update_id)
    return "webhook"
