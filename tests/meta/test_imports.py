"""What the import linter can't see: names in texts and tables, and simulators of adapters yet to come."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORE = sorted((ROOT / "bridge" / "core").glob("*.py"))
NETWORKS = {"twilio", "telegram", "whatsapp", "websocket", "webhook", "aiogram"}


def trees(folder: str) -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((ROOT / folder).rglob("*.py")):
        yield path.relative_to(ROOT), ast.parse(path.read_text())


def outside_the_sandbox() -> list[tuple[Path, ast.Module]]:
    return [(p, tree) for p, tree in trees("bridge") if "sandbox" not in str(p)]


def texts(node: ast.AST) -> Iterator[str]:
    for n in ast.walk(node):
        if isinstance(n, ast.Constant) and isinstance(n.value, str):
            yield n.value.lower()


def test_nothing_depends_on_an_adapters_name() -> None:
    """Comparisons, match cases, look-ups: what differs between networks is said by their capabilities."""
    names = {e.name for e in entry_points(group="trunkline.adapters")} | NETWORKS
    bad = []
    for path, tree in outside_the_sandbox():
        for node in ast.walk(tree):
            if isinstance(node, ast.Compare | ast.MatchValue | ast.Subscript | ast.Dict | ast.Set):
                found = names & set(texts(node if not isinstance(node, ast.Subscript) else node.slice))
                bad += [f"{path}:{getattr(node, 'lineno', 0)}: {name}" for name in found]
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("startswith", "get")
            ):
                bad += [f"{path}:{node.lineno}" for a in node.args if isinstance(a, ast.Constant) and a.value in names]
    assert not bad


def imported(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


def test_an_adapter_imports_the_contract_and_the_core_alone() -> None:
    for path, tree in trees("adapters"):
        if len(path.parts) < 3:
            continue
        mine = f"adapters.{path.parts[1]}"
        ours = {m for m in imported(tree) if m.split(".")[0] in ("bridge", "adapters")}
        allowed = {m for m in ours if m.startswith(("bridge.core", "bridge.channel", mine))}
        assert ours == allowed, f"{path}: {ours - allowed}"
        if "simulator" in path.parts:
            theirs = {m for m in ours if not m.startswith(f"{mine}.simulator")}
            assert not theirs, f"{path} is a stand-in of the network and knows nothing of ours: {theirs}"


def test_only_the_sandbox_names_the_adapters_folder() -> None:
    for path, tree in outside_the_sandbox():
        assert not [m for m in imported(tree) if m.split(".")[0] == "adapters"], path
        assert not [x for x in texts(tree) if x.startswith("adapters.")], path


@pytest.mark.parametrize("path", CORE, ids=lambda p: p.name)
def test_the_core_does_nothing_by_itself(path: Path) -> None:
    tree = ast.parse(path.read_text())
    kinds = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith, ast.Global)
    assert not [n for n in ast.walk(tree) if isinstance(n, kinds)]
    allowed = {"__future__", "dataclasses", "enum", "typing", "fnmatch", "collections.abc", "bisect", "regex"}
    strange = {m for m in imported(tree) if m not in allowed and not m.startswith("bridge.core")}
    assert not strange, "no clock, no randomness, no I/O"
    calls = {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    assert not calls & {"open", "print", "input", "eval", "exec"}
