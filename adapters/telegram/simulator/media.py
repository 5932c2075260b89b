"""Files: taken in from a bot or a person, given Telegram's ids, and described as the kind that they are.

Limits and words: core.telegram.org/bots/api#sending-files; td/telegram/files/FileManager.cpp; facts: telegram.md 6.2.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

from .body import UPLOAD_LIMIT
from .errors import bad
from .params import Upload, whole
from .pictures import is_picture, picture_size
from .records import File, Json
from .state import State

DOWNLOAD_LIMIT = 20 * 1024 * 1024
PHOTO_LIMIT = 10 * 1024 * 1024

KINDS = ("photo", "video", "audio", "voice", "document", "animation", "sticker", "video_note")
_FOLDERS = {"photo": "photos", "video": "videos", "audio": "music", "voice": "voice", "animation": "animations",
            "sticker": "stickers", "video_note": "video_notes"}  # fmt: skip
_PREFIX = {"photo": "AgACAgIAAx", "video": "BAACAgIAAx", "audio": "CQACAgIAAx", "voice": "AwACAgIAAx",
           "document": "BQACAgIAAx", "animation": "CgACAgIAAx", "sticker": "CAACAgIAAx",
           "video_note": "DQACAgIAAx"}  # fmt: skip
_MIME = {"photo": "image/jpeg", "video": "video/mp4", "voice": "audio/ogg", "sticker": "image/webp",
         "video_note": "video/mp4", "animation": "video/mp4", "audio": "audio/mpeg"}  # fmt: skip


_TYPE = re.compile(r"[a-z0-9.+-]+/[a-z0-9.+-]+\Z", re.IGNORECASE)


def store_file(state: State, kind: str, upload: Upload) -> File:
    """Keeps an uploaded file as one of `kind` and gives it ids. Raises what Telegram says of unfit pictures."""
    if not upload.data:
        raise bad("file must be non-empty")
    if len(upload.data) > UPLOAD_LIMIT:
        raise bad(f"file of size {len(upload.data)} bytes is too big; the maximum size is {UPLOAD_LIMIT} bytes")
    width, height = _photo(upload.data) if kind == "photo" else picture_size(upload.data)
    number = state.count("file")
    digest = hashlib.sha256(kind.encode() + upload.data).digest()
    unique = "AQAD" + base64.urlsafe_b64encode(digest[:9]).decode()
    private = hashlib.sha256(f"{state.token}:{number}".encode()).digest()
    file_id = _PREFIX[kind] + base64.urlsafe_b64encode(private[:24]).decode() + f"{number:04d}"
    mime = _MIME[kind] if kind == "photo" else _mime(upload.content_type, kind)
    ending = _ending(upload.filename, mime)
    path = f"{_FOLDERS.get(kind, 'documents')}/file_{number}{ending}"
    record = File(file_id, unique, kind, upload.filename, mime, len(upload.data), path, width, height)
    state.store.put_bytes(unique, upload.data)
    state.add(record)
    return record


def _photo(data: bytes) -> tuple[int, int]:
    """Width and height of a picture that may be sent as a photo."""
    if len(data) > PHOTO_LIMIT:
        raise bad(f"file of size {len(data)} bytes is too big for a photo; the maximum size is {PHOTO_LIMIT} bytes")
    if not is_picture(data):
        raise bad("IMAGE_PROCESS_FAILED")
    width, height = picture_size(data)
    if width + height > 10000 or max(width, height) > 20 * min(width, height):
        raise bad("PHOTO_INVALID_DIMENSIONS")
    return width, height


def _mime(told: str, kind: str) -> str:
    """The sender's word for the type, where it is one: it becomes a header of ours."""
    return told if _TYPE.match(told) else _MIME.get(kind, "application/octet-stream")


def _ending(filename: str, mime: str) -> str:
    ending = "." + filename.rpartition(".")[2] if "." in filename else ""
    if ending[1:].isalnum() and len(ending) < 9 and ending.isascii():
        return ending
    return {"image/jpeg": ".jpg", "audio/ogg": ".oga", "video/mp4": ".mp4", "image/webp": ".webp"}.get(mime, "")


def describe_media(file: File, kind: str, given: Json) -> Json:
    """The content fields of a message with that file: ``{"photo": [...]}``, ``{"document": {...}}``…

    `given` are the sender's own words on it: duration, width, height, performer, title, emoji.
    """
    base: Json = {"file_id": file.file_id, "file_unique_id": file.unique_id, "file_size": file.size}
    if kind == "photo":
        return {"photo": _sizes(base, file)}
    extra = _extra(kind, file, given)
    named = {"file_name": file.name, "mime_type": file.mime}
    fields: Json = {**base, **extra}
    if kind in ("document", "video", "audio", "animation"):
        fields.update(named)
    elif kind == "voice":
        fields["mime_type"] = file.mime
    # An animation carries its document too, for clients that know no animations.
    return {kind: fields, "document": {**base, **named}} if kind == "animation" else {kind: fields}


def _extra(kind: str, file: File, given: Json) -> Json:
    duration = {"duration": whole(given.get("duration"))}
    size = {
        "width": whole(given.get("width"), file.width or 640),
        "height": whole(given.get("height"), file.height or 480),
    }
    match kind:
        case "video" | "animation":
            return {**duration, **size}
        case "voice":
            return duration
        case "audio":
            return {**duration, **{name: given[name] for name in ("performer", "title") if given.get(name)}}
        case "video_note":
            return {**duration, "length": whole(given.get("length"), 240)}
        case "sticker":
            moving = {"is_animated": file.name.endswith(".tgs"), "is_video": file.name.endswith(".webm")}
            emoji = {"emoji": given["emoji"]} if given.get("emoji") else {}
            return {"type": "regular", "width": 512, "height": 512, **moving, **emoji}
    return {}


def _sizes(base: Json, file: File) -> list[Json]:
    """A photo's sizes, the largest last; all stand for the same bytes, since nothing is re-encoded here."""
    full = {**base, "width": file.width, "height": file.height}
    scale = 90 / max(file.width, file.height, 1)
    if scale >= 1:
        return [full]
    small = {"width": max(1, int(file.width * scale)), "height": max(1, int(file.height * scale))}
    return [{**full, **small, "file_id": file.file_id, "file_unique_id": file.unique_id + "s"}, full]


def known_file(state: State, file_id: str) -> File:
    """The file that a bot names by its id. Raises for links, which a loopback stand-in doesn't fetch, and unknown ids."""
    if file_id.startswith(("http://", "https://")):
        raise bad("failed to get HTTP URL content")
    file = state.files.get(file_id)
    if file is None:
        raise bad("wrong file identifier/HTTP URL specified")
    return file


def media_files(content: Json) -> list[tuple[str, Any]]:
    """The media fields of a message's content: (kind, what it holds), the largest size for a photo."""
    kinds = ("animation",) if "animation" in content else KINDS
    return [(kind, content[kind][-1] if kind == "photo" else content[kind]) for kind in kinds if kind in content]
