"""The same questions on both databases: what is accepted, claimed, marked, bound, recovered, counted."""

from __future__ import annotations

from typing import Any

from bridge.core.content import Content, Side
from bridge.core.ids import BindingKey, RemoteId
from bridge.core.receipts import ReceiptState
from bridge.core.retry import Decision, State
from bridge.store import tables as t
from bridge.store.outbox import Bind, Claim, Claimed, Mark, NotDue, bind, claim, mark
from bridge.store.overview import Start, alive, counts, expected, pendings, recover, waiting
from bridge.store.records import BindingRecord
from tests.relay_kit import PHONE, TG, Bench, answered, deleted, echo, edited, image, receipt, seen, taken, wrote


def a_claim(binding: Any, now: float, owner: str = "me") -> Claim:
    return Claim(binding=binding, now=now, owner=owner, lease_s=150.0)


async def agents_lane(bench: Bench) -> Any:
    (found,) = [b.id for b in await bench.all(t.Binding) if b.side == "agent"]
    return found


async def conversation(bench: Bench, *texts: str) -> Any:
    """A customer who wrote `texts`, with a topic; the topic's lane."""
    await bench.do(PHONE, seen(), *[wrote(x, key=f"IM{i}", index=i) for i, x in enumerate(texts)])
    lane = await agents_lane(bench)
    head = await bench.store.write(claim, a_claim(lane, bench.clock()))
    if isinstance(head, Claimed):
        assert await bench.store.write(bind, Bind(binding=head.binding, key=BindingKey("-100:7"), meta="m"))
        for n, _ in enumerate(texts):
            then = a_claim(lane, bench.clock())
            head = await bench.store.write(
                mark, Mark(claimed=head, decision=Decision(state=State.SENT), remote=RemoteId(f"tg{n}"), then=then)
            )
        assert head is None
    return lane


async def test_there_and_back(store: Any) -> None:
    bench = Bench(store)
    lane = await conversation(bench, "Hi", "there")
    await bench.do(TG, answered("Hello", key="A1"))
    assert await bench.texts() == ["Hi", "there", "Hello"]
    assert await bench.outbox(PHONE) == [("message", "Hello")]
    (binding,) = [b for b in await bench.all(t.Binding) if b.side == "customer"]
    head = await store.write(claim, a_claim(binding.id, bench.clock()))
    assert isinstance(head, Claimed)
    assert (head.text, head.binding.key, head.attempt, head.fence, head.unsure) == ("Hello", "CH1", 1, 1, False)
    assert (head.label, head.network, head.bridge) == ("+15550199", "SMS", "support")
    assert await store.read(counts, None) == {"sent": 2, "sending": 1}
    assert await store.read(alive, None) is True
    assert await store.read(expected, "phone:CH1") == 2
    assert await store.read(expected, "phone:nothing") == 0
    assert lane != binding.id


async def test_the_claim_is_a_lease_and_its_end_means_doubt(store: Any) -> None:
    bench = Bench(store)
    await bench.do(PHONE, seen(), wrote("one"), wrote("two"))
    lane, now = await agents_lane(bench), bench.clock()
    first = await store.write(claim, a_claim(lane, now))
    assert isinstance(first, Claimed)
    assert not first.unsure
    assert await store.write(claim, a_claim(lane, now + 1, "other")) == NotDue(now + 150)
    over = await store.write(claim, a_claim(lane, now + 151, "other"))
    assert isinstance(over, Claimed)
    assert (over.n, over.unsure, over.attempt, over.fence) == (first.n, True, 1, 2), "looked for, never just sent"
    await store.write(mark, Mark(claimed=first, decision=Decision(state=State.SENT), remote=RemoteId("z")))
    (row, _) = await bench.all(t.Delivery)
    assert row.state == "unsure", "who lost the lease changes nothing"
    assert [r.remote for r in await bench.all(t.RemoteId) if r.n >= 0] == ["z"], "what it knows is kept"


async def test_states_and_times_are_kept(store: Any) -> None:
    bench = Bench(store)
    await bench.do(PHONE, seen(), wrote("one"))
    lane, now = await agents_lane(bench), bench.clock()
    head = await store.write(claim, a_claim(lane, now))
    later = Decision(state=State.READY, due=now + 9, counts=False)
    await store.write(mark, Mark(claimed=head, decision=later))
    assert await store.write(claim, a_claim(lane, now)) == NotDue(now + 9)
    head = await store.write(claim, a_claim(lane, now + 10))
    assert (head.attempt, head.first_tried, head.claimed_at, head.fence) == (1, now, now + 10, 2)
    doubt = Decision(state=State.UNSURE, due=now + 11, possibly_twice=True, died_at=now + 30)
    await store.write(mark, Mark(claimed=head, decision=doubt))
    head = await store.write(claim, a_claim(lane, now + 40))
    assert (head.unsure, head.possibly_twice, head.claimed_at) == (True, True, now + 30)
    (found,) = await store.read(waiting, None)
    assert (found.count, found.state, found.until, found.channel) == (1, "unsure", now + 190, "tg")
    await store.write(mark, Mark(claimed=head, decision=Decision(state=State.SENT)))
    assert await store.write(claim, a_claim(lane, now + 41)) is None
    assert await store.read(waiting, None) == []


