"""Where each key of a TOML document stands: what tomllib doesn't tell.

`scan` reads a text that tomllib has accepted, so it never judges; it only follows. Should it follow differently from tomllib, the
two disagree about which keys there are, and then `Positions.of` knows nothing at all rather than something wrong.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from bridge.channel.problems import Path

START = (1, 1)

_GAP = re.compile(r"[ \t]*")
_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_TEXT = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"{3,5}'  # up to two quotes may stand right before the closing three
    r"|'''(?:[^']|'(?!''))*'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_BARE = re.compile(r"[^\s,\]}#](?:[^,\]}#\n]*[^\s,\]}#])?")


class _Lost(Exception):
    """The text isn't what the scanner thinks."""


@dataclass(frozen=True, slots=True)
class Positions:
    """`keys` has the offset of each key, element and header, `opens` that of each table's header or brace."""

    keys: Mapping[Path, int] = field(default_factory=dict)
    opens: Mapping[Path, int] = field(default_factory=dict)
    lines: tuple[int, ...] = (0,)

    @classmethod
    def of(cls, text: str, data: Mapping[str, Any]) -> Positions:
        """The positions of `text`, whose content is `data` by tomllib; empty where the two don't agree."""
        try:
            found = scan(text)
        except (_Lost, RecursionError, ValueError):
            return cls()
        return found if set(found.keys) == set(paths(data)) else cls()

    def locate(self, path: Path) -> tuple[int, int]:
        """Line and column, from 1, of the key at `path`. What isn't there stands at its table: at the header, or at the
        opening brace of an inline table; at 1:1 where there is none."""
        if path in self.keys:
            return self._place(self.keys[path])
        for end in range(len(path) - 1, 0, -1):
            offset = self.opens.get(path[:end], self.keys.get(path[:end]))
            if offset is not None:
                return self._place(offset)
        return START

    def _place(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self.lines, offset)
        return line, offset - self.lines[line - 1] + 1


def paths(data: Any, base: Path = ()) -> list[Path]:
    """The paths of all keys and elements in `data`."""
    pairs = data.items() if isinstance(data, Mapping) else enumerate(data) if isinstance(data, list) else ()
    found: list[Path] = []
    for key, value in pairs:
        found += [(*base, key), *paths(value, (*base, key))]
    return found


def scan(text: str) -> Positions:
    """Raises `_Lost` or `ValueError` where `text` isn't TOML, though not always: tomllib has to accept it first."""
    scanner = _Scanner(text.replace("\r\n", "\n"))
    scanner.document()
    return Positions(scanner.keys, scanner.opens, scanner.lines())


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.keys: dict[Path, int] = {}
        self.opens: dict[Path, int] = {}
        self.tables: dict[Path, int] = {}  # how many `[[header]]` of a path there were

    def lines(self) -> tuple[int, ...]:
        return 0, *(m.end() for m in re.finditer("\n", self.text))

    def document(self) -> None:
        table: Path = ()
        self.skip(_BLANK)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)
            self.skip(_BLANK)

    def header(self) -> Path:
        """``[a.b]`` or ``[[a.b]]``: the path of the table that it opens."""
        start = self.at
        array = self.text.startswith("[[", start)
        self.at += 2 if array else 1
        self.skip(_GAP)
        names = [name for name, _ in self.names()]
        self.expect("]]" if array else "]")
        path: Path = ()
        for i, name in enumerate(names):
            path = (*path, name)
            self.keys.setdefault(path, start)
            if i == len(names) - 1:
                break
            if path in self.tables:  # a header below an array of tables means its last one
                path = (*path, self.tables[path] - 1)
        if array:
            count = self.tables[path] = self.tables.get(path, 0) + 1
            path = (*path, count - 1)
        self.keys[path] = self.opens[path] = start
        return path

    def pair(self, table: Path) -> None:
        """``a.b = value``"""
        path = table
        for name, start in self.names():
            path = (*path, name)
            self.keys.setdefault(path, start)
        self.expect("=")
        self.skip(_GAP)
        self.value(path)

    def names(self) -> list[tuple[str, int]]:
        """A dotted key's parts, each with its offset; the gap behind it is skipped."""
        found = []
        while True:
            match = _KEY.match(self.text, self.at) or self.lost()
            found.append((_name(match.group()), self.at))
            self.at = match.end()
            self.skip(_GAP)
            if self.text[self.at : self.at + 1] != ".":
                return found
            self.at += 1
            self.skip(_GAP)

    def value(self, path: Path) -> None:
        first = self.text[self.at : self.at + 1]
        if first == "[":
            self.array(path)
        elif first == "{":
            self.inline(path)
        else:
            self.at = ((_TEXT if first in ("'", '"') else _BARE).match(self.text, self.at) or self.lost()).end()

    def array(self, path: Path) -> None:
        index = 0
        while not self.closed("]", first=index == 0):
            self.keys[(*path, index)] = self.at
            self.value((*path, index))
            index += 1

    def inline(self, path: Path) -> None:
        self.opens[path] = self.at
        first = True
        while not self.closed("}", first=first):
            self.pair(path)
            first = False

    def closed(self, bracket: str, *, first: bool) -> bool:
        """Goes past the opening bracket, or the comma between two values; true past the closing one."""
        if first:
            self.at += 1
        self.skip(_BLANK)
        if not first and self.text[self.at : self.at + 1] == ",":
            self.at += 1
            self.skip(_BLANK)
        elif not first and self.text[self.at : self.at + 1] != bracket:
            self.lost()
        if self.text[self.at : self.at + 1] != bracket:
            return False
        self.at += 1
        return True

    def skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def expect(self, what: str) -> None:
        if not self.text.startswith(what, self.at):
            self.lost()
        self.at += len(what)

    def lost(self) -> NoReturn:
        raise _Lost(self.at)


def _name(token: str) -> str:
    """A key as tomllib understands it: escapes are left to tomllib itself."""
    if token[0] == '"' and "\\" in token:
        return next(iter(tomllib.loads(f"{token} = 0")))
    return token[1:-1] if token[0] in "\"'" else token
