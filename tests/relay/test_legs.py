"""Legs that follow the log or take records, first messages, two roads, merge and split: what follows in the tables."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bridge.channel.inbound import Fate
from bridge.core.capabilities import Capabilities, Form
from bridge.core.content import Author, Content, Role, Side
from bridge.core.events import (
    BindingSeen,
    First,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    MessageRef,
    Within,
)
from bridge.core.ids import BindingKey, ChannelName, ContactId, ConversationId, EndpointKey, EventKey, RemoteId
from bridge.core.log import Change, ConversationNews, LogLeg, MessageNews, ReceiptNews
from bridge.core.receipts import ReceiptState
from bridge.core.retry import State
from bridge.relay.changes import Arrival, Failure
from bridge.relay.contacts import CannotBe, Merge, Split
from bridge.relay.context import Accepted, Changed
from bridge.relay.directory import Bridge, Directory, Endpoint
from bridge.store import log
from bridge.store import tables as t
from bridge.store.rows import RECEIPT
from tests.relay_kit import (
    CHAT,
    OURS,
    OURS_WA,
    PHONE,
    SMS,
    TG,
    TOPIC,
    WEB,
    Bench,
    answered,
    bridge,
    edited,
    receipt,
    seen,
    wrote,
)

CRM, ROOM, SHOP = ChannelName("crm"), EndpointKey("desk"), EndpointKey("shop")
CAPS = {
    PHONE: SMS,
    TG: TOPIC,
    WEB: Capabilities(noun="the web", max_text=10_000, form=Form.LOG),
    CRM: Capabilities(noun="a record", max_text=10_000, form=Form.RECORDS, send_once="key"),
}
DESK = LogLeg(endpoint=ROOM, side=Side.AGENT)


def addressing(channel: ChannelName, endpoint: EndpointKey, address: str) -> BindingSeen | None:
    if channel != PHONE or not address.startswith("+"):
        return None
    return seen(f"M:{address}", address, endpoint=endpoint)


def five_legs() -> Directory:
    known = Bridge(
        name=bridge().name,
        agent_name="Support",
        give_up_after_s=3600.0,
        endpoints=(
            Endpoint(PHONE, Side.CUSTOMER, OURS),
            Endpoint(PHONE, Side.CUSTOMER, OURS_WA),
            Endpoint(WEB, Side.CUSTOMER, SHOP),
            Endpoint(TG, Side.AGENT, CHAT),
            Endpoint(WEB, Side.AGENT, ROOM),
            Endpoint(CRM, Side.AGENT, EndpointKey("")),
        ),
    )
    forms = {WEB: Form.LOG, CRM: Form.RECORDS}
    return Directory([known], lambda b: CAPS[b.channel], frozenset({PHONE}), forms=forms, addressing=addressing)


@pytest.fixture
def legs(bench: Bench) -> Bench:
    bench.use(five_legs())
    return bench


def visits(sub: str = "v1", text: str = "Hi", ref: str = "r1", **more: Any) -> tuple[BindingSeen, MessageReceived]:
    """A web visitor writes."""
    key = BindingKey(f"shop/{sub}")
    who = BindingSeen(
        key=EventKey(f"seen:{key}"),
        binding=key,
        at=1.0,
        endpoint=SHOP,
        address=sub,
        person=f"web:{sub}",
        label=sub,
        network="web",
    )
    author = Author(id=sub, role=Role.CUSTOMER)
    return who, MessageReceived(
        key=EventKey(f"ref:{sub}:{ref}"),
        binding=key,
        at=1.0,
        remote=RemoteId(f"{sub}/{ref}"),
        author=author,
        content=Content(text=text),
        **more,
    )


def within(
    conversation: str, text: str = "Hello", ref: str = "a1", *, sub: str = "eve", **more: Any
) -> MessageReceived:
    """A socket agent writes."""
    return MessageReceived(
        key=EventKey(f"ref:{sub}:{ref}"),
        binding=BindingKey(f"desk/{conversation}"),
        at=1.0,
        remote=RemoteId(f"{sub}/{ref}"),
        author=Author(id=sub, role=Role.AGENT, name=sub.capitalize()),
        content=Content(text=text),
        to=Within(endpoint=ROOM, conversation=ConversationId(conversation)),
        **more,
    )


def first(to: str, sender: str = "+1", ref: str = "f1", *, known: Directory) -> MessageReceived:
    """A program writes first; the relay asks the customer's channel whom `to` names."""
    named = known.addressee(CRM, First(endpoint=EndpointKey(""), to=to, sender=EndpointKey(sender)))
    return MessageReceived(
        key=EventKey(f"hook:{ref}"),
        binding=BindingKey(""),
        at=1.0,
        remote=RemoteId(ref),
        author=Author(id="bot", role=Role.AGENT, name="Bot"),
        content=Content(text="Your parcel is here"),
        to=named,
    )


