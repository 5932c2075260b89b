"""What is written of the protocol is what is spoken: docs/protocol.md and docs/asyncapi.json."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from adapters.websocket import asyncapi
from adapters.websocket.connection import HEARTBEAT_S
from adapters.websocket.errors import FATAL, Close, ErrorCode
from adapters.websocket.frames import FROM_CLIENT, FROM_SERVER, type_of
from bridge.client.client import FATAL as CLIENTS_FATAL
from bridge.server import sockets

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "protocol.md").read_text()


def rows(heading: str) -> dict[str, str]:
    """The rows of the tables below a heading, by their first cell."""
    section = PAGE.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    cells = [line.strip("|").split(" | ", 1) for line in section.splitlines() if line.startswith("| ")]
    return {c[0].strip(): c[1] for c in cells if len(c) > 1}


@pytest.mark.parametrize(
    ("heading", "frame"),
    [("What you send", f) for f in FROM_CLIENT if type_of(f) != "hello"]
    + [("What you hear", f) for f in FROM_SERVER if type_of(f) not in ("welcome", "edited")],
    ids=lambda v: v if isinstance(v, str) else v.__name__,
)
def test_every_frame_and_field_stands_in_its_table(heading: str, frame: Any) -> None:
    row = rows(heading)[f"`{type_of(frame)}`"]
    missing = [f for f in frame.model_fields if f != "type" and f"`{f}`" not in row]
    assert not missing


def test_hello_and_welcome_have_tables_of_their_own() -> None:
    table = " ".join(rows("hello and welcome"))
    for frame in (FROM_CLIENT[0], FROM_SERVER[0]):
        assert not [f for f in frame.model_fields if f != "type" and f"`{f}`" not in table]
    assert "`edited`" in rows("What you hear")


def test_optional_fields_are_marked() -> None:
    for frame in FROM_SERVER:
        if type_of(frame) in ("welcome", "edited"):
            continue
        row = rows("What you hear")[f"`{type_of(frame)}`"]
        for name, field in frame.model_fields.items():
            if name != "type":
                assert bool(re.search(rf"`{name}` \?", row)) != field.is_required(), (type_of(frame), name)


def test_every_code_has_its_row() -> None:
    assert {f"`{c.value}`" for c in ErrorCode} == set(rows("Errors")) - {"code", "---"}
    closes = rows("Close codes")
    told = {int(n) for row in closes for n in re.findall(r"\d{4}", row)}
    assert {int(c) for c in Close} <= told
    for code in FATAL - {Close.UNAUTHENTICATED}:
        assert closes[str(int(code))].split("|")[-1].strip() == "no"
    assert set(FATAL) <= CLIENTS_FATAL


def test_the_committed_document_is_the_one_that_is_made() -> None:
    """Else: python -m adapters.websocket.asyncapi > docs/asyncapi.json"""
    assert (DOCS / "asyncapi.json").read_text() == asyncapi.text()


def test_the_document_holds_together() -> None:
    document = json.loads(asyncapi.text())
    assert document["asyncapi"] == "3.0.0"

    def refs(value: Any) -> list[str]:
        if isinstance(value, dict):
            return [r for k, v in value.items() for r in ([v] if k == "$ref" else refs(v))]
        return [r for v in value for r in refs(v)] if isinstance(value, list) else []

    for ref in refs(document):
        found = document
        for part in ref.removeprefix("#/").split("/"):
            found = found[part]
    schemas = document["components"]["schemas"]
    assert schemas["Ack"]["required"] == ["type", "ref", "conversation", "message", "seq"]
    assert schemas["Error"]["properties"]["ref"] == {"title": "Ref", "type": "string"}
    assert len(document["components"]["messages"]) == len(FROM_CLIENT) + len(FROM_SERVER)


def test_the_server_pings_as_often_as_welcome_says() -> None:
    assert sockets.HEARTBEAT_S == HEARTBEAT_S
