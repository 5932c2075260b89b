"""Between a store and its server: a cable that can be cut at the worst moment."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

Cut = Literal["before", "after"]
COMMIT = b"commit\0"


class Proxy:
    """Listens in `sockets`. `cut` loses the next COMMIT before it reaches the server, or the answer to it, which
    is not lost before `telling` is set. While `hearing` is unset nothing passes to the server."""

    def __init__(self, server: Path) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="tl-")
        self.sockets = Path(self._folder.name)
        self._server = server / ".s.PGSQL.5432"
        self.cut: Cut | None = None
        self.cuts = 0
        self.hearing = asyncio.Event()
        self.hearing.set()
        self.telling = asyncio.Event()
        self.telling.set()
        self.answered = asyncio.Event()
        self._ends: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._listening = await asyncio.start_unix_server(self._meet, self.sockets / ".s.PGSQL.5432")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, e: BaseException | None, at: TracebackType | None
    ) -> None:
        self._listening.close()
        for end in self._ends:
            end.transport.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._folder.cleanup()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            there, to_server = await asyncio.open_unix_connection(self._server)
        except OSError:
            writer.transport.abort()
            return
        self._ends |= {writer, to_server}
        lost = asyncio.Event()
        back = asyncio.create_task(self._back(there, writer, lost))
        self._tasks.add(back)
        await self._forth(reader, to_server, lost)
        writer.transport.abort()

    async def _forth(self, reader: asyncio.StreamReader, to_server: asyncio.StreamWriter, lost: asyncio.Event) -> None:
        while data := await self._chunk(reader):
            await self.hearing.wait()
            if COMMIT in data and self.cut is not None:
                cut, self.cut = self.cut, None
                self.cuts += 1
                if cut == "before":
                    break
                lost.set()
            to_server.write(data)
        to_server.close()

    async def _back(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter, lost: asyncio.Event) -> None:
        while data := await self._chunk(there):
            if lost.is_set():  # the server has answered, so it is done; nobody hears it
                self.answered.set()
                await self.telling.wait()
                break
            writer.write(data)
        writer.transport.abort()

    async def _chunk(self, reader: asyncio.StreamReader) -> bytes:
        try:
            return await reader.read(65536)
        except OSError:
            return b""
