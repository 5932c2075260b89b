"""A loopback stand-in of the Telegram Bot API: forum topics, messages, files, updates, limits and their errors.

It knows nothing of the bridge; `python-telegram-bot` and `aiogram` work against it unaware. Importing this costs next to
nothing: everything else is imported when a simulator is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .simulator import TelegramSimulator


def create(
    *, base_url: str, folder: Path | None, observe: Callable[[dict[str, Any]], None], **options: Any
) -> TelegramSimulator:
    """Makes a simulator (entry point ``trunkline.simulators``: telegram).

    `options` may be `bot_token`, `chat` (one id or several) and `limit` (False: no 20 a minute).
    """
    from .simulator import TelegramSimulator

    return TelegramSimulator(base_url=base_url, folder=folder, observe=observe, **options)


__all__ = ["create"]
