"""Our own protocol as a channel: sockets that come and go, each a cursor over the message log."""

from __future__ import annotations

import asyncio

from adapters.websocket import outbound, tokens
from adapters.websocket.connection import Connection, News
from adapters.websocket.errors import Close, Ended
from adapters.websocket.frames import SUBPROTOCOL
from adapters.websocket.settings import Settings
from bridge.channel import Binding, Ignored, Outbound, Port, Received, Reply, Request, Sent, Socket
from bridge.core.capabilities import Capabilities
from bridge.core.ids import EndpointKey
from bridge.core.log import ConversationView, Happening, LogLeg
from bridge.core.outcomes import Refused

READS_AT_ONCE = 8


class WebsocketChannel:
    """Implements Channel, FollowsLog, ServesSockets."""

    subprotocol = SUBPROTOCOL

    def __init__(self, settings: Settings, port: Port) -> None:
        self.port = port
        self.reads = asyncio.Semaphore(READS_AT_ONCE)
        self._secrets = [s.get_secret_value() for s in settings.secret]
        self._origins = frozenset(settings.origins)
        self._there: dict[LogLeg, dict[Connection, None]] = {}
        self._all: set[Connection] = set()

    def capabilities(self, binding: Binding) -> Capabilities:
        return outbound.CAPABILITIES

    def receive(self, request: Request) -> Received:
        """Nobody posts here."""
        reply = Reply(status=404, content_type="text/plain", body=f"connect to /ws/{self.port.name}\n".encode())
        return Ignored(reason="this channel has no webhooks", reply=reply)

    async def send(self, out: Outbound) -> Sent:
        """Never asked for: whoever is there follows the log."""
        raise Refused("a websocket channel is not sent to")

    async def close(self) -> None:
        for connection in self._all:
            connection.close(Close.GOING_AWAY, "going away")

    # ---- sockets

    def welcomes(self, origin: str) -> bool:
        """A program sends no Origin: its token decides. What a browser sends has to be one of `origins`, to the letter."""
        return not origin or origin in self._origins

    async def serve(self, socket: Socket) -> None:
        await socket.accept(self.subprotocol)
        connection = Connection(self, socket)
        self._all.add(connection)
        try:
            await connection.run()
        finally:
            self._all.discard(connection)

    def admit(self, token: str) -> tokens.Claims:
        """Who shows this token. Raises `Ended`."""
        try:
            claims = tokens.check(token, self._secrets, self.port.name, self.port.now())
        except tokens.Refused as no:
            raise Ended(Close.UNAUTHENTICATED, str(no), unsent=False) from None
        if self.port.side(EndpointKey(claims.room)) is not claims.side:
            raise Ended(Close.NOT_ALLOWED, "this room is not one for this role", unsent=False)
        return claims

    def join(self, connection: Connection) -> None:
        self._there.setdefault(connection.speaker.leg, {})[connection] = None

    def leave(self, connection: Connection) -> None:
        speaker = getattr(connection, "speaker", None)
        if speaker is not None and (there := self._there.get(speaker.leg)) is not None:
            there.pop(connection, None)
            if not there:
                del self._there[speaker.leg]

    # ---- the log

    def heard(self, leg: LogLeg, conversation: ConversationView, happening: Happening) -> None:
        """Made into a frame once, whoever reads it."""
        there = self._there.get(leg)
        if not there:
            return
        frame = outbound.happening(conversation, happening, self.port.files.link)
        news = News(conversation=conversation, what=happening, text=frame.json_text())
        for connection in tuple(there):
            connection.hear(news)
