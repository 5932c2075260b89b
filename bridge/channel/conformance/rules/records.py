"""A channel that takes records takes each kind, and each once however often it is sent."""

# ruff: noqa: S101 - rules assert

from __future__ import annotations

import uuid

from bridge.channel.conformance.bench import Bench
from bridge.channel.conformance.needs import NETWORK, RECORDS, needs
from bridge.channel.conformance.port import CONVERSATION
from bridge.core.content import Side
from bridge.core.ids import ChannelName, DeliveryId
from bridge.core.log import Change, ConversationNews, ReceiptNews, ReceiptView
from bridge.core.receipts import ReceiptState


class Records:
    @needs(NETWORK, RECORDS)
    async def test_every_kind_of_record_is_taken(self, bench: Bench) -> None:
        for state in ReceiptState:
            failed = state is ReceiptState.FAILED
            receipt = ReceiptView(
                conversation=CONVERSATION,
                seq=1,
                channel=ChannelName("x"),
                side=Side.CUSTOMER,
                state=state,
                code="30003" if failed else "",
                words="unreachable" if failed else "",
            )
            await bench.send(await bench.out(record=bench.record(ReceiptNews(receipt=receipt))))
        for change in (Change.CREATED, Change.UPDATED, Change.CLOSED):
            await bench.send(await bench.out(record=bench.record(ConversationNews(change=change))))
        text = bench.text("record")
        for change in (Change.CREATED, Change.EDITED, Change.DELETED):
            await bench.send(await bench.out(record=bench.record(bench.message(text, change=change))))

    @needs(NETWORK, RECORDS)
    async def test_a_record_is_shown_as_it_is(self, bench: Bench) -> None:
        text = bench.text('<b>"quoted"</b>\nGrüße 👩‍👩‍👧')
        await bench.send(await bench.out(text))
        assert await bench.shown(text) == [text]

    @needs(NETWORK, RECORDS)
    async def test_a_record_that_is_sent_again_counts_once(self, bench: Bench) -> None:
        text, delivery = bench.text("again"), DeliveryId(f"{uuid.uuid4().hex}-1")
        first = await bench.send(await bench.out(text, delivery=delivery))
        again = await bench.send(await bench.out(text, delivery=delivery))
        assert first.remote == again.remote
        assert await bench.shown(text) == [text]
