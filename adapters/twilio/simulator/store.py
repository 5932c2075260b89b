"""Where the records outlive the process: one SQLite file, written through; and a folder of media bytes beside it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from .records import Json

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS record (sid TEXT PRIMARY KEY, kind TEXT NOT NULL, data TEXT NOT NULL) WITHOUT ROWID"
)


class Store:
    """Without a folder it keeps no records at all, and the media bytes in memory.

    WAL with synchronous=NORMAL: what was written survives the death of the process (not of the machine), and a write
    costs no fsync.
    """

    def __init__(self, folder: Path | None) -> None:
        self._blobs: dict[str, bytes] = {}
        self._media: Path | None = None
        self._db: sqlite3.Connection | None = None
        if folder is not None:
            self._media = folder / "media"
            self._media.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(folder / "twilio.db", isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute(SCHEMA)

    def load(self) -> Iterator[tuple[str, Json]]:
        """Every stored record as (kind, values), in no order."""
        if self._db is not None:
            for kind, data in self._db.execute("SELECT kind, data FROM record"):
                yield kind, json.loads(data)

    def write(self, changed: Iterable[tuple[str, str, Json]], gone: Iterable[str]) -> None:
        """Stores (sid, kind, values) and removes sids, all or nothing."""
        if self._db is None:
            return
        rows = [(sid, kind, json.dumps(values)) for sid, kind, values in changed]
        with self._db:
            self._db.execute("BEGIN")
            self._db.executemany("INSERT OR REPLACE INTO record VALUES (?, ?, ?)", rows)
            self._db.executemany("DELETE FROM record WHERE sid = ?", [(sid,) for sid in gone])

    def keep_blob(self, sid: str, data: bytes) -> None:
        """Stores media bytes; the file appears whole or not at all."""
        if self._media is None:
            self._blobs[sid] = data
            return
        partial = self._media / f"{sid}.part"
        partial.write_bytes(data)
        partial.replace(self._media / sid)

    def blob(self, sid: str) -> bytes:
        """The media bytes; empty where there are none."""
        if self._media is None:
            return self._blobs.get(sid, b"")
        path = self._media / sid
        return path.read_bytes() if path.is_file() else b""

    def drop_blob(self, sid: str) -> None:
        """Removes media bytes."""
        self._blobs.pop(sid, None)
        if self._media is not None:
            (self._media / sid).unlink(missing_ok=True)

    def close(self) -> None:
        """Closes the file; harmless twice."""
        if self._db is not None:
            self._db.close()
            self._db = None
