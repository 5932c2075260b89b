"""Adapters by entry point: ours are found like anybody's, and loaded when a config names them."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

from bridge.channel.adapter import Adapter

GROUP = "trunkline.adapters"


class UnknownAdapter(LookupError):
    """No installed distribution has an adapter of this name; `known` are the names there are."""

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(name)
        self.name = name
        self.known = known

    def __str__(self) -> str:
        return f"no adapter is called {self.name!r}; there are {', '.join(self.known) or 'none'}"


class BrokenAdapter(ImportError):
    """The entry point can't be loaded, or names something that is no adapter."""


def installed() -> dict[str, EntryPoint]:
    """The entry points by adapter name; nothing is imported."""
    return {e.name: e for e in entry_points(group=GROUP)}


def load(name: str) -> Adapter:
    """Raises `UnknownAdapter` or `BrokenAdapter`."""
    found = installed()
    if name not in found:
        raise UnknownAdapter(name, sorted(found))
    try:
        adapter: Adapter = found[name].load()
    except Exception as error:
        raise BrokenAdapter(f"adapter {name!r} ({found[name].value}) can't be loaded: {error}") from error
    missing = [a for a in ("name", "Settings", "Endpoint", "sides", "open") if not hasattr(adapter, a)]
    if missing:
        raise BrokenAdapter(f"adapter {name!r} ({found[name].value}) lacks {', '.join(missing)}")
    return adapter
