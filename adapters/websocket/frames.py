"""Every frame of ``trunkline.v1``, typed once: what is read, what is written, what ``docs/`` says of them comes from here.

A client may send fields that this version doesn't know; they are ignored. An optional field that a server frame doesn't have is
left out; one that is always there may be null.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from adapters.websocket.text import storable

SUBPROTOCOL = "trunkline.v1"
MOST_BYTES = 256 * 1024
"""Of one frame from a client, in UTF-8."""
MOST_FILES = 10
PAGE = 100
"""Messages in one `history`."""
LARGEST = 2**53 - 1
"""The largest whole number that every JSON reader keeps (RFC 8259, 6)."""


def _storable(text: str) -> str:
    if not storable(text):
        raise ValueError("must not hold U+0000 or half of a surrogate pair")
    return text


def _said(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text


Text = Annotated[str, AfterValidator(_storable)]
Ref = Annotated[Text, StringConstraints(min_length=1, max_length=128)]
Id = Annotated[Text, StringConstraints(min_length=1, max_length=256)]
Seq = Annotated[int, Field(ge=0, le=LARGEST)]
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Role = Literal["agent", "customer"]


# ---- from clients


class ClientFrame(BaseModel):
    """What a client may send. Types are strict: ``"7"`` is no number."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class Hello(ClientFrame):
    """The first frame, within 10 s; again with a fresh token before the first one runs out."""

    type: Literal["hello"] = "hello"
    token: str
    resume: dict[str, Seq] = {}
    since: Time | None = None


class FileRef(ClientFrame):
    """A file that was uploaded before."""

    id: Id


class Send(ClientFrame):
    """A message. An agent names the conversation; a customer need not, and the first one opens it."""

    type: Literal["send"] = "send"
    ref: Ref
    conversation: Id | None = None
    text: Text = ""
    attachments: Annotated[tuple[FileRef, ...], Field(max_length=MOST_FILES, strict=False)] = ()
    reply_to: Id | None = None


class Edit(ClientFrame):
    """Another text for a message that this subject wrote."""

    type: Literal["edit"] = "edit"
    ref: Ref
    message: Id
    text: Annotated[Text, AfterValidator(_said)]


class Delete(ClientFrame):
    """Takes back a message that this subject wrote."""

    type: Literal["delete"] = "delete"
    ref: Ref
    message: Id


class HistoryWanted(ClientFrame):
    """Messages below `before`, or above `after`, or the last ones."""

    type: Literal["history"] = "history"
    ref: Ref
    conversation: Id
    before: Seq | None = None
    after: Seq | None = None
    limit: Annotated[int, Field(ge=1, le=PAGE)] = 50


class Typing(ClientFrame):
    """This subject is writing; good for a few seconds."""

    type: Literal["typing"] = "typing"
    conversation: Id


class Read(ClientFrame):
    """This subject has read the conversation up to `seq`."""

    type: Literal["read"] = "read"
    conversation: Id
    seq: Annotated[int, Field(ge=1, le=LARGEST)]


class Command(ClientFrame):
    """Answered `unsupported` by this version."""

    type: Literal["command"] = "command"
    ref: Ref
    conversation: Id
    text: Text


def _essence(value: Any) -> Any:
    """``audio/webm;codecs=opus``, as browsers record it, is of the type ``audio/webm``."""
    return value.partition(";")[0].rstrip(" ") if isinstance(value, str) else value


class UploadWanted(ClientFrame):
    """Asks for a place to PUT a file of `size` bytes to."""

    type: Literal["upload"] = "upload"
    ref: Ref
    filename: Annotated[Text, StringConstraints(min_length=1, max_length=255)]
    content_type: Annotated[
        Text,
        BeforeValidator(_essence),
        StringConstraints(pattern=r"^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+$", max_length=127),
    ]
    size: Annotated[int, Field(ge=1, le=LARGEST)]


class Ping(ClientFrame):
    """Answered by `pong`."""

    type: Literal["ping"] = "ping"


FromClient = Send | Edit | Delete | HistoryWanted | Typing | Read | Command | UploadWanted | Ping
"""All but `Hello`, which is read more leniently: what is wrong in its `resume` must not end a session."""


# ---- from the server


