"""The way from a file to a `Config`: the one function behind check, start and reload."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as FilePath
from types import MappingProxyType
from typing import Any

from bridge.channel import registry
from bridge.config.bridges import read_bridges
from bridge.config.channels import Adapters, Declared, read_channels
from bridge.config.document import read
from bridge.config.model import ChannelConfig, Config, Server, Store
from bridge.config.problems import ConfigProblems, Findings, dotted
from bridge.config.tables import Tables
from bridge.config.words import needed, unknown_key

SECTIONS = ["server", "store", "channels", "bridges"]


def load(path: FilePath, environ: Mapping[str, str], adapters: Adapters = registry.load) -> Config:
    """The config in the file at `path`, complete and checked.

    References (``env:NAME``) are looked up in `environ`; nothing is asked from a network and nothing is written. Strings that
    stand for numbers, and paths, are what they should be. Raises `ConfigProblems` with every problem there is.
    """
    found = Findings()
    document = read(path, environ, found)
    tables = Tables(document, found, {"folder": path.absolute().parent})
    for key in document.data:
        if key not in SECTIONS:
            found.add((key,), unknown_key(key, SECTIONS))
    server = tables.check(Server, ("server",))
    store = tables.check(Store, ("store",))
    tables.context |= {"public_url": _reached_at(server)}
    channels = read_channels(tables, adapters)
    _public_url(tables, channels)
    bridges = read_bridges(tables, channels)
    if found or server is None or store is None:
        raise ConfigProblems(str(path), found.located(document.positions))
    return Config(
        server=server,
        store=store,
        channels=MappingProxyType({c.name: _complete(c) for c in channels.values()}),
        bridges=MappingProxyType(bridges),
    )


def _reached_at(server: Server | None) -> str | None:
    """How the networks reach us; None where the file doesn't say it rightly."""
    if server is None:
        return None
    host = f"[{server.host}]" if ":" in server.host else server.host
    return server.public_url or f"http://{host}:{server.port}"


def _public_url(tables: Tables, channels: Mapping[str, Declared]) -> None:
    """A network that calls us must be told where."""
    callers = [dotted(c.path) for c in channels.values() if c.needs_public_url]
    server: Any = tables.document.at(("server",))
    if callers and not (isinstance(server, dict) and "public_url" in server):
        words = f"missing, and {' and '.join(callers)} can't be called without it; {needed(Server, 'public_url')}"
        tables.found.add(("server", "public_url"), words)


def _complete(channel: Declared) -> ChannelConfig:
    if channel.adapter is None or channel.settings is None:
        raise AssertionError(f"{channel.name} is incomplete and no problem was found")
    return ChannelConfig(
        name=channel.name,
        adapter=channel.adapter,
        adapter_name=channel.adapter_name,
        settings=channel.settings,
    )
