"""One event, and what follows from it in the tables: whose it is, in what order, to whom, in which words."""

from __future__ import annotations

import asyncio
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from bridge.core.content import Author, Content, Role
from bridge.core.events import NotUnderstood
from bridge.core.ids import BindingKey, EndpointKey, RemoteId
from bridge.core.notices import EDIT_STAYS
from bridge.core.receipts import ReceiptState
from bridge.core.retry import Decision, State
from bridge.relay.changes import Failure
from bridge.store import tables as t
from bridge.store.outbox import Bind, Claim, Claimed, Mark, bind, claim, mark
from bridge.store.overview import expected, pendings
from bridge.store.sqlite import SqliteStore
from tests.relay_kit import (
    CHAT,
    OURS,
    PHONE,
    ROOM,
    TG,
    WEB,
    Bench,
    answered,
    bridge,
    changed,
    deleted,
    directory,
    echo,
    edited,
    image,
    key,
    receipt,
    seen,
    taken,
    told,
    wrote,
)


async def send_all(bench: Bench, *, topic: str = "-100:7") -> list[Claimed]:
    """Plays the network: everything that is due is sent, topics are made where there are none."""
    sent = []
    for b in await bench.all(t.Binding):
        while isinstance(head := await bench.store.write(claim, a_claim(bench, b.id)), Claimed):
            if head.binding.key is None:
                made = BindingKey(topic if b.side == "agent" else f"made-{b.id}")
                assert await bench.store.write(bind, Bind(binding=head.binding, key=made, meta=""))
            remote = RemoteId(f"{b.channel}-{head.id}")
            await bench.store.write(mark, Mark(claimed=head, decision=Decision(state=State.SENT), remote=remote))
            sent.append(head)
    return sent


def a_claim(bench: Bench, binding: Any) -> Claim:
    return Claim(binding=binding, now=bench.clock(), owner="me", lease_s=150)


async def started(bench: Bench, *texts: str) -> None:
    """Ana wrote `texts` as IM0, IM1, …; they stand in the topic -100:7."""
    await bench.do(PHONE, seen(), *[wrote(x, key=f"IM{i}", index=i) for i, x in enumerate(texts or ("Hi",))])
    await send_all(bench)


async def states(bench: Bench) -> dict[str, str]:
    return {r.id: r.state for r in await bench.all(t.Inbox)}


# ---- whose it is


async def test_two_first_messages_at_once_make_one_of_each(bench: Bench) -> None:
    await asyncio.gather(*(bench.do(PHONE, seen(), wrote(x)) for x in ("one", "two")))
    for table, count in (
        (t.Contact, 1),
        (t.Address, 1),
        (t.Conversation, 1),
        (t.Binding, 2),
        (t.BindingKey, 1),
        (t.Message, 2),
    ):
        assert len(await bench.all(table)) == count, table
    assert await bench.texts() == ["one", "two"]


async def test_the_same_event_twice_is_one(bench: Bench) -> None:
    event = wrote("Hi", index=0)
    first, second = await asyncio.gather(bench.do(PHONE, seen(), event), bench.do(PHONE, event))
    third = await bench.do(PHONE, event, event)
    assert (first.duplicates, second.duplicates, third.duplicates) == (0, 1, 2)
    assert await bench.texts() == ["Hi"]


async def test_who_is_in_the_conversation_is_asked_once(bench: Bench) -> None:
    accepted = await bench.do(PHONE, wrote("two", index=1), wrote("one", index=0), edited("x", "y"))
    assert [(p.waits_for, p.waits_on) for p in accepted.pending][:2] == [("describe", "phone:CH1")] * 2
    assert await bench.texts() == []
    await bench.do(PHONE, seen())
    assert await bench.texts() == ["one", "two"]


