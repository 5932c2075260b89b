"""pydantic's errors in words that say what would be right. None of them repeats a value: it may be a secret."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from bridge.config.problems import quoted, suggestion

_FOUND: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "true or false"),  # before int: a bool is one
    (int, "a number"),
    (float, "a number"),
    (str, "text"),
    (list, "a list"),
    (dict, "a table"),
    ((dt.date, dt.time), "a date or time"),
)

_WANTED = {
    "string_type": "text in quotes",
    "int_type": "a whole number without quotes",
    "float_type": "a number without quotes",
    "bool_type": "true or false without quotes",
    "list_type": "a list in [ ]",
    "tuple_type": "a list in [ ]",
    "dict_type": "a table in { }",
    "model_type": "a table in { }",
    "model_attributes_type": "a table in { }",
}

_BOUNDS = {
    "string_too_short": "too short; right is {min_length} characters or more",
    "string_too_long": "too long; right is {max_length} characters or fewer",
    "too_short": "too few; right is a list of {min_length} or more",
    "too_long": "too many; right is a list of {max_length} or fewer",
    "greater_than_equal": "too small; right is {ge} or more",
    "greater_than": "too small; right is more than {gt}",
    "less_than_equal": "too large; right is {le} or less",
    "less_than": "too large; right is less than {lt}",
}

NUMBERS = ("int_type", "float_type", "bool_type")
"""What a reference may stand for although all it can give is text."""


def kind(value: Any) -> str:
    """What was found where something else belongs."""
    return next((words for types, words in _FOUND if isinstance(value, types)), "something else")


def known(model: type[BaseModel]) -> list[str]:
    """The keys of a table."""
    return [field.alias or name for name, field in model.model_fields.items()]


def unknown_key(key: str, keys: list[str]) -> str:
    return f"unknown key; {suggestion(key, keys) if keys else 'there is none like it here'}"


def needed(model: type[BaseModel], key: str) -> str:
    """The first sentence of a key's description: what would be right."""
    field = next((f for name, f in model.model_fields.items() if key in (name, f.alias)), None)
    words = ((field.description if field else None) or "a value that it takes").split(". ")[0].removesuffix(".")
    return f"right is {words}"


def reworded(error: ErrorDetails, model: type[BaseModel], value: Any, *, shown: bool) -> str:
    """The words for `error` at a key of `model`, where `value` stands in the file. Only what the words of a choice suggest
    depends on the value, and only where it may be `shown`."""
    kind_of_error, context = error["type"], error.get("ctx") or {}
    key = str(error["loc"][0]) if error["loc"] else ""
    if kind_of_error == "missing":
        return f"missing; {needed(model, key)}"
    if kind_of_error == "extra_forbidden":
        return unknown_key(str(error["loc"][-1]), known(model) if len(error["loc"]) == 1 else [])
    if kind_of_error in _WANTED:
        return f"{kind(value)} stands here; right is {_WANTED[kind_of_error]}"
    if kind_of_error in ("literal_error", "enum"):
        return _choice(str(context.get("expected", "")), value if shown else None)
    if kind_of_error in ("value_error", "assertion_error"):
        return str(context.get("error", error["msg"]))
    if kind_of_error == "string_pattern_mismatch":
        return f"not of the form it should have; {needed(model, key)}"
    return _bounds(kind_of_error, context, value) or f"not right; {needed(model, key)}"


def _choice(expected: str, value: Any) -> str:
    choices = expected.replace("'", '"')
    if not isinstance(value, str):
        return f"not one of the choices; right is {choices}"
    return f"{quoted(value)} is not one of the choices; right is {choices}"


def _bounds(kind_of_error: str, context: Mapping[str, Any], value: Any) -> str:
    if value == "" and kind_of_error in ("string_too_short", "too_short"):
        return "empty; give it a value"
    if isinstance(value, str) and kind_of_error in ("too_short", "too_long"):
        kind_of_error = f"string_{kind_of_error}"  # what pydantic says of a secret
    return _BOUNDS.get(kind_of_error, "").format_map(context)
