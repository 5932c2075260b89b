"""``[channels.NAME]``: each one is checked by its own adapter."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from bridge.channel.adapter import Adapter
from bridge.channel.problems import Path
from bridge.channel.registry import BrokenAdapter, UnknownAdapter
from bridge.config.model import NAME
from bridge.config.problems import Findings, quoted, suggestion
from bridge.config.tables import Tables
from bridge.core.ids import ChannelName

Adapters = Callable[[str], Adapter]
"""An adapter by its name; raises `UnknownAdapter` or `BrokenAdapter`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A channel that stands in the file, right or wrong: bridges may name it. What could not be made out is None."""

    name: ChannelName
    path: Path
    adapter_name: str = ""
    adapter: Adapter | None = None
    settings: BaseModel | None = None
    needs_public_url: bool = False


def read_channels(tables: Tables, adapters: Adapters) -> dict[str, Declared]:
    """All channels of the file by name."""
    return {str(path[-1]): _channel(tables, path, adapters) for path in named(tables, "channels")}


def named(tables: Tables, section: str) -> Iterator[Path]:
    """The paths of ``[section.NAME]``."""
    for name in tables.table((section,)):
        if not re.fullmatch(NAME, name):
            words = "not a name that can stand in a URL; right are up to 64 letters, digits, - and _"
            tables.found.add((section, name), words)
        yield section, name


def _channel(tables: Tables, path: Path, adapters: Adapters) -> Declared:
    name = ChannelName(str(path[-1]))
    table = tables.table(path)
    adapter = _adapter(tables, path, adapters)
    if adapter is None:
        return Declared(name=name, path=path)
    settings = tables.check(adapter.Settings, path, apart=("adapter",))
    for problem in adapter.problems(settings) if settings else ():
        tables.found.add((*path, *problem.path), problem.words)
    needed = _needs_public_url(adapter, settings or _partial(adapter.Settings, table, path, tables.found))
    return Declared(
        name=name,
        path=path,
        adapter_name=str(table["adapter"]),
        adapter=adapter,
        settings=settings,
        needs_public_url=needed,
    )


def _adapter(tables: Tables, path: Path, adapters: Adapters) -> Adapter | None:
    here = (*path, "adapter")
    if tables.document.is_broken(here) or not isinstance(tables.document.at(path), dict):
        return None
    name = tables.text(path, "adapter", "the kind of network")
    try:
        return adapters(name)
    except UnknownAdapter as error:
        choice = suggestion(name, error.known)
        if name:
            shown = "of that name" if here in tables.document.referenced else f"called {quoted(name)}"
            tables.found.add(here, f"no adapter is {shown}; {choice}")
        elif "adapter" not in tables.table(path):
            tables.found.add(here, f"missing; right is the kind of network: {choice}")
    except BrokenAdapter as error:
        tables.found.add(here, f"{error}; install it anew, or leave the channel out")
    return None


def _partial(model: type[BaseModel], table: Mapping[str, Any], path: Path, found: Findings) -> BaseModel:
    """What is right in a channel that has problems, so that one mistake doesn't hide another. What is wrong is no attribute."""
    wrong = {p[len(path)] for p in found.below(path)}
    partial = model.model_construct(**{key: value for key, value in table.items() if key not in wrong})
    for key in wrong:
        partial.__dict__.pop(str(key), None)
    return partial


def _needs_public_url(adapter: Adapter, settings: BaseModel) -> bool:
    with suppress(AttributeError):
        return adapter.needs_public_url(settings)
    return False
