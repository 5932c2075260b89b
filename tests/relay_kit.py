"""What the tests of the store and the relay share: events in few words, a directory, and every row of a store."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from bridge.core.capabilities import Capabilities, MediaRule, Support
from bridge.core.content import Attachment, Author, Content, Role, Side
from bridge.core.events import (
    AuthorTold,
    BindingChanged,
    BindingSeen,
    BindingState,
    Event,
    IndexTaken,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    ReceiptReceived,
)
from bridge.core.ids import BindingKey, BridgeName, ChannelName, DeliveryId, EndpointKey, EventKey, RemoteId
from bridge.core.receipts import ReceiptState
from bridge.relay.accept import accepting
from bridge.relay.context import Accepted
from bridge.relay.directory import Bridge, Directory, Endpoint
from bridge.relay.jobs import Job
from bridge.store import tables as t
from bridge.store.records import BindingRecord
from bridge.store.statements import Statement, Steps, ask, columns

PHONE, TG, WEB = ChannelName("phone"), ChannelName("tg"), ChannelName("web")
OURS, OURS_WA, CHAT, ROOM = EndpointKey("+1"), EndpointKey("whatsapp:+1"), EndpointKey("-100"), EndpointKey("desk")
SMS = Capabilities(
    noun="an SMS",
    max_text=160,
    media=(MediaRule(types=("image/*",), max_bytes=1000),),
    receipts=True,
    send_once="lookup",
    settle_s=20.0,
)
TOPIC = Capabilities(
    noun="Telegram",
    max_text=400,
    text_unit="utf16",
    media=(MediaRule(types=("image/*",), max_bytes=5000),),
    max_caption=100,
    edit=Support.FULL,
    reply=Support.FULL,
    settle_s=5.0,
)
BY_CHANNEL = {PHONE: SMS, TG: TOPIC, WEB: replace(TOPIC, noun="the web")}


def bridge(name: str = "support", *, agents: tuple[tuple[ChannelName, EndpointKey], ...] = ((TG, CHAT),)) -> Bridge:
    customers = [Endpoint(PHONE, Side.CUSTOMER, e) for e in (OURS, OURS_WA)]
    return Bridge(
        name=BridgeName(name),
        agent_name="Support",
        give_up_after_s=3600.0,
        endpoints=(*customers, *(Endpoint(c, Side.AGENT, e) for c, e in agents)),
    )


def directory(
    *bridges: Bridge, describes: bool = True, caps: dict[ChannelName, Capabilities] | None = None
) -> Directory:
    known = caps or BY_CHANNEL

    def capabilities(binding: BindingRecord) -> Capabilities:
        return known[binding.channel]

    return Directory(bridges or (bridge(),), capabilities, frozenset({PHONE}) if describes else frozenset())


class Clock:
    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def ids() -> Callable[[], str]:
    count = itertools.count(1)
    return lambda: f"id{next(count)}"


# ---- events

_keys = itertools.count(1)


def key(value: str = "") -> EventKey:
    return EventKey(value or f"ev{next(_keys)}")


def seen(binding: str = "CH1", address: str = "+15550199", **more: Any) -> BindingSeen:
    network = "WhatsApp" if address.startswith("whatsapp:") else "SMS"
    person = address.removeprefix("whatsapp:")
    made: dict[str, Any] = {
        "key": key(),
        "binding": BindingKey(binding),
        "at": 1.0,
        "endpoint": OURS_WA if network == "WhatsApp" else OURS,
        "address": address,
        "person": person,
        "label": person,
        "network": network,
    }
    return BindingSeen(**made | more)


def wrote(
    text: str = "Hi", binding: str = "CH1", index: int | None = None, *, address: str = "+15550199", **more: Any
) -> MessageReceived:
    """A customer wrote."""
    k = more.pop("key", None) or key()
    made: dict[str, Any] = {
        "key": EventKey(k),
        "remote": RemoteId(k),
        "author": Author(id=address, role=Role.CUSTOMER),
        "content": Content(text=text),
    }
    return MessageReceived(binding=BindingKey(binding), at=1.0, index=index, **made | more)


def answered(text: str = "Hello", binding: str = "-100:7", *, name: str = "Eve", **more: Any) -> MessageReceived:
    """An agent wrote."""
    k = more.pop("key", None) or key()
    made: dict[str, Any] = {
        "key": EventKey(k),
        "remote": RemoteId(k),
        "author": Author(id="77", role=Role.AGENT, name=name),
        "content": Content(text=text),
    }
    return MessageReceived(binding=BindingKey(binding), at=1.0, **made | more)


def echo(delivery: str, index: int, binding: str = "CH1", remote: str = "") -> MessageReceived:
    """What we sent comes back."""
    k = remote or str(key())
    return MessageReceived(
        key=EventKey(k),
        remote=RemoteId(k),
        binding=BindingKey(binding),
        at=1.0,
        index=index,
        author=Author(id="system", role=Role.SYSTEM),
        content=Content(text="?"),
        delivery=DeliveryId(delivery),
    )


def taken(index: int, binding: str = "CH1", k: str = "") -> IndexTaken:
    return IndexTaken(key=key(k), binding=BindingKey(binding), at=1.0, index=index)


def edited(remote: str, text: str, binding: str = "CH1") -> MessageEdited:
    return MessageEdited(key=key(), binding=BindingKey(binding), at=2.0, remote=RemoteId(remote), text=text)


def deleted(remote: str, binding: str = "CH1") -> MessageDeleted:
    return MessageDeleted(key=key(), binding=BindingKey(binding), at=2.0, remote=RemoteId(remote))


def receipt(remote: str, state: ReceiptState, code: str = "", words: str = "", binding: str = "CH1") -> ReceiptReceived:
    return ReceiptReceived(
        key=key(), binding=BindingKey(binding), at=2.0, remote=RemoteId(remote), state=state, code=code, words=words
    )


def changed(state: BindingState, binding: str = "CH1") -> BindingChanged:
    return BindingChanged(key=key(), binding=BindingKey(binding), at=2.0, state=state)


def told(words: str, remote: str, k: str, binding: str = "-100:7") -> AuthorTold:
    return AuthorTold(key=key(k), binding=BindingKey(binding), at=2.0, remote=RemoteId(remote), words=words)


def image(ref: str = "M1", size: int | None = 500, content_type: str = "image/png") -> Attachment:
    return Attachment(ref=ref, content_type=content_type, kind="image", size=size)


# ---- every row

_ALL = {c.__name__: Statement(select(*columns(c)).order_by(*columns(c))) for c in (
    t.Contact, t.Address, t.Conversation, t.Binding, t.BindingKey, t.Message, t.MessageChange, t.Delivery, t.RemoteId,
    t.Receipt, t.Inbox, t.Attachment, t.Participant,
)}  # fmt: skip


def _rows(tables: list[str]) -> Steps[list[list[Any]]]:
    answers = []
    for table in tables:
        answers.append((yield from ask(_ALL[table])))
    return answers


async def rows(store: Any, table: type[Any]) -> list[Any]:
    found: list[Any] = await store.read(_rows, table.__name__)
    return found


class Bench:
    """A store, a directory and a clock: `do` accepts events as one request of a channel."""

    def __init__(self, store: Any, known: Directory | None = None) -> None:
        self.store = store
        self.clock = Clock()
        self.ids = ids()
        self.use(known or directory())

    def use(self, known: Directory) -> None:
        self.directory = known
        self.question = accepting(known, self.clock, self.ids)

    async def do(self, channel: ChannelName, *events: Event, **job: Any) -> Accepted:
        accepted: Accepted = await self.store.write(self.question, Job(channel=channel, events=events, **job))
        return accepted

    async def all(self, table: type[Any]) -> list[Any]:
        return await rows(self.store, table)

    async def texts(self) -> list[str]:
        return [m.text for m in sorted(await self.all(t.Message), key=lambda m: (m.conversation_id, m.seq))]

    async def outbox(self, channel: ChannelName) -> list[tuple[str, str | None]]:
        """Kind and text of the deliveries to a channel, as they will be sent; None where it is the message's own."""
        mine = {b.id for b in await self.all(t.Binding) if b.channel == channel}
        texts = {(m.conversation_id, m.seq): m.text for m in await self.all(t.Message)}
        return [
            (d.kind, texts.get((d.conversation_id, d.seq)) if d.text is None else d.text)
            for d in sorted(await self.all(t.Delivery), key=lambda d: (d.conversation_id, d.n))
            if d.binding in mine
        ]


