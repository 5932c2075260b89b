"""What goes out: whole, in order, as it was written."""

# ruff: noqa: S101 - rules assert

from __future__ import annotations

import uuid

from bridge.channel.adapter import EditsMessages, FindsDeliveries
from bridge.channel.conformance.bench import Bench
from bridge.channel.conformance.needs import EDITS, FINDS, NETWORK, PARTS, RECEIPTS, REPLIES, needs
from bridge.channel.outbound import Edit, Lookup, Sent
from bridge.core.content import Content
from bridge.core.events import ReceiptReceived
from bridge.core.fitting import fit
from bridge.core.ids import DeliveryId
from bridge.core.receipts import ReceiptState
from bridge.core.splitting import length

FAMILY = "👩‍👩‍👧‍👦"


class Sending:
    @needs(NETWORK, PARTS)
    async def test_a_text_at_the_limit_arrives_whole(self, bench: Bench) -> None:
        text = _filled(bench, bench.caps.max_text)
        assert [p.text for p in fit(Content(text=text), bench.caps).parts] == [text]
        await bench.send(await bench.out(text))
        assert "".join(await _arrived(bench, text)) == text

    @needs(NETWORK, PARTS)
    async def test_one_more_goes_in_two_parts(self, bench: Bench) -> None:
        await _in_parts(bench, _filled(bench, bench.caps.max_text + 1), 2)

    @needs(NETWORK, PARTS)
    async def test_an_emoji_at_the_seam_stays_whole(self, bench: Bench) -> None:
        text = _filled(bench, bench.caps.max_text - 1) + FAMILY + "x" * 10
        parts = await _in_parts(bench, text, 2)
        assert any(FAMILY in part for part in parts)

    @needs(NETWORK, PARTS)
    async def test_hard_texts_arrive_as_they_are(self, bench: Bench) -> None:
        for words in ("<b>bold</b> &amp; *a* _b_ ~c~ `d`", "q\"uote' \\ / %0a %s {x}", "שלום, مرحبا", "a:b /c @d #e"):
            text = bench.text(words)
            await bench.send(await bench.out(text))
            assert await bench.shown(text) == [text]

    @needs(NETWORK, PARTS)
    async def test_lines_stay_apart(self, bench: Bench) -> None:
        marker = bench.text("").strip()
        text = f"first {marker}\nsecond {marker}"
        await bench.send(await bench.out(text))
        await bench.shown(f"second {marker}")
        assert "\n".join(bench.network.texts(marker)) == text

    @needs(NETWORK, PARTS)
    async def test_what_is_sent_has_a_name_of_its_own(self, bench: Bench) -> None:
        sent = [await bench.send(await bench.out(bench.text("named"))) for _ in range(2)]
        assert sent[0].remote != sent[1].remote
        assert all(s.remote for s in sent)

    @needs(NETWORK, PARTS, REPLIES)
    async def test_a_reply_names_what_it_answers(self, bench: Bench) -> None:
        first = await bench.send(await bench.out(bench.text("question")))
        text = bench.text("answer")
        await bench.send(await bench.out(text, reply_to=first.remote))
        await bench.shown(text)
        assert [m["reply_to"] for m in bench.network.messages() if m["text"] == text] != [None]

    @needs(NETWORK, PARTS, EDITS)
    async def test_an_edit_reaches(self, bench: Bench) -> None:
        channel = bench.channel
        assert isinstance(channel, EditsMessages)
        before, after = bench.text("before"), bench.text("after")
        out = await bench.out(before)
        sent = await bench.send(out)
        edit = Edit(delivery=out.delivery, binding=out.binding, remote=sent.remote, text=after)
        for _ in range(2):  # nothing to change is success
            await bench.patient(lambda: channel.edit(edit))
        assert await bench.shown(after) == [after]
        assert not bench.network.texts(before)

    @needs(NETWORK, PARTS, FINDS)
    async def test_what_was_sent_is_found(self, bench: Bench) -> None:
        text = bench.text("find me")
        out = await bench.out(text)
        sent = await bench.send(out)
        found = await bench.find(out)
        assert isinstance(found, Sent)
        assert found.remote == sent.remote
        never = Lookup(
            delivery=DeliveryId(f"{uuid.uuid4().hex}-1"),
            binding=out.binding,
            text=bench.text("never"),
            has_file=False,
            since=bench.port.now() - 1,
        )
        assert isinstance(bench.channel, FindsDeliveries)
        assert await bench.channel.find(never) is None

    @needs(NETWORK, PARTS, RECEIPTS)
    async def test_receipts_name_what_was_sent(self, bench: Bench) -> None:
        sent = await bench.send(await bench.out(bench.text("receipt")))
        receipt = await bench.event(ReceiptReceived, lambda r: r.remote == sent.remote)
        assert receipt.state is not ReceiptState.FAILED
        assert (receipt.code, receipt.words) == ("", "")


def _filled(bench: Bench, size: int) -> str:
    """Exactly so many units, without a good place to cut."""
    marker = bench.text("").strip()
    return marker + "x" * (size - len(marker))


async def _arrived(bench: Bench, text: str) -> list[str]:
    marker = text[:32]
    await bench.shown(marker)
    return bench.network.texts(marker)


async def _in_parts(bench: Bench, text: str, count: int) -> list[str]:
    """Sends what the core makes of it, one delivery a part; then all of it stands there."""
    parts = [p.text for p in fit(Content(text=text), bench.caps).parts]
    assert len(parts) == count
    assert all(length(part, bench.caps.text_unit) <= bench.caps.max_text for part in parts)
    before = len(bench.network.messages())
    for part in parts:
        await bench.send(await bench.out(part))
    await bench.until(lambda: len(bench.network.messages()) >= before + count)
    shown = [m["text"] for m in bench.network.messages()]
    assert all(part in shown for part in parts)
    return parts
