"""The records of the simulated account. Plain JSON values only, so that a record is stored as it stands."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
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


def pair_name(ours: str, theirs: str) -> str:
    """What an exchange of messages without a conversation is called on the wire."""
    return f"M:{ours}|{theirs}"


def rfc2822(at: float | None) -> str | None:
    """The date of the 2010 API; None stays None."""
    return None if at is None else format_datetime(datetime.fromtimestamp(int(at), UTC))


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
class Number(Record):
    """An address of ours, with the webhook of its own. Parent: the account. Numbers proper are an account's
    IncomingPhoneNumbers; of a channel's sender only the webhook counts. An application takes the place of the URLs."""

    address: str = ""
    friendly_name: str = ""
    sms_url: str = ""
    sms_method: str = "POST"
    sms_fallback_url: str = ""
    sms_fallback_method: str = "POST"
    sms_application_sid: str = ""
    status_callback: str = ""
    status_callback_method: str = "POST"
    voice_url: str | None = None
    voice_method: str = "POST"


@dataclass(kw_only=True)
class Pool(Record):
    """A Messaging Service. Parent: the account. `senders` are addresses of ours."""

    friendly_name: str = ""
    senders: list[str] = field(default_factory=list)
    inbound_request_url: str | None = None
    inbound_method: str = "POST"
    fallback_url: str | None = None
    fallback_method: str = "POST"
    status_callback: str | None = None
    smart_encoding: bool = True
    use_inbound_webhook_on_number: bool = False


@dataclass(kw_only=True)
class Text(Record):
    """A message of Programmable Messaging. Parent: the account. `sender` is None until a service has chosen one.

    `urls` are the media to fetch, `media` what was fetched or came: {sid, size, content_type, filename}. `fate` is what
    the network will say last. A scheduled one leaves at `send_at`.
    """

    direction: str = "outbound-api"
    sender: str | None = None
    to: str = ""
    body: str = ""
    status: str = "queued"
    error_code: int = 0
    service: str | None = None
    urls: list[str] = field(default_factory=list)
    media: list[Json] = field(default_factory=list)
    num_media: int = 0
    segments: int = 0
    callback: str = ""
    sent_at: float | None = None
    send_at: float | None = None
    fate: str = ""
    fate_code: int = 0

    @property
    def pair(self) -> str:
        """The name of the two addresses: ours first."""
        ours, theirs = (self.to, self.sender) if self.direction == "inbound" else (self.sender, self.to)
        return pair_name(ours or "", theirs or "")


@dataclass(kw_only=True)
class OptOut(Record):
    """A customer said STOP. Its parent is the scope: a sender or a Messaging Service; its sid names both."""

    customer: str = ""


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
