"""The files of a MediaUrl: really fetched, judged by kind and size, and kept."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from .records import Media, Text, channel_of, new_sid
from .sending import Sender
from .state import State

PICTURES = {"image/jpeg", "image/jpg", "image/png", "image/gif"}
LARGEST_PICTURE = 5 * 1024 * 1024
LARGEST_OTHER = 500 * 1024
LARGEST_ON = {"whatsapp": 16 * 1024 * 1024, "messenger": 25 * 1024 * 1024, "rcs": 16 * 1024 * 1024}
"""Of WhatsApp it is documented; the others are assumed."""
TOO_LARGE, NO_TYPE, NOT_FETCHED, NOT_FETCHED_BY_CHANNEL = 30019, 12300, 11200, 63019


class Fetching:
    """Gets the media of messages."""

    def __init__(self, state: State, sender: Sender) -> None:
        self._state = state
        self._sender = sender

    async def fetch(self, text: Text) -> int:
        """Gets every file that is missing; returns an error code, 0 where all came. The caller saves."""
        for url in text.urls[len(text.media) :]:
            channel = channel_of(text.to)
            try:
                most = max(LARGEST_PICTURE, LARGEST_ON.get(channel, 0))
                status, kind, content = await self._sender.fetch(url, most)
            except (OSError, TimeoutError):
                status, kind, content = 0, "", b""
            if code := judged(channel, status, kind, len(content)):
                return code
            text.media.append(self._keep(text, url, kind, content))
        return 0

    def _keep(self, text: Text, url: str, kind: str, content: bytes) -> dict[str, object]:
        name = unquote(urlsplit(url).path.rpartition("/")[2]) or None
        one = Media(
            sid=new_sid("ME"),
            parent=self._state.default_service,
            content_type=kind,
            filename=name,
            size=len(content),
            author=text.sender or "",
            message_sid=text.sid,
        )
        self._state.store.keep_blob(one.sid, content)
        self._state.save(one)
        return {"sid": one.sid, "size": one.size, "content_type": kind, "filename": name}


def judged(channel: str, status: int, kind: str, size: int) -> int:
    """0 for a file that the channel takes, else the code with which its message fails."""
    if not 200 <= status < 300:
        return NOT_FETCHED if channel == "sms" else NOT_FETCHED_BY_CHANNEL
    if "/" not in kind:
        return NO_TYPE if channel == "sms" else NOT_FETCHED_BY_CHANNEL
    if channel == "sms":
        return TOO_LARGE if size > (LARGEST_PICTURE if kind in PICTURES else LARGEST_OTHER) else 0
    return NOT_FETCHED_BY_CHANNEL if size > LARGEST_ON.get(channel, LARGEST_OTHER) else 0
