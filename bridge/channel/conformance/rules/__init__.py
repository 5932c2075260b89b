"""All rules in one class, to be inherited: ``class TestMine(Conformance): subject = Subject(…)``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import ClassVar

import pytest
import pytest_asyncio

from bridge.channel.conformance.bench import Bench, on_the_bench
from bridge.channel.conformance.needs import lacking
from bridge.channel.conformance.network import Network
from bridge.channel.conformance.rules.bindings import Bindings
from bridge.channel.conformance.rules.closing import Closing
from bridge.channel.conformance.rules.declared import Declared
from bridge.channel.conformance.rules.failures import Failures
from bridge.channel.conformance.rules.hearing import Hearing
from bridge.channel.conformance.rules.media import Media
from bridge.channel.conformance.rules.receiving import Receiving
from bridge.channel.conformance.rules.records import Records
from bridge.channel.conformance.rules.sending import Sending
from bridge.channel.conformance.rules.settings import SettingsRules
from bridge.channel.conformance.subject import Subject
from bridge.channel.conformance.table import PROPERTY


@pytest.mark.asyncio
class Conformance(Declared, SettingsRules, Receiving, Bindings, Sending, Media, Failures, Records, Hearing, Closing):
    """One network for all rules of a class, a channel of its own for each."""

    subject: ClassVar[Subject]

    @pytest.fixture(scope="class")
    @classmethod
    def network(cls) -> Iterator[Network]:
        network = Network(cls.subject)
        network.open()
        try:
            yield network
        finally:
            network.close()

    @pytest_asyncio.fixture(autouse=True)
    async def bench(self, request: pytest.FixtureRequest, network: Network) -> AsyncIterator[Bench]:
        """Skipped before the rule begins, where a need isn't met."""
        subject = type(self).subject
        request.node.user_properties.append((PROPERTY, subject.adapter.name))
        bench = Bench(subject, network)
        if why := lacking(request.function, bench):
            await bench.close()
            pytest.skip(why)
        async with on_the_bench(bench, cold=getattr(request.function, "cold", False)):
            yield bench
