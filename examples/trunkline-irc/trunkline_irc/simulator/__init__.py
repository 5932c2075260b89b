"""A loopback IRC server with a few people on it. It knows nothing of the bridge, and any IRC client may connect to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trunkline_irc.simulator.simulator import IrcSimulator


def create(
    *, base_url: str, folder: Path | None, observe: Callable[[dict[str, Any]], None], **options: Any
) -> IrcSimulator:
    """The entry point ``trunkline.simulators``: irc. `options` may be `password` and `line_every_s`."""
    from trunkline_irc.simulator.simulator import IrcSimulator

    return IrcSimulator(observe, folder, **options)
