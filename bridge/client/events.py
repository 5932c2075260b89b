"""What a client hears, typed. Frames and fields of a later version are passed over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """`role` is ``agent``, ``customer`` or ``system``. To a customer, all who answer are one."""

    id: str
    name: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """`url` is signed and runs out; `size` in bytes, None while it isn't known."""

    id: str
    url: str
    content_type: str
    filename: str
    size: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Somebody wrote, or, with `edited`, what was written has changed. `ref` is empty unless this subject wrote it, from another
    client or before this one began; times are RFC 3339, empty where that never happened."""

    conversation: str
    id: str
    seq: int
    author: Author
    text: str
    files: tuple[File, ...]
    reply_to: str | None
    at: str
    ref: str = ""
    edited_at: str = ""
    deleted_at: str = ""
    edited: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """A message was taken back."""

    conversation: str
    id: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of a message: `state` is ``sent``, ``delivered``, ``read`` or ``failed``; `code` and `reason` may be empty.
    `segments` are those of an SMS, None elsewhere."""

    conversation: str
    id: str
    state: str
    code: str = ""
    reason: str = ""
    segments: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A conversation as it is now; `state` is ``open`` or ``closed``."""

    id: str
    title: str
    state: str
    last_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Typing:
    """Somebody is writing; good for a few seconds."""

    conversation: str
    author: Author


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """The connection stands, for the first time or again."""

    session: str
    role: str
    room: str
    server_time: str
    conversations: tuple[Conversation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """What was sent is durable."""

    ref: str
    conversation: str
    id: str
    seq: int


Event = Welcome | Message | Deleted | Receipt | Conversation | Typing


def read(frame: Mapping[str, Any]) -> Event | None:
    """The event of a frame from the server; None where it is an answer, or of a type that isn't known here."""
    match frame["type"]:
        case "welcome":
            return Welcome(
                session=frame["session"],
                role=frame["role"],
                room=frame["room"],
                server_time=frame["server_time"],
                conversations=tuple(_conversation(c) for c in frame["conversations"]),
            )
        case "message" | "edited":
            return message(frame)
        case "deleted":
            return Deleted(conversation=frame["conversation"], id=frame["message"], at=frame["at"])
        case "receipt":
            return Receipt(
                conversation=frame["conversation"],
                id=frame["message"],
                state=frame["state"],
                code=frame.get("code", ""),
                reason=frame.get("reason", ""),
                segments=frame.get("segments"),
            )
        case "conversation":
            return _conversation(frame)
        case "typing":
            return Typing(conversation=frame["conversation"], author=_author(frame["author"]))
        case _:
            return None


def message(frame: Mapping[str, Any]) -> Message:
    return Message(
        conversation=frame["conversation"],
        id=frame["message"],
        seq=frame["seq"],
        author=_author(frame["author"]),
        text=frame["text"],
        files=tuple(_file(f) for f in frame["attachments"]),
        reply_to=frame["reply_to"],
        at=frame["at"],
        ref=frame.get("ref", ""),
        edited_at=frame.get("edited_at", ""),
        deleted_at=frame.get("deleted_at", ""),
        edited=frame["type"] == "edited",
    )


def ack(frame: Mapping[str, Any]) -> Ack:
    return Ack(ref=frame["ref"], conversation=frame["conversation"], id=frame["message"], seq=frame["seq"])


def _author(found: Mapping[str, Any]) -> Author:
    return Author(id=found["id"], name=found["name"], role=found["role"])


def _file(found: Mapping[str, Any]) -> File:
    return File(
        id=found["id"],
        url=found["url"],
        content_type=found["content_type"],
        filename=found["filename"],
        size=found["size"],
    )


def _conversation(found: Mapping[str, Any]) -> Conversation:
    return Conversation(id=found["id"], title=found["title"], state=found["state"], last_seq=found["last_seq"])
