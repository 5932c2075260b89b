"""The server: enough of RFC 2812 for a client that writes in private, with its errors, limits and faults."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import Callable
from typing import Any

NAME = "irc.simulated.example"
LINE_BYTES = 512
NICK = re.compile(r"[A-Za-z\[\]\\`_^{|}][A-Za-z0-9\[\]\\`_^{|}-]{0,29}")
FOLD = str.maketrans("[]\\^", "{}|~")
FLOOD_LINES, FLOOD_S = 20, 2.0
"""A client that has more than so many lines on account, one of which is paid off in so many seconds, is put out."""
Hears = Callable[[str, str, str], bool]
"""Somebody wrote (from, to, text): is there a person of that nick?"""


def fold(nick: str) -> str:
    return nick.lower().translate(FOLD)


class Client:
    """One connection."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.nick = self.password = ""
        self.user = False
        self.signed_in = False
        self.rooms: set[str] = set()
        self.account = 0.0
        self.counted_at = time.monotonic()

    @property
    def mask(self) -> str:
        return f"{self.nick}!~{self.nick[:9]}@127.0.0.1"

    def put(self, line: str, prefix: str = NAME) -> None:
        """Longer lines are cut, as a server does."""
        if not self.writer.is_closing():
            raw = f":{prefix} {line}".encode("utf-8", "replace")[: LINE_BYTES - 2]
            self.writer.write(raw.decode("utf-8", "ignore").encode() + b"\r\n")

    def number(self, code: str, words: str) -> None:
        self.put(f"{code} {self.nick or '*'} {words}")

    def floods(self, flood: bool) -> bool:
        now = time.monotonic()
        self.account = max(0.0, self.account - (now - self.counted_at) / FLOOD_S) + 1
        self.counted_at = now
        return flood and self.account > FLOOD_LINES


class Server:
    """`faults` are those that are on, with their values; `people` answers for those who have no connection."""

    def __init__(self, password: str, people: Hears, faults: dict[str, Any]) -> None:
        self._password = password
        self._people = people
        self._faults = faults
        self._clients: set[Client] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, sock=self._listener)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        self._listener.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def split(self) -> None:
        """A netsplit: everybody is cut off."""
        for client in self._clients:
            client.writer.close()

    def deliver(self, sender: str, to: str, text: str) -> bool:
        """A person's words; False where nobody of that nick is connected."""
        found = self._find(to)
        if found is not None:
            found.put(f"PRIVMSG {found.nick} :{text}", f"{sender}!~{sender}@person.example")
        return found is not None

    def renamed(self, old: str, new: str) -> None:
        """Seen by those who sit in a room: there everybody is."""
        for client in self._clients:
            if client.rooms:
                client.put(f"NICK :{new}", f"{old}!~{old}@person.example")

    def _find(self, nick: str) -> Client | None:
        return next((c for c in self._clients if c.signed_in and fold(c.nick) == fold(nick)), None)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101
        self._tasks.add(task)
        client = Client(writer)
        self._clients.add(client)
        try:
            while not self._faults.get("down") and (raw := await reader.readline()):
                words = raw.decode("utf-8", "replace").rstrip("\r\n")
                if not await self._line(client, words):
                    break
                await writer.drain()
        except (ConnectionError, ValueError):
            pass  # gone, or a line without an end
        finally:
            self._clients.discard(client)
            self._tasks.discard(task)
            writer.close()

    async def _line(self, client: Client, line: str) -> bool:
        """False ends the connection."""
        head, colon, last = line.partition(" :")
        command, *params = head.split() or [""]
        params += [last] if colon else []
        if client.floods(not self._faults.get("patient")):
            client.put("ERROR :Closing Link: (Excess Flood)")
            return False
        match command.upper():
            case "PASS" if params:
                client.password = params[0]
            case "CAP" if params[:1] == ["REQ"]:
                client.put(f"CAP * NAK :{params[-1]}")
            case "NICK" if params:
                return self._nick(client, params[0])
            case "USER":
                client.user = True
                return self._sign_in(client)
            case "PING":
                return await self._ping(client, params)
            case "QUIT":
                return False
            case "CAP" | "PONG" | "":
                pass
            case other if client.signed_in:
                return self._command(client, other, params)
            case _:
                client.number("451", ":You have not registered")
        return True

    def _command(self, client: Client, command: str, params: list[str]) -> bool:
        match command:
            case "JOIN" if params:
                for room in params[0].split(","):
                    client.rooms.add(room)
                    client.put(f"JOIN {room}", client.mask)
            case "PART" if params:
                client.rooms -= set(params[0].split(","))
            case "PRIVMSG" | "NOTICE":
                return self._message(client, params)
            case _:
                client.number("421", f"{command} :Unknown command")
        return True

    def _nick(self, client: Client, nick: str) -> bool:
        if not NICK.fullmatch(nick):
            client.number("432", f"{nick} :Erroneous nickname")
        elif (holder := self._find(nick)) is not None and holder is not client:
            client.number("433", f"{nick} :Nickname is already in use")
        else:
            client.nick = nick
            return self._sign_in(client)
        return True

    def _sign_in(self, client: Client) -> bool:
        if client.signed_in or not client.nick or not client.user:
            return True
        if self._faults.get("password") or client.password != self._password:
            client.number("464", ":Password incorrect")
            return False
        client.signed_in = True
        client.number("001", f":Welcome to the simulated IRC, {client.mask}")
        client.number("422", ":MOTD File is missing")
        return True

    async def _ping(self, client: Client, params: list[str]) -> bool:
        if seconds := self._faults.get("slow"):
            await asyncio.sleep(float(seconds))
        if self._faults.pop("garbage", None):
            client.writer.write(b"\xff\xfe\x00 :::: \r\n")
            return False
        if self._faults.pop("cut_now", None):
            return False
        client.put(f"PONG {NAME} :{params[-1] if params else ''}")
        return True

    def _message(self, client: Client, params: list[str]) -> bool:
        if len(params) < 2 or not params[1]:
            client.number("412", ":No text to send")
            return True
        if self._faults.pop("cut_before", None):
            return False
        if seconds := self._faults.get("rate"):
            client.number("439", f"{params[0]} :Message target change too fast. Please wait {seconds} seconds.")
            return True
        if self._faults.pop("cut_after", None):
            self._faults["cut_now"] = True
        text = params[1].encode("utf-8", "replace")
        room = LINE_BYTES - 2 - len(f":{client.mask} PRIVMSG {params[0]} :".encode())
        shown = text[:room].decode("utf-8", "ignore")
        other = self._find(params[0])
        if other is not None:
            other.put(f"PRIVMSG {other.nick} :{shown}", client.mask)
        elif not self._people(client.nick, params[0], shown):
            client.number("401", f"{params[0]} :No such nick/channel")
        return True
