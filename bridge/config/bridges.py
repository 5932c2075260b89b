"""``[bridges.NAME]``: which endpoints are joined; each endpoint is checked by the adapter of its channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bridge.channel.problems import Path
from bridge.config.channels import Declared, named
from bridge.config.model import BridgeConfig, BridgeTable, EndpointConfig
from bridge.config.problems import dotted, quoted, suggestion
from bridge.config.tables import Tables
from bridge.core.content import Side
from bridge.core.ids import BridgeName

SIDES = (("customers", Side.CUSTOMER), ("agents", Side.AGENT))


@dataclass(frozen=True, slots=True)
class _Placed:
    path: Path
    endpoint: EndpointConfig


def read_bridges(tables: Tables, channels: Mapping[str, Declared]) -> dict[BridgeName, BridgeConfig]:
    """All bridges of the file by name; where problems were found some may be missing."""
    bridges: dict[BridgeName, BridgeConfig] = {}
    everywhere: list[_Placed] = []
    for path in named(tables, "bridges"):
        table = tables.check(BridgeTable, path)
        placed = [p for key, side in SIDES for p in _endpoints(tables, (*path, key), side, channels)]
        everywhere += placed
        if table is None:
            continue
        name = BridgeName(str(path[-1]))
        title = table.title or name
        bridges[name] = BridgeConfig(
            name=name,
            title=title,
            agent_name=table.agent_name or title,
            give_up_after_s=table.give_up_after,
            endpoints=tuple(p.endpoint for p in placed),
        )
    _twice(tables, everywhere)
    return bridges


def _endpoints(tables: Tables, path: Path, side: Side, channels: Mapping[str, Declared]) -> list[_Placed]:
    entries = tables.document.at(path)
    if not isinstance(entries, list):
        return []
    found = [
        _endpoint(tables, (*path, i), side, channels) for i, entry in enumerate(entries) if isinstance(entry, dict)
    ]
    return [p for p in found if p]


def _endpoint(tables: Tables, path: Path, side: Side, channels: Mapping[str, Declared]) -> _Placed | None:
    channel = _channel(tables, path, channels)
    if channel is None or channel.adapter is None:
        return None
    adapter = channel.adapter
    if side not in adapter.sides:
        others = " or ".join(key for key, s in SIDES if s in adapter.sides)
        words = f"a {channel.adapter_name} channel can't stand here; right is to name it under {others}"
        tables.found.add((*path, "channel"), words)
    settings = tables.check(adapter.Endpoint, path, apart=("channel",))
    if settings is None:
        return None
    key = adapter.endpoint_key(settings)
    return _Placed(path, EndpointConfig(channel=channel.name, side=side, key=key, settings=settings))


def _channel(tables: Tables, path: Path, channels: Mapping[str, Declared]) -> Declared | None:
    here = (*path, "channel")
    if tables.document.is_broken(here):
        return None
    name = tables.text(path, "channel", "the name of a channel")
    if name in channels:
        return channels[name]
    choice = suggestion(name, channels) if channels else "there is none; add a table [channels.NAME]"
    if name:
        shown = "of that name" if here in tables.document.referenced else f"called {quoted(name)}"
        tables.found.add(here, f"no channel is {shown}; {choice}")
    elif "channel" not in tables.table(path):
        tables.found.add(here, f"missing; right is the name of a channel: {choice}")
    return None


def _twice(tables: Tables, everywhere: Sequence[_Placed]) -> None:
    """An endpoint that stands in two places: the later one in the file is the mistake."""
    locate = tables.document.positions.locate
    first: dict[tuple[str, str], _Placed] = {}
    for placed in sorted(everywhere, key=lambda p: locate(p.path)):
        earlier = first.setdefault(_identity(placed.endpoint), placed)
        if earlier is not placed:
            line, _ = locate(earlier.path)
            words = f"the same endpoint as {dotted(earlier.path)} in line {line}; right is to name it once, on one side"
            tables.found.add(placed.path, f"{words} of one bridge")


def _identity(endpoint: EndpointConfig) -> tuple[str, str]:
    """An address of ours is one in the whole file, whichever channel names it; anything else is one in its channel."""
    anywhere = hasattr(endpoint.settings, "address") and endpoint.key != "*"
    return ("" if anywhere else endpoint.channel), endpoint.key
