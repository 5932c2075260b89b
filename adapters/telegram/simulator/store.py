"""Keeps the simulator's records over a kill -9: one SQLite table of JSON texts, and the files' bytes beside it."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

Key = tuple[str, str]


class Store:
    """Write-through of whole records. What was put is written by the next `flush`, in one transaction, so that a message
    and its update are on the disk together or not at all. Without a folder it keeps nothing but the files' bytes."""

    def __init__(self, folder: Path | None) -> None:
        self._pending: dict[Key, Any] = {}
        self._bytes: dict[str, bytes] = {}
        self._files: Path | None = None
        self._db: sqlite3.Connection | None = None
        if folder is not None:
            self._files = folder / "files"
            self._files.mkdir(parents=True, exist_ok=True)
            self._db = _open(folder / "telegram.db")

    def rows(self, kind: str) -> list[Any]:
        """The stored values of one kind, in the order of their first writing."""
        if self._db is None:
            return []
        found = self._db.execute("SELECT body FROM thing WHERE kind = ? ORDER BY rowid", (kind,))
        return [json.loads(body) for (body,) in found]

    def put(self, kind: str, key: object, value: Any) -> None:
        """Remembers `value` (JSON) for the next flush; None removes it. It may still change until then."""
        if self._db is not None:
            self._pending[kind, str(key)] = value

    def flush(self) -> None:
        """Commits what was put. After this a kill -9 loses none of it (WAL; a power cut may)."""
        if self._db is None or not self._pending:
            return
        gone = [key for key, value in self._pending.items() if value is None]
        kept = [(*key, json.dumps(value)) for key, value in self._pending.items() if value is not None]
        self._db.execute("BEGIN")
        self._db.executemany("DELETE FROM thing WHERE kind = ? AND key = ?", gone)
        self._db.executemany(
            "INSERT INTO thing (kind, key, body) VALUES (?, ?, ?) ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body",
            kept,
        )
        self._db.execute("COMMIT")
        self._pending.clear()

    def put_bytes(self, name: str, data: bytes) -> None:
        """Keeps a file's bytes under a name of ours (never a sender's)."""
        if self._files is None:
            self._bytes[name] = data
        elif not (path := self._files / name).exists():
            partial = path.with_suffix(".part")
            partial.write_bytes(data)
            partial.rename(path)

    def read_bytes(self, name: str) -> bytes | None:
        """A file's bytes, or None where there is none of that name."""
        if self._files is None:
            return self._bytes.get(name)
        path = self._files / name
        return path.read_bytes() if path.is_file() else None

    def close(self) -> None:
        """Writes what is left and closes the database."""
        self.flush()
        if self._db is not None:
            self._db.close()
            self._db = None


def _open(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute(
        "CREATE TABLE IF NOT EXISTS thing (kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, UNIQUE (kind, key))"
    )
    return db
