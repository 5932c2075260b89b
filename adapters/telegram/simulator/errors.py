"""The Bot API's refusals: one exception, and the words that the official server would use.

Source of codes, prefixes and the first-letter rule: `Query.cpp` and `fail_query_with_error` of tdlib/telegram-bot-api.
"""

from __future__ import annotations

import re
from typing import Any

PREFIXES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    413: "Request Entity Too Large",
    429: "Too Many Requests",
    500: "Internal Server Error",
}
_CODE_WORD = re.compile(r"[A-Z0-9_]+\Z")


def describe(code: int, text: str) -> str:
    """The `description` for `code`: the prefix, then `text` with its first letter lower-cased.

    The letter stays where the next one is upper case or ``_``: such a text is one of the backend's own (``TOPIC_CLOSED``).
    An empty `text` gives the prefix alone.
    """
    prefix = PREFIXES.get(code, "Bad Request")
    if not text:
        return prefix
    keeps = len(text) > 1 and (text[1].isupper() or text[1] == "_")
    return f"{prefix}: {text if keeps else text[0].lower() + text[1:]}"


class ApiError(Exception):
    """A call that Telegram refuses; becomes ``{"ok": false, …}`` with HTTP status `code`."""

    def __init__(self, code: int, text: str = "", parameters: dict[str, Any] | None = None) -> None:
        # A 403 that is only the backend's code word reaches bots as a 400 (fail_query_with_error).
        self.code = 400 if code == 403 and _CODE_WORD.match(text) else code
        self.parameters = parameters or {}
        self.description = describe(self.code, text)
        super().__init__(self.description)

    def envelope(self) -> dict[str, Any]:
        """The JSON body of the answer."""
        body: dict[str, Any] = {"ok": False, "error_code": self.code, "description": self.description}
        if self.parameters:
            body["parameters"] = self.parameters
        return body


def bad(text: str) -> ApiError:
    """400 with `text` after the prefix."""
    return ApiError(400, text)


def flood(seconds: int) -> ApiError:
    """429 that asks for `seconds` of silence, in words, in `parameters` and (by the app) in ``Retry-After``."""
    return ApiError(429, f"retry after {seconds}", {"retry_after": seconds})


THREAD_NOT_FOUND = "message thread not found"
POLLING_ELSEWHERE = "terminated by other getUpdates request; make sure that only one bot instance is running"
POLLING_WITH_WEBHOOK = (
    "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current "
    "content and reply markup of the message"
)
OLD_QUERY = "query is too old and response timeout expired or query ID is invalid"
BAD_GATEWAY = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n"
    b"<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
"""What stands before the servers answers for them when they are away: a page, not an envelope."""
