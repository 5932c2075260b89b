"""The parameters of one call, whatever way they came: query, form, multipart or JSON.

Telegram's server takes all four and reads nested values as JSON strings (in a JSON body as they are), booleans as
``true``/``1``/``yes`` and numbers leniently; that leniency is kept here, since clients rely on it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from .errors import bad

_TRUE = {"true", "1", "yes", "t", "y"}


def whole(value: object, default: int = 0) -> int:
    """A number read as leniently as the server's `to_integer`: `default` for what is none."""
    try:
        return int(str(value))
    except ValueError:
        return default


@dataclass(frozen=True)
class Upload:
    """A file that came inside a multipart body."""

    filename: str
    content_type: str
    data: bytes


@dataclass
class Params:
    """Named values and uploaded files; a name that is absent reads as empty, zero, false or None."""

    values: dict[str, Any] = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """Whether the parameter was given, be it empty."""
        return self.values.get(name) is not None or name in self.files

    def text(self, name: str) -> str:
        """The value as text; ``""`` where absent."""
        value = self.values.get(name)
        if value is None:
            return ""
        if isinstance(value, str):
            return value
        if isinstance(value, bool):
            return "true" if value else "false"
        return json.dumps(value) if isinstance(value, dict | list) else str(value)

    def integer(self, name: str, default: int = 0) -> int:
        """The value as a number; `default` where absent or not a number."""
        return whole(self.text(name), default)

    def number(self, name: str) -> float:
        """The value as a float; 0.0 where absent or unreadable."""
        try:
            return float(self.text(name) or 0)
        except ValueError:
            return 0.0

    def flag(self, name: str) -> bool:
        """The value as a boolean; false where absent."""
        return self.text(name).strip().lower() in _TRUE

    def json(self, name: str, what: str) -> Any:
        """The nested value, or None where absent or empty. Refuses with ``can't parse WHAT JSON object``."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise bad(f"can't parse {what} JSON object") from None

    def mapping(self, name: str, what: str) -> dict[str, Any]:
        """The nested object; empty where absent."""
        value = self.json(name, what)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise bad(f"can't parse {what}: expected an Object")
        return value

    def listing(self, name: str, what: str) -> list[Any] | None:
        """The nested array; None where absent."""
        value = self.json(name, what)
        if value is not None and not isinstance(value, list):
            raise bad(f"can't parse {what}: expected an Array")
        return value
