"""Asking networks whether a config will work there: all channels at once, and where in the file each answer belongs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bridge.channel.inspection import Finding, Inspects
from bridge.channel.problems import Path
from bridge.config.model import ChannelConfig, Config
from bridge.core.ids import ChannelName

PATIENCE_S = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a channel's network said; `findings` is None where its adapter can't ask it."""

    channel: ChannelName
    findings: tuple[Finding, ...] | None


async def ask(config: Config, patience_s: float = PATIENCE_S) -> list[Answer]:
    """The answers in the order of the file; none takes longer than `patience_s`. Changes nothing, here or there."""
    return list(await asyncio.gather(*(_asked(config, c, patience_s) for c in config.channels.values())))


def reached_at(config: Config) -> str:
    """How the networks reach us."""
    server = config.server
    host = f"[{server.host}]" if ":" in server.host else server.host
    return server.public_url or f"http://{host}:{server.port}"


def endpoints_of(config: Config, channel: ChannelName) -> list[Any]:
    """The endpoints that bridges name of a channel, as its adapter checked them."""
    return [e.settings for b in config.bridges.values() for e in b.endpoints if e.channel == channel]


def place(data: Mapping[str, Any], channel: ChannelName, path: Path) -> Path:
    """The path in the file whose content is `data` of a finding's `path`; the channel's own table where that is nowhere."""
    if path[:1] != ("endpoints",):
        return ("channels", channel, *path)
    bridges = data.get("bridges", {})
    named = [
        ("bridges", bridge, side, i)
        for bridge, table in bridges.items()
        for side in ("customers", "agents")
        for i, endpoint in enumerate(table.get(side, ()))
        if endpoint.get("channel") == channel
    ]
    match path:
        case (_, int(index), *key) if index < len(named):
            return (*named[index], *key)
        case _:
            return ("channels", channel)


async def _asked(config: Config, channel: ChannelConfig, patience_s: float) -> Answer:
    adapter = channel.adapter
    if not isinstance(adapter, Inspects):
        return Answer(channel=channel.name, findings=None)
    endpoints = endpoints_of(config, channel.name)
    try:
        async with asyncio.timeout(patience_s):
            found = await adapter.inspect(channel.settings, endpoints, reached_at(config), channel.name)
    except TimeoutError:
        found = [_unasked(f"the network didn’t answer within {patience_s:g} s", "try again, and check api_url")]
    except Exception as error:  # a stranger's plugin; its words may hold a secret
        found = [_unasked(f"the network couldn’t be asked ({type(error).__name__})", "tell the adapter’s authors")]
    return Answer(channel=channel.name, findings=tuple(found))


def _unasked(words: str, mend: str) -> Finding:
    return Finding(ok=False, words=words, mend=mend, certain=False)
