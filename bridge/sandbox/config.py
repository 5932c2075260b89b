"""The config that an admin would write, leading to the simulators and to the page. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.sandbox import toml
from bridge.sandbox.simulator import Simulator
from bridge.sandbox.web import ADAPTER, NAME, ROOMS

Json = dict[str, Any]


def config(port: int, url: str, simulators: Mapping[str, Simulator], web: Json) -> str:
    """TOML for ``trunkline run``: one bridge between all of them. A simulator says itself which keys its channel takes and
    what its endpoints look like; `web` are the settings of the page's own websocket channel."""
    sides: dict[str, list[Json]] = {"customers": [], "agents": []}
    tables = [
        toml.table("server", {"port": port, "public_url": url}),
        toml.table("store", {"url": "sqlite:///bridge.db"}),
    ]
    for name, simulator in simulators.items():
        tables.append(toml.table(f"channels.{name}", {"adapter": name, **simulator.settings()}))
        sides[simulator.side] += [{"channel": name, **endpoint} for endpoint in simulator.endpoints()]
    tables.append(toml.table(f"channels.{NAME}", {"adapter": ADAPTER, **web}))
    for side, room in ROOMS.items():
        sides[f"{side}s"].append({"channel": NAME, "room": room})
    tables.append(toml.table("bridges.support", {"title": "Support", **sides}))
    return "\n\n".join(tables) + "\n"
