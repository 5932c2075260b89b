"""A socket beside the database (mode 0600), by which other commands ask the running bridge: one JSON line in, one out."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

Answer = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
LONGEST_PATH = 100
"""Unix sockets have short names: 108 bytes on Linux, 104 on macOS."""
_log = logging.getLogger("trunkline.control")


def socket_path(database: Path) -> Path:
    return database.with_name(database.name + ".sock")


async def listen(path: Path, answer: Answer) -> asyncio.Server | None:
    """Answers until it is closed; None where the folder's name is too long for a socket."""
    if len(str(path).encode()) > LONGEST_PATH:
        _log.warning("no control socket: its path is too long", extra={"path": str(path)})
        return None

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(json.dumps(await answer(_question(line))).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    return await asyncio.start_unix_server(serve, sock=_private(path))


def _private(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)  # of an ended process: the store's lock says that no other lives
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.bind(str(path))
    path.chmod(0o600)
    return sock


def _question(line: bytes) -> dict[str, Any]:
    question = json.loads(line)
    return question if isinstance(question, dict) else {}


async def ask(path: Path, question: dict[str, Any]) -> dict[str, Any]:
    """Asks the running bridge. Raises OSError where there is none."""
    reader, writer = await asyncio.open_unix_connection(path)
    try:
        writer.write(json.dumps(question).encode() + b"\n")
        return _question(await reader.readline())
    finally:
        writer.close()
