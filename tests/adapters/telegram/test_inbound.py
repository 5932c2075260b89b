"""Who is an agent, where a message counts, and what becomes of everything else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.telegram import inbound
from adapters.telegram.inbound import KNOWN, SERVICE, Group
from bridge.core.content import Author, Content, Role
from bridge.core.events import AuthorTold, Event, MessageEdited, MessageReceived, NotUnderstood

CHAT, TOPIC, BOT, EVE = -1001234567890, 42, 700000000, 700000001
GROUP = Group(bot=BOT, chats=frozenset({CHAT}), agents=frozenset())
AT = 1_790_000_000.0
USER = {"id": EVE, "is_bot": False, "first_name": "Eve", "last_name": "Adams"}
FORUM = {"id": CHAT, "type": "supergroup", "is_forum": True, "title": "Support"}
ROOT = {"message_id": TOPIC, "chat": FORUM, "date": 1, "forum_topic_created": {"name": "Ana", "icon_color": 7322096}}
TEXT: dict[str, Any] = {
    "message_id": 100,
    "from": USER,
    "chat": FORUM,
    "date": 1_789_999_999,
    "message_thread_id": TOPIC,
    "is_topic_message": True,
    "reply_to_message": ROOT,
    "text": "Hello",
}


def read(message: dict[str, Any], group: Group = GROUP, kind: str = "message", id: int = 5) -> list[Event] | None:
    return inbound.events({"update_id": id, kind: message}, group, AT)


def one(message: dict[str, Any], group: Group = GROUP, kind: str = "message") -> Event:
    found = read(message, group, kind)
    assert found is not None
    assert len(found) == 1, found
    return found[0]


def test_a_text() -> None:
    assert one(TEXT) == MessageReceived(
        key=f"message:{CHAT}:100",
        binding=f"{CHAT}:{TOPIC}",
        at=1_789_999_999.0,
        remote=f"{CHAT}:100",
        author=Author(id=str(EVE), role=Role.AGENT, name="Eve Adams"),
        content=Content(text="Hello"),
    )


GENERAL = {k: v for k, v in TEXT.items() if k not in ("message_thread_id", "is_topic_message", "reply_to_message")}
NOBODYS: list[tuple[str, dict[str, Any]]] = [
    ("General", GENERAL),
    ("a reply in General", GENERAL | {"message_thread_id": 77, "reply_to_message": {"message_id": 77}}),
    ("a reply in General, flag false", GENERAL | {"message_thread_id": 77, "is_topic_message": False}),
    ("a flag without a topic", GENERAL | {"is_topic_message": True}),
    ("a flag that is no flag", TEXT | {"is_topic_message": 1}),
    ("another group", TEXT | {"chat": {"id": -1009999999999, "type": "supergroup"}}),
    ("a private chat", TEXT | {"chat": {"id": EVE, "type": "private"}}),
    ("no chat", {k: v for k, v in TEXT.items() if k != "chat"}),
    ("the bot itself", TEXT | {"from": {"id": BOT, "is_bot": True, "first_name": "Bot"}}),
    ("ephemeral", TEXT | {"ephemeral_message_id": 3}),
    ("no number", TEXT | {"message_id": None}),
    *((f"service: {name}", TEXT | {name: {}, "text": ""}) for name in sorted(SERVICE)),
]


@pytest.mark.parametrize(("label", "message"), NOBODYS, ids=[n for n, _ in NOBODYS])
@pytest.mark.parametrize("kind", ["message", "edited_message"])
def test_what_goes_to_nobody(label: str, message: dict[str, Any], kind: str) -> None:
    assert read(message, kind=kind) == []


@pytest.mark.parametrize("name", sorted(KNOWN - {"message", "edited_message"}))
def test_updates_that_are_not_for_us(name: str) -> None:
    assert inbound.events({"update_id": 1, name: TEXT}, GROUP, AT) == []


ANONYMOUS = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
NO_AGENTS: list[tuple[str, dict[str, Any], str, Any]] = [
    ("anonymous admin", {"from": ANONYMOUS, "sender_chat": FORUM}, "anonymous administrators", CHAT),
    ("on a test server", {"from": {"id": 552888, "is_bot": True}, "sender_chat": FORUM}, "anonymous administrators", CHAT),
    ("a channel", {"from": {"id": 136817688, "is_bot": True}, "sender_chat": {"id": -100777}}, "channels", -100777),
    (
        "automatic forward",
        {"from": {"id": 777000, "is_bot": False}, "sender_chat": {"id": -100777}, "is_automatic_forward": True},
        "forwards by itself",
        -100777,
    ),
    ("automatic forward without a channel", {"is_automatic_forward": True}, "forwards by itself", EVE),
    ("another bot", {"from": {"id": 9, "is_bot": True, "first_name": "Other"}}, "bots", 9),
]  # fmt: skip


@pytest.mark.parametrize(("label", "changes", "words", "who"), NO_AGENTS, ids=[r[0] for r in NO_AGENTS])
def test_who_is_no_agent_is_told_once_in_a_topic(label: str, changes: dict[str, Any], words: str, who: Any) -> None:
    for agents in (frozenset[int](), frozenset({EVE, 1087968824, 9, 777000})):
        group = Group(bot=BOT, chats=frozenset({CHAT}), agents=agents)
        told = one(TEXT | changes, group)
        assert isinstance(told, AuthorTold)
        assert words in told.words
        assert (told.binding, told.remote) == (f"{CHAT}:{TOPIC}", f"{CHAT}:100")
        again = one(TEXT | changes | {"message_id": 101, "text": "again"}, group)
        assert told.key == again.key == f"refused:{CHAT}:{TOPIC}:{who}"
        assert one(TEXT | changes | {"message_thread_id": 43}, group).key != told.key
        assert read(TEXT | changes, group, "edited_message") == []


def test_listed_agents() -> None:
    group = Group(bot=BOT, chats=frozenset({CHAT}), agents=frozenset({EVE}))
    assert isinstance(one(TEXT, group), MessageReceived)
    told = one(TEXT | {"from": USER | {"id": 8}}, group)
    assert isinstance(told, AuthorTold)
    assert "list of agents" in told.words


def test_nobodys_word_goes_to_no_customer() -> None:
    for sender in (None, {}, {"id": None}, {"id": "7"}, "Eve", 7):
        assert read(TEXT | {"from": sender}) is None, sender
    assert read({k: v for k, v in TEXT.items() if k != "from"}) is None


@pytest.mark.parametrize(
    ("label", "replied", "expected"),
    [
        ("to the root as Telegram puts it", ROOT, None),
        ("to the root by its number", {"message_id": TOPIC}, None),
        ("to a message", {"message_id": 99, "chat": FORUM}, f"{CHAT}:99"),
        ("to nothing", None, None),
        ("to something odd", {"message_id": "99"}, None),
        ("to a list", [], None),
    ],
)
def test_replies(label: str, replied: Any, expected: str | None) -> None:
    event = one(TEXT | {"reply_to_message": replied})
    assert isinstance(event, MessageReceived)
    assert event.reply_to == expected


def test_an_edit() -> None:
    edited = TEXT | {"text": "Hallo", "edit_date": 1_790_000_100}
    event = one(edited, kind="edited_message")
    assert event == MessageEdited(
        key=f"edited:{CHAT}:100:1790000100",
        binding=f"{CHAT}:{TOPIC}",
        at=1_790_000_100.0,
        remote=f"{CHAT}:100",
        text="Hallo",
    )
    assert one(edited | {"edit_date": 1_790_000_200}, kind="edited_message").key != event.key


def test_an_edited_caption_and_a_file_without_one() -> None:
    photo = {k: v for k, v in TEXT.items() if k != "text"} | {"photo": [{"file_id": "f", "width": 1, "height": 1}]}
    event = one(photo | {"caption": "look", "edit_date": 1}, kind="edited_message")
    assert isinstance(event, MessageEdited)
    assert event.text == "look"
    event = one(photo | {"edit_date": 1}, kind="edited_message")
    assert isinstance(event, MessageEdited)
    assert event.text == ""


def test_keys_do_not_hang_on_the_update() -> None:
    assert read(TEXT, id=5) == read(TEXT, id=99)


def test_an_album_is_its_messages() -> None:
    parts = [
        {k: v for k, v in TEXT.items() if k != "text"}
        | {"message_id": n, "media_group_id": "g", "photo": [{"file_id": f"f{n}", "width": 1, "height": 1}]}
        for n in (100, 101, 102)
    ]
    events = [one(p | ({"caption": "all"} if p["message_id"] == 102 else {})) for p in parts]
    assert [e.key for e in events] == [f"message:{CHAT}:{n}" for n in (100, 101, 102)]
    assert [e.content.text for e in events if isinstance(e, MessageReceived)] == ["", "", "all"]


def test_a_file_that_is_too_large_is_told_and_its_text_goes() -> None:
    big = {"document": {"file_id": "f", "file_size": 50_000_000, "file_name": "a.zip"}}
    alone = {k: v for k, v in TEXT.items() if k != "text"} | big
    told = one(alone)
    assert isinstance(told, AuthorTold)
    assert told.key == f"told:{CHAT}:100:0"
    found = read(alone | {"caption": "here"})
    assert found is not None
    assert [type(e) for e in found] == [MessageReceived, AuthorTold]


def test_a_forward_and_an_inline_bots_message_are_their_senders() -> None:
    event = one(TEXT | {"forward_origin": {"type": "hidden_user", "date": 1}, "via_bot": {"id": 9, "is_bot": True}})
    assert isinstance(event, MessageReceived)
    assert event.author.id == str(EVE)


def test_what_is_not_understood() -> None:
    update = {"update_id": 7, "something_new": {"a": 1}}
    assert inbound.events(update, GROUP, AT) is None
    kept = inbound.unknown(update, AT)
    assert kept == NotUnderstood(key="update:7", at=AT, what="an update with something_new", raw=json.dumps(update))
    assert inbound.unknown({}, AT).what == "an update with nothing"


def test_what_cant_be_stored_is_made_storable() -> None:
    message = TEXT | {
        "text": "\ud800 a\0b",
        "from": USER | {"first_name": "\udfff"},
        "document": {"file_id": "\ud800", "file_name": "\ud800\0.pdf", "mime_type": "\ud800/x"},
    }
    event = one(message)
    assert isinstance(event, MessageReceived)
    everything = [
        event.content.text,
        event.author.name,
        *(a.filename + a.ref + a.content_type for a in event.content.attachments),
    ]
    assert all("\0" not in s and s.encode() for s in everything)
    kept = inbound.unknown({"update_id": "\ud800", "\udfff": 1}, AT)
    assert kept.key.encode()
    assert kept.what.encode()
    assert kept.raw.encode()


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from([CHAT, TOPIC, BOT, FORUM, USER, ROOT]),
    lambda i: (
        st.lists(i, max_size=3) | st.dictionaries(st.sampled_from(["id", "message_id", "type", "emoji"]), i, max_size=3)
    ),
    max_leaves=6,
)
names = st.sampled_from(
    [*TEXT, *sorted(SERVICE), "sender_chat", "photo", "document", "poll", "entities", "caption", "sticker"]
)


@given(st.dictionaries(names, values, max_size=5), st.sampled_from(["message", "edited_message"]))
def test_no_odd_field_makes_an_agent(changes: dict[str, Any], kind: str) -> None:
    try:
        found = read(TEXT | changes, kind=kind)
    except (TypeError, AttributeError, ValueError, KeyError):
        return  # the channel keeps it as not understood
    for event in found or ():
        assert event.key.encode()
        if isinstance(event, MessageReceived):
            assert event.binding.startswith(f"{CHAT}:")
            assert event.author.id not in ("None", str(BOT))
