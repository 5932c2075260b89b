"""A loopback stand-in of Twilio: Conversations and Programmable Messaging, by REST, media, webhooks with true signatures,
and the customers' phones.

It imports nothing of the bridge. `create` is the entry point ``twilio`` of the group ``trunkline.simulators``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .simulator import TwilioSimulator


def create(
    *, base_url: str, folder: Path | None, observe: Callable[[dict[str, Any]], None], **options: Any
) -> TwilioSimulator:
    """A simulator that answers below `base_url` and keeps its state in `folder` (None: in memory).

    `options` are the fields of `Options`: account_sid, auth_token, api_keys, receipt_delay, messaging and so on.
    """
    from .options import Options
    from .simulator import TwilioSimulator

    return TwilioSimulator(base_url, folder, observe, Options(**options))
