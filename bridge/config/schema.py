"""The JSON Schema of a config, for editors: our own tables and those of each adapter, by their models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from bridge.channel.adapter import Adapter
from bridge.config.bridges import SIDES
from bridge.config.document import REFERENCE
from bridge.config.model import NAME, BridgeTable, Server, Store

Schema = dict[str, Any]

_REFERENCE: Schema = {"$ref": "#/$defs/reference"}
_NAMES: Schema = {"pattern": NAME}
_NARROWING = ("pattern", "enum", "const", "minLength", "maxLength")
"""What would refuse ``env:NAME`` where text is expected; a format is a hint to an editor (a scheme like any it is to `uri`)."""
_ABOUT = ("description", "default", "examples", "deprecated")


def schema(adapters: Mapping[str, Adapter]) -> Schema:
    """The schema of a config that may use `adapters`, by name. Strings, numbers and truth values may all be references."""
    definitions: Schema = {
        "reference": {
            "type": "string",
            "pattern": f"{REFERENCE}.",
            "description": "env:NAME, an environment variable, or file:PATH, the content of a file",
        },
        "channel": _channel(adapters),
    }
    for name, adapter in adapters.items():
        settings = _table(adapter.Settings, f"{name}-channel", definitions)
        _with_key(settings, "adapter", {"const": name, "description": "the kind of network"})
        endpoint = _table(adapter.Endpoint, f"{name}-endpoint", definitions)
        _with_key(endpoint, "channel", {"type": "string", "description": "the name of a channel"})
    bridge = _table(BridgeTable, "bridge", definitions)
    for key, side in SIDES:
        ours = [_ref(f"{name}-endpoint") for name, adapter in adapters.items() if side in adapter.sides]
        bridge["properties"][key]["items"] = {"anyOf": ours} if ours else False
    for model, name in ((Server, "server"), (Store, "store")):
        _table(model, name, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Trunkline configuration",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "server": _ref("server"),
            "store": _ref("store"),
            "channels": {"type": "object", "propertyNames": _NAMES, "additionalProperties": _ref("channel")},
            "bridges": {"type": "object", "propertyNames": _NAMES, "additionalProperties": _ref("bridge")},
        },
        "$defs": definitions,
    }


def _channel(adapters: Mapping[str, Adapter]) -> Schema:
    """The word `adapter` decides what else a channel has."""
    return {
        "type": "object",
        "required": ["adapter"],
        "properties": {"adapter": {"anyOf": [{"enum": sorted(adapters)}, _REFERENCE]}},
        "allOf": [
            {
                "if": {"properties": {"adapter": {"const": name}}, "required": ["adapter"]},
                "then": _ref(f"{name}-channel"),
            }
            for name in sorted(adapters)
        ],
    }


def _table(model: type[BaseModel], name: str, definitions: Schema) -> Schema:
    """Adds `model` to the definitions as `name`, and what it is made of beside it."""
    made = model.model_json_schema(ref_template=f"#/$defs/{name}-{{model}}")
    for inner, definition in made.pop("$defs", {}).items():
        definitions[f"{name}-{inner}"] = _open(definition)
    for key in ("title", "description"):  # the class's own, which are written for us
        made.pop(key, None)
    definitions[name] = _open(made)
    return made


def _open(node: Schema) -> Schema:
    """Lets a reference stand for every value inside `node`, in place."""
    for key, value in node.get("properties", {}).items():
        node["properties"][key] = _value(value)
    for key in ("items", "additionalProperties"):
        if isinstance(node.get(key), dict):
            node[key] = _value(node[key])
    return node


def _value(node: Schema) -> Schema:
    """`node`, or where it would refuse a reference either of the two. Nothing is null in TOML."""
    about: Schema = {key: node.pop(key) for key in _ABOUT if node.get(key) is not None}
    choices = [choice for choice in node.pop("anyOf", [{}]) if choice != {"type": "null"}]
    shared = {key: value for key, value in node.items() if key not in ("title", "default")}
    choices = [_open({**shared, **choice}) for choice in choices]
    if any(map(_refuses_references, choices)):
        choices.append(_REFERENCE)
    return {**about, **(choices[0] if len(choices) == 1 else {"anyOf": choices})}


def _refuses_references(node: Schema) -> bool:
    if node.get("type") in ("integer", "number", "boolean"):
        return True
    return node.get("type") not in ("array", "object") and any(key in node for key in _NARROWING)


def _with_key(table: Schema, key: str, value: Schema) -> None:
    """Adds a needed key to `table`, as its first."""
    table["properties"] = {key: value, **table.get("properties", {})}
    table["required"] = [key, *table.get("required", [])]


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}