def heard(accepted: Accepted, kind: type[Any]) -> list[Any]:
    return [h.what for h in accepted.heard if isinstance(h.what, kind)]


async def only(bench: Bench) -> str:
    (conversation,) = await bench.all(t.Conversation)
    return str(conversation.id)


# ---- what a message becomes


async def test_a_message_reaches_every_other_leg_in_its_form(legs: Bench) -> None:
    accepted = await legs.do(PHONE, seen(), wrote("Hi", index=0))
    assert await legs.outbox(TG) == [("message", "Hi")]
    assert await legs.outbox(CRM) == [("conversation.created", None), ("message", "Hi")]
    assert await legs.outbox(WEB) == []
    (news,) = heard(accepted, MessageNews)
    assert (news.change, news.message.text, news.message.seq) == (Change.CREATED, "Hi", 1)
    assert heard(accepted, ConversationNews) == [ConversationNews(change=Change.CREATED)]


async def test_a_socket_agent_reaches_the_customer_and_the_other_agents(legs: Bench) -> None:
    await legs.do(PHONE, seen(), wrote("Hi", index=0))
    accepted = await legs.do(WEB, within(await only(legs), "Hello"))
    (outcome,) = accepted.outcomes
    assert (outcome.fate, outcome.conversation, outcome.seq) == (Fate.DONE, await only(legs), 2)
    assert await legs.outbox(PHONE) == [("message", "Hello")]
    assert (await legs.outbox(TG))[-1] == ("message", "Eve (web): Hello")
    assert (await legs.outbox(CRM))[-1] == ("message", "Hello")


async def test_a_repeated_ref_answers_the_same_and_keeps_its_digest(legs: Bench) -> None:
    await legs.do(PHONE, seen(), wrote("Hi", index=0))
    conversation = await only(legs)
    await legs.do(WEB, within(conversation, "Hello", digest="d1"))
    (outcome,) = (await legs.do(WEB, within(conversation, "Other", digest="d2"))).outcomes
    assert (outcome.fate, outcome.seq, outcome.digest) == (Fate.REPEATED, 2, "d1")
    assert await legs.texts() == ["Hi", "Hello"]


@pytest.mark.parametrize("conversation", ["nowhere", "id1"])
async def test_a_conversation_that_isnt_the_legs_leaves_no_trace(legs: Bench, conversation: str) -> None:
    (outcome,) = (await legs.do(WEB, within(conversation))).outcomes
    assert outcome.fate is Fate.ABSENT
    assert await legs.all(t.Inbox) == []
    assert await legs.all(t.Message) == []


async def test_another_bridges_conversation_is_absent(legs: Bench) -> None:
    await legs.do(PHONE, seen(), wrote("Hi", index=0))
    conversation = await only(legs)
    other = replace(bridge("sales"), endpoints=(Endpoint(WEB, Side.AGENT, ROOM),))
    legs.use(Directory([bridge(), other], lambda b: CAPS[b.channel], frozenset({PHONE}), forms={WEB: Form.LOG}))
    (outcome,) = (await legs.do(WEB, within(conversation))).outcomes
    assert outcome.fate is Fate.ABSENT
    assert await legs.texts() == ["Hi"]


async def test_a_web_visitor_opens_a_conversation_and_learns_that_it_stands(legs: Bench) -> None:
    accepted = await legs.do(WEB, *visits())
    assert accepted.outcomes[1].seq == 1
    (news,) = heard(accepted, ReceiptNews)
    assert (news.receipt.state, news.receipt.words) == (ReceiptState.SENT, "")
    conversation = await legs.store.read(
        log.of_customer, (WEB, LogLeg(endpoint=SHOP, side=Side.CUSTOMER, address="v1"))
    )
    assert conversation is not None
    assert conversation.title == "v1 · web"


