"""Buttons below a message: what Telegram takes, and what it refuses (facts: telegram.md 6.7)."""

from __future__ import annotations

from .errors import bad
from .params import Params
from .records import Json

DATA_LIMIT = 64
"""Bytes of callback_data."""
_ACTIONS = {"url", "callback_data", "copy_text", "web_app", "switch_inline_query", "disabled"}


def inline_keyboard(params: Params) -> Json | None:
    """The inline keyboard of a call, or None. Keyboards of other kinds are taken and not shown."""
    markup = params.mapping("reply_markup", "reply keyboard markup")
    rows = markup.get("inline_keyboard")
    if not rows:
        return None
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad("can't parse inline keyboard: expected an Array of Array of InlineKeyboardButton")
    for row in rows:
        for button in row:
            _check(button)
    return {"inline_keyboard": rows}


def _check(button: object) -> None:
    if not isinstance(button, dict):
        raise bad("can't parse inline keyboard button: InlineKeyboardButton must be an Object")
    if not _ACTIONS & button.keys():
        raise bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if "web_app" in button:
        raise bad("BUTTON_TYPE_INVALID")
    data = button.get("callback_data")
    if data is not None and not 1 <= len(str(data).encode()) <= DATA_LIMIT:
        raise bad("BUTTON_DATA_INVALID")
