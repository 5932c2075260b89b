"""The counterparts of conversations: opened, adopted, described."""

# ruff: noqa: S101 - rules assert

from __future__ import annotations

from bridge.channel.adapter import DescribesBindings, FetchesHistory
from bridge.channel.conformance.bench import Bench, gone
from bridge.channel.conformance.needs import CUSTOMERS, DESCRIBES, HISTORY, NETWORK, OPENS, TOPICS, needs
from bridge.channel.conformance.rules.receiving import ready
from bridge.channel.outbound import Binding
from bridge.core.events import MessageReceived
from bridge.core.ids import BindingKey

NOBODY = BindingKey("nobody-has-this-key")


class Bindings:
    @needs(NETWORK, OPENS)
    async def test_an_opened_binding_is_usable(self, bench: Bench) -> None:
        made = await bench.opened()
        assert made.key
        text = bench.text("usable")
        await bench.send(await bench.out(text))
        assert await bench.shown(text) == [text]

    @needs(NETWORK, OPENS, CUSTOMERS)
    async def test_a_pair_that_talks_already_is_adopted(self, bench: Bench) -> None:
        assert (await bench.opened()).key == (await bench.opened()).key

    @needs(NETWORK, OPENS, TOPICS)
    async def test_a_deleted_counterpart_is_gone_and_made_anew(self, bench: Bench) -> None:
        binding = await bench.binding()
        bench.network.act(do="delete_topic", **bench.place(bench.network.snapshot()))
        error = await bench.fails(await bench.out(bench.text("gone")))
        assert gone(error), f"right is BindingGone, not {error!r}"
        made = await bench.opened(binding)
        assert made.key != binding.key
        bench.use(Binding(endpoint=binding.endpoint, key=made.key, address=binding.address, meta=made.meta))
        text = bench.text("anew")
        await bench.send(await bench.out(text))
        assert await bench.shown(text) == [text]

    @needs(NETWORK, DESCRIBES)
    async def test_a_binding_says_who_is_in_it(self, bench: Bench) -> None:
        assert isinstance(bench.channel, DescribesBindings)
        binding = await bench.binding()
        seen = await bench.channel.describe(binding.key or NOBODY)
        assert seen is not None
        assert (seen.binding, seen.address, seen.endpoint) == (binding.key, binding.address, binding.endpoint)
        assert await bench.channel.describe(NOBODY) is None

    @needs(NETWORK, HISTORY)
    async def test_history_comes_ascending_after_an_index(self, bench: Bench) -> None:
        assert isinstance(bench.channel, FetchesHistory)
        await ready(bench)
        texts = [bench.text(f"number {n}") for n in range(3)]
        for text in texts:
            await bench.say(text)
        heard = [await bench.heard(text) for text in texts]
        key, first = heard[0].binding, heard[0].index
        assert first is not None, "without an index nothing can be asked for"
        found = [e for e in await bench.channel.history(key, first) if isinstance(e, MessageReceived)]
        assert [e.content.text for e in found] == texts[1:]
        assert [e.key for e in found] == [e.key for e in heard[1:]], "the same event by both ways"
        indexes = [e.index for e in found if e.index is not None]
        assert indexes == sorted(indexes)
        assert await bench.channel.history(key, indexes[-1]) == []
