"""The conformance kit: what every channel plugin must do, tried against its own simulator over real connections.

A third party's whole test file::

    from bridge.channel.conformance import Conformance, Failure, Fault, Subject
    from my_network.adapter import adapter
    from my_network.simulator import create

    class TestMyNetwork(Conformance):
        subject = Subject(adapter=adapter, simulator=create, faults={Failure.DOWN: Fault("down")})

A rule names what it needs, and is skipped because the capabilities (or the `Subject`) say so, never by an adapter's name. As a
plugin (``-p bridge.channel.conformance``, or ``pytest_plugins`` in the topmost conftest.py) this module prints a table of rules
and adapters at the end. It needs pytest, pytest-asyncio and hypothesis, and nothing else of ours imports it.
"""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("bridge.channel.conformance.rules")

from bridge.channel.conformance.rules import Conformance  # noqa: E402 - first its assertions must be made to speak
from bridge.channel.conformance.subject import Failure, Fault, Posts, Subject  # noqa: E402
from bridge.channel.conformance.table import pytest_runtest_logreport, pytest_terminal_summary  # noqa: E402

VERSION = 1
"""Of the contract that these rules hold an adapter against."""

__all__ = [
    "VERSION",
    "Conformance",
    "Failure",
    "Fault",
    "Posts",
    "Subject",
    "pytest_runtest_logreport",
    "pytest_terminal_summary",
]
