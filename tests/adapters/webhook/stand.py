"""For the tests of the webhook channel: ports with a side, an ASGI app on a real port, names that resolve as told."""

from __future__ import annotations

import asyncio
import socket
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn

from adapters.webhook.channel import WebhookChannel
from adapters.webhook.settings import Settings
from bridge.channel import Binding, Outbound, Record
from bridge.core.content import Author, Role, Side
from bridge.core.ids import BridgeName, ChannelName, ConversationId, DeliveryId, EndpointKey
from bridge.core.log import Change, ContactView, ConversationView, MessageNews, MessageView
from tests.adapters.kit import RecordingPort

CRM = ChannelName("crm")
SECRET = "whsec_" + b64encode(b"the-first-secret-of-the-test").decode()
OLDER = "whsec_" + b64encode(b"the-secret-before-of-the-test").decode()
OURS = "http://127.0.0.1:9/webhooks/crm"
PUBLIC = "https://bridge.example.com/webhooks/crm"


class Links:
    """The media room, as far as webhooks use it."""

    def link(self, file: str) -> str:
        return f"https://bridge.example.com/media/{file}?sig=x"


@dataclass
class HookPort(RecordingPort):
    name: ChannelName = CRM
    url: str = OURS
    on: Side | None = Side.AGENT
    files: Links = field(default_factory=Links)

    def side(self, endpoint: EndpointKey) -> Side | None:
        assert endpoint == ""
        return self.on


def settings(url: str = "https://crm.example.com/hooks", **keys: Any) -> Settings:
    return Settings.model_validate({"url": url, "secret": [SECRET, OLDER]} | keys, context={"public_url": OURS})


@asynccontextmanager
async def opened(
    how: Settings, port: HookPort | None = None, *, warm: bool = True
) -> AsyncIterator[tuple[WebhookChannel, HookPort]]:
    port = port or HookPort()
    channel = WebhookChannel(how, port)  # type: ignore[arg-type]
    if warm:
        await channel.warm()
    try:
        yield channel, port
    finally:
        await channel.close()


@asynccontextmanager
async def serving(app: Any, listener: socket.socket) -> AsyncIterator[None]:
    """`app` answers on `listener` until the block ends."""
    config = uvicorn.Config(app, log_level="critical", access_log=False, ws="none", lifespan="on", loop="none")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve([listener]))
    try:
        yield
    finally:
        server.should_exit = server.force_exit = True
        await task


def listening() -> tuple[socket.socket, str]:
    listener = socket.create_server(("127.0.0.1", 0))
    return listener, f"http://127.0.0.1:{listener.getsockname()[1]}"


@dataclass
class Names:
    """A resolver whose answers are given one after the other; the last one stands. `asked` counts."""

    answers: Sequence[list[str] | OSError]
    asked: list[str] = field(default_factory=list)

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
        if isinstance(answer, OSError):
            raise answer
        return answer


MESSAGE = MessageView(
    conversation=ConversationId("c1"),
    seq=7,
    channel=ChannelName("phone"),
    remote="IM1",
    author=Author(id="+15550199", role=Role.CUSTOMER, name="Ana"),
    text="Grüße 👋",
    at=1786384858.111,
)
VIEW = ConversationView(
    id=ConversationId("c1"), bridge=BridgeName("support"), title="Ana · SMS", state="open", last_seq=7
)
RECORD = Record(
    bridge="support",
    at=1786384859.0,
    conversation=VIEW,
    contact=ContactView(id="k1", name="Ana", addresses=("+15550199",)),
    news=MessageNews(change=Change.CREATED, message=MESSAGE),
)


def outbound(record: Record = RECORD, delivery: str = "c1-3") -> Outbound:
    return Outbound(
        delivery=DeliveryId(delivery), binding=Binding(endpoint=EndpointKey("")), author="Support", record=record
    )
