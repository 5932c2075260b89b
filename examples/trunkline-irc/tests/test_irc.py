"""The IRC adapter by the conformance kit."""

from __future__ import annotations

from trunkline_irc.adapter import adapter
from trunkline_irc.simulator import create

from bridge.channel.conformance import Conformance, Failure, Fault, Subject


class TestIrc(Conformance):
    subject = Subject(
        adapter=adapter,
        simulator=create,
        options={"line_every_s": 0.0},
        faults={
            Failure.RATE: Fault("rate", 5),
            Failure.DOWN: Fault("down"),
            Failure.CUT_BEFORE: Fault("cut_before"),
            Failure.CUT_AFTER: Fault("cut_after"),
            Failure.GARBAGE: Fault("garbage"),
            Failure.SLOW: Fault("slow", 1),
        },
    )
