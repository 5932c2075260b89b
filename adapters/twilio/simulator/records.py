"""The records of the simulated account. Plain JSON values only, so that a record is stored as it stands."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]


def new_sid(prefix: str) -> str:
    """A Twilio id: two letters and 32 hexadecimal digits."""
    return prefix + os.urandom(16).hex()


def iso(at: float) -> str:
    """The date of REST answers, to the second."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_ms(at: float) -> str:
    """The date of webhooks, which carry milliseconds where REST shows seconds."""
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment.strftime('%Y-%m-%dT%H:%M:%S')}.{moment.microsecond // 1000:03d}Z"


def channel_of(address: str) -> str:
    """`sms` for a bare number, else the prefix: `whatsapp`, `messenger`, `rcs`."""
    prefix, colon, _ = address.partition(":")
    return prefix if colon else "sms"


@dataclass(kw_only=True)
class Record:
    """`parent` is the sid of what it belongs to; `seq` orders all records of the account."""

    sid: str
    parent: str
    seq: int = 0
    created: float = 0.0
    updated: float = 0.0


@dataclass(kw_only=True)
class Service(Record):
    """A Conversations service; its parent is the account."""

    friendly_name: str = ""


@dataclass(kw_only=True)
class Settings(Record):
    """One configuration object, under a name for a sid: configuration or webhooks, of the account or a service."""

    values: Json = field(default_factory=dict)


@dataclass(kw_only=True)
class Conversation(Record):
    """Its parent is the service. Timers keep the asked duration in seconds, and the moment when it runs out."""

    messaging_service_sid: str | None = None
    friendly_name: str | None = None
    unique_name: str | None = None
    attributes: str = "{}"
    state: str = "active"
    bindings: Json = field(default_factory=dict)
    inactive_after: float | None = None
    closed_after: float | None = None
    inactive_at: float | None = None
    closed_at: float | None = None
    next_index: int = 0
    created_by: str = "system"


@dataclass(kw_only=True)
class Participant(Record):
    """Its parent is the conversation. `address` is None for chat participants."""

    identity: str | None = None
    address: str | None = None
    proxy: str | None = None
    projected: str | None = None
    attributes: str = "{}"
    role_sid: str | None = None
    last_read_index: int | None = None
    last_read_at: str | None = None

    @property
    def names(self) -> tuple[str | None, ...]:
        """What a message's Author may say to mean this participant."""
        return (self.address, self.identity)


@dataclass(kw_only=True)
class Message(Record):
    """Its parent is the conversation. `media` holds {sid, size, content_type, filename}."""

    index: int = 0
    author: str = "system"
    participant_sid: str | None = None
    body: str | None = None
    media: list[Json] = field(default_factory=list)
    attributes: str = "{}"


@dataclass(kw_only=True)
class Receipt(Record):
    """Its parent is the message. `fate` is what the carrier will say last: a final status, and a code if it failed."""

    conversation_sid: str = ""
    participant_sid: str = ""
    channel_message_sid: str = ""
    status: str | None = None
    error_code: int = 0
    fate: str = ""
    fate_code: int = 0
    notify: bool = True


@dataclass(kw_only=True)
class ScopedWebhook(Record):
    """Its parent is the conversation."""

    target: str = "webhook"
    configuration: Json = field(default_factory=dict)


@dataclass(kw_only=True)
class AddressConfiguration(Record):
    """Its parent is the account."""

    type: str = "sms"
    address: str = ""
    friendly_name: str | None = None
    address_country: str | None = None
    auto_creation: Json = field(default_factory=dict)


@dataclass(kw_only=True)
class Media(Record):
    """Its parent is the service; the bytes are kept apart."""

    content_type: str = "application/octet-stream"
    filename: str | None = None
    size: int = 0
    author: str = "system"
    message_sid: str | None = None
    conversation_sid: str | None = None


@dataclass(kw_only=True)
class Accepted(Record):
    """A message that REST accepted. Parent: the account. It never changes or goes, so that tests can count."""

    conversation: str = ""
    message: str = ""
    index: int = 0
    author: str = ""
    body: str | None = None
    media: list[Json] = field(default_factory=list)
    attributes: str = "{}"
    addresses: list[str] = field(default_factory=list)


@dataclass(kw_only=True)
class Person(Record):
    """Somebody with a phone. Parent: the account. `ours` is the address of ours that this person writes to."""

    name: str = ""
    address: str = ""
    ours: str = ""


@dataclass(kw_only=True)
class Bubble(Record):
    """A message as it stands on a phone; it stays there whatever becomes of the conversation. Parent: the person."""

    message_sid: str = ""
    conversation_sid: str = ""
    receipt_sid: str | None = None
    mine: bool = False
    author: str = ""
    text: str = ""
    media: list[Json] = field(default_factory=list)
    status: str = ""
    error: str = ""
    edited: bool = False
    deleted: bool = False
