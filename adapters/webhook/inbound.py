"""A signed body -> events, and what its sender is answered. Pure.

``{"type": "message.send", "data": {…}}``; the ``webhook-id`` is what makes a message the same message. In `data`: ``text``,
``attachments`` (``[{"url", "filename"?, "content_type"?}]``), ``author`` {id, name}; from agents ``conversation`` (our id), or
``to`` and ``from`` to write first; from customers ``conversation`` (a key of the sender's own). What is not known is ignored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from adapters.webhook.files import attachments
from adapters.webhook.forms import Json, Unfit, decoded, encoded, instant, key, one_line, problem, text
from bridge.channel import Events, Outcome, Received, Reply, Unreadable
from bridge.core.content import Author, Content, Role, Side
from bridge.core.events import BindingSeen, First, MessageReceived, Within
from bridge.core.ids import BindingKey, ChannelName, ConversationId, EndpointKey, EventKey, RemoteId, message_id

ENDPOINT = EndpointKey("")
"""The channel is its own endpoint."""
SEND = "message.send"
LONGEST_NAME = 128


def received(
    channel: ChannelName,
    side: Side | None,
    id: str,
    body: bytes,
    at: float,
    *,
    loopback: bool,
    differs: Callable[[str], None],
) -> Received:
    """What a verified request says, which came at `at` under the webhook-id `id`.

    `side` is the channel's, None where no bridge names it; `loopback` says that files may lie on this machine. `differs` is told
    the id of a request that came before with another content: the first one stands.
    """
    try:
        whole = decoded(body)
        data = _data(whole)
        at = instant(whole.get("timestamp"), at)
        content = _content(data, loopback)
        if side is Side.CUSTOMER:
            seen, message = _from_customer(channel, id, data, at, content)
            return Events(events=(seen, message), reply=_reply(id, message.digest, differs))
        message = _from_agent(id, data, at, content)
    except Unfit as unfit:
        return Unreadable(reason=unfit.words, reply=problem(400, unfit.words))
    return Events(events=(message,), reply=_reply(id, message.digest, differs))


def _data(whole: Json) -> Json:
    if "type" not in whole:
        raise Unfit(f"type: missing; right is {SEND}")
    if whole["type"] != SEND:
        raise Unfit(f"type: not one that is taken here; right is {SEND}")
    data = whole.get("data")
    if not isinstance(data, dict):
        raise Unfit("data: missing, or not an object")
    return data


def _content(data: Json, loopback: bool) -> Content:
    content = Content(
        text=text(data, "text", "data."), attachments=attachments(data.get("attachments"), loopback=loopback)
    )
    if not content.text.strip() and not content.attachments:
        raise Unfit("data: an empty message; right is a text, attachments, or both")
    return content


def _digest(data: Json, content: Content) -> str:
    """Of what makes a message another one."""
    parts = [
        data.get("conversation"),
        data.get("to"),
        data.get("from"),
        content.text,
        *(a.ref for a in content.attachments),
    ]
    return hashlib.sha256(encoded({"parts": parts})).hexdigest()


def _author(data: Json, role: Role, otherwise: str) -> Author:
    given = data.get("author")
    if given is None:
        return Author(id=otherwise, role=role)
    if not isinstance(given, Mapping):
        raise Unfit("data.author: not an object")
    id, name = key(given, "id", "data.author."), one_line(text(given, "name", "data.author."), LONGEST_NAME)
    return Author(id=id or otherwise, role=role, name=name)


def _from_agent(id: str, data: Json, at: float, content: Content) -> MessageReceived:
    conversation = key(data, "conversation", "data.")
    to, sender = key(data, "to", "data."), key(data, "from", "data.")
    if conversation and (to or sender):
        raise Unfit("data: right is either conversation, or to and from")
    if not conversation and not (to and sender):
        missing = "from" if to else "to" if sender else "conversation (or to and from)"
        raise Unfit(f"data.{missing}: missing")
    return MessageReceived(
        key=EventKey(f"hook:{id}"),
        binding=BindingKey(conversation),
        at=at,
        remote=RemoteId(id),
        author=_author(data, Role.AGENT, "webhook"),
        content=content,
        to=Within(endpoint=ENDPOINT, conversation=ConversationId(conversation))
        if conversation
        else First(endpoint=ENDPOINT, to=to, sender=EndpointKey(sender)),
        digest=_digest(data, content),
    )


def _from_customer(
    channel: ChannelName, id: str, data: Json, at: float, content: Content
) -> tuple[BindingSeen, MessageReceived]:
    """The key of the conversation is the customer's address: whoever writes with it is the same customer."""
    theirs = key(data, "conversation", "data.")
    if not theirs:
        raise Unfit("data.conversation: missing; right is a key of your own for this conversation")
    author = _author(data, Role.CUSTOMER, theirs)
    version = hashlib.sha256(f"{theirs}\n{author.name}".encode()).hexdigest()
    seen = BindingSeen(
        key=EventKey(f"seen:{version}"),
        binding=BindingKey(theirs),
        at=at,
        endpoint=ENDPOINT,
        address=theirs,
        person=f"{channel}:{theirs}",
        label=author.name or theirs,
        network=channel,
        name=author.name,
    )
    message = MessageReceived(
        key=EventKey(f"hook:{id}"),
        binding=BindingKey(theirs),
        at=at,
        remote=RemoteId(id),
        author=author,
        content=content,
        digest=_digest(data, content),
    )
    return seen, message


# ---- the answer


def _reply(id: str, digest: str, differs: Callable[[str], None]) -> Callable[[Sequence[Outcome]], Reply]:
    def reply(outcomes: Sequence[Outcome]) -> Reply:
        outcome = outcomes[-1]
        if outcome.digest and outcome.digest != digest:
            differs(id)
        return answer(outcome)

    return reply


def answer(outcome: Outcome) -> Reply:
    """202 and where the message stands; the same for a repeat. 404 where it stands nowhere."""
    conversation, seq = outcome.conversation, outcome.seq
    if conversation is None or seq is None:
        return problem(404, outcome.words or "there is no such conversation")
    body: dict[str, Any] = {"conversation": conversation, "message": message_id(conversation, seq), "seq": seq}
    return Reply(status=202, content_type="application/json", body=encoded(body))