async def test_what_agents_answer_a_web_visitor_stands_at_once(legs: Bench) -> None:
    await legs.do(WEB, *visits())
    accepted = await legs.do(WEB, within(await only(legs), "Hello"))
    customers = [leg for h in accepted.heard if isinstance(h.what, MessageNews) for leg in h.customers]
    assert customers == [(WEB, LogLeg(endpoint=SHOP, side=Side.CUSTOMER, address="v1"))]
    assert [n.receipt.state for n in heard(accepted, ReceiptNews)] == [ReceiptState.SENT]


async def test_a_quote_by_our_own_id(legs: Bench) -> None:
    await legs.do(PHONE, seen(), wrote("Hi", index=0))
    conversation = ConversationId(await only(legs))
    await legs.do(WEB, within(conversation, "Yes", quotes=MessageRef(conversation=conversation, seq=1)))
    await legs.do(WEB, within(conversation, "No", "a2", quotes=MessageRef(conversation=conversation, seq=9)))
    assert [m.reply_to for m in await legs.all(t.Message)] == [None, 1, None]


# ---- edits


async def test_only_its_author_edits_a_socket_message(legs: Bench) -> None:
    await legs.do(WEB, *visits())
    ref = MessageRef(conversation=ConversationId(await only(legs)), seq=1)

    def edit(author: str, k: str) -> MessageEdited:
        return MessageEdited(
            key=EventKey(k),
            binding=BindingKey(""),
            at=2.0,
            remote=RemoteId(""),
            text="Hey",
            message=ref,
            author=author,
            endpoint=SHOP,
        )

    (foreign,) = (await legs.do(WEB, edit("v2", "e1"))).outcomes
    assert foreign.fate is Fate.ABSENT
    accepted = await legs.do(WEB, edit("v1", "e2"))
    assert (accepted.outcomes[0].fate, accepted.outcomes[0].seq) == (Fate.DONE, 1)
    assert heard(accepted, Changed) == [Changed(change=Change.EDITED, seq=1)]
    (view,) = await legs.store.read(log.page, log.Page(conversation=ref.conversation, seq=0, limit=9))
    assert (view.text, view.edited_at) == ("Hey", 2.0)


async def test_a_deleted_message_keeps_nothing_in_the_log(legs: Bench) -> None:
    await legs.do(WEB, *visits(text="secret"))
    ref = MessageRef(conversation=ConversationId(await only(legs)), seq=1)
    gone = MessageDeleted(
        key=EventKey("d"), binding=BindingKey(""), at=3.0, remote=RemoteId(""), message=ref, author="v1"
    )
    await legs.do(WEB, gone)
    (view,) = await legs.store.read(log.page, log.Page(conversation=ref.conversation, seq=0, limit=9))
    assert (view.text, view.deleted_at) == ("", 3.0)
    assert ("deleted", "secret") in await legs.outbox(CRM)


async def test_a_topics_edit_goes_to_logs_and_records_and_never_to_the_phone(legs: Bench) -> None:
    await legs.do(PHONE, seen(), wrote("Hi", index=0))
    await topic(legs)
    await legs.do(TG, answered("Helo", key="tg1"))
    accepted = await legs.do(TG, edited("tg1", "Hello", "-100:7"))
    assert heard(accepted, Changed) == [Changed(change=Change.EDITED, seq=2)]
    assert [k for k, _ in await legs.outbox(PHONE)] == ["message"]
    assert (await legs.outbox(CRM))[-1][0] == "edited"
    assert [k for k, _ in await legs.outbox(TG)].count("notice") == 1


async def topic(bench: Bench) -> None:
    """The agents' topic is open."""
    from tests.relay.test_decide import send_all

    await send_all(bench)


# ---- receipts


async def test_receipts_of_the_phone_go_to_every_agents_leg(legs: Bench) -> None:
    await legs.do(PHONE, seen(), wrote("Hi", index=0))
    conversation = await only(legs)
    await legs.do(WEB, within(conversation, "Hello"))
    await topic(legs)
    (d,) = [d for d in await legs.all(t.Delivery) if d.kind == "message" and d.seq == 2 and d.binding.endswith(".1")]
    accepted = await legs.do(PHONE, arrivals=(Arrival(conversation=ConversationId(conversation), n=d.n, segments=1),))
    (news,) = heard(accepted, ReceiptNews)
    assert (news.receipt.state, news.receipt.segments, news.receipt.side) == (ReceiptState.SENT, 1, Side.CUSTOMER)
    accepted = await legs.do(PHONE, receipt(f"phone-{conversation}-{d.n}", ReceiptState.DELIVERED))
    assert [n.receipt.state for n in heard(accepted, ReceiptNews)] == [ReceiptState.DELIVERED]
    records = [RECEIPT.validate_json(x or "") for k, x in await legs.outbox(CRM) if k == "receipt"]
    assert [r.state for r in records] == [ReceiptState.SENT, ReceiptState.DELIVERED]


