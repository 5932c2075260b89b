"""Blobs in a folder: ``FOLDER/ab/cd/abcd…``, whole or not at all, whenever the power goes."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import hashlib
import os
import tempfile
import threading
from collections.abc import AsyncIterable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, ParamSpec, TypeVar

from bridge.media.blobs import Blob, Missing, StorageFull, StorageUnavailable, TooLarge, is_hash

THREADS = 4
"""Own ones: a disk that hangs must not hold up what else is done in threads (name look-ups)."""
_PART = ".part-"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
P = ParamSpec("P")
R = TypeVar("R")


class FileBlobs:
    """Implements Blobs. Making one touches nothing: a folder that can't be used refuses files and no start."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._threads = ThreadPoolExecutor(THREADS, "blobs")

    async def put(self, chunks: AsyncIterable[bytes], limit: int) -> Blob:
        part, size = _Part(self.folder), 0
        try:
            async for chunk in chunks:
                size += len(chunk)
                if size > limit:
                    raise TooLarge(limit)
                await self._run(part.add, chunk)
            return await self._run(part.keep)
        except BaseException:
            await asyncio.shield(self._run(part.discard))
            raise

    async def open(self, hash: str) -> IO[bytes]:
        opening = asyncio.ensure_future(self._run(self._open, hash))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(_close)
            raise

    async def exists(self, hash: str) -> bool:
        return is_hash(hash) and await self._run(self._exists, hash)

    async def delete(self, hash: str) -> None:
        if is_hash(hash):
            await self._run(self._delete, hash)

    async def sweep(self) -> int:
        """Removes what uploads left behind whose process ended, and says how many; called once at the start. What another
        process writes now stays. Raises `StorageUnavailable`."""
        return await self._run(self._sweep)

    # ---- in threads

    async def _run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        def done() -> R:
            try:
                return work(*args, **kwargs)
            except OSError as error:
                raise _storage(error, self.folder) from error

        return await asyncio.get_running_loop().run_in_executor(self._threads, done)

    def _open(self, hash: str) -> IO[bytes]:
        if not is_hash(hash):
            raise Missing(hash)
        try:
            return _place(self.folder, hash).open("rb")
        except FileNotFoundError:
            raise Missing(hash) from None

    def _exists(self, hash: str) -> bool:
        try:
            _place(self.folder, hash).stat()
        except FileNotFoundError:
            return False
        return True

    def _delete(self, hash: str) -> None:
        _place(self.folder, hash).unlink(missing_ok=True)

    def _sweep(self) -> int:
        _make(self.folder)
        return sum(_abandoned(path) for path in self.folder.glob(f"{_PART}*"))


class _Part:
    """A file on its way in. Its methods run in threads, one at a time; after `discard` the others do nothing: a cancelled
    task doesn't stop the thread that works for it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._over = False
        self._sha = hashlib.sha256()
        self._size = 0
        self._path: Path | None = None
        self._file: IO[bytes] | None = None

    def add(self, chunk: bytes) -> None:
        with self._lock:
            if not self._over:
                self._opened().write(chunk)
                self._sha.update(chunk)
                self._size += len(chunk)

    def keep(self) -> Blob:
        with self._lock:
            blob = Blob(hash=self._sha.hexdigest(), size=self._size)
            if not self._over:
                self._move(_place(self._folder, blob.hash))
            return blob

    def discard(self) -> None:
        with self._lock:
            self._over = True
            if self._file is not None:
                with contextlib.suppress(OSError):  # what is buffered finds no room
                    self._file.close()
            if self._path is not None:
                self._path.unlink(missing_ok=True)

    def _opened(self) -> IO[bytes]:
        """In the folder itself: a rename within one file system is the only one that is whole or not at all."""
        if self._file is None:
            _make(self._folder)
            fd, name = tempfile.mkstemp(prefix=_PART, dir=self._folder)  # mode 0600
            self._path, self._file = Path(name), os.fdopen(fd, "wb")
            fcntl.flock(fd, fcntl.LOCK_EX)  # says to `sweep` that it is written to; ends with the process
        return self._file

    def _move(self, place: Path) -> None:
        """Bytes before name, name before answer. A copy that is there already is replaced: it may be damaged, this one isn't."""
        file = self._opened()
        assert self._path is not None  # noqa: S101 - set where the file is opened
        file.flush()
        os.fsync(file.fileno())
        _make(place.parent.parent)
        _make(place.parent)
        self._path.replace(place)
        self._path = None
        for folder in (place.parent, place.parent.parent, self._folder):
            _sync(folder)
        file.close()


def _place(folder: Path, hash: str) -> Path:
    return folder / hash[:2] / hash[2:4] / hash


def _make(folder: Path) -> None:
    """For our user alone; the folders above it, where they are missing, as is usual."""
    try:
        folder.mkdir(mode=0o700)
    except FileNotFoundError:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    except FileExistsError as error:
        if not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from error


def _sync(folder: Path) -> None:
    """A new name is durable once its folder is."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _abandoned(path: Path) -> bool:
    """Removes a part that nobody writes to. One that was made this very moment may be taken for such: its upload fails and is
    repeated, and nothing is lost."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
    except (BlockingIOError, FileNotFoundError):
        return False
    return True


def _storage(error: OSError, folder: Path) -> StorageUnavailable:
    if error.errno in _FULL:
        return StorageFull(f"the media folder {folder} is full ({error.strerror}): make room there")
    why = error.strerror or type(error).__name__
    return StorageUnavailable(
        f"the media folder {folder} can’t be used ({why}): it must be a folder that we may write to"
    )


def _close(opening: asyncio.Future[IO[bytes]]) -> None:
    """Nobody waits for this file any more."""
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()
