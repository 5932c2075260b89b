"""A channel that follows the log hears everything, never complains, and tells each leg what is its own."""

# ruff: noqa: S101 - rules assert

from __future__ import annotations

import asyncio

from bridge.channel.adapter import FollowsLog, ServesSockets
from bridge.channel.conformance.bench import Bench
from bridge.channel.conformance.needs import FOLLOWS, GREETS, SOCKETS, cold, needs
from bridge.channel.conformance.port import CONVERSATION
from bridge.core.content import Author, Role, Side
from bridge.core.ids import ChannelName, EndpointKey
from bridge.core.log import Change, ConversationNews, Happening, LogLeg, ReceiptNews, ReceiptView, TypingNews
from bridge.core.receipts import ReceiptState

JUNK: tuple[str | bytes, ...] = ("", "x", "{}", "[1]", "null", '{"type":7}', "\ud800", b"\xff\x00", b"", "{" * 10_000)


class Client:
    """Implements `Socket`: says what it was given, keeps what it hears, and stays until it is told to go."""

    def __init__(self, *says: str | bytes, origin: str = "") -> None:
        self.origin = origin
        self.peer = "127.0.0.1"
        self.heard: list[str] = []
        self.closed: int | None = None
        self._says = list(says)
        self._over = asyncio.Event()
        self.news = asyncio.Event()

    async def accept(self, subprotocol: str) -> None:
        return None

    async def receive(self) -> str | bytes | None:
        if self._says:
            return self._says.pop(0)
        await self._over.wait()
        return None

    async def send(self, text: str) -> None:
        self.heard.append(text)
        self.news.set()

    async def close(self, code: int, reason: str = "") -> None:
        self.closed = code
        self.go()

    def go(self) -> None:
        self._over.set()


class Hearing:
    @cold
    @needs(FOLLOWS)
    async def test_hearing_never_raises(self, bench: Bench) -> None:
        assert isinstance(bench.channel, FollowsLog)
        legs = [LogLeg(endpoint=key, side=side, address=a) for key in bench.keys for side in Side for a in ("", "ana")]
        for leg in [*legs, LogLeg(endpoint=EndpointKey("nobody names this"), side=Side.AGENT)]:
            for happening in _happenings(bench):
                bench.channel.heard(leg, bench.record(None).conversation, happening)

    @cold
    @needs(SOCKETS)
    async def test_any_client_is_served_to_its_end(self, bench: Bench) -> None:
        assert isinstance(bench.channel, ServesSockets)
        assert bench.channel.subprotocol
        for origin in ("", "null", "https://evil.example.com", "x" * 5000):
            assert isinstance(bench.channel.welcomes(origin), bool)
        for junk in JUNK:
            client = Client(junk)
            serving = asyncio.create_task(bench.channel.serve(client))
            await asyncio.wait([serving], timeout=0.1)
            client.go()
            async with asyncio.timeout(5):
                await serving

    @cold
    @needs(SOCKETS)
    async def test_a_client_that_is_cancelled_leaves_no_task(self, bench: Bench) -> None:
        assert isinstance(bench.channel, ServesSockets)
        before = asyncio.all_tasks()
        serving = asyncio.create_task(bench.channel.serve(Client()))
        await asyncio.sleep(0)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        await bench.until(lambda: asyncio.all_tasks() == before)

    @cold
    @needs(FOLLOWS, SOCKETS, GREETS)
    async def test_each_leg_hears_what_is_its_own(self, bench: Bench) -> None:
        channel, greets = bench.channel, bench.subject.greets
        assert isinstance(channel, ServesSockets)
        assert isinstance(channel, FollowsLog)
        assert greets is not None
        mine, other = (LogLeg(endpoint=bench.keys[0], side=Side.CUSTOMER, address=name) for name in ("ana", "bo"))
        clients = {leg: Client(greets(bench.settings, bench.port.name, leg)) for leg in (mine, other)}
        serving = [asyncio.create_task(channel.serve(client)) for client in clients.values()]
        await bench.until(lambda: all(client.heard for client in clients.values()))
        text = bench.text("for ana alone")
        channel.heard(mine, bench.record(None).conversation, bench.message(text))
        await bench.until(lambda: any(text in frame for frame in clients[mine].heard))
        assert not [frame for frame in clients[other].heard if text in frame]
        for client in clients.values():
            client.go()
        async with asyncio.timeout(5):
            await asyncio.gather(*serving)


def _happenings(bench: Bench) -> list[Happening]:
    who = Author(id="eve", role=Role.AGENT, name="Eve")
    receipts = [
        ReceiptView(conversation=CONVERSATION, seq=1, channel=ChannelName("x"), side=Side.CUSTOMER, state=state)
        for state in ReceiptState
    ]
    return [
        *(bench.message("Hi", change=c) for c in (Change.CREATED, Change.EDITED, Change.DELETED)),
        *(ConversationNews(change=c) for c in (Change.CREATED, Change.UPDATED, Change.CLOSED)),
        *(ReceiptNews(receipt=r) for r in receipts),
        TypingNews(author=who),
    ]
