"""``trunkline check``: is this config right? Nothing is started and nothing is changed, here or at a network."""

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
    from bridge.config.document import Document
    from bridge.config.model import Config
    from bridge.setup.online import Answer

OK, USAGE, UNAVAILABLE, CONFIG = 0, 2, 69, 78  # the last two are sysexits' EX_UNAVAILABLE and EX_CONFIG


def run(args: argparse.Namespace, adapters: Adapters | None = None, names: Iterable[str] = ()) -> int:
    """Checks ``args.config``, or prints the JSON Schema with ``args.schema``; returns the exit status.

    What was found goes to standard error, one problem a line and their count at the end; standard output has results alone.
    `adapters` finds an adapter by its name and `names` are those in the schema: by default what is installed. With
    ``args.online`` a right file is also held against its networks: 78 where one of them says that something is wrong, 69 where
    nothing is known to be and one couldn't be asked.
    """
    with _no_collecting():
        if args.schema:
            return _schema(adapters, names)
        if not args.config:
            sys.stderr.write("trunkline check: which file? give it with --config FILE\n")
            return USAGE
        return _check(Path(args.config), adapters, online=args.online)


def _check(file: Path, adapters: Adapters | None, *, online: bool) -> int:
    from bridge.channel import registry
    from bridge.config.load import load
    from bridge.config.problems import ConfigProblems

    try:
        config = load(file, os.environ, adapters or registry.load)
    except ConfigProblems as found:
        sys.stderr.write(f"{found}\n{file}: {_count(len(found.problems), 'problem')}\n")
        return CONFIG
    channels, bridges = _count(len(config.channels), "channel"), _count(len(config.bridges), "bridge")
    sys.stdout.write(f"{file}: ok: {channels}, {bridges}\n")
    return _online(file, config) if online else OK


def _online(file: Path, config: Config) -> int:
    import asyncio

    from bridge.config.document import read
    from bridge.config.problems import Findings
    from bridge.setup.online import ask

    sys.stdout.flush()  # what is right already shows before the networks are waited for
    answers = asyncio.run(ask(config))
    document = read(file, os.environ, Findings())
    wrong = doubtful = 0
    for answer in answers:
        certain, uncertain = _tell(file, document, answer)
        wrong, doubtful = wrong + certain, doubtful + uncertain
    if wrong or doubtful:
        counts = [_count(n, noun) for n, noun in ((wrong, "problem"), (doubtful, "warning")) if n]
        sys.stderr.write(f"{file}: {', '.join(counts)}\n")
    return CONFIG if wrong else UNAVAILABLE if doubtful else OK


def _tell(file: Path, document: Document, answer: Answer) -> tuple[int, int]:
    """Says what a network said; how much of it is wrong, and how much couldn't be found out."""
    from bridge.config.problems import dotted
    from bridge.setup.online import place

    if answer.findings is None:
        name = dotted(("channels", answer.channel))
        sys.stdout.write(f"{file}: not asked: {name}: its adapter has no way to ask its network\n")
        return 0, 0
    for finding in sorted(answer.findings, key=lambda f: not f.ok):
        path = place(document.data, answer.channel, finding.path)
        words = f"{dotted(path)}: {finding.words}" + (f"; {finding.mend}" if finding.mend else "")
        if finding.ok:
            sys.stdout.write(f"{file}: ok: {words}\n")
        else:
            line, col = document.positions.locate(path)
            kind = "error" if finding.certain else "warning"
            sys.stderr.write(f"{file}:{line}:{col}: {kind}: {words}\n")
    bad = [f.certain for f in answer.findings if not f.ok]
    return bad.count(True), bad.count(False)


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