async def test_what_does_not_exist_is_kept_and_not_relayed(bench: Bench) -> None:
    await bench.do(PHONE, wrote("ghost", key="IM1"))
    accepted = await bench.do(PHONE, absent=("phone:CH1",))
    assert (await states(bench))["phone:IM1"] == "unrouted"
    assert "doesn't exist" in accepted.news[0]
    (row,) = await bench.all(t.Inbox)
    assert "ghost" in row.event


async def test_an_address_that_no_bridge_names(bench: Bench) -> None:
    accepted = await bench.do(PHONE, seen(endpoint=EndpointKey("+9")), wrote("Hi", key="IM0", index=0))
    assert "runs over +9, which no bridge names: recorded, not relayed" in accepted.news[0]
    assert await bench.texts() == []
    assert (await states(bench))["phone:IM0"] == "unrouted"


async def test_a_bridge_that_names_it_later_takes_the_next_message(bench: Bench) -> None:
    """Also where the customer is known by another address of ours already."""
    await bench.do(PHONE, seen("CH0"), wrote("known", "CH0"))
    await bench.do(PHONE, seen(endpoint=EndpointKey("+9")), wrote("lost", index=0))
    b = bridge()
    object.__setattr__(
        b, "endpoints", (*b.endpoints, type(b.endpoints[0])(PHONE, b.endpoints[0].side, EndpointKey("+9")))
    )
    bench.use(directory(b))
    await bench.do(PHONE, wrote("found", index=1))
    assert len(await bench.all(t.Contact)) == 1
    accepted = await bench.do(PHONE, skip=("phone:CH1",))
    assert accepted.duplicates == 0
    assert (await bench.texts())[-1] == "found"


async def test_several_customers_in_a_thread_are_not_relayed(bench: Bench) -> None:
    accepted = await bench.do(PHONE, seen(others=1), wrote("to both"))
    assert "has 2 customers in it: recorded, not relayed" in accepted.news[0]
    await bench.do(PHONE, seen(), wrote("still"))
    assert await bench.texts() == [], "who is told of one by one is no fewer"


async def test_another_customer_joins_a_thread(bench: Bench) -> None:
    """The network tells of each by an event of its own."""
    await started(bench, "Hi")
    await bench.do(PHONE, seen(address="+15550177"))
    accepted = await bench.do(PHONE, wrote("to both", index=1), wrote("me too", index=2, address="+15550177"))
    assert "customers in it" in accepted.news[0]
    assert await bench.texts() == ["Hi"]
    assert (await bench.outbox(TG))[-1] == (
        "notice",
        "Somebody else was added to the conversation with +15550199: what is written there is no longer relayed.",
    )
    await bench.do(TG, answered("secret"))
    (leg,) = [b for b in await bench.all(t.Binding) if b.side == "customer"]
    assert leg.key is None, "an answer doesn't go there"


async def test_a_conversation_without_a_customer_is_nobodys(bench: Bench) -> None:
    known = bridge()
    object.__setattr__(
        known,
        "endpoints",
        (*known.endpoints, type(known.endpoints[0])(PHONE, known.endpoints[0].side, EndpointKey("*"))),
    )
    bench.use(directory(known))
    accepted = await bench.do(PHONE, seen(address="", endpoint=EndpointKey("")), wrote("Hi"))
    assert "no customer in it" in accepted.news[0]
    await bench.do(PHONE, seen(), wrote("now"))
    assert await bench.texts() == ["now"]


async def test_a_whatsapp_user_without_a_number(bench: Bench) -> None:
    await bench.do(PHONE, seen(address="whatsapp:US.ABC123", person="US.ABC123", label="US.ABC123"), wrote("Hola"))
    (head,) = await send_all(bench)
    assert (head.label, head.network, head.text) == ("US.ABC123", "WhatsApp", "Hola")