async def test_a_failure_is_told_to_a_socket_agent_with_its_reason(legs: Bench) -> None:
    await legs.do(PHONE, seen(), wrote("Hi", index=0))
    conversation = ConversationId(await only(legs))
    await legs.do(WEB, within(conversation, "Hello"))
    (d,) = [d for d in await legs.all(t.Delivery) if d.kind == "message" and d.seq == 2 and d.binding.endswith(".1")]
    failure = Failure(conversation=conversation, n=d.n, state=State.FAILED, code="30003", words="unreachable")
    accepted = await legs.do(PHONE, failures=(failure,))
    (news,) = heard(accepted, ReceiptNews)
    assert (news.receipt.state, news.receipt.code, news.receipt.words) == (ReceiptState.FAILED, "30003", "unreachable")
    assert all(h.agents and not h.customers for h in accepted.heard)
    assert "notice" not in [k for k, _ in await legs.outbox(TG)]


async def test_a_visitor_learns_sent_by_the_first_topic_and_only_once(bench: Bench) -> None:
    known = five_legs()
    legs = tuple(e for e in known.bridges[bridge().name].endpoints if (e.channel, e.side) != (WEB, Side.AGENT))
    b = replace(known.bridges[bridge().name], endpoints=legs)
    bench.use(Directory([b], lambda x: CAPS[x.channel], forms={WEB: Form.LOG, CRM: Form.RECORDS}))
    accepted = await bench.do(WEB, *visits())
    assert heard(accepted, ReceiptNews) == []
    conversation = ConversationId(await only(bench))
    told = []
    for d in [d for d in await bench.all(t.Delivery) if d.kind == "message"]:
        await topic(bench)
        accepted = await bench.do(TG, arrivals=(Arrival(conversation=conversation, n=d.n),))
        told += heard(accepted, ReceiptNews)
    assert len(told) <= 1


# ---- writing first


async def test_writing_first_makes_the_conversation(legs: Bench) -> None:
    (outcome,) = (await legs.do(CRM, first("+15550123", known=legs.directory))).outcomes
    assert outcome.fate is Fate.DONE
    assert await legs.outbox(PHONE) == [("message", "Your parcel is here")]
    assert await legs.outbox(TG) == [("message", "Bot (crm): Your parcel is here")]
    await legs.do(PHONE, seen("CH9", "+15550123"), wrote("Thanks", "CH9", address="+15550123", index=0))
    assert await only(legs) == outcome.conversation


@pytest.mark.parametrize(("to", "sender"), [("nonsense", "+1"), ("+15550123", "+9"), ("+15550123", "shop")])
async def test_writing_first_where_it_cant_be(legs: Bench, to: str, sender: str) -> None:
    (outcome,) = (await legs.do(CRM, first(to, sender, known=legs.directory))).outcomes
    assert outcome.fate is Fate.ABSENT
    assert to in outcome.words
    assert await legs.all(t.Conversation) == []


# ---- two roads


async def test_the_same_message_by_two_roads_is_one(legs: Bench) -> None:
    await legs.do(PHONE, seen(), wrote("Hi", index=0, road="conversations"))
    accepted = await legs.do(PHONE, seen("M:1"), wrote("Hi", "M:1", road="messages"))
    assert await legs.texts() == ["Hi"]
    assert accepted.outcomes[1].seq == 1


async def test_two_equal_texts_by_one_road_are_two(legs: Bench) -> None:
    await legs.do(PHONE, seen(), wrote("Hi", index=0, road="conversations"), wrote("Hi", index=1, road="conversations"))
    await legs.do(PHONE, seen("M:1"), wrote("Hi", "M:1", road="messages"), wrote("Hi", "M:1", road="messages"))
    assert await legs.texts() == ["Hi", "Hi"]
    await legs.do(PHONE, wrote("Hi", "M:1", road="messages"))
    assert await legs.texts() == ["Hi", "Hi", "Hi"]


