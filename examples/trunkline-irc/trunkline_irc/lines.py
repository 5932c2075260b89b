"""A line of IRC, and what its numbers mean. Pure. Source: RFC 2812, 2.3.1 and 5.2; 439 and 531 as today's servers send them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bridge.core.outcomes import Misconfigured, RateLimited, Refused, Scope, SendError
from bridge.core.splitting import split

LINE_BYTES = 350
"""Of a text: 512 with CR LF, less what the server puts before it (our nick, user and host) and the longest target."""
_LOOKS = re.compile("\x03(?:\\d{1,2}(?:,\\d{1,2})?)?|[\x01\x02\x0f\x11\x16\x1d\x1e\x1f]")
"""Colours, bold and their like; \\x01 is the mark of a CTCP."""
REFUSALS = {
    "401": "nobody of this nick is on IRC now",
    "404": "this nick takes no messages from us",
    "407": "there are several of this nick",
    "412": "IRC takes no empty message",
    "477": "this nick hears registered nicks alone",
    "531": "this nick takes no messages from us",
}
CONFIGURATION = {
    "432": "the server doesn’t take our nick: choose another one",
    "464": "the server refuses the password: check password",
    "465": "the server has banned us: ask its operators",
}


@dataclass(frozen=True, slots=True)
class Line:
    """`nick` is empty where the server itself speaks."""

    nick: str
    command: str
    params: tuple[str, ...]


def parse(raw: bytes) -> Line:
    """Whatever the bytes, there is a line; an empty one has no command."""
    text = re.sub("[\0\r\n]", "", raw.decode("utf-8", "replace")).lstrip()
    prefix = ""
    if text.startswith(":"):
        prefix, _, text = text[1:].partition(" ")
    head, colon, last = text.partition(" :")
    command, *params = head.split() or [""]
    nick = prefix.partition("!")[0] if "!" in prefix else ""
    return Line(nick, command.upper(), (*params, last) if colon else tuple(params))


def fold(nick: str) -> str:
    """The same for two nicks that the server takes for one (RFC 2812, 2.2).

    >>> fold("Ana[1]")
    'ana{1}'
    """
    return nick.lower().translate(str.maketrans("[]\\^", "{}|~"))


def plain(text: str) -> str:
    """Without colours and other looks."""
    return _LOOKS.sub("", text)


def wrapped(text: str) -> list[str]:
    """The lines that carry a text; none is empty or too long, for IRC has no such lines."""
    lines = re.split("\r\n|\r|\n", plain(text).replace("\0", ""))
    return [part for line in lines if line.strip() for part in split(line, LINE_BYTES, "utf8")]


def refusal(line: Line, now: float) -> SendError | None:
    """The error that a number means; None for what is no refusal."""
    if line.command == "439":
        found = re.search(r"(\d{1,4}) second", line.params[-1])
        at = now + float(found[1]) if found else None
        return RateLimited("the server asks for a pause", retry_at=at, scope=Scope.CHANNEL, code="439")
    if words := CONFIGURATION.get(line.command):
        return Misconfigured(words, code=line.command)
    return Refused(REFUSALS[line.command], code=line.command) if line.command in REFUSALS else None