async def test_a_number_over_two_networks_is_one_customer(bench: Bench) -> None:
    await started(bench, "by SMS")
    assert (await bench.outbox(TG)) == [("message", "by SMS")]
    await bench.do(PHONE, seen("CH2", "whatsapp:+15550199", name="Ana"), wrote("by WhatsApp", "CH2"))
    assert len(await bench.all(t.Conversation)) == 1
    assert (await bench.outbox(TG))[-1] == ("message", "Ana (WhatsApp): by WhatsApp")
    await bench.do(PHONE, wrote("again", "CH1", index=1))
    assert (await bench.outbox(TG))[-1] == ("message", "Ana (SMS): again")
    await send_all(bench)
    await bench.do(TG, answered("to SMS"))
    await bench.do(PHONE, wrote("no, here", "CH2"))
    await bench.do(TG, answered("to WhatsApp"))
    to = {b.id: b.address for b in await bench.all(t.Binding)}
    out = {d.text or d.seq: to[d.binding] for d in await bench.all(t.Delivery) if to[d.binding]}
    assert list(out.values()) == ["+15550199", "whatsapp:+15550199"]


# ---- in what order


@pytest.mark.parametrize("order", list(permutations(range(4)))[::3])
async def test_any_order_of_arrival_is_one_order(bench: Bench, order: tuple[int, ...]) -> None:
    await bench.do(PHONE, seen())
    for i in order:
        await bench.do(PHONE, wrote(str(i), index=i, key=f"IM{i}"))
        await bench.do(PHONE, wrote(str(i), index=i, key=f"IM{i}"))
    assert await bench.texts() == ["0", "1", "2", "3"]
    assert (await bench.all(t.BindingKey))[0].held == 0
    assert await bench.store.read(pendings, None) == []


async def test_reversed_within_one_group(bench: Bench) -> None:
    await asyncio.gather(bench.do(PHONE, seen()), *(bench.do(PHONE, wrote(str(i), index=i)) for i in (3, 2, 1, 0)))
    assert await bench.texts() == ["0", "1", "2", "3"]


async def test_what_is_held_waits_two_seconds(bench: Bench) -> None:
    await bench.do(PHONE, seen())
    accepted = await bench.do(PHONE, wrote("five", index=5))
    (waiting,) = accepted.pending
    assert (waiting.waits_for, waiting.due) == ("gap", bench.clock() + 2.0)
    assert accepted.lanes == set()


async def test_a_gap_is_skipped_up_to_what_was_asked_for(bench: Bench) -> None:
    """What came to be missing after the question is not part of the answer."""
    await bench.do(PHONE, seen(), wrote("two", index=2), wrote("six", index=6))
    accepted = await bench.do(PHONE, skip=(("phone:CH1", 2),))
    assert "has no message 0 to 1" in accepted.news[0]
    assert await bench.texts() == ["two"]
    await bench.do(PHONE, wrote("three", index=3))
    await bench.do(PHONE, skip=(("phone:CH1", 6),))
    assert await bench.texts() == ["two", "three", "six"]
    await bench.do(PHONE, wrote("late", index=4))
    assert (await bench.texts())[-1] == "late", "it comes at the end"
    assert await bench.store.read(expected, "phone:CH1") == 7


async def test_our_own_messages_take_their_places(bench: Bench) -> None:
    await bench.do(PHONE, seen(), wrote("one", index=1), wrote("three", index=3))
    await bench.do(PHONE, taken(0), taken(2, k="S2"), taken(2, k="S2"))
    assert await bench.texts() == ["one", "three"]


async def test_a_duplicate_whose_place_is_next_takes_it(bench: Bench) -> None:
    """It came before it could have a place: fetched from the history, it must not leave a gap for ever."""
    bench.use(directory(describes=False))
    await bench.do(PHONE, wrote("early", index=0, key="IM0"))
    assert (await states(bench))["phone:IM0"] == "unrouted"
    bench.use(directory())
    await bench.do(PHONE, seen(), wrote("one", index=1, key="IM1"))
    assert await bench.texts() == []
    await bench.do(PHONE, wrote("early", index=0, key="IM0"))
    assert await bench.texts() == ["one"]
    await bench.do(PHONE, wrote("one", index=1, key="IM1"))
    assert await bench.store.read(expected, "phone:CH1") == 2


