"""What a client asks for -> events. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from urllib.parse import quote

from adapters.websocket.errors import absent
from adapters.websocket.frames import Delete, Edit, Send
from adapters.websocket.outbound import remote_id
from adapters.websocket.tokens import Claims
from bridge.core.content import Attachment, Author, Content, Role, Side
from bridge.core.events import (
    BindingSeen,
    Event,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    MessageRef,
    Within,
)
from bridge.core.ids import BindingKey, ChannelName, ConversationId, EndpointKey, EventKey, RemoteId, parse_message_id
from bridge.core.log import LogLeg


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """Who speaks by a socket, and by which channel."""

    channel: ChannelName
    claims: Claims

    @property
    def leg(self) -> LogLeg:
        """Whose view of the log it is."""
        customer = self.claims.side is Side.CUSTOMER
        return LogLeg(
            endpoint=EndpointKey(self.claims.room),
            side=self.claims.side,
            address=self.claims.subject if customer else "",
        )

    @property
    def author(self) -> Author:
        return Author(id=self.claims.subject, role=Role(self.claims.side.value), name=self.claims.name)

    @property
    def who(self) -> tuple[str, Role]:
        return self.author.id, self.author.role

    @property
    def shown(self) -> Author:
        """As others see who is writing: as in their messages."""
        customer = self.claims.side is Side.CUSTOMER
        return replace(self.author, name=self.claims.name or (self.claims.subject if customer else "Agent"))

    @property
    def owner(self) -> str:
        """Whose uploads are whose: an agent and a customer of the same name are two."""
        return f"{self.claims.side}/{self.claims.subject}"

    def key(self, ref: str) -> EventKey:
        """`ref` is unique per channel and subject, whatever kind of frame it stands in."""
        return EventKey(f"ref:{quote(self.claims.subject, safe='')}:{ref}")


def sent(
    speaker: Speaker, frame: Send, files: tuple[Attachment, ...], quotes: MessageRef | None, at: float
) -> tuple[Event, ...]:
    """A message; the digest of the last event tells a repeat from another message under the same ref."""
    by_customer = speaker.claims.side is Side.CUSTOMER
    binding = _own_binding(speaker) if by_customer else _binding(speaker, frame.conversation or "")
    # A customer has one conversation: with its name or without, it is the same message.
    where = speaker.claims.room if by_customer else frame.conversation
    ids = [f.id for f in frame.attachments]
    message = MessageReceived(
        key=speaker.key(frame.ref),
        binding=binding,
        at=at,
        remote=remote_id(speaker.claims.subject, frame.ref),
        author=speaker.author,
        content=Content(text=frame.text, attachments=files),
        quotes=quotes,
        to=None if by_customer else _within(speaker, frame.conversation or ""),
        digest=_digest(speaker, "send", where, frame.text, ids, frame.reply_to),
    )
    return (_seen(speaker, binding, at), message) if by_customer else (message,)


def edited(speaker: Speaker, frame: Edit, meant: MessageRef, at: float) -> tuple[Event, ...]:
    return (
        MessageEdited(
            key=speaker.key(frame.ref),
            binding=_binding(speaker, meant.conversation),
            at=at,
            remote=RemoteId(""),
            text=frame.text,
            message=meant,
            author=speaker.claims.subject,
            endpoint=EndpointKey(speaker.claims.room),
            digest=_digest(speaker, "edit", frame.message, frame.text),
        ),
    )


def deleted(speaker: Speaker, frame: Delete, meant: MessageRef, at: float) -> tuple[Event, ...]:
    return (
        MessageDeleted(
            key=speaker.key(frame.ref),
            binding=_binding(speaker, meant.conversation),
            at=at,
            remote=RemoteId(""),
            message=meant,
            author=speaker.claims.subject,
            endpoint=EndpointKey(speaker.claims.room),
            digest=_digest(speaker, "delete", frame.message),
        ),
    )


def message_ref(id: str) -> MessageRef:
    """The message of a public id. Raises `Declined`: what is no id is as absent as what isn't there."""
    parsed = parse_message_id(id)
    if parsed is None or parsed[1] < 1:
        raise absent()
    return MessageRef(conversation=parsed[0], seq=parsed[1])


def _seen(speaker: Speaker, binding: BindingKey, at: float) -> BindingSeen:
    """The customer's side of the conversation: told with each message, done once per name."""
    claims = speaker.claims
    return BindingSeen(
        key=EventKey(f"seen:{binding}:{quote(claims.name, safe='')}"),
        binding=binding,
        at=at,
        endpoint=EndpointKey(claims.room),
        address=claims.subject,
        person=f"{speaker.channel}:{claims.subject}",
        label=claims.name or claims.subject,
        network=speaker.channel,
        name=claims.name,
    )


def _own_binding(speaker: Speaker) -> BindingKey:
    return _binding(speaker, speaker.claims.subject)


def _binding(speaker: Speaker, rest: str) -> BindingKey:
    return BindingKey(f"{quote(speaker.claims.room, safe='')}/{quote(rest, safe='')}")


def _within(speaker: Speaker, conversation: str) -> Within:
    return Within(endpoint=EndpointKey(speaker.claims.room), conversation=ConversationId(conversation))


def _digest(speaker: Speaker, *said: object) -> str:
    text = json.dumps([speaker.claims.side, *said], ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
