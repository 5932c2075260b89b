"""Turns records into the objects of the Bot API: User, Chat, Message, ForumTopic, ChatMember."""

from __future__ import annotations

from .records import BOT, GENERAL, Ephemeral, Group, Json, Message, Person, Topic
from .state import State

BOT_NAME = "Trunkline"
BOT_USERNAME = "trunkline_bot"
CHANNEL = {"id": -1001999888777, "title": "A channel", "username": "a_channel", "type": "channel"}
LINKED = {"id": -1001999888666, "title": "The linked channel", "type": "channel"}


def bot_id(state: State) -> int:
    """The bot's user id: the part of its token before the colon."""
    return int(state.token.partition(":")[0])


def bot_user(state: State) -> Json:
    """The bridge's bot as a User."""
    return {"id": bot_id(state), "is_bot": True, "first_name": BOT_NAME, "username": BOT_USERNAME}


def user(state: State, key: str) -> Json:
    """The User behind a person's key."""
    if key == BOT:
        return bot_user(state)
    person = state.people[key]
    names = {"anonymous": "Group", "channel": "Channel", "linked": "Telegram"}
    is_bot = person.is_bot or person.voice in ("anonymous", "channel")
    found: Json = {"id": person.user_id, "is_bot": is_bot, "first_name": names.get(person.voice, person.name)}
    if person.username:
        found["username"] = person.username
    if not is_bot and person.voice == "user":
        found["language_code"] = "en"
    return found


def chat(group: Group) -> Json:
    """The Chat of a group; `is_forum` only while topics are on."""
    found: Json = {"id": group.id, "title": group.title, "type": "supergroup"}
    return {**found, "is_forum": True} if group.is_forum else found


def _author(state: State, group: Group, message: Message) -> Json:
    """`from`, and `sender_chat` where a chat speaks (facts: telegram.md 5.4)."""
    found: Json = {"from": user(state, message.sender)}
    voice = "user" if message.sender == BOT else state.people[message.sender].voice
    if voice == "anonymous":
        found |= {"sender_chat": chat(group), "author_signature": "Admin"}
    elif voice == "channel":
        found["sender_chat"] = dict(CHANNEL)
    elif voice == "linked":
        found["sender_chat"] = dict(LINKED)
    return found


def message(state: State, record: Message, nested: bool = False) -> Json:
    """The Message object. `nested` is for the place inside ``reply_to_message``, which holds no further one."""
    group = state.groups[record.chat]
    found: Json = {"message_id": record.id, **_author(state, group, record), "chat": chat(group), "date": record.date}
    if record.edit_date:
        found["edit_date"] = record.edit_date
    if record.thread != GENERAL:
        found |= {"message_thread_id": record.thread, "is_topic_message": True}
    elif root := general_root(state, record):
        # A reply outside of topics names the root of its chain, without the flag (telegram-bot-api#447).
        found["message_thread_id"] = root
    if not nested and (replied := _replied(state, record)):
        found["reply_to_message"] = message(state, replied, nested=True)
    found |= record.content
    found |= record.extra
    if "pinned_message" in found:
        found["pinned_message"] = pinned(state, record.chat, found["pinned_message"])
    if record.markup:
        found["reply_markup"] = record.markup
    return found


def pinned(state: State, chat_key: int, message_id: int) -> Json:
    """The pinned message, or what the API shows of one that is gone (date 0)."""
    record = state.messages.get((chat_key, message_id))
    if record is None or record.deleted:
        return {"chat": chat(state.groups[chat_key]), "message_id": message_id, "date": 0}
    return message(state, record, nested=True)


def general_root(state: State, record: Message) -> int:
    """The first message of a chain of replies outside of topics; 0 for what is no reply."""
    root = 0
    while record.reply_to:
        root = record.reply_to
        parent = state.messages.get((record.chat, root))
        if parent is None:
            break
        record = parent
    return root


def _replied(state: State, record: Message) -> Message | None:
    """What the message answers: its own choice, or the topic's root, which every first-level message hides a reply to."""
    wanted = record.reply_to or (record.thread if record.thread not in (GENERAL, record.id) else 0)
    found = state.messages.get((record.chat, wanted)) if wanted else None
    return None if found is None or found.deleted else found


def ephemeral(state: State, record: Ephemeral) -> Json:
    """The Message object of an ephemeral message: message_id is 0, its own id stands in `ephemeral_message_id`."""
    group = state.groups[record.chat]
    found: Json = {
        "message_id": 0,
        "ephemeral_message_id": record.id,
        "receiver_user": user(state, record.receiver),
        "from": bot_user(state),
        "chat": chat(group),
        "date": record.date,
        **record.content,
    }
    if record.thread != GENERAL:
        found |= {"message_thread_id": record.thread, "is_topic_message": True}
    return {**found, "reply_markup": record.markup} if record.markup else found


def topic(record: Topic) -> Json:
    """The ForumTopic object."""
    return {"message_thread_id": record.id, **topic_created(record)}


def topic_created(record: Topic) -> Json:
    """What the "created" service message says; the same fields as in ForumTopic but for its id."""
    found: Json = {"name": record.name, "icon_color": record.icon_color}
    return {**found, "icon_custom_emoji_id": record.icon_custom_emoji_id} if record.icon_custom_emoji_id else found


def bot_member(state: State, group: Group) -> Json:
    """The ChatMember that the bot is: administrator with its rights, or kicked."""
    if group.status == "kicked":
        return {"status": "kicked", "user": bot_user(state), "until_date": 0}
    if group.status != "administrator":
        return {"status": group.status, "user": bot_user(state)}
    return {
        "status": "administrator",
        "user": bot_user(state),
        "can_be_edited": False,
        "is_anonymous": False,
        **group.rights,
    }


def person_member(state: State, group: Group, person: Person) -> Json:
    """The ChatMember that a person is: the first agent owns the group, the others are members."""
    member: Json = {"status": person.status, "user": user(state, person.key)}
    return {**member, "is_anonymous": False} if person.status == "creator" else member