async def test_an_echo_that_is_held_is_still_an_echo(bench: Bench) -> None:
    """Released by another event, with all that is needed to know it for ours."""
    await started(bench, "Hi")
    await bench.do(TG, answered("Hello"))
    (out,) = [h for h in await send_all(bench) if h.binding.channel == PHONE]
    await bench.do(PHONE, echo(out.id, 2))
    await bench.do(PHONE, wrote("next", index=3))
    await bench.do(PHONE, wrote("between", index=1, reply_to=RemoteId("x")))
    assert await bench.texts() == ["Hi", "Hello", "between", "next"]
    assert await bench.outbox(PHONE) == [("message", "Hello")]


async def test_a_held_reply_keeps_what_it_answers(bench: Bench) -> None:
    await started(bench, "Hi")
    await bench.do(TG, answered("Hello"))
    (out,) = [h for h in await send_all(bench) if h.binding.channel == PHONE]
    await bench.do(PHONE, wrote("to that", index=2, reply_to=RemoteId(f"phone-{out.id}")))
    await bench.do(PHONE, taken(1))
    reply = next(m for m in await bench.all(t.Message) if m.text == "to that")
    assert reply.reply_to == 2


async def test_a_message_from_elsewhere_in_the_account(bench: Bench) -> None:
    """A program wrote to the customer: the agents see it, under no customer's name."""
    await started(bench, "Hi")
    program = Author(id="system", role=Role.SYSTEM)
    await bench.do(PHONE, wrote("Your parcel is on its way", index=1, author=program))
    assert (await bench.outbox(TG))[-1] == ("message", "System (phone): Your parcel is on its way")
    assert await bench.outbox(PHONE) == []


# ---- to whom, in which words


async def test_agents_on_two_legs_read_each_other(bench: Bench) -> None:
    bench.use(directory(bridge(agents=((TG, CHAT), (WEB, ROOM)))))
    await started(bench, "Hi")
    await bench.do(TG, answered("Hello"))
    await bench.do(TG, answered("me too", name=""))
    assert await bench.outbox(WEB) == [
        ("message", "Hi"),
        ("message", "Eve (tg): Hello"),
        ("message", "Agent (tg): me too"),
    ]
    assert await bench.outbox(PHONE) == [("message", "Hello"), ("message", "me too")]
    assert await bench.outbox(TG) == [("message", "Hi")]


async def test_an_agents_leg_that_was_added_gets_what_is_written_from_now_on(bench: Bench) -> None:
    await started(bench, "Hi")
    bench.use(directory(bridge(agents=((TG, CHAT), (WEB, ROOM)))))
    await bench.do(PHONE, wrote("again", index=1))
    assert await bench.outbox(WEB) == [("message", "again")]


async def test_an_endpoint_that_is_gone_from_the_configuration(bench: Bench, store: SqliteStore) -> None:
    await started(bench, "Hi")
    b = bridge()
    object.__setattr__(b, "endpoints", tuple(e for e in b.endpoints if e.key != OURS))
    bench.use(directory(b))
    await bench.do(TG, answered("Hello?"))
    assert await bench.outbox(PHONE) == []
    assert (await bench.outbox(TG))[-1] == (
        "notice",
        "Not delivered: the configuration no longer has the number or account that +15550199 wrote to.",
    )


async def test_a_group_that_moved_to_another_bridge_reads_nothing_of_this_one(store: SqliteStore) -> None:
    bench = Bench(store)
    await started(bench, "Hi")
    other = bridge("sales")
    object.__setattr__(other, "endpoints", tuple(e for e in other.endpoints if e.channel == TG))
    bench.use(directory(bridge(agents=((WEB, ROOM),)), other))
    await bench.do(PHONE, wrote("private", index=1))
    assert await bench.outbox(TG) == [("message", "Hi")]
    assert await bench.outbox(WEB) == [("message", "private")]


