"""One nick on one server as a channel: a connection that comes back by itself."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from bridge.channel import (
    Binding,
    Forged,
    Opened,
    Opening,
    Outbound,
    Port,
    Received,
    Request,
    Sent,
)  # fmt: skip
from bridge.channel.staying import accept_surely, stay_connected
from bridge.core.capabilities import Capabilities
from bridge.core.events import BindingSeen
from bridge.core.ids import BindingKey, EndpointKey, RemoteId
from bridge.core.outcomes import RateLimited, Refused, Scope, SendError, Unavailable, Unsure
from trunkline_irc import inbound
from trunkline_irc.connection import ANSWER_S, Connection, connected
from trunkline_irc.lines import LINE_BYTES, Line, fold, refusal, wrapped
from trunkline_irc.settings import NICK, Settings

BURST = 10
CAPABILITIES = Capabilities(
    noun="an IRC message", max_text=LINE_BYTES, text_unit="utf8", send_once="none", max_in_flight=1
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A send that the server hasn't answered yet."""

    token: str
    target: str
    answer: asyncio.Future[None]


class IrcChannel:
    """Implements Channel, KnowsAddresses, OpensBindings, Runs."""

    def __init__(self, settings: Settings, nick: str, port: Port) -> None:
        self._settings = settings
        self._port = port
        self._nick = EndpointKey(nick)
        self._connection: Connection | None = None
        self._why: SendError = Unavailable("the channel is not connected yet")
        self._turn = asyncio.Lock()
        self._waiting: Waiting | None = None
        self._free_at = 0.0
        self._talking: set[str] = set()

    def capabilities(self, binding: Binding) -> Capabilities:
        return CAPABILITIES

    def receive(self, request: Request) -> Received:
        return Forged(reason="IRC posts nothing: whoever this is, it isn’t the network")

    def addressed(self, endpoint: EndpointKey, address: str) -> BindingSeen | None:
        return inbound.who(address, endpoint, self._port.name, 0.0) if re.fullmatch(NICK, address) else None

    async def open_binding(self, opening: Opening) -> Opened:
        """There is nothing to be made: a query begins with its first line."""
        return Opened(key=BindingKey(fold(opening.binding.address)))

    async def close(self) -> None:
        self._lost(Unavailable("the channel is closed"))

    # ---- out

    async def send(self, out: Outbound) -> Sent:
        """A PING goes behind the lines: a server answers in order, so its PONG says that it took them; an error comes before."""
        lines, target = wrapped(out.text), out.binding.address or out.binding.key or ""
        if not lines:
            raise Refused("IRC takes no empty message")
        async with self._turn:
            if (connection := self._connection) is None:
                raise self._why
            self._paced(len(lines) + 1)
            token = uuid.uuid4().hex
            self._waiting = Waiting(token, fold(target), asyncio.get_running_loop().create_future())
            try:
                async with asyncio.timeout(ANSWER_S):
                    await connection.put(*(f"PRIVMSG {target} :{line}" for line in lines), f"PING :{token}")
                    await self._waiting.answer
            except OSError as error:  # a timeout too
                raise Unsure(f"the server didn’t answer ({type(error).__name__})") from None
            finally:
                self._waiting = None
            return Sent(remote=RemoteId(token))

    def _paced(self, lines: int) -> None:
        """Servers put out who writes faster. A burst is free, then each line takes its time."""
        now, each = self._port.now(), self._settings.line_every_s
        if self._free_at - now > BURST * each:
            raise RateLimited("IRC’s pace", retry_at=self._free_at - BURST * each, scope=Scope.CHANNEL)
        self._free_at = max(now, self._free_at) + lines * each

    # ---- in

    async def run(self) -> None:
        await stay_connected(self._port, self._live, self._lost)

    async def _live(self, through: Callable[[], None]) -> None:
        self._connection = await connected(self._settings, self._nick)
        through()
        while True:
            await self._heard(await self._connection.line())

    async def _heard(self, line: Line) -> None:
        id, at, waiting = uuid.uuid4().hex, self._port.now(), self._waiting
        match line.command:
            case "PONG" if waiting and line.params[-1:] == (waiting.token,):
                self._settle(None)
            case "PRIVMSG" if events := inbound.said(line, self._nick, self._port.name, at, id):
                self._talking.add(fold(line.nick))
                await accept_surely(self._port, events)
            case "NICK" if fold(line.nick) in self._talking and line.params:
                new = line.params[0]
                self._talking.add(fold(new))
                await accept_surely(self._port, [inbound.renamed(line.nick, new, self._nick, self._port.name, at, id)])
            case _ if waiting and waiting.target in map(fold, line.params) and (error := refusal(line, at)):
                self._settle(error)

    def _settle(self, error: SendError | None) -> None:
        if self._waiting is not None and not self._waiting.answer.done():
            self._waiting.answer.set_exception(error) if error else self._waiting.answer.set_result(None)

    def _lost(self, why: SendError) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection, self._why = None, why
        self._settle(Unsure("the connection broke before the server’s answer"))
