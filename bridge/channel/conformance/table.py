"""The table at the end of a test run: rules down, adapters across."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

PROPERTY = "trunkline-conformance"
GREEN, RED, FALLBACK = "ok", "RED", "skipped"
_reports: list[Any] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keeps what became of a rule; with several processes too, for reports travel with their properties."""
    if any(name == PROPERTY for name, _ in report.user_properties):
        _reports.append(report)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if not _reports:
        return
    cells: dict[tuple[str, str], str] = {}
    seconds: dict[str, float] = {}
    for report in _reports:
        adapter = next(str(value) for name, value in report.user_properties if name == PROPERTY)
        rule = report.nodeid.rpartition("::")[2].removeprefix("test_").replace("_", " ")
        seconds[adapter] = seconds.get(adapter, 0.0) + report.duration
        cell = _cell(report)
        if cell and cells.get((rule, adapter)) != RED:
            cells[rule, adapter] = cell
    _reports.clear()
    terminalreporter.section("conformance (a word is the need that isn’t there)")
    for line in drawn(cells, seconds):
        terminalreporter.write_line(line)


def _cell(report: Any) -> str:
    """Empty for a part of a rule that says nothing of its result."""
    if report.failed:
        return RED
    if report.skipped:
        reason = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else ""
        return reason.removeprefix("Skipped: ").partition(":")[0] or FALLBACK
    return GREEN if report.when == "call" else ""


def drawn(cells: dict[tuple[str, str], str], seconds: dict[str, float]) -> Iterable[str]:
    """Lines of text; a cell that is missing stays empty."""
    adapters = sorted({adapter for _, adapter in cells})
    rules = list(dict.fromkeys(rule for rule, _ in cells))
    first = max(len(rule) for rule in rules)
    width = {a: max(len(a), *(len(cells.get((r, a), "")) for r in rules)) for a in adapters}
    yield " " * first + "".join(f"  {a:<{width[a]}}" for a in adapters)
    for rule in rules:
        yield f"{rule:<{first}}" + "".join(f"  {cells.get((rule, a), ''):<{width[a]}}" for a in adapters)
    times = "".join(f"  {f'{seconds[a]:.1f} s':<{width[a]}}" for a in adapters)
    yield f"{'time':<{first}}" + times
