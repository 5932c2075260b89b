"""Mistakes in a config file, each where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bridge.channel.problems import Path, Problem
from bridge.config.positions import Positions


@dataclass(frozen=True, slots=True, order=True)
class Located:
    """One problem: `line` and `col` count from 1; `key` is dotted, and ``(file)`` where the file as a whole is meant."""

    line: int
    col: int
    key: str
    words: str

    def render(self, file: str) -> str:
        """As compilers print it, so that editors can jump there."""
        return f"{file}:{self.line}:{self.col}: error: {self.key}: {self.words}"


class ConfigProblems(Exception):
    """A config that can't be used. `problems` are all there are, sorted by position; `str` has them one a line."""

    def __init__(self, file: str, problems: Iterable[Located]) -> None:
        super().__init__(file)
        self.file = file
        self.problems = sorted(set(problems))

    def __str__(self) -> str:
        return "\n".join(p.render(self.file) for p in self.problems)


class Findings:
    """Collects problems by path while a config is read: nothing stops at the first."""

    def __init__(self) -> None:
        self._all: list[Problem] = []

    def __bool__(self) -> bool:
        return bool(self._all)

    def add(self, path: Path, words: str) -> None:
        self._all.append(Problem(path, words))

    def below(self, path: Path) -> list[Path]:
        """The paths with problems inside the table at `path`."""
        return [p.path for p in self._all if len(p.path) > len(path) and p.path[: len(path)] == path]

    def located(self, positions: Positions) -> list[Located]:
        return [Located(*positions.locate(p.path), dotted(p.path), p.words) for p in self._all]


def dotted(path: Path) -> str:
    """A path in one word, without spaces.

    >>> dotted(("bridges", "support", "customers", 1, "channel"))
    'bridges.support.customers[1].channel'
    >>> dotted(("channels", "a b"))
    'channels."a\\\\u0020b"'
    """
    words = ""
    for part in path:
        words += f"[{part}]" if isinstance(part, int) else f".{_bare(part)}"
    return words.removeprefix(".")


def quoted(text: str) -> str:
    """Somebody's text inside a sentence of ours, on one line and without anything that a terminal obeys."""
    import json  # here and below: a config that is right needs neither

    safe = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in json.dumps(text, ensure_ascii=False)[1:-1])
    return f'"{safe}"'


def suggestion(word: str, known: Iterable[str]) -> str:
    """``did you mean "x"?``, or all there is to choose from."""
    from difflib import get_close_matches

    known = sorted(known)
    close = get_close_matches(word.lower(), known, 1)
    if close:
        return f"did you mean {quoted(close[0])}?"
    return f"there {'are' if len(known) > 1 else 'is'} {', '.join(map(quoted, known))}" if known else "there is none"


def _bare(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else quoted(key).replace(" ", "\\u0020")
