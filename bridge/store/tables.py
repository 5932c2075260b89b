"""The tables. SQLModel doesn't validate on construction: what stands here was made by our own code or checked at the edge.

Times are epoch seconds (UTC). A conversation is the unit of order and of placement: nothing here draws a global sequence, and
every row but a contact's names its conversation or its binding.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Text, false, text
from sqlmodel import Field, SQLModel

NOTHING = text("''")
OPEN = "state in ('ready', 'sending', 'unsure')"


def long_text(*, nullable: bool = True) -> Column[str]:
    return Column(Text, nullable=nullable)


class Contact(SQLModel, table=True):
    """A customer as a person."""

    id: str = Field(primary_key=True)
    name: str = ""
    created_at: float


class Address(SQLModel, table=True):
    """Where a contact is reached; `person` is the same for addresses that are one customer without being told so."""

    id: str = Field(primary_key=True)  # CHANNEL:ADDRESS
    address: str = Field(default="", sa_column_kwargs={"server_default": NOTHING})
    person: str = Field(index=True)
    contact_id: str = Field(index=True)
    network: str
    created_at: float


class Conversation(SQLModel, table=True):
    """One per bridge and contact, for ever. The counters are drawn in this row."""

    __table_args__ = (
        Index("conversation_pair", "contact_id", "bridge", unique=True),
        Index("conversation_active", "bridge", "active_at"),
        Index(
            "conversation_open",
            "bridge",
            "active_at",
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: str = Field(primary_key=True)
    bridge: str
    contact_id: str
    state: str
    last_seq: int = 0
    last_n: int = 0
    last_binding: int = 0
    answer: str | None = None
    """The customer's binding that wrote last."""
    moved_to: str | None = None
    """The conversation in which it goes on, where its customer turned out to be another."""
    created_at: float
    active_at: float


class Binding(SQLModel, table=True):
    """A conversation's counterpart on one channel: a pair of addresses, a chat. `key` is the network's present name of it."""

    __table_args__ = (
        Index("binding_leg", "conversation_id", "channel", "endpoint", "address", unique=True),
        Index("binding_address", "address", "channel", "endpoint"),
    )

    id: str = Field(primary_key=True)
    conversation_id: str
    channel: str
    side: str
    endpoint: str
    address: str = ""
    label: str = ""
    network: str = ""
    key: str | None = None
    meta: str = ""
    roads: str = Field(default="", sa_column_kwargs={"server_default": NOTHING})
    """The roads by which its messages came, where the network has several."""


class BindingKey(SQLModel, table=True):
    """Every name that a network ever gave a binding: several ConversationSids, several topics. Without `binding` it is recorded
    and relayed nowhere."""

    __tablename__ = "binding_key"

    id: str = Field(primary_key=True)  # CHANNEL:KEY
    channel: str
    key: str
    binding: str | None = Field(default=None, index=True)
    conversation_id: str | None = Field(default=None, index=True)
    state: str
    next_index: int = 0
    held: int = 0
    seen: str = Field(default="", sa_column=long_text(nullable=False))
    """What the network said of it, as a `BindingSeen`; empty for what we made."""


class Participant(SQLModel, table=True):
    """Who spoke in a binding."""

    binding: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    role: str
    name: str
    first_at: float


class Message(SQLModel, table=True):
    """One immutable utterance; `remote` is its id at the network that it came from."""

    conversation_id: str = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    binding: str
    remote: str
    author_id: str
    author_name: str
    role: str
    text: str = Field(sa_column=long_text(nullable=False))
    reply_to: int | None = None
    at: float
    accepted_at: float
    road: str = Field(default="", sa_column_kwargs={"server_default": NOTHING})
    twin: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """It came a second time by another road."""
    fingerprint: str = Field(default="", sa_column_kwargs={"server_default": NOTHING})
    """Of what was written, where it may come by several roads."""


class MessageChange(SQLModel, table=True):
    """An edit or a deletion, in their order."""

    __tablename__ = "message_change"

    conversation_id: str = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    k: int = Field(primary_key=True)
    kind: str
    text: str = Field(sa_column=long_text(nullable=False))
    at: float


class Attachment(SQLModel, table=True):
    """A file by reference, fetched when it is sent."""

    conversation_id: str = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    position: int = Field(primary_key=True)
    channel: str
    ref: str = Field(sa_column=long_text(nullable=False))
    kind: str
    content_type: str
    filename: str
    size: int | None = Field(default=None, sa_type=BigInteger)


class Delivery(SQLModel, table=True):
    """One part on its way to one binding. `text` is null where it is the message's as it stands; `attachment` a position."""

    __table_args__ = (
        Index("delivery_lane", "binding", "n", sqlite_where=text(OPEN), postgresql_where=text(OPEN)),
        Index("delivery_message", "conversation_id", "seq"),
    )

    conversation_id: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    binding: str
    kind: str
    seq: int | None = None
    text: str | None = Field(default=None, sa_column=long_text())
    attachment: int | None = None
    reply_to: int | None = None
    """The message it answers, by seq."""
    reply_remote: str | None = None
    """Or by the network's own id, where it answers something that is no message."""
    state: str
    due: float
    attempt: int = 0
    fence: int = 0
    owner: str = ""
    lease_until: float = 0.0
    claimed_at: float = 0.0
    first_tried: float = 0.0
    possibly_twice: bool = False
    receipt: str | None = None
    code: str = ""
    words: str = ""
    segments: int | None = None
    created_at: float


class RemoteId(SQLModel, table=True):
    """A network's message ids and ours, many to many: a message has several parts, one part may carry several messages. `n` is
    -1 where the message came from there."""

    __tablename__ = "remote_id"
    __table_args__ = (Index("remote_id_message", "conversation_id", "seq"),)

    id: str = Field(primary_key=True)  # CHANNEL:REMOTE
    conversation_id: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    seq: int
    binding: str
    remote: str


class Receipt(SQLModel, table=True):
    """What the network said of a delivery, each state once."""

    conversation_id: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    state: str = Field(primary_key=True)
    at: float
    code: str
    words: str


class Inbox(SQLModel, table=True):
    """Every event, by its key. A pending one waits for something and is due; an unrouted or unknown one is kept as it came."""

    __table_args__ = (
        Index("inbox_due", "due", sqlite_where=text("state = 'pending'"), postgresql_where=text("state = 'pending'")),
        Index(
            "inbox_waits",
            "waits_on",
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
        ),
    )

    id: str = Field(primary_key=True)  # CHANNEL:KEY
    channel: str
    state: str
    at: float
    waits_for: str | None = None
    waits_on: str | None = None
    """The full key of a binding or of a remote id."""
    index: int | None = None
    due: float | None = None
    tries: int = 0
    event: str | None = Field(default=None, sa_column=long_text())
    conversation_id: str | None = None
    seq: int | None = None
    """The message that it made or changed."""
    digest: str = Field(default="", sa_column_kwargs={"server_default": NOTHING})


class StoredFile(SQLModel, table=True):
    """A file that is kept: fetched from a network once, or put here by `owner` to be attached. `hash` is null until then."""

    __tablename__ = "file"

    id: str = Field(primary_key=True)  # CHANNEL:REF
    owner: str = ""
    content_type: str
    filename: str
    size: int = Field(sa_type=BigInteger)
    hash: str | None = Field(default=None, index=True)
    at: float


class Secret(SQLModel, table=True):
    """A key of our own making, the same for every process."""

    name: str = Field(primary_key=True)
    value: str
