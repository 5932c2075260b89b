"""The page that teaches writing an adapter names all of the contract, and its version."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import bridge.channel
from bridge.channel import conformance
from bridge.channel.conformance import Failure
from bridge.core import outcomes

PAGE = (Path(__file__).parents[2] / "docs" / "adapters.md").read_text()
ERRORS = [
    name for name, kind in vars(outcomes).items() if isinstance(kind, type) and issubclass(kind, outcomes.SendError)
]


@pytest.mark.parametrize("name", [*bridge.channel.__all__, *ERRORS])
def test_every_name_of_the_contract_is_taught(name: str) -> None:
    assert re.search(rf"`{name}`|`{name}s`|\b{name}\b", PAGE), f"docs/adapters.md says nothing of {name}"


@pytest.mark.parametrize("name", ["Conformance", "Subject", "Posts", "Fault", "Failure", "VERSION"])
def test_the_kits_names_are_taught(name: str) -> None:
    assert name in conformance.__all__
    assert re.search(rf"\b{name}\b", PAGE)


def test_the_page_is_for_the_kits_version() -> None:
    assert f"version {conformance.VERSION} of the contract" in PAGE


def test_the_kits_example_is_the_examples_own() -> None:
    """Line by line, but for the faults, of which the page shows two."""
    ours = (Path(__file__).parents[2] / "examples" / "trunkline-irc" / "tests" / "test_irc.py").read_text()
    shown = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[1]
    for line in shown.splitlines():
        assert line in ours.splitlines() or "Failure." in line, line
    assert {f.name for f in Failure} >= set(re.findall(r"Failure\.(\w+)", shown))
