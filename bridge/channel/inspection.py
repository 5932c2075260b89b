"""Of an adapter: asking its network about a configuration, making there what it needs, and asking an admin for one. For
`check --online` and `init`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from bridge.channel.problems import Path
from bridge.core.ids import ChannelName


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a network says of a channel's configuration: right (`ok`) or wrong, in a sentence; `mend` says what to do about it."""

    ok: bool
    words: str
    mend: str = ""
    path: Path = ()
    """The key that it is about, relative to the channel's table; ``("endpoints", i, "chat")`` is a key of the i-th endpoint."""
    certain: bool = True
    """False: the network couldn't be asked, or is in a state that passes. That is a warning; the configuration may be right."""


@runtime_checkable
class Inspects(Protocol):
    """Of an adapter: can ask its network whether a configuration will work there."""

    async def inspect(
        self, settings: Any, endpoints: Sequence[Any], public_url: str, channel: ChannelName
    ) -> list[Finding]:
        """Reads and changes nothing. Never raises for what the network answers or doesn't."""


@runtime_checkable
class SetsUp(Protocol):
    """Of an adapter: can make at its network what a configuration needs there."""

    async def set_up(
        self, settings: Any, endpoints: Sequence[Any], public_url: str, channel: ChannelName
    ) -> list[Finding]:
        """Makes what `inspect` misses, where this can be done from here; the findings say what was done. Told to by an admin."""


class Talk(Protocol):
    """An admin at a terminal. Everything here waits for them, and raises `EOFError` where nobody is there."""

    def say(self, words: str) -> None:
        """A paragraph; lines that it has are kept."""

    def ask(self, prompt: str, *, default: str = "", secret: bool = False) -> str:
        """What they type, without blanks around it; `default` where that is nothing. A `secret` isn't shown."""

    def confirm(self, prompt: str, *, default: bool = True) -> bool:
        """Yes or no."""

    def public_url(self, why: str, *, required: bool = True) -> str:
        """Where networks reach us, asked once however many want it; empty where there is none, unless it is `required`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A channel as it was asked together: what its table and its endpoints hold. `secrets` are the keys of `settings` whose
    values are kept in files of their own. `channel` is a good name for it."""

    channel: str
    settings: Mapping[str, str | int | bool]
    endpoints: Sequence[Mapping[str, str | int]]
    secrets: frozenset[str] = frozenset()


@runtime_checkable
class Guides(Protocol):
    """Of an adapter: knows what to ask an admin who sets it up for the first time."""

    label: str
    """The network in a few words, for whoever has to choose one."""

    async def guide(self, talk: Talk, api_url: str) -> Draft:
        """Asks until `inspect` would find nothing wrong that can be mended from here, and asks before it changes anything at
        the network. `api_url` is empty where the network's own is meant. Raises what `talk` does."""