async def test_files_that_do_not_fit(bench: Bench) -> None:
    await started(bench, "Hi")
    files = (image("a"), image("b", size=2000), image("c", content_type="audio/ogg"))
    await bench.do(TG, answered(content=Content(text="see", attachments=files), key="A1"))
    assert await bench.outbox(PHONE) == [("message", "see"), ("message", "")]
    kind, words = (await bench.outbox(TG))[-1]
    assert kind == "notice"
    assert words is not None
    assert words.count("was not sent: an SMS") == 2
    notice = next(d for d in await bench.all(t.Delivery) if d.kind == "notice")
    assert notice.reply_remote == "A1"


async def test_a_customers_file_that_does_not_fit_is_named_in_the_topic(bench: Bench) -> None:
    files = (image("a"), image("b", size=9000), image("a"))
    await bench.do(PHONE, seen(), wrote(content=Content(attachments=files)))
    told_, *_parts = await bench.outbox(TG)
    assert told_[1] == "(the image (image/png, 8.8 kB) was not sent: Telegram carries at most 4.9 kB of it)"
    assert [d.attachment for d in await bench.all(t.Delivery)] == [None, 0, 2]
    assert await bench.outbox(PHONE) == []


async def test_an_empty_text_beside_a_file_stays_empty(bench: Bench) -> None:
    await bench.do(PHONE, seen(), wrote(content=Content(attachments=(image(),))))
    (head,) = await send_all(bench)
    assert (head.text, head.attachment and head.attachment.ref) == ("", "M1")


async def test_a_long_text_is_parts_and_the_first_one_replies(bench: Bench) -> None:
    await started(bench, "Hi")
    await bench.do(TG, answered("word " * 80, reply_to=RemoteId("tg-x")))
    await bench.do(TG, answered("word " * 80, reply_to=RemoteId("IM0")))
    sent = await bench.outbox(PHONE)
    assert len(sent) == 6
    assert "".join(x or "" for _, x in sent[:3]) == "word " * 80


async def test_words_of_the_bridge_for_who_wrote_it(bench: Bench) -> None:
    await started(bench)
    await bench.do(TG, told("Bots can't talk here.", "9", "bot:1"))
    await bench.do(TG, told("Bots can't talk here.", "10", "bot:1"))
    await bench.do(TG, told("nowhere", "11", "bot:2", binding="-100:999"))
    assert (await bench.outbox(TG))[1:] == [("notice", "Bots can't talk here.")]


async def test_what_is_not_understood_is_kept_whole(bench: Bench) -> None:
    event = NotUnderstood(key=key("N1"), at=1.0, what="a new kind", raw='{"a": 1}')
    accepted = await bench.do(TG, event)
    assert accepted.news == ["tg: not understood and kept: a new kind"]
    (row,) = await bench.all(t.Inbox)
    assert row.state == "unknown"
    assert '{\\"a\\": 1}' in row.event


# ---- afterwards


async def test_a_customers_edit_changes_the_bots_message(bench: Bench) -> None:
    await started(bench, "Helo")
    await bench.do(PHONE, edited("IM0", "Helo"))
    assert len(await bench.outbox(TG)) == 1, "a text that stays is no edit"
    await bench.do(PHONE, edited("IM0", "Hello"))
    (head,) = await send_all(bench)
    assert (head.kind, head.text, head.remote) == ("edit", "Hello", "tg-id2-1")
    await bench.do(PHONE, deleted("IM0"), deleted("IM0"), edited("IM0", "no more"))
    (head,) = await send_all(bench)
    assert head.text == "Hello\n(deleted by the customer)"


async def test_an_edit_that_fits_by_characters_and_not_by_the_networks_units(bench: Bench) -> None:
    await started(bench, "Hi")
    await bench.do(PHONE, edited("IM0", "😀" * 300))
    kinds = {k for k, _ in (await bench.outbox(TG))[1:]}
    assert kinds == {"message"}, "told anew, in parts"


