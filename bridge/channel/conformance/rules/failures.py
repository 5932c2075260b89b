"""Every fault that the simulator can play ends in the class of error by which the relay does the right thing."""

# ruff: noqa: S101 - rules assert

from __future__ import annotations

import asyncio

import pytest

from bridge.channel.conformance.bench import Bench, on_the_bench
from bridge.channel.conformance.needs import NETWORK, SENT_TO, needs
from bridge.channel.conformance.network import Network
from bridge.channel.conformance.subject import Failure
from bridge.channel.outbound import Outbound
from bridge.core.outcomes import Misconfigured, RateLimited, SendError, Unavailable, Unsure

DOUBT = {Failure.ERROR_AFTER, Failure.CUT_BEFORE, Failure.CUT_AFTER, Failure.GARBAGE}
LANDED = {Failure.ERROR_AFTER, Failure.CUT_AFTER}
MINUTES = 300.0


class Failures:
    @needs(NETWORK, SENT_TO)
    @pytest.mark.parametrize("failure", [f for f in Failure if f is not Failure.SLOW], ids=lambda f: f.name.lower())
    async def test_a_failure_has_its_class(self, bench: Bench, failure: Failure) -> None:
        fault = bench.subject.faults.get(failure)
        if fault is None:
            pytest.skip(f"fault: the simulator plays no {failure.value!r}")
        await bench.binding()
        text = bench.text("in trouble")
        out = await bench.out(text)
        with bench.network.failing(fault):
            error = await bench.fails(out)
        assert error is not None, "it went well"
        _judged(error, failure, bench)
        landed = len(await bench.shown(text)) if failure in LANDED else len(bench.network.texts(text))
        if isinstance(error, Unavailable | RateLimited) and bench.caps.send_once != "key":
            assert landed == 0, f"{type(error).__name__} says that it was certainly not sent"
        await _looked_for(bench, out, error, landed)
        bench.port.ahead += MINUTES
        if not landed or bench.caps.send_once == "key":
            await bench.send(out)
            assert await bench.shown(text) == [text], "what wasn’t sent goes out later, once"

    @needs(NETWORK, SENT_TO)
    async def test_a_network_that_is_away_is_unavailable(self, bench: Bench) -> None:
        network = Network(bench.subject)
        network.open()
        try:
            async with on_the_bench(Bench(bench.subject, network)) as other:
                out = await other.out(other.text("away"))
                await asyncio.to_thread(network.cut)
                error = await other.fails(out)
        finally:
            network.close()
        assert isinstance(error, Unavailable | Unsure), f"right is Unavailable, not {error!r}"

    @needs(NETWORK, SENT_TO)
    async def test_a_send_that_is_cancelled_gives_its_place_back(self, bench: Bench) -> None:
        fault = bench.subject.faults.get(Failure.SLOW)
        if fault is None:
            pytest.skip("fault: the simulator plays no 'slow'")
        await bench.binding()
        outs = [await bench.out(bench.text("slow")) for _ in range(bench.caps.max_in_flight + 2)]
        with bench.network.failing(fault):
            sends = [asyncio.create_task(bench.channel.send(out)) for out in outs]
            await asyncio.wait(sends, timeout=0.3)
            for send in sends:
                send.cancel()
            results = await asyncio.gather(*sends, return_exceptions=True)
        odd = [r for r in results if isinstance(r, Exception) and not isinstance(r, SendError)]
        assert not odd, "only SendError, also under haste"
        bench.port.ahead += MINUTES
        text = bench.text("afterwards")
        async with asyncio.timeout(10):
            await bench.send(await bench.out(text))
        assert await bench.shown(text) == [text]


def _judged(error: SendError, failure: Failure, bench: Bench) -> None:
    assert error.words.strip(), "words for a person"
    if failure is Failure.RATE:
        assert isinstance(error, RateLimited), f"right is RateLimited, not {error!r}"
        now = bench.port.now()
        assert error.retry_at is None or now - 1 <= error.retry_at < now + 3600, "epoch seconds"
    elif failure is Failure.UNAUTHORIZED:
        right = (Misconfigured, Unavailable) if bench.caps.send_once == "key" else Misconfigured
        assert isinstance(error, right), f"right is Misconfigured, not {error!r}"
    elif failure is Failure.DOWN or bench.caps.send_once == "key":
        assert isinstance(error, Unavailable | Unsure), f"right is Unavailable or Unsure, not {error!r}"
    else:
        assert failure in DOUBT
        assert isinstance(error, Unsure), f"nobody knows whether it was sent: right is Unsure, not {error!r}"


async def _looked_for(bench: Bench, out: Outbound, error: SendError, landed: int) -> None:
    """Where the network can be asked, it knows."""
    if bench.caps.send_once != "lookup" or not isinstance(error, Unsure):
        return
    found = await bench.find(out)
    assert (found is not None) == bool(landed)
