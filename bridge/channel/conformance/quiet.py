"""Catches what does input or output, of this thread, while a block runs: by Python's own audit events."""

# ruff: noqa: S101 - rules assert

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_DOES = ("socket.", "subprocess.", "os.system", "os.exec", "open", "urllib.", "ftplib.", "sqlite3.")
_MODULES = (".py", ".pyc", ".so", ".pyd")
"""What Python opens by itself: a codec or a module that is imported when it is first needed."""
_state = threading.local()
_hooked = threading.Event()


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    caught = getattr(_state, "caught", None)
    if caught is None:
        return
    imports = event == "open" and str(arguments[0]).endswith(_MODULES)
    if event.startswith(_DOES) and not imports:
        caught.append(event)


@contextmanager
def quietly() -> Iterator[None]:
    """AssertionError where the block opened a file or a socket, or started a program. An audit hook can't be taken away again, so
    it is put once and sleeps."""
    if not _hooked.is_set():
        _hooked.set()
        sys.addaudithook(_hook)
    caught: list[str] = []
    _state.caught = caught
    try:
        yield
    finally:
        _state.caught = None
    assert not caught, f"does input or output: {', '.join(sorted(set(caught)))}"
