"""The agents' side: what a person in the group does, as a Telegram app would let them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

from . import render
from .context import Context
from .errors import ApiError
from .media import describe_media, store_file
from .params import Upload, whole
from .pictures import is_picture
from .records import BOT, GENERAL, Group, Json, Message, Person, Topic
from .text import CAPTION_LIMIT, TEXT_LIMIT, formatted, with_entities
from .world import COLOURS, clean_name

FIRST_NEW_PERSON = 700000010


class People:
    """Carries out actions of people; each raises ValueError with words for a person where it can't be done."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._state = context.state
        self._world = context.world
        self._actions: dict[str, Callable[[Json], Json]] = {
            "say": self._say,
            "edit": self._edit,
            "delete": self._delete,
            "react": self._react,
            "press": self._press,
            "create_topic": self._create_topic,
            "rename_topic": self._rename_topic,
            "close_topic": lambda action: self._set_closed(action, True),
            "reopen_topic": lambda action: self._set_closed(action, False),
            "delete_topic": self._delete_topic,
            "add": self._add,
        }

    def act(self, action: Json) -> Json:
        """Does what the action says; the answer holds the ids of what came of it."""
        do = self._actions.get(str(action.get("do")))
        if do is None:
            raise ValueError(f"nobody here can {action.get('do')!r}; try one of: {', '.join(self._actions)}")
        try:
            return do(action)
        except ApiError as refusal:
            raise ValueError(refusal.description) from None

    def _say(self, action: Json) -> Json:
        group, person = self._group(action), self._person(action)
        thread = self._writable(group, action, person)
        files = [_upload(file) for file in action.get("files") or []]
        reply_to = self._reply_to(group, action)
        extra = self._extra(action, person)
        if not files:
            return self._post(group, person, "text", self._words(action, "text", TEXT_LIMIT), thread, reply_to, extra)
        caption = self._words(action, "caption", CAPTION_LIMIT) if action.get("text") else {}
        if len(files) > 1 and not action.get("apart"):
            extra = {**extra, "media_group_id": str(14_000_000_000_000_000 + self._state.count("file"))}
        results: list[Json] = []
        for number, (kind, upload, given) in enumerate(files):
            file = store_file(self._state, kind, upload)
            content = {**describe_media(file, kind, given), **({} if number else caption)}
            results.append(self._post(group, person, kind, content, thread, reply_to, extra))
        return {**results[0], "message_ids": [one["message_id"] for one in results]}

    def _post(
        self, group: Group, person: Person, kind: str, content: Json, thread: int, reply_to: int, extra: Json
    ) -> Json:
        message, update = self._world.post(group, person.key, kind, content, thread, reply_to=reply_to, extra=extra)
        return {"message_id": message.id, "update_id": update}

    def _words(self, action: Json, name: str, limit: int) -> Json:
        text, entities = formatted(str(action.get("text") or ""), "", action.get("entities"))
        if not text:
            raise ValueError("there is nothing to say")
        if len(text) > limit:
            raise ValueError(f"the text has more than {limit} characters")
        return with_entities(name, text, "entities" if name == "text" else "caption_entities", entities)

    def _extra(self, action: Json, person: Person) -> Json:
        """The envelope's fields: an automatic forward, a forward, or what a test sets as it is."""
        extra: Json = dict(action.get("extra") or {})
        now = int(self._context.clock.now())
        if person.voice == "linked":
            origin = {"type": "channel", "date": now, "chat": dict(render.LINKED), "message_id": 1}
            extra |= {"is_automatic_forward": True, "forward_origin": origin}
        if name := action.get("forwarded_from"):
            extra["forward_origin"] = {"type": "hidden_user", "date": now, "sender_user_name": str(name)}
        return extra

    def _reply_to(self, group: Group, action: Json) -> int:
        wanted = whole(action.get("reply_to") or 0)
        if wanted and (group.key, wanted) not in self._state.messages:
            raise ValueError("the message to reply to is not there")
        return wanted

    def _writable(self, group: Group, action: Json, person: Person) -> int:
        """The topic to write into; whoever owns the group or speaks for it may write into a closed one too."""
        topic = self._topic(group, action)
        closed = topic.closed if topic else group.general_closed
        if closed and person.status != "creator" and person.voice == "user":
            raise ValueError("the topic is closed")
        return topic.id if topic and group.is_forum else GENERAL

    def _edit(self, action: Json) -> Json:
        message = self._message(action)
        if message.sender == BOT:
            raise ValueError("only one's own messages can be edited")
        if message.kind == "text":
            content = self._words(action, "text", TEXT_LIMIT)
        else:
            kept = {name: value for name, value in message.content.items() if not name.startswith("caption")}
            content = {**kept, **(self._words(action, "caption", CAPTION_LIMIT) if action.get("text") else {})}
        update = self._world.edit(message, message.kind, content, message.markup)
        return {"message_id": message.id, "update_id": update}

    def _delete(self, action: Json) -> Json:
        message = self._message(action)
        self._world.delete(message)
        return {"message_id": message.id, "update_id": None}

    def _react(self, action: Json) -> Json:
        message = self._message(action)
        emojis = [str(emoji) for emoji in action.get("emojis") or [action.get("emoji") or ""] if emoji]
        update = self._world.react(message, self._person(action).key, emojis)
        return {"message_id": message.id, "update_id": update}

    def _press(self, action: Json) -> Json:
        """Presses a button; with `again` the same query comes once more under another update_id (telegram-bot-api#699)."""
        message, person = self._message(action), self._person(action)
        data = str(action.get("data") or "")
        rows = (message.markup or {}).get("inline_keyboard", [])
        if not any(button.get("callback_data") == data for row in rows for button in row):
            raise ValueError("there is no such button")
        callbacks = dict(self._state.meta.get("callbacks", {}))
        query = str(action.get("again") or (4_000_000_000_000_000_000 + self._state.count("file")))
        callbacks.setdefault(query, self._context.clock.now())
        self._state.keep("callbacks", dict(list(callbacks.items())[-100:]))
        payload = {
            "id": query,
            "from": render.user(self._state, person.key),
            "message": render.message(self._state, message),
            "chat_instance": str(abs(message.chat) * 31),
            "data": data,
        }
        return {"query": query, "update_id": self._context.updates.add("callback_query", f"user:{person.key}", payload)}

    def _create_topic(self, action: Json) -> Json:
        group, person = self._group(action), self._person(action)
        name = clean_name(str(action.get("name") or ""))
        if not name:
            raise ValueError("a topic needs a name")
        topic, update = self._world.create_topic(group, person.key, name, COLOURS[0], "")
        return {"topic": topic.id, "message_id": topic.id, "update_id": update}

    def _rename_topic(self, action: Json) -> Json:
        group, topic = self._named_topic(action)
        changes = {"name": clean_name(str(action.get("name") or topic.name))}
        return {"update_id": self._world.edit_topic(group, topic, self._person(action).key, changes)}

    def _set_closed(self, action: Json, closed: bool) -> Json:
        group, topic = self._named_topic(action)
        if topic.closed == closed:
            raise ValueError("the topic is closed already" if closed else "the topic is open already")
        return {"update_id": self._world.close_topic(group, topic, self._person(action).key, closed)}

    def _delete_topic(self, action: Json) -> Json:
        group, topic = self._named_topic(action)
        self._world.delete_topic(group, topic)
        return {"update_id": None}

    def _add(self, action: Json) -> Json:
        name = str(action.get("name") or "").strip()
        if not name or self._state.person(name):
            raise ValueError("a new person needs a name of their own")
        number = FIRST_NEW_PERSON + len(self._state.people)
        person = self._state.add(Person(str(number), name, number))
        return {"person": person.key, "user_id": person.user_id}

    def _group(self, action: Json) -> Group:
        wanted = whole(action.get("group") or next(iter(self._state.groups)))
        group = self._state.group(wanted) or self._state.groups.get(wanted)
        if group is None:
            raise ValueError(f"there is no group {action['group']}")
        return group

    def _person(self, action: Json) -> Person:
        who = action.get("person") or "eve"
        person = self._state.person(who)
        if person is None:
            raise ValueError(f"nobody here is called {who!r}")
        return person

    def _topic(self, group: Group, action: Json) -> Topic | None:
        """The topic that is named, None for General."""
        word = str(action.get("topic") or "").lower()
        if word in ("", "0", str(GENERAL), "general"):
            return None
        topic = self._state.topics.get((group.key, whole(word)))
        if topic is None or topic.deleted:
            raise ValueError("the topic is not there any more")
        return topic

    def _named_topic(self, action: Json) -> tuple[Group, Topic]:
        group = self._group(action)
        topic = self._topic(group, action)
        if topic is None:
            raise ValueError("this can't be done to General here")
        return group, topic

    def _message(self, action: Json) -> Message:
        group = self._group(action)
        message = self._state.messages.get((group.key, whole(action.get("message"))))
        if message is None or message.deleted:
            raise ValueError("the message is not there any more")
        return message


def _upload(file: object) -> tuple[str, Upload, Json]:
    """The kind, the bytes and the words of a file that a person attaches: ``{"filename", "content_type", "data", "kind"?}``."""
    if not isinstance(file, dict):
        raise ValueError("a file has a filename, a content_type and data")  # noqa: TRY004 (the protocol says ValueError)
    try:
        data = base64.b64decode(str(file.get("data") or ""), validate=True)
    except binascii.Error:
        raise ValueError("the file is not base64") from None
    mime = str(file.get("content_type") or "application/octet-stream")
    kind = str(file.get("kind") or _kind(mime, data))
    return kind, Upload(str(file.get("filename") or "file"), mime, data), file


def _kind(mime: str, data: bytes) -> str:
    """As what an app would send a file of that type."""
    main = mime.partition("/")[0]
    if main == "image" and is_picture(data):
        return "animation" if mime == "image/gif" else "photo"
    if mime.startswith("audio/ogg"):
        return "voice"
    return main if main in ("video", "audio") else "document"
