"""Files that a sender names by URL: what may stand there, and what the URL tells of the file. Pure; nothing is fetched here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from mimetypes import MimeTypes
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from adapters.webhook.addresses import leads_to_loopback
from adapters.webhook.forms import Unfit, clean, text
from bridge.core.content import Attachment, kind_of

MOST = 32
"""Files of one message."""
LONGEST_URL = 4096
UNKNOWN_TYPE = "application/octet-stream"
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,64}/[a-z0-9!#$&^_.+-]{1,128}")
_NOT_IN_A_NAME = re.compile(r'[\x00-\x1f\x7f/\\"]')
_KNOWN = MimeTypes()  # Python's own table: the machine's would make two bridges differ
for _type, _end in (
    ("image/webp", ".webp"),
    ("image/heic", ".heic"),
    ("audio/ogg", ".ogg"),
    ("audio/ogg", ".oga"),
    ("audio/mp4", ".m4a"),
    ("audio/amr", ".amr"),
    ("video/3gpp", ".3gp"),
):
    _KNOWN.add_type(_type, _end)


def flaw(url: str, *, loopback: bool) -> str:
    """What is wrong with a file's URL, empty where nothing is. `loopback` says that files may lie on this machine, where plain
    http will do. What a name resolves to is seen when the file is fetched."""
    parts = _split(url)
    if parts is None or not parts.hostname or len(url) > LONGEST_URL or re.search(r"[^!-~]", url):
        return "not a URL; right is one like https://host/path"
    if parts.username is not None or parts.password is not None:
        return "a user or password stands in the URL"
    if parts.scheme == "https" or (parts.scheme == "http" and loopback and leads_to_loopback(url)):
        return ""
    return "right is an https URL"


def attachments(value: Any, *, loopback: bool) -> tuple[Attachment, ...]:
    """The files of a message. Raises `Unfit`, which names the first that is none."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise Unfit("data.attachments: not a list")
    if len(value) > MOST:
        raise Unfit(f"data.attachments: right are up to {MOST}")
    return tuple(_attachment(v, f"data.attachments[{i}]", loopback) for i, v in enumerate(value))


def _attachment(value: Any, place: str, loopback: bool) -> Attachment:
    if not isinstance(value, Mapping):
        raise Unfit(f"{place}: not an object")
    url = text(value, "url", f"{place}.")
    if wrong := flaw(url, loopback=loopback):
        raise Unfit(f"{place}.url: {wrong}")
    filename = _NOT_IN_A_NAME.sub("_", text(value, "filename", f"{place}."))[:255] or _last_segment(url)
    content_type = text(value, "content_type", f"{place}.").partition(";")[0].strip().lower()
    if not _TYPE.fullmatch(content_type):
        content_type = _guessed(filename) or _guessed(_last_segment(url)) or UNKNOWN_TYPE
    return Attachment(ref=url, content_type=content_type, kind=kind_of(content_type), filename=filename)


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    return parts if port != 0 else None


def _last_segment(url: str) -> str:
    """The file's name as its URL has it, where that has one.

    >>> _last_segment("https://example.com/a/price%20list.pdf?x=1"), _last_segment("https://example.com/a/")
    ('price list.pdf', '')
    """
    name = unquote(urlsplit(url).path.rpartition("/")[2], errors="replace")
    return _NOT_IN_A_NAME.sub("_", clean(name))[:255] if "." in name else ""


def _guessed(filename: str) -> str:
    end = filename.rpartition(".")[2].lower()
    return _KNOWN.types_map[True].get(f".{end}") or _KNOWN.types_map[False].get(f".{end}") or ""
