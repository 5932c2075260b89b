"""Documents that can't rot: what they name is there. And the pure rooms of adapters, which the import rules can't see."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_every_cell_of_the_table_names_a_test_that_is_there() -> None:
    table = (ROOT / "docs" / "messages.md").read_text()
    tests = (ROOT / "tests" / "e2e" / "test_messages.py").read_text()
    named = {word for word in table.replace("`", " ").split() if word.startswith("test_") and "." not in word}
    assert named
    assert not [name for name in named if f"def {name}(" not in tests]


def test_every_decision_stands_in_the_list() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = (folder / "README.md").read_text()
    assert not [p.name for p in folder.glob("0*.md") if p.name not in listed]


def test_every_file_that_the_architecture_names_is_there() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    folders = ("server", "relay", "store", "core", "channel", "sandbox", "commands", "telemetry", "config")
    named = {w.strip("`(),.;") for w in text.split() if w.strip("`(),.;").endswith(".py") and "/" in w}
    ours = [n for n in named if n.startswith(tuple(f"{f}/" for f in folders))]
    assert ours
    assert not [n for n in ours if not (ROOT / "bridge" / n).exists()]


PURE = {
    "telegram": ["inbound.py", "outbound.py", "errors.py"],
    "twilio": [
        "inbound.py",
        "inbound_messages.py",
        "outbound.py",
        "errors.py",
        "addresses.py",
        "forms.py",
        "signature.py",
    ],
    "webhook": ["inbound.py", "outbound.py", "errors.py", "signature.py", "addresses.py"],
    "websocket": ["inbound.py", "outbound.py", "errors.py", "frames.py", "tokens.py", "session.py", "pace.py"],
}


@pytest.mark.parametrize(("adapter", "file"), [(a, f) for a, files in PURE.items() for f in files])
def test_the_pure_rooms_of_adapters_are_pure(adapter: str, file: str) -> None:
    tree = ast.parse((ROOT / "adapters" / adapter / file).read_text())
    assert not [n for n in ast.walk(tree) if isinstance(n, ast.AsyncFunctionDef | ast.Await)]