async def test_a_start_doubts_what_others_were_sending(store: Any) -> None:
    bench = Bench(store)
    await bench.do(PHONE, seen(), wrote("one"), wrote("two"))
    await bench.do(PHONE, seen("CH2", "+15550177"), wrote("one", "CH2", address="+15550177"))
    lanes = sorted(b.id for b in await bench.all(t.Binding) if b.side == "agent")
    now = bench.clock()
    for lane in lanes:
        await store.write(claim, a_claim(lane, now, "dead"))
    head = await store.write(claim, a_claim(lanes[1], now + 151, "dead"))
    assert head.unsure, "it was being looked for"
    found = await store.write(recover, Start(owner="me", now=now + 160))
    assert sorted(lane.binding for lane in found) == lanes
    first, second = [await store.write(claim, a_claim(lane, now + 160)) for lane in lanes]
    assert first.unsure
    assert first.claimed_at == now + 160, "from now on the network has its time"
    assert second.unsure
    assert second.claimed_at == now, "its attempt ended long ago"


async def test_a_name_belongs_to_one_conversation(store: Any) -> None:
    bench = Bench(store)
    await conversation(bench, "Hi")
    await bench.do(PHONE, seen("CH2", "+15550177"), wrote("I am Bea", "CH2", address="+15550177"))
    (other,) = [b for b in await bench.all(t.Binding) if b.side == "agent" and b.key is None]
    head = await store.write(claim, a_claim(other.id, bench.clock()))
    assert not await store.write(bind, Bind(binding=head.binding, key=BindingKey("-100:7"), meta=""))
    assert await store.write(bind, Bind(binding=head.binding, key=BindingKey("-100:8"), meta=""))
    assert await store.write(bind, Bind(binding=head.binding, key=BindingKey("-100:9"), meta=""))
    states = {k.key: k.state for k in await bench.all(t.BindingKey) if k.binding == other.id}
    assert states == {"-100:8": "gone", "-100:9": "open"}
    await bench.do(TG, answered("late", "-100:8"))
    assert (await bench.outbox(PHONE)) == [("message", "late")], "an old name still leads there"


async def test_a_crowded_thread_is_not_adopted(store: Any) -> None:
    bench = Bench(store)
    await bench.do(PHONE, seen())
    await bench.do(PHONE, seen("GROUP", others=1))
    (customer,) = [b for b in await bench.all(t.Binding) if b.side == "customer"]
    record = BindingRecord(
        id=customer.id,
        conversation=customer.conversation_id,
        channel=PHONE,
        side=Side.CUSTOMER,
        endpoint=customer.endpoint,
    )
    assert not await store.write(bind, Bind(binding=record, key=BindingKey("GROUP"), meta=""))
    assert await store.write(bind, Bind(binding=record, key=BindingKey("CH7"), meta=""))


async def test_everything_else_that_is_written(store: Any) -> None:
    """Attachments, replies, edits, deletions, receipts, gaps, echoes: each row is read back by what needs it."""
    bench = Bench(store)
    lane = await conversation(bench, "Hi", "more")
    with_image = Content(text="see", attachments=(image(size=5), image("M2")))
    await bench.do(TG, answered("", key="A1", content=with_image, reply_to=RemoteId("tg0")))
    customer = next(b.id for b in await bench.all(t.Binding) if b.side == "customer")
    head = await store.write(claim, a_claim(customer, bench.clock()))
    assert (head.text, head.attachment, head.reply_to) == ("see", None, "IM0")
    nxt = await store.write(
        mark,
        Mark(
            claimed=head,
            decision=Decision(state=State.SENT),
            remote=RemoteId("S1"),
            then=a_claim(customer, bench.clock()),
        ),
    )
    assert (nxt.text, nxt.attachment.ref, nxt.attachment.size, nxt.source) == ("", "M1", 5, "tg")
    await bench.do(PHONE, receipt("S1", ReceiptState.DELIVERED), receipt("S1", ReceiptState.SENT))
    await bench.do(PHONE, edited("IM0", "Hi!"), deleted("IM1"))
    assert [k for k, _ in await bench.outbox(TG)] == ["message", "message", "edit", "edit"]
    edit = await store.write(claim, a_claim(lane, bench.clock()))
    assert (edit.kind, edit.text, edit.remote) == ("edit", "Hi!", "tg0")
    await bench.do(PHONE, wrote("five", index=5, key="IM5"), taken(3), echo(nxt.id, 2, remote="S2"))
    assert [p.event.index for p in await store.read(pendings, None)] == [5]
    assert (await bench.all(t.Receipt))[0].state == "delivered"
    states = {d.n: (d.state, d.receipt) for d in await bench.all(t.Delivery)}
    assert states[head.n] == ("sent", "delivered")
    assert states[nxt.n][0] == "sent", "its echo settles it"


async def test_what_is_settled_stays_settled(store: Any) -> None:
    """Echo, then a receipt that it failed, then our own request times out: the last word is the network's."""
    bench = Bench(store)
    await conversation(bench, "Hi")
    await bench.do(TG, answered("Hello", key="A1"))
    customer = next(b.id for b in await bench.all(t.Binding) if b.side == "customer")
    head = await store.write(claim, a_claim(customer, bench.clock()))
    await bench.do(PHONE, echo(head.id, 1, remote="S1"))
    await bench.do(PHONE, receipt("S1", ReceiptState.FAILED, "30003", "the handset is unreachable"))
    for decision in (Decision(state=State.UNSURE, due=5.0), Decision(state=State.SENT)):
        await store.write(mark, Mark(claimed=head, decision=decision, remote=RemoteId("S1")))
        row = next(d for d in await bench.all(t.Delivery) if d.n == head.n)
        assert (row.state, row.receipt, row.code) == ("failed", "failed", "30003")
    assert ("notice", "Not delivered: the handset is unreachable (30003).") in await bench.outbox(TG)


async def test_a_large_number_is_a_number(store: Any) -> None:
    bench = Bench(store)
    content = Content(text="x", attachments=(image(size=2**40),))
    await bench.do(PHONE, seen(), wrote(content=content))
    assert (await bench.all(t.Attachment))[0].size == 2**40
