"""Where the bytes of files are kept: under the hash of what they are, so that the same file is there once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterable
from dataclasses import dataclass
from typing import IO, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """Kept bytes: `hash` is their SHA-256 in hexadecimal, `size` their number."""

    hash: str
    size: int


class Blobs(Protocol):
    """A content-addressed store of files: a folder, an object storage. Each call may be made from many tasks at once."""

    async def put(self, chunks: AsyncIterable[bytes], limit: int) -> Blob:
        """Keeps what `chunks` yields, and is durable when it returns. Raises `TooLarge` as soon as it is more than `limit`
        bytes, `StorageUnavailable`, or what `chunks` raised; then nothing of it stays. The bytes are never in memory as a whole.
        """

    async def open(self, hash: str) -> IO[bytes]:
        """A file opened at its start, which can seek and stays whole if it is deleted meanwhile. Whoever asked closes it, and
        reads it in a thread: its bytes may be far away. Raises `Missing` or `StorageUnavailable`."""

    async def exists(self, hash: str) -> bool:
        """Raises `StorageUnavailable`."""

    async def delete(self, hash: str) -> None:
        """Nothing to delete is success. Raises `StorageUnavailable`."""


class BlobError(Exception):
    """A file couldn't be kept or had."""


class TooLarge(BlobError):
    """More than `limit` bytes came."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the file is larger than {limit} bytes")
        self.limit = limit


class StorageUnavailable(BlobError):
    """The storage can't be used now; the words name it and what an admin can do. Nothing was kept, later may do."""


class StorageFull(StorageUnavailable):
    """There is no room left."""


class Missing(BlobError):
    """No file has this hash."""

    def __init__(self, hash: str) -> None:
        super().__init__(f"there is no file {hash[:64]}")
        self.hash = hash


async def digest(chunks: AsyncIterable[bytes], limit: int) -> Blob:
    """What `put` would say of them, without keeping anything. Raises `TooLarge`, or what `chunks` raised."""
    sha, size = hashlib.sha256(), 0
    async for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise TooLarge(limit)
        sha.update(chunk)
    return Blob(hash=sha.hexdigest(), size=size)


def is_hash(text: str) -> bool:
    """Can `text` be a blob's hash? It may come from outside, and becomes a path.

    >>> is_hash("a" * 64), is_hash("../" + "a" * 61)
    (True, False)
    """
    return re.fullmatch(r"[0-9a-f]{64}", text) is not None