async def test_a_minute_later_it_is_another_message(legs: Bench) -> None:
    await legs.do(PHONE, seen(), wrote("Hi", index=0, road="conversations"))
    legs.clock.now += 61
    await legs.do(PHONE, seen("M:1"), wrote("Hi", "M:1", road="messages"))
    assert await legs.texts() == ["Hi", "Hi"]


async def test_the_answer_takes_the_road_of_the_last_message(legs: Bench) -> None:
    await legs.do(PHONE, seen(), wrote("by one", index=0, road="conversations"))
    await legs.do(PHONE, seen("M:1"), wrote("by the other", "M:1", road="messages"))
    (leg,) = [b for b in await legs.all(t.Binding) if b.side == "customer"]
    assert leg.key == "M:1"
    await legs.do(PHONE, wrote("by one again", index=1, road="conversations"))
    (leg,) = [b for b in await legs.all(t.Binding) if b.side == "customer"]
    assert leg.key == "CH1"


# ---- contacts


async def test_a_customer_goes_on_under_another_address(legs: Bench) -> None:
    wa = {"endpoint": OURS_WA}
    await legs.do(PHONE, seen("CH1", "whatsapp:+15550199", **wa), wrote("Hi", index=0))
    changed = seen("CH1", "whatsapp:US.ABC", person="whatsapp:US.ABC", label="US.ABC", renamed=True, **wa)
    await legs.do(PHONE, changed, wrote("still me", index=1, address="whatsapp:US.ABC"))
    assert await legs.texts() == ["Hi", "still me"]
    assert {a.contact_id for a in await legs.all(t.Address)} == {(await legs.all(t.Contact))[0].id}
    await legs.do(WEB, within(await only(legs), "Hello"))
    (d,) = [
        d for d in await legs.all(t.Delivery) if d.seq == 3 and d.kind == "message" and d.binding.endswith((".1", ".5"))
    ]
    assert {b.id: b for b in await legs.all(t.Binding)}[d.binding].address == "whatsapp:US.ABC"


async def two_customers(legs: Bench) -> tuple[ContactId, ContactId]:
    await legs.do(PHONE, seen("CH1", "+15550111"), wrote("I am one", "CH1", 0, address="+15550111"))
    legs.clock.now += 1
    await legs.do(PHONE, seen("CH2", "+15550222"), wrote("I am two", "CH2", 0, address="+15550222"))
    by = {a.address: a.contact_id for a in await legs.all(t.Address)}
    return by["+15550111"], by["+15550222"]


async def test_a_merge_joins_the_conversations(legs: Bench) -> None:
    one, two = await two_customers(legs)
    accepted = await legs.do(PHONE, wishes=(Merge(source=one, target=two),))
    assert accepted.contact == two
    assert {a.contact_id for a in await legs.all(t.Address)} == {two}
    await legs.do(PHONE, wrote("me again", "CH1", 1, address="+15550111"))
    conversation = next(c for c in await legs.all(t.Conversation) if c.contact_id == two)
    (last,) = [m for m in await legs.all(t.Message) if m.text == "me again"]
    assert last.conversation_id == conversation.id
    await legs.do(WEB, within(conversation.id, "Hello"))
    assert await where(legs, "Hello") == ["+15550111"]  # who wrote last
    closed = next(c for c in await legs.all(t.Conversation) if c.id != conversation.id)
    assert closed.state == "closed"


async def where(bench: Bench, text: str) -> list[str]:
    """The customers' addresses to which a message is delivered."""
    bindings = {b.id: b for b in await bench.all(t.Binding)}
    seqs = {(m.conversation_id, m.seq) for m in await bench.all(t.Message) if m.text == text}
    of = [d for d in await bench.all(t.Delivery) if (d.conversation_id, d.seq) in seqs and d.kind == "message"]
    return [bindings[d.binding].address for d in of if bindings[d.binding].side == "customer"]


async def test_what_is_written_in_the_old_topic_after_a_merge_is_sent_and_shown(legs: Bench) -> None:
    from tests.relay.test_decide import send_all

    await legs.do(PHONE, seen("CH1", "+15550111"), wrote("I am one", "CH1", 0, address="+15550111"))
    await send_all(legs, topic="-100:7")
    await legs.do(PHONE, seen("CH2", "+15550222"), wrote("I am two", "CH2", 0, address="+15550222"))
    await send_all(legs, topic="-100:8")
    by = {a.address: a.contact_id for a in await legs.all(t.Address)}
    await legs.do(PHONE, wishes=(Merge(source=by["+15550111"], target=by["+15550222"]),))
    await send_all(legs)
    await legs.do(TG, answered("Hello", "-100:7"))
    assert len(await where(legs, "Hello")) == 1
    shown = [h.binding.key for h in await send_all(legs) if h.binding.channel == TG]
    assert shown == ["-100:8"]


