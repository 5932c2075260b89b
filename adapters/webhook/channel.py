"""One receiver as a channel: records go out signed, messages come in signed."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from adapters.webhook import inbound, outbound, signature
from adapters.webhook.addresses import leads_to_loopback
from adapters.webhook.forms import problem
from adapters.webhook.settings import Settings, key_of
from bridge.channel import Binding, Forged, Ignored, Outbound, Port, Received, Request, Sent
from bridge.core.capabilities import Capabilities
from bridge.core.content import Attachment
from bridge.core.ids import RemoteId
from bridge.core.outcomes import Unavailable

if TYPE_CHECKING:
    from adapters.webhook.client import Client


class WebhookChannel:
    """Implements Channel, FetchesMedia, Warms."""

    def __init__(self, settings: Settings, port: Port) -> None:
        self._settings = settings
        self._port = port
        self._keys = [key_of(secret) for secret in settings.secret]
        self._ready: Client | None = None

    def capabilities(self, binding: Binding) -> Capabilities:
        return outbound.CAPABILITIES

    async def warm(self) -> None:
        """The HTTP client takes a third of a second to import: a thread does it, once the server listens."""
        if self._ready is None:
            module = await asyncio.to_thread(importlib.import_module, "adapters.webhook.client")
            private = self._settings.allow_private
            self._ready = module.Client(self._settings.url, private=private, loopback=self._loopback)

    @property
    def _client(self) -> Client:
        if self._ready is None:
            raise Unavailable("the channel is still warming up")
        return self._ready

    @property
    def _loopback(self) -> bool:
        """Are we reached on this machine alone? Then it is no foreign place."""
        return leads_to_loopback(self._port.webhook_url())

    def receive(self, request: Request) -> Received:
        """Only a holder of a secret can have signed; what isn't signed is not even parsed. The path is not signed."""
        if flaw := signature.flaw(self._keys, request.headers, request.body, request.at):
            return Forged(reason=f"{self._port.webhook_url()}: {flaw}")
        if request.rest.strip("/"):
            return Ignored(reason="another path", reply=problem(404, f"right is {self._port.webhook_url()}"))
        return inbound.received(
            self._port.name,
            self._port.side(inbound.ENDPOINT),
            request.headers[signature.ID],
            request.body,
            request.at,
            loopback=self._loopback,
            differs=self._differs,
        )

    def _differs(self, id: str) -> None:
        self._port.log.warning(
            "a webhook-id came again with another content: the first one stands", extra={"remote": id}
        )

    async def send(self, out: Outbound) -> Sent:
        """Under the id of the delivery, through all retries; signed anew each time."""
        assert out.record is not None  # noqa: S101 - what the form of this channel promises
        body = outbound.body(out.record, self._port.files.link)
        headers = signature.headers(self._keys, out.delivery, self._port.now(), body)
        await self._client.post(body, headers)
        return Sent(remote=RemoteId(out.delivery))

    def open_media(self, attachment: Attachment) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        return self._client.download(attachment.ref)

    async def close(self) -> None:
        if self._ready is not None:
            await self._ready.close()
