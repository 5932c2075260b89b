"""Files whose tests are processes and waiting go first: the others then fill what is left of the time."""

from __future__ import annotations

import pytest

LONG = ("e2e/", "examples/", "commands/test_init.py", "relay/test_chaos.py", "store/", "node/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(
        key=lambda item: not any(part in item.nodeid for part in LONG)
    )  # stable: a file's tests stay as they are
