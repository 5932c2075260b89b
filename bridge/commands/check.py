"""``trunkline check``: is this config right? Nothing is started and nothing is changed."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from bridge.config.channels import Adapters

OK, USAGE, CONFIG = 0, 2, 78  # the last one is sysexits' EX_CONFIG


def run(args: argparse.Namespace, adapters: Adapters | None = None, names: Iterable[str] = ()) -> int:
    """Checks ``args.config``, or prints the JSON Schema with ``args.schema``; returns the exit status.

    What was found goes to standard error, one problem a line and their count at the end; standard output has results alone.
    `adapters` finds an adapter by its name and `names` are those in the schema: by default what is installed.
    """
    with _no_collecting():
        if args.schema:
            return _schema(adapters, names)
        if not args.config:
            sys.stderr.write("trunkline check: which file? give it with --config FILE\n")
            return USAGE
        if args.online:
            sys.stderr.write("trunkline check: --online is not there yet; checking without asking the networks\n")
        return _check(args.config, adapters)


def _check(file: str, adapters: Adapters | None) -> int:
    from bridge.channel import registry
    from bridge.config.load import load
    from bridge.config.problems import ConfigProblems

    try:
        config = load(Path(file), os.environ, adapters or registry.load)
    except ConfigProblems as found:
        sys.stderr.write(f"{found}\n{file}: {_count(len(found.problems), 'problem')}\n")
        return CONFIG
    channels, bridges = _count(len(config.channels), "channel"), _count(len(config.bridges), "bridge")
    sys.stdout.write(f"{file}: ok: {channels}, {bridges}\n")
    return OK


def _schema(adapters: Adapters | None, names: Iterable[str]) -> int:
    import json

    from bridge.channel import registry
    from bridge.config.schema import schema

    loaded = {}
    for name in sorted(names or registry.installed()):
        try:
            loaded[name] = (adapters or registry.load)(name)
        except registry.BrokenAdapter as error:  # somebody else's; the others have a schema all the same
            sys.stderr.write(f"trunkline check: left out: {error}\n")
    sys.stdout.write(json.dumps(schema(loaded), indent=2, ensure_ascii=False) + "\n")
    return OK


@contextmanager
def _no_collecting() -> Iterator[None]:
    """Most of the time goes into imports, and nothing of what they make is garbage: looking for it costs 20 ms."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
