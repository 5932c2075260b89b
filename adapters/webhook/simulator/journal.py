"""What the simulator remembers over a kill -9: one line of JSON per thing that happened, and the files' bytes beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Json = dict[str, Any]


class Journal:
    """Append-only; `entries` are those of before, in their order. A line that a kill cut short is dropped."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._bytes: dict[str, bytes] = {}
        self.entries: list[Json] = []
        self._file = None
        if folder is not None:
            (folder / "files").mkdir(parents=True, exist_ok=True)
            path = folder / "journal.jsonl"
            text = path.read_text(encoding="utf-8") if path.exists() else ""
            whole = text[: text.rfind("\n") + 1]
            self.entries = [json.loads(line) for line in whole.splitlines()]
            path.write_text(whole, encoding="utf-8")
            self._file = path.open("a", encoding="utf-8")

    def add(self, entry: Json) -> None:
        if self._file is not None:
            self._file.write(json.dumps(entry) + "\n")
            self._file.flush()

    def put_bytes(self, id: str, data: bytes) -> None:
        if self._folder is None:
            self._bytes[id] = data
        else:
            (self._folder / "files" / id).write_bytes(data)

    def read_bytes(self, id: str) -> bytes | None:
        if self._folder is None or not id.isalnum():
            return self._bytes.get(id)
        path = self._folder / "files" / id
        return path.read_bytes() if path.is_file() else None

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
