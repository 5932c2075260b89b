"""The protocol as an AsyncAPI 3 document, made of the frames' types. ``python -m adapters.websocket.asyncapi`` writes it."""

from __future__ import annotations

import inspect
import json
import sys
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from adapters.websocket.frames import FROM_CLIENT, FROM_SERVER, SUBPROTOCOL, type_of

INTRODUCTION = (
    "Text frames, one JSON object each, with a type. The first frame of a client is hello. What each frame means, the order of "
    "things, and the close codes stand in docs/protocol.md."
)


def document() -> dict[str, Any]:
    """The whole document as JSON values (AsyncAPI 3.0.0)."""
    messages = {f"client.{type_of(f)}": f for f in FROM_CLIENT} | {f"server.{type_of(f)}": f for f in FROM_SERVER}
    _, made = models_json_schema(
        [(f, "validation") for f in (*FROM_CLIENT, *FROM_SERVER)], ref_template="#/components/schemas/{model}"
    )
    schemas = made["$defs"]
    for frame in messages.values():
        _complete(schemas[frame.__name__])
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Trunkline websocket protocol", "version": SUBPROTOCOL, "description": INTRODUCTION},
        "defaultContentType": "application/json",
        "channels": {
            "socket": {
                "address": "/ws/{channel}",
                "description": f"The subprotocol {SUBPROTOCOL} must be offered.",
                "parameters": {"channel": {"description": "The name of a websocket channel in the config."}},
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
            }
        },
        "operations": {
            "hear": _operation("receive", "What clients send.", [n for n in messages if n.startswith("client.")]),
            "say": _operation("send", "What the server sends.", [n for n in messages if n.startswith("server.")]),
        },
        "components": {
            "messages": {name: _message(frame) for name, frame in messages.items()},
            "schemas": schemas,
        },
    }


def _operation(action: str, summary: str, names: list[str]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": "#/channels/socket"},
        "summary": summary,
        "messages": [{"$ref": f"#/channels/socket/messages/{name}"} for name in names],
    }


def _message(frame: type[BaseModel]) -> dict[str, Any]:
    return {
        "name": type_of(frame),
        "summary": inspect.getdoc(frame),
        "payload": {"$ref": f"#/components/schemas/{frame.__name__}"},
    }


def _complete(schema: dict[str, Any]) -> None:
    """The type is always there; an optional field that isn't there is left out, not null."""
    schema["required"] = ["type", *(f for f in schema.get("required", ()) if f != "type")]
    for name, field in schema["properties"].items():
        if name in schema["required"] or field.get("default", ...) is not None:
            continue
        del field["default"]
        (kept,) = [choice for choice in field.pop("anyOf") if choice.get("type") != "null"]
        field |= kept


def text() -> str:
    """The document as it is committed."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
