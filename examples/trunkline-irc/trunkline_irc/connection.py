"""A connection to a server: signed in when it is made; bytes become lines."""

from __future__ import annotations

import asyncio

from bridge.core.outcomes import Misconfigured, Unavailable
from trunkline_irc.lines import CONFIGURATION, Line, parse
from trunkline_irc.settings import Settings

ANSWER_S = 10.0
SILENCE_S = 600.0
"""Servers ask a silent client every few minutes whether it is still there."""


class Connection:
    """Made by `connected`. Raises `OSError`, `EOFError` or `ValueError` (a line without an end) where it breaks."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def close(self) -> None:
        self._writer.close()

    async def put(self, *lines: str) -> None:
        self._writer.write(b"".join(line.encode("utf-8", "replace") + b"\r\n" for line in lines))
        await self._writer.drain()

    async def line(self) -> Line:
        """The next one; PINGs are answered on the way."""
        while True:
            async with asyncio.timeout(SILENCE_S):
                raw = await self._reader.readline()
            if not raw:
                raise EOFError("the server closed the connection")
            if (line := parse(raw)).command != "PING":
                return line
            await self.put(f"PONG :{line.params[-1] if line.params else ''}")

    async def sign_in(self, settings: Settings, nick: str) -> None:
        """Raises `Misconfigured` where an admin must mend it, `Unavailable` where it may be mended by waiting."""
        password = [f"PASS :{settings.password.get_secret_value()}"] if settings.password else []
        await self.put(*password, f"NICK {nick}", f"USER {nick} 0 * :{nick}")
        while (line := await self.line()).command != "001":
            if words := CONFIGURATION.get(line.command):
                raise Misconfigured(words, code=line.command)
            if line.command in ("433", "ERROR"):
                raise Unavailable("our nick is in use there" if line.command == "433" else "the server turns us away")
        if settings.rooms:
            await self.put(f"JOIN {','.join(settings.rooms)}")


async def connected(settings: Settings, nick: str) -> Connection:
    async with asyncio.timeout(ANSWER_S):
        connection = Connection(*await asyncio.open_connection(settings.host, settings.port, ssl=settings.tls or None))
        try:
            await connection.sign_in(settings, nick)
        except BaseException:
            connection.close()
            raise
    return connection