class ServerFrame(BaseModel):
    """What the server sends."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def model_post_init(self, context: Any, /) -> None:
        self.__pydantic_fields_set__.add("type")

    def json_text(self) -> str:
        """The frame as it is sent: only what was given, so that a field can be left out."""
        return self.model_dump_json(exclude_unset=True)


class Part(BaseModel):
    """A piece of a server frame."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ConversationState(Part):
    """A conversation as it is now."""

    id: str
    title: str
    state: Literal["open", "closed"]
    last_seq: int


class Author(Part):
    """Who wrote: to a customer all who answer are one."""

    id: str
    name: str
    role: Literal["agent", "customer", "system"]


class File(Part):
    """A file of a message; `url` is signed and runs out, `size` is null while it isn't known."""

    id: str
    url: str
    content_type: str
    filename: str
    size: int | None


class Welcome(ServerFrame):
    """The answer to `hello`."""

    type: Literal["welcome"] = "welcome"
    session: str
    role: Role
    room: str
    heartbeat_s: int
    max_frame: int
    server_time: Time
    conversations: list[ConversationState]


class Ack(ServerFrame):
    """What `ref` asked for is durable."""

    type: Literal["ack"] = "ack"
    ref: str
    conversation: str
    message: str
    seq: int


class _Said(ServerFrame):
    type: Literal["message", "edited"]
    conversation: str
    message: str
    seq: int
    author: Author
    text: str
    attachments: list[File]
    reply_to: str | None
    at: Time
    ref: str | None = None
    edited_at: Time | None = None
    deleted_at: Time | None = None


class Message(_Said):
    """Somebody wrote. `ref` is there where its author is this subject; of a deleted one no text and no file is left."""

    type: Literal["message"] = "message"


class Edited(_Said):
    """A message as it is after an edit."""

    type: Literal["edited"] = "edited"


class Deleted(ServerFrame):
    """A message was taken back."""

    type: Literal["deleted"] = "deleted"
    conversation: str
    message: str
    at: Time


class Receipt(ServerFrame):
    """What became of a message at the other side; `segments` are those that an SMS is billed by."""

    type: Literal["receipt"] = "receipt"
    conversation: str
    message: str
    state: Literal["sent", "delivered", "read", "failed"]
    code: str | None = None
    reason: str | None = None
    segments: int | None = None


class Conversation(ServerFrame):
    """A conversation is new, has changed, or has news that `resume` didn't name."""

    type: Literal["conversation"] = "conversation"
    id: str
    title: str
    state: Literal["open", "closed"]
    last_seq: int


class Writing(ServerFrame):
    """Somebody is writing."""

    type: Literal["typing"] = "typing"
    conversation: str
    author: Author


class History(ServerFrame):
    """A page of messages, ascending by `seq`; `more` says that there are further ones in the direction that was asked for."""

    type: Literal["history"] = "history"
    ref: str
    conversation: str
    messages: list[Message]
    more: bool


class Upload(ServerFrame):
    """The place for a file: PUT its bytes to `url`, then name `id` in a `send`."""

    type: Literal["upload"] = "upload"
    ref: str
    id: str
    url: str


class Pong(ServerFrame):
    """The answer to `ping`."""

    type: Literal["pong"] = "pong"


class Error(ServerFrame):
    """A frame could not be done; `ref` is that frame's, where it had one."""

    type: Literal["error"] = "error"
    ref: str | None = None
    code: Literal["bad_request", "not_found", "conflict", "too_large", "unsupported", "opted_out"]
    message: str


FROM_CLIENT: tuple[type[ClientFrame], ...] = (
    Hello,
    Send,
    Edit,
    Delete,
    HistoryWanted,
    Typing,
    Read,
    Command,
    UploadWanted,
    Ping,
)
FROM_SERVER: tuple[type[ServerFrame], ...] = (
    Welcome,
    Ack,
    Message,
    Edited,
    Deleted,
    Receipt,
    Conversation,
    Writing,
    History,
    Upload,
    Pong,
    Error,
)


def type_of(frame: type[BaseModel]) -> str:
    """The `type` by which a frame is known on the wire."""
    return str(frame.model_fields["type"].default)


BY_TYPE: Mapping[str, type[ClientFrame]] = {type_of(f): f for f in FROM_CLIENT}