def pairs(items: list[Any]) -> Iterator[tuple[Any, Any]]:
    return itertools.pairwise(items)


async def assert_sound(store: Any) -> None:
    """The invariants that can be read from the tables: I-2, I-5 to I-8, I-12."""
    messages, deliveries = await rows(store, t.Message), await rows(store, t.Delivery)
    bindings = {b.id: b for b in await rows(store, t.Binding)}
    conversations = {c.id: c for c in await rows(store, t.Conversation)}
    by: dict[str, list[int]] = {}
    for m in messages:
        by.setdefault(m.conversation_id, []).append(m.seq)
    for id, seqs in by.items():
        assert sorted(seqs) == list(range(1, conversations[id].last_seq + 1)), f"I-12: {id} {sorted(seqs)}"
    remotes = [(m.binding, m.remote) for m in messages]
    assert len(set(remotes)) == len(remotes), "I-2: a message twice"
    of = {(m.conversation_id, m.seq): m for m in messages}
    remote_of: dict[str, set[str]] = {}
    for k in await rows(store, t.BindingKey):
        if k.binding and k.state == "open" and bindings[k.binding].key != k.key:
            remote_of.setdefault(k.conversation_id, set()).add(k.binding)
    for d in deliveries:
        assert bindings[d.binding].conversation_id == d.conversation_id, "I-8: to somebody else's binding"
        if d.seq is not None and d.kind == "message":
            source = of[d.conversation_id, d.seq].binding
            elsewhere = remote_of.get(d.conversation_id, set())  # written in a topic that a merge left behind
            assert source != d.binding or source in elsewhere, "I-4: back to where it came from"
        if bindings[d.binding].side == "customer":
            assert d.kind != "notice" or d.reply_remote, "I-7: an internal notice to a customer"
        if d.state in ("failed", "held"):
            assert d.words, "I-6: failed without words"
    for m in messages:
        legs = [b for b in bindings.values() if b.conversation_id == m.conversation_id and b.side == "agent"]
        for leg in legs:
            if leg.id != m.binding and leg.channel == "tg":
                mine = [
                    d for d in deliveries if (d.conversation_id, d.seq, d.binding) == (m.conversation_id, m.seq, leg.id)
                ]
                assert mine, f"I-5: {m.text!r} has no delivery to {leg.id}"
    for (conversation, seq), m in of.items():
        bad = [
            d for d in deliveries if (d.conversation_id, d.seq) == (conversation, seq) and d.state in ("failed", "held")
        ]
        if bad and bindings[m.binding].side == "agent":
            of_it = [d for d in deliveries if d.conversation_id == conversation]
            notices = [d for d in of_it if d.reply_remote == m.remote]
            told = notices or [d for d in of_it if d.kind == "receipt" and d.seq == seq]
            assert told or bindings[m.binding].channel == "web", f"I-6: {m.text!r} failed and nobody was told"
