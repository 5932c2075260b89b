"""What keeps the house in its shape: import rules, cheap commands, a core without I/O, no network by name."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ADAPTERS = {p.parent.name for p in (ROOT / "adapters").glob("*/adapter.py")}


def sources(*folders: str) -> list[Path]:
    return sorted(p for folder in folders for p in (ROOT / folder).rglob("*.py"))


def test_the_import_rules_hold() -> None:
    ended = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize(
    "args", [["--version"], ["check", "--config", "config.example.toml"]], ids=["version", "check"]
)
def test_cheap_commands_stay_cheap(args: list[str]) -> None:
    """Neither aiogram nor SQLAlchemy, nor what they would bring."""
    code = (
        "import sys\nfrom bridge.commands import main\ntry:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "print('LOADED', *sorted(m for m in sys.modules if '.' not in m), file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", code, *args], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(ended.stderr.rpartition("LOADED")[2].split())
    assert not loaded & {"aiogram", "aiohttp", "asyncio", "httpx", "sqlalchemy", "sqlmodel", "starlette", "uvicorn"}


def names(tree: ast.AST) -> Iterator[str]:
    """The string constants that something is compared with or chosen by."""
    for node in ast.walk(tree):
        compared = []
        if isinstance(node, ast.Compare):
            compared = [node.left, *node.comparators]
        elif isinstance(node, ast.MatchValue):
            compared = [node.value]
        elif isinstance(node, ast.Subscript):
            compared = [node.slice]
        for part in compared:
            for leaf in ast.walk(part):
                if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str):
                    yield leaf.value


@pytest.mark.parametrize(
    "file", [p for p in sources("bridge") if "sandbox" not in p.parts], ids=lambda p: str(p.relative_to(ROOT))
)
def test_the_core_knows_no_channel_by_name(file: Path) -> None:
    assert not ADAPTERS & set(names(ast.parse(file.read_text())))


@pytest.mark.parametrize("file", sources("bridge/core"), ids=lambda p: p.name)
def test_the_core_is_pure(file: Path) -> None:
    tree = ast.parse(file.read_text())
    imported = {a.name.partition(".")[0] for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    imported |= {(n.module or "").partition(".")[0] for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert not imported & {"asyncio", "datetime", "os", "random", "secrets", "socket", "sqlite3", "time", "uuid"}
    assert not [n for n in ast.walk(tree) if isinstance(n, ast.AsyncFunctionDef | ast.Await)]


@pytest.mark.parametrize("file", ["inbound.py", "outbound.py", "errors.py"])
@pytest.mark.parametrize("adapter", ["telegram", "twilio"])
def test_the_pure_rooms_of_adapters_are_pure(adapter: str, file: str) -> None:
    tree = ast.parse((ROOT / "adapters" / adapter / file).read_text())
    assert not [n for n in ast.walk(tree) if isinstance(n, ast.AsyncFunctionDef | ast.Await)]


def test_every_cell_of_the_table_names_a_test_that_is_there() -> None:
    table = (ROOT / "docs" / "messages.md").read_text()
    tests = (ROOT / "tests" / "e2e" / "test_messages.py").read_text()
    named = {word for word in table.replace("`", " ").split() if word.startswith("test_")}
    assert named
    assert not [name for name in named if f"def {name}(" not in tests]


def test_every_decision_stands_in_the_list() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = (folder / "README.md").read_text()
    assert not [p.name for p in folder.glob("0*.md") if p.name not in listed]
