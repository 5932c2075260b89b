"""How this protocol says no: one frame is declined and the talk goes on, or the socket is ended with a code.

Declined    answered with an `error` frame
Ended       the socket is closed; FATAL says after which codes the same client need not come back
"""

from __future__ import annotations

from enum import IntEnum, StrEnum


class ErrorCode(StrEnum):
    """Of an `error` frame."""

    BAD_REQUEST = "bad_request"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    TOO_LARGE = "too_large"
    UNSUPPORTED = "unsupported"
    OPTED_OUT = "opted_out"


class Close(IntEnum):
    """Of a close frame; those from 4000 on are ours, the others RFC 6455's and IANA's."""

    GOING_AWAY = 1001
    INTERNAL = 1011
    RESTARTING = 1012
    MALFORMED = 4400
    UNAUTHENTICATED = 4401
    NOT_ALLOWED = 4403
    NO_HELLO = 4408
    TOO_LARGE = 4413
    TOO_MUCH = 4429


FATAL = frozenset({Close.MALFORMED, Close.UNAUTHENTICATED, Close.NOT_ALLOWED, Close.TOO_LARGE})
"""Coming back with the same token and the same frames would end the same way."""


class Declined(Exception):
    """One frame can't be done: `words` are for a person, and the same whether what it names is foreign or absent."""

    def __init__(self, code: ErrorCode, words: str) -> None:
        super().__init__(words)
        self.code = code
        self.words = words


class Ended(Exception):
    """The socket is to be closed; `unsent` says that what waits to be sent still goes out before."""

    def __init__(self, code: Close, words: str, *, unsent: bool = True) -> None:
        super().__init__(words)
        self.code = code
        self.words = words
        self.unsent = unsent


def absent() -> Declined:
    """Foreign and absent are one: whoever asks learns nothing of other people's conversations."""
    return Declined(ErrorCode.NOT_FOUND, "there is no such thing here, or it is not yours")