async def test_an_edit_keeps_its_prefix_and_its_caption(bench: Bench) -> None:
    await started(bench, "Hi")
    await bench.do(PHONE, seen("CH2", "whatsapp:+15550199"))
    await bench.do(PHONE, wrote("", "CH2", key="W1", content=Content(text="cap", attachments=(image(),))))
    await send_all(bench)
    await bench.do(PHONE, edited("W1", "caption", "CH2"))
    (head,) = await send_all(bench)
    assert head.text == "+15550199 (WhatsApp): caption"
    assert head.attachment is not None


async def test_an_agents_edit_is_told_once_a_message(bench: Bench) -> None:
    await started(bench)
    await bench.do(TG, answered("Helo", key="A1"))
    await send_all(bench)
    for text in ("Hello", "Hello!"):
        await bench.do(TG, edited("A1", text, "-100:7"))
    assert (await bench.outbox(TG))[1:] == [("notice", EDIT_STAYS)]
    assert await bench.outbox(PHONE) == [("message", "Helo")]


async def test_an_agents_edit_reaches_the_other_agents(bench: Bench) -> None:
    bench.use(directory(bridge(agents=((TG, CHAT), (WEB, ROOM)))))
    await started(bench)
    await bench.do(TG, answered("Helo", key="A1"))
    await bench.do(TG, edited("A1", "Hello", "-100:7"))
    assert (await bench.outbox(WEB))[-1] == ("edit", "Eve (tg): Hello")


async def test_news_of_an_unknown_message_waits_and_is_kept(bench: Bench) -> None:
    accepted = await bench.do(PHONE, receipt("S1", ReceiptState.DELIVERED))
    dues = []
    for _ in range(8):
        (pending,) = accepted.pending
        dues.append(pending.due - bench.clock())
        bench.clock.now = pending.due
        accepted = await bench.do(PHONE, due=(pending,))
    assert dues == [1, 2, 4, 8, 16, 32, 64, 128]
    assert list((await states(bench)).values()) == ["unrouted"]
    again = await bench.do(PHONE, due=(pending,))
    assert again.pending == [], "what is decided is decided"


async def test_a_group_that_is_rolled_back_counts_no_try(bench: Bench) -> None:
    accepted = await bench.do(PHONE, edited("S1", "x"))
    (pending,) = accepted.pending
    poison = bench.do(PHONE, wrote("\ud800", "CH9", key="P"), seen("CH9"))
    results = await asyncio.gather(bench.do(PHONE, due=(pending,)), poison, return_exceptions=True)
    assert isinstance(results[1], UnicodeEncodeError | ValueError)
    (row,) = [r for r in await bench.all(t.Inbox) if r.state == "pending"]
    assert row.tries == 1


async def test_a_receipt_that_is_early_finds_its_delivery(bench: Bench) -> None:
    await started(bench)
    await bench.do(TG, answered("Hello"))
    (d,) = [d for d in await bench.all(t.Delivery) if d.seq == 2]
    remote = f"phone-{d.conversation_id}-{d.n}"
    accepted = await bench.do(PHONE, receipt(remote, ReceiptState.READ))
    await send_all(bench)
    await bench.do(PHONE, due=tuple(accepted.pending))
    await bench.do(PHONE, receipt(remote, ReceiptState.DELIVERED))
    (d,) = [d for d in await bench.all(t.Delivery) if d.seq == 2]
    assert (d.state, d.receipt) == ("sent", "read")
    assert [r.state for r in await bench.all(t.Receipt)] == ["read"]


