"""File downloads: ``/file/bot<token>/<path>``, by the path that getFile told."""

from __future__ import annotations

from typing import Any

from .body import headers_of
from .context import Context
from .errors import BAD_GATEWAY, ApiError
from .http import Answer, json_answer, request_url
from .media import DOWNLOAD_LIMIT
from .wire import Wire


class Downloads:
    """Answers downloads, and puts them on the wire without their bytes."""

    def __init__(self, context: Context, wire: Wire) -> None:
        self._context = context
        self._wire = wire

    def answer(self, scope: Any, token: str, path: str) -> Answer:
        """The file, or Telegram's envelope with a 401 or 404."""
        headers = headers_of(scope)
        call = self._wire.begin("call", scope["method"], request_url(scope, headers), "file", headers, "")
        answer = self._find(token, path)
        shown = answer.body.decode() if answer.status != 200 else f"<{len(answer.body)} bytes of {answer.content_type}>"
        self._wire.end(call, answer.status, {"content-type": answer.content_type}, shown)
        return answer

    def _find(self, token: str, path: str) -> Answer:
        state = self._context.state
        if self._context.faults.on("down"):
            return Answer(502, BAD_GATEWAY, "text/html")
        if token != state.token:
            return json_answer(ApiError(401).envelope(), 401)
        file = next((one for one in state.files.values() if one.path == path), None)
        data = state.store.read_bytes(file.unique_id) if file and file.size <= DOWNLOAD_LIMIT else None
        if data is None:
            return json_answer(ApiError(404).envelope(), 404)
        return Answer(200, data, "application/octet-stream")
