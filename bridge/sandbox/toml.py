"""Writes TOML: what simulators say of themselves, whatever it is, in a form that the bridge reads. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any


def value(given: Any) -> str:
    """One value. Raises TypeError: one that TOML has no form for.

    >>> value({"url": "http://127.0.0.1", "hosts": ["a", 1, True]})
    '{ url = "http://127.0.0.1", hosts = ["a", 1, true] }'
    """
    if isinstance(given, str):
        return json.dumps(given, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, int | float):
        return repr(given)
    if isinstance(given, Mapping):
        inner = ", ".join(f"{_key(k)} = {value(v)}" for k, v in present(given).items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(given, Sequence):
        return f"[{', '.join(value(v) for v in given if v is not None)}]"
    raise TypeError(f"TOML has no {type(given).__name__}")


def table(name: str, keys: Mapping[str, Any]) -> str:
    """``[name]`` and its keys; `name` may be dotted and stands as it is given.

    >>> print(table("store", {"url": "sqlite:///a.db", "pool": None}))
    [store]
    url = "sqlite:///a.db"
    """
    return "\n".join([f"[{name}]", *(f"{_key(k)} = {value(v)}" for k, v in present(keys).items())])


def present(keys: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is None: TOML has no word for it."""
    return {k: v for k, v in keys.items() if v is not None}


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else value(name)
