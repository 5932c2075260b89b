"""Reads one HTTP request's parameters from an ASGI scope: query and body, files included, nothing but the stdlib.

Multipart is cut by hand on bytes: the `email` package decodes text and would spoil binary parts; only each part's few
header lines go through its header parser.
"""

from __future__ import annotations

import json
import re
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl

from .errors import ApiError, bad
from .params import Params, Upload

UPLOAD_LIMIT = 50 * 1000 * 1000
"""Bytes of one file that a bot may upload (core.telegram.org/bots/api#sending-files)."""
BODY_LIMIT = UPLOAD_LIMIT + 1024 * 1024
FIELDS_LIMIT = 1000

_BOUNDARY = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)


def headers_of(scope: Any) -> dict[str, str]:
    """The request's headers with lower-case names, as latin-1 text; a repeated one keeps its last value."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


async def read_body(receive: Any, limit: int = BODY_LIMIT) -> bytes:
    """The whole body. Raises a 413 past `limit` bytes, without having kept more."""
    chunks: list[bytes] = []
    size = 0
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise ConnectionError("the client went away while sending")
        chunk = event.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise ApiError(413)
        chunks.append(chunk)
        if not event.get("more_body", False):
            return b"".join(chunks)


def parse(query: bytes, content_type: str, body: bytes) -> Params:
    """The parameters of query string and body together; the body wins. A body of an unknown type counts as none."""
    params = Params(dict(_pairs(query.decode("latin-1"))))
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json":
        params.values.update(_json_object(body))
    elif kind == "multipart/form-data":
        _multipart(content_type, body, params)
    elif kind == "application/x-www-form-urlencoded" and body:
        params.values.update(_pairs(body.decode("latin-1")))
    return params


def _pairs(text: str) -> list[tuple[str, str]]:
    if not text:
        return []
    try:
        # What isn't UTF-8 survives as surrogates, so that the text check can refuse it as Telegram does.
        return parse_qsl(text, keep_blank_values=True, errors="surrogateescape", max_num_fields=FIELDS_LIMIT)
    except ValueError:
        raise bad("too many parameters") from None


def _json_object(body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    try:
        value = json.loads(body)
    except ValueError:
        raise bad("can't parse JSON encoded body") from None
    if not isinstance(value, dict):
        raise bad("can't parse JSON encoded body: expected an Object")
    return value


def _multipart(content_type: str, body: bytes, params: Params) -> None:
    """Adds the parts of `body` to `params`: a part with a file name is a file, any other is text."""
    found = _BOUNDARY.search(content_type)
    if not found:
        raise bad("boundary was not found in the multipart content type")
    mark = b"--" + found[1].encode("latin-1")
    for part in (b"\r\n" + body).split(b"\r\n" + mark)[1:]:
        if part.startswith(b"--"):
            return
        head, blank, data = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        if blank:
            _add_part(head, data, params)
    raise bad("multipart body has no end")


def _add_part(head: bytes, data: bytes, params: Params) -> None:
    fields = Message()
    for line in head.decode("utf-8", "replace").split("\r\n"):
        title, _, value = line.partition(":")
        fields[title.strip()] = value.strip()
    name = fields.get_param("name", header="content-disposition")
    filename = fields.get_filename()
    if not isinstance(name, str):
        return
    if filename is None:
        params.values[name] = data.decode("utf-8", "surrogateescape")
        return
    if len(data) > UPLOAD_LIMIT:
        raise ApiError(413)
    kind = str(fields.get("content-type", "application/octet-stream"))
    params.files[name] = Upload(filename, kind.partition(";")[0].strip(), data)