async def test_a_failure_is_told_once_though_many_parts_fail(bench: Bench) -> None:
    await started(bench)
    await bench.do(TG, answered("word " * 80, key="A1"))
    parts = [h for h in await send_all(bench) if h.binding.channel == PHONE]
    assert len(parts) == 3
    for part in parts:
        await bench.do(PHONE, receipt(f"phone-{part.id}", ReceiptState.FAILED, "30003", "the handset is unreachable"))
        await bench.do(PHONE, receipt(f"phone-{part.id}", ReceiptState.FAILED, "30003", "the handset is unreachable"))
    assert (await bench.outbox(TG))[1:] == [("notice", "Not delivered: the handset is unreachable (30003).")]
    assert {d.state for d in await bench.all(t.Delivery) if d.seq == 2} == {"failed"}


async def test_a_failure_of_the_agents_network_is_told_there(bench: Bench) -> None:
    await bench.do(PHONE, seen(), wrote("Hi"))
    (d,) = await bench.all(t.Delivery)
    failure = Failure(conversation=d.conversation_id, n=d.n, state=State.FAILED, code="400", words="too long")
    await bench.do(TG, failures=(failure,))
    assert (await bench.outbox(TG))[-1] == (
        "notice",
        "A message of the customer could not be shown here: too long (400).",
    )


async def test_only_the_holder_of_the_lease_says_that_it_failed(bench: Bench) -> None:
    await bench.do(PHONE, seen(), wrote("Hi"))
    (d,) = await bench.all(t.Delivery)
    late = Failure(conversation=d.conversation_id, n=d.n, state=State.FAILED, code="x", words="x", fence=7)
    await bench.do(TG, failures=(late,))
    assert (await bench.all(t.Delivery))[0].state == "ready"


# ---- states


async def test_a_closed_conversation_is_opened_anew_by_the_next_answer(bench: Bench) -> None:
    await started(bench, "Hi")
    await bench.do(PHONE, changed("closed"))
    (c,) = await bench.all(t.Conversation)
    assert c.state == "closed"
    await bench.do(TG, answered("Hello"))
    (head,) = await send_all(bench)
    assert head.binding.key is None, "the adapter makes a new one"
    (c,) = await bench.all(t.Conversation)
    assert c.state == "open"
    keys = {k.key: k.state for k in await bench.all(t.BindingKey) if k.channel == PHONE}
    assert keys == {"CH1": "gone", "made-id2.1": "open"}
    await bench.do(PHONE, changed("gone"))
    assert (await bench.all(t.Conversation))[0].state == "open", "what isn't its present one closes nothing"


async def test_what_the_network_reopens_is_the_way_again(bench: Bench) -> None:
    await started(bench, "Hi")
    await bench.do(PHONE, changed("closed"), changed("open"))
    await bench.do(TG, answered("Hello"))
    (head,) = await send_all(bench)
    assert head.binding.key == "CH1"
    assert (await bench.all(t.Conversation))[0].state == "open"


async def test_the_answer_takes_the_road_of_the_last_message(bench: Bench) -> None:
    await started(bench, "Hi")
    await bench.do(PHONE, seen("CH2"), wrote("by a new one", "CH2"))
    await bench.do(TG, answered("one"))
    await bench.do(PHONE, wrote("by the old one", index=1))
    await bench.do(TG, answered("two"))
    found = {h.text: h.binding.key for h in await send_all(bench) if h.binding.channel == PHONE}
    assert found["two"] == "CH1"
    assert len(await bench.all(t.Conversation)) == 1


async def test_a_topic_closed_by_hand_closes_nothing(bench: Bench) -> None:
    await started(bench, "Hi")
    await bench.do(TG, changed("closed", "-100:unknown"))
    assert (await bench.all(t.Conversation))[0].state == "open"


async def test_a_customers_next_message_reopens(bench: Bench, tmp_path: Path) -> None:
    await started(bench, "Hi")
    await bench.do(PHONE, changed("closed"))
    await bench.do(PHONE, seen("CH2"), wrote("me again", "CH2"))
    assert (await bench.all(t.Conversation))[0].state == "open"
    assert len([b for b in await bench.all(t.Binding) if b.side == "agent"]) == 1, "in the same topic"
