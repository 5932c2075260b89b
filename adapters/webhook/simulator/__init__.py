"""A loopback stand-in of a system that speaks Standard Webhooks: it takes what is posted to it, and posts what people say there.

It imports nothing of the bridge. `create` is the entry point ``webhook`` of the group ``trunkline.simulators``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .simulator import WebhookSimulator


def create(
    *, base_url: str, folder: Path | None, observe: Callable[[dict[str, Any]], None], **options: Any
) -> WebhookSimulator:
    """A simulator that answers below `base_url` and keeps its state in `folder` (None: in memory).

    `options` may be `side` (``agents`` or ``customers``), `title` (its name for people) and `secret` (``whsec_…``).
    """
    from .simulator import WebhookSimulator

    return WebhookSimulator(base_url=base_url, folder=folder, observe=observe, **options)


__all__ = ["create"]
