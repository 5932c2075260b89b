"""Which lines and bubbles are one message: cause and effect, told by what was said. Pure.

The sandbox sees two networks and nothing of the bridge's store; what joins them is the text, or the file, that went through.
"""

from __future__ import annotations

import itertools
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

REMEMBERED = 2000
SHORTEST_S = 120.0
"""The same text said again after this is another message."""


class Threads:
    """Names for messages: the same name for a text on its way through both networks."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._by_text: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._by_message: dict[str, str] = {}
        self._count = itertools.count(1)

    def of_message(self, network: str, place: str, message: dict[str, Any]) -> str | None:
        """A bubble's thread. One that a person wrote begins a new thread; one that the bridge put there continues one."""
        key = f"{network}:{place}:{message['id']}"
        if (known := self._by_message.get(key)) is None:
            names = [n for n in (_essence(message.get("text") or ""), _files(message)) if n]
            if not names:
                return None
            if message.get("mine"):
                known = self._begin(names[0])
                for more in names[1:]:  # text and files may travel apart
                    self._remember(more, known)
            else:
                known = next((t for n in names if (t := self._find(n))), None) or self._begin(_without_author(names[0]))
            self._by_message[key] = known
        return known

    def of_text(self, text: str) -> str:
        """The thread of a text that was seen before, else a new one."""
        text = _essence(text)
        return self._find(text) or self._begin(_without_author(text))

    def _find(self, text: str) -> str | None:
        found = self._by_text.get(text) or self._by_text.get(_without_author(text))
        return found[0] if found and self._now() - found[1] < SHORTEST_S else None

    def _begin(self, text: str) -> str:
        """A person said it; a call that was seen a moment before its bubble is the same."""
        found = self._by_text.get(text)
        if found and self._now() - found[1] < 1.0:
            return found[0]
        return self._remember(text, f"t{next(self._count)}")

    def _remember(self, text: str, name: str) -> str:
        self._by_text[text] = (name, self._now())
        self._by_text.move_to_end(text)
        if len(self._by_text) > REMEMBERED:
            self._by_text.popitem(last=False)
        return name


def _essence(text: str) -> str:
    return " ".join(text.split())[:200]


def _without_author(text: str) -> str:
    """``Ana (SMS): hello`` -> ``hello``: agents read who wrote where several may have."""
    head, colon, rest = text.partition("): ")
    return rest if colon and "(" in head and len(head) < 80 else text


def _files(message: dict[str, Any]) -> str:
    """Files keep their sizes on their way, not always their names."""
    return " ".join(f"file:{m.get('size', 0)}" for m in message.get("media", ()))
