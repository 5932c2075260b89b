"""Questions and answers on a terminal, line by line: works over ssh, in a pseudo-terminal, and with answers from a pipe."""

from __future__ import annotations

import getpass
import textwrap
from typing import TextIO

from bridge.config.urls import fault

WIDTH = 78
PUBLIC = """The networks have to reach this bridge from outside: by a domain name that leads to a proxy on this machine, or by a \
tunnel. {why}"""
RIGHT = "one like https://bridge.example.com"


class Terminal:
    """Implements Talk."""

    def __init__(self, source: TextIO, target: TextIO) -> None:
        self._source = source
        self._target = target
        self._public_url: str | None = None

    def say(self, words: str) -> None:
        """Long lines are wrapped; shorter ones stay as they are."""
        lines = [wrapped for line in words.splitlines() for wrapped in _wrapped(line)]
        print("", *lines, sep="\n", file=self._target, flush=True)

    def ask(self, prompt: str, *, default: str = "", secret: bool = False) -> str:
        end = " " if prompt.endswith("?") else ": "
        shown = f"{prompt} [{default}]{end}" if default else f"{prompt}{end}"
        if secret and self._source.isatty():
            return getpass.getpass(shown, self._target).strip() or default
        print(shown, end="", file=self._target, flush=True)
        line = self._source.readline()
        if not line:
            raise EOFError
        return line.strip() or default

    def confirm(self, prompt: str, *, default: bool = True) -> bool:
        while True:
            typed = self.ask(prompt, default="Y/n" if default else "y/N").lower()
            if typed in ("y/n", "y", "yes", "n", "no"):
                return default if typed == "y/n" else typed[0] == "y"
            self.say("Please type y or n.")

    def choose(self, prompt: str, choices: list[str]) -> int:
        """The index of the one chosen; a single one needs no question."""
        if len(choices) == 1:
            return 0
        self.say("\n".join([prompt, *(f"  {i}  {choice}" for i, choice in enumerate(choices, 1))]))
        while True:
            typed = self.ask("Which?", default="1")
            if typed.isdecimal() and 0 < int(typed) <= len(choices):
                return int(typed) - 1
            self.say(f"Please type a number from 1 to {len(choices)}.")

    def public_url(self, why: str, *, required: bool = True) -> str:
        if self._public_url or (self._public_url is not None and not required):
            return self._public_url
        self.say(PUBLIC.format(why=why))
        while True:
            url = self.ask(f"Public URL, {RIGHT}" + ("" if required else " (Enter for none)")).rstrip("/")
            wrong = fault(url) if url else f"it is needed; right is {RIGHT}" if required else None
            if wrong is None:
                self._public_url = url
                return url
            self.say(f"That can't be: {wrong}.")

    @property
    def reached_at(self) -> str:
        """The URL that was given, empty where none was."""
        return self._public_url or ""


def _wrapped(line: str) -> list[str]:
    """Under the first word of a list's entry; a URL stays whole, so that it can be clicked."""
    lead = len(line) - len(line.lstrip(" -0123456789.!"))
    indent = " " * (lead if line[:1] in (" ", "-") else 0)
    return textwrap.wrap(line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False) or [""]
