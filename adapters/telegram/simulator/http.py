"""Just enough HTTP for an ASGI app: the path below where it is mounted, answers, and an answer that breaks off."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

JSON = "application/json"


@dataclass(frozen=True)
class Answer:
    """A whole answer. With `cut`, the connection is closed after the head instead of sending the body."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False


def json_answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    """An answer with a JSON body."""
    return Answer(status, json.dumps(value).encode(), JSON, headers or {})


def route_path(scope: Any) -> str:
    """The request's path below the app's mount point (ASGI keeps the whole path, and the mount point in root_path)."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", "").rstrip("/"))


def request_url(scope: Any, headers: dict[str, str]) -> str:
    """The URL that was asked for, as the client saw it."""
    query = scope.get("query_string", b"").decode("latin-1")
    return f"{scope.get('scheme', 'http')}://{headers.get('host', '')}{scope['path']}{'?' + query if query else ''}"


async def send_answer(send: Any, answer: Answer) -> None:
    """Sends it. A cut one ends early: the server, short of the promised bytes, can only close the connection."""
    size = len(answer.body) or int(answer.cut)
    headers = {"content-type": answer.content_type, "content-length": str(size), **answer.headers}
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
    if not answer.cut:
        await send({"type": "http.response.body", "body": answer.body})
