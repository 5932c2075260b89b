"""What is said of a file that somebody asks for."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.media.blobs import Blob

RETRY_S = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A file whose bytes are in `blobs`; `content_type` and `filename` are its sender's words, which nothing trusts."""

    blob: Blob
    content_type: str
    filename: str


class MediaAway(Exception):
    """The bytes can't be had now. `words` are for who asked; come again after `retry_after_s`, or, where None, never."""

    def __init__(self, words: str, *, retry_after_s: int | None = RETRY_S) -> None:
        super().__init__(words)
        self.words = words
        self.retry_after_s = retry_after_s
