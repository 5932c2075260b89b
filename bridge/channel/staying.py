"""For channels with a connection of their own: coming back by itself, and events that wait for the store."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Never

from bridge.channel.inbound import Outcome
from bridge.channel.port import Health, Port, StoreUnavailable
from bridge.core.events import Event
from bridge.core.outcomes import Misconfigured, SendError, Unavailable
from bridge.core.retry import backoff

AGAIN_S = 0.5


async def stay_connected(
    port: Port, live: Callable[[Callable[[], None]], Awaitable[object]], lost: Callable[[SendError], None]
) -> Never:
    """For `Runs.run`: one connection after the other, with growing pauses.

    `live` connects, calls what it is given once it is through, and goes on until the connection breaks: by `SendError`,
    `OSError`, `EOFError` or `ValueError`, or by returning. `lost` is told what sends should raise until it is back. Health is
    reported here.
    """
    attempt = 0

    def through() -> None:
        nonlocal attempt
        attempt = 0
        port.health(Health.OK)

    while True:
        attempt += 1
        try:
            await live(through)
            raise EOFError("the connection ended")
        except (SendError, OSError, EOFError, ValueError) as error:
            why = (
                error
                if isinstance(error, SendError)
                else Unavailable(f"it can’t be reached ({error or type(error).__name__})")
            )
        lost(why)
        port.health(Health.RESTING if isinstance(why, Misconfigured) else Health.UNREACHABLE, str(why))
        await asyncio.sleep(backoff(attempt + 1, random.random()) / 2)  # noqa: S311 - no secret


async def accept_surely(port: Port, events: Sequence[Event]) -> Sequence[Outcome]:
    """For networks that tell a thing once: waits for the store, however long that takes."""
    while True:
        try:
            return await port.accept(events)
        except StoreUnavailable:
            await asyncio.sleep(AGAIN_S)
