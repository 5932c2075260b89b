"""Sends with a file, albums, and getFile. Rules: facts telegram.md 6.2, 6.3."""

from __future__ import annotations

import base64
import functools
from typing import Any

from . import render
from .context import Context, Handler, find_target
from .errors import bad
from .media import DOWNLOAD_LIMIT, describe_media, known_file, store_file
from .methods_send import post, put
from .params import Params
from .records import File, Json
from .text import caption_fields, message_caption

ALBUM_LIMIT = 10
_PLURALS = {"photo": "photos", "video": "videos", "audio": "music", "voice": "voice notes", "document": "documents",
            "animation": "other messages", "sticker": "other messages", "video_note": "video notes"}  # fmt: skip
_GIVEN = ("duration", "width", "height", "length", "performer", "title", "emoji")
_ALONE = {"audio": "Audio", "document": "Document"}


def send_file(kind: str, context: Context, params: Params) -> Any:
    """sendPhoto, sendDocument and so on: a new file or one by its id, with a caption where the kind takes one."""
    target = find_target(context, params, _PLURALS[kind])
    caption = {} if kind in ("sticker", "video_note") else message_caption(params)
    file = find_file(context, params, kind, kind, params.text(kind))
    given = {name: params.text(name) for name in _GIVEN if params.has(name)}
    return put(context, target, kind, {**describe_media(file, kind, given), **caption}, params)


def find_file(context: Context, params: Params, kind: str, part: str, value: str) -> File:
    """The file of a call: uploaded under its own name (`part`), under ``attach://NAME`` in `value`, or known by its id."""
    if value.startswith("attach://"):
        part = value.removeprefix("attach://")
    if part in params.files:
        return store_file(context.state, kind, params.files[part])
    if not value or value.startswith("attach://"):
        raise bad(f"there is no {kind.replace('_', ' ')} in the request")
    file = known_file(context.state, value)
    if file.kind != kind:
        raise bad(f"can't use file of type {file.kind.title()} as {kind.title()}")
    return file


def send_album(context: Context, params: Params) -> Any:
    """sendMediaGroup: 1 to 10 messages with one media_group_id; each counts for the limit."""
    target = find_target(context, params, "photos")
    items = params.listing("media", "media") or []
    _check_album(items)
    contents = [(str(one["type"]), album_content(context, params, one)) for one in items]
    context.faults.spend("message", target.group.key, len(items))
    together = {"media_group_id": str(14_000_000_000_000_000 + context.state.count("file"))} if len(items) > 1 else {}
    messages = [post(context, target, kind, content, params, extra=together) for kind, content in contents]
    return [render.message(context.state, message) for message in messages]


def _check_album(items: list[Any]) -> None:
    if not items:
        raise bad("there are no messages to send")
    if len(items) > ALBUM_LIMIT:
        raise bad("too many messages to send as an album")
    kinds = {one.get("type") if isinstance(one, dict) else None for one in items}
    if not kinds <= {"photo", "video", "audio", "document"}:
        raise bad("can't parse InputMedia: type must be one of photo, video, audio, document")
    for kind, word in _ALONE.items():
        if kind in kinds and len(kinds) > 1:
            raise bad(f"{word} can't be mixed with other media types")


def album_content(context: Context, params: Params, item: Json) -> Json:
    """The content of one InputMedia object, its own caption included."""
    kind = str(item["type"])
    file = find_file(context, params, kind, "", str(item.get("media") or ""))
    caption = caption_fields(
        str(item.get("caption") or ""), str(item.get("parse_mode") or ""), item.get("caption_entities")
    )
    return {**describe_media(file, kind, item), **caption}


def get_file(context: Context, params: Params) -> Any:
    """getFile: where to download a file, up to 20 MiB."""
    file_id = params.text("file_id")
    if not file_id:
        raise bad("file_id not specified")
    file = context.state.files.get(file_id)
    if file is None:
        raise bad("wrong file_id or the file is temporarily unavailable" if _is_id(file_id) else "invalid file_id")
    if file.size > DOWNLOAD_LIMIT:
        raise bad("file is too big")
    found = {"file_id": file.file_id, "file_unique_id": file.unique_id}
    return {**found, "file_size": file.size, "file_path": file.path}


def _is_id(text: str) -> bool:
    """Whether the text could be a file id at all (they are URL-safe base64)."""
    try:
        return len(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))) > 16
    except ValueError:
        return False


METHODS: dict[str, Handler] = {
    "sendMediaGroup": send_album,
    "getFile": get_file,
    **{
        f"send{kind.title().replace('_', '')}": functools.partial(send_file, kind)
        for kind in ("photo", "video", "audio", "voice", "document", "animation", "sticker", "video_note")
    },
}