async def test_a_split_gives_each_their_own(legs: Bench) -> None:
    one, two = await two_customers(legs)
    await legs.do(PHONE, wishes=(Merge(source=one, target=two),))
    accepted = await legs.do(PHONE, wishes=(Split(contact=two, person="+15550111"),))
    assert accepted.contact not in (one, two)
    await legs.do(PHONE, wrote("one alone", "CH1", 1, address="+15550111"))
    await legs.do(PHONE, wrote("two alone", "CH2", 1, address="+15550222"))
    of = {m.text: m.conversation_id for m in await legs.all(t.Message)}
    assert of["one alone"] != of["two alone"]
    await legs.do(WEB, within(of["one alone"], "to one", "x1"), within(of["two alone"], "to two", "x2"))
    assert await where(legs, "to one") == ["+15550111"]
    assert await where(legs, "to two") == ["+15550222"]


async def test_a_split_that_would_leave_nothing_is_refused(legs: Bench) -> None:
    one, _ = await two_customers(legs)
    with pytest.raises(CannotBe, match="others"):
        await legs.do(PHONE, wishes=(Split(contact=one, person="+15550111"),))
    with pytest.raises(CannotBe, match="no such contact"):
        await legs.do(PHONE, wishes=(Merge(source=one, target=ContactId("nobody")),))


async def test_web_visitors_of_two_channels_with_one_id_are_two(bench: Bench, tmp_path: Path) -> None:
    other = ChannelName("web2")
    b = replace(
        bridge(),
        endpoints=(*bridge().endpoints, Endpoint(WEB, Side.CUSTOMER, SHOP), Endpoint(other, Side.CUSTOMER, SHOP)),
    )
    bench.use(Directory([b], lambda x: CAPS.get(x.channel, CAPS[WEB]), forms={WEB: Form.LOG, other: Form.LOG}))
    await bench.do(WEB, *visits())
    who, said = visits()
    await bench.do(other, replace(who, person="web2:v1"), said)
    assert len(await bench.all(t.Contact)) == 2


async def test_a_conversation_that_was_seen_before_its_first_message_is_announced_with_it(legs: Bench) -> None:
    await legs.do(PHONE, seen())
    accepted = await legs.do(PHONE, wrote("Hi", index=0))
    assert heard(accepted, ConversationNews) == [ConversationNews(change=Change.CREATED)]
    assert (await legs.outbox(CRM))[0] == ("conversation.created", None)
    again = await legs.do(PHONE, wrote("Hi again", index=1))
    assert heard(again, ConversationNews) == []


async def test_a_name_that_becomes_known_later_is_told(legs: Bench) -> None:
    await legs.do(WEB, *visits())
    who, said = visits("v1", "me again", "r2")
    accepted = await legs.do(WEB, replace(who, key=EventKey("seen:named"), name="Ana"), said)
    assert ConversationNews(change=Change.UPDATED) in heard(accepted, ConversationNews)


async def test_a_merged_conversation_keeps_its_title_to_the_end(legs: Bench) -> None:
    one, two = await two_customers(legs)
    accepted = await legs.do(PHONE, wishes=(Merge(source=one, target=two),))
    titles = {h.conversation.title for h in accepted.heard if h.conversation.state == "closed"}
    assert titles == {"+15550111 · SMS"}


async def test_what_another_agents_leg_missed_names_that_leg(legs: Bench) -> None:
    await legs.do(PHONE, seen(), wrote("Hi", index=0))
    conversation = ConversationId(await only(legs))
    await legs.do(WEB, within(conversation, "Hello"))
    bindings = {b.id: b.channel for b in await legs.all(t.Binding)}
    (d,) = [d for d in await legs.all(t.Delivery) if d.kind == "message" and d.seq == 2 and bindings[d.binding] == TG]
    failure = Failure(conversation=conversation, n=d.n, state=State.FAILED, code="400", words="refused")
    (news,) = heard(await legs.do(TG, failures=(failure,)), ReceiptNews)
    assert (news.receipt.channel, news.receipt.side, news.receipt.words) == (TG, Side.AGENT, "refused")
