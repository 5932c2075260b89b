"""One Twilio account as a channel: Conversations and Programmable Messaging, each by its own rooms."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from adapters.twilio import addresses, inbound, inbound_messages, outbound
from adapters.twilio.conversations import Conversations
from adapters.twilio.forms import clean, decoded, lies_at, parse
from adapters.twilio.messaging import Messaging
from adapters.twilio.settings import Settings
from adapters.twilio.signature import verified
from bridge.channel import (
    Binding,
    Events,
    Forged,
    Lookup,
    Opened,
    Opening,
    Outbound,
    Port,
    Received,
    Request,
    Sent,
    Unreadable,
)
from bridge.core.capabilities import Capabilities
from bridge.core.content import Attachment
from bridge.core.events import BindingSeen, Event
from bridge.core.ids import BindingKey, EndpointKey
from bridge.core.outcomes import Unavailable

if TYPE_CHECKING:
    from adapters.twilio.client import Client


class TwilioChannel:
    """Implements Channel, KnowsAddresses, OpensBindings, FetchesMedia, FindsDeliveries, DescribesBindings, FetchesHistory,
    Warms."""

    def __init__(self, settings: Settings, port: Port) -> None:
        self._settings = settings
        self._port = port
        self._tokens = [t.get_secret_value() for t in settings.auth_token]
        self._ready: Client | None = None
        self._conversations = Conversations(settings.service_sid, port, self._client)
        self._messaging = Messaging(settings.account_sid, port, self._client)

    def capabilities(self, binding: Binding) -> Capabilities:
        return outbound.capabilities(binding, self._settings.max_in_flight)

    def addressed(self, endpoint: EndpointKey, address: str) -> BindingSeen | None:
        theirs = addresses.written_to(address, endpoint)
        if theirs is None:
            return None
        pair = addresses.pair(endpoint, theirs)
        return inbound.seen(f"first:{pair}", pair, [theirs], endpoint, 0.0)

    async def warm(self) -> None:
        """The HTTP client takes a third of a second to import: a thread does it, once the server listens."""
        if self._ready is None:
            module = await asyncio.to_thread(importlib.import_module, "adapters.twilio.client")
            self._ready = module.Client(self._settings)

    def _client(self) -> Client:
        if self._ready is None:
            raise Unavailable("the channel is still warming up")
        return self._ready

    async def close(self) -> None:
        if self._ready is not None:
            await self._ready.close()

    # ---- in

    def receive(self, request: Request) -> Received:
        """Only the holder of the auth token can have signed; what isn't signed is not even parsed further."""
        url = self._port.webhook_url(request.rest) + (f"?{request.query}" if request.query else "")
        form = request.query if request.method == "GET" else request.body.decode("utf-8", "surrogateescape")
        signature = request.headers.get("x-twilio-signature", "")
        if not signature:
            return Forged(reason=f"no signature on {url}")
        if (fields := parse(form)) is None:
            return self._json(request, url, signature)
        signed = [] if request.method == "GET" else fields
        if not verified(self._tokens, url, signed, signature):
            return Forged(reason=f"the signature doesn’t fit {url}: check auth_token and public_url")
        said = {clean(k): clean(v) for k, v in fields}
        match request.rest.rstrip("/"):
            case "conversations":
                return inbound.received(said, request.at)
            case "messages":
                return inbound_messages.received(said, request.at, self._is_ours)
            case "messages/status":
                ours = dict(parse(request.query) or ()).get("d", "")
                return inbound_messages.status(said, clean(ours), request.at)
            case _:
                event = inbound.unknown(f"/{clean(request.rest)[:64]}", clean(form), request.at)
                return Events(events=(event,))

    def _is_ours(self, url: str) -> bool:
        return lies_at(url, self._hosts("api", "mcs.us1", "media.us1"))

    def _hosts(self, *products: str) -> list[str]:
        return [self._settings.api_url.replace("{product}", product) for product in products]

    def _json(self, request: Request, url: str, signature: str) -> Received:
        """Newer products of Twilio post JSON, whose hash stands in the signed URL; none of them is ours yet."""
        if not isinstance(decoded(request.body.decode("utf-8", "replace")), dict):
            return Unreadable(reason="the body is neither a form nor a JSON object")
        if not verified(self._tokens, url, [], signature, request.body):
            return Forged(reason=f"the signature doesn’t fit {url}: check auth_token and public_url")
        raw = clean(request.body.decode("utf-8", "replace"))
        return Events(events=(inbound.unknown(f"JSON to /{clean(request.rest)[:64]}", raw, request.at),))

    async def describe(self, key: BindingKey) -> BindingSeen | None:
        """A pair says itself who is in it."""
        if (pair := addresses.pair_of(key)) is not None:
            return inbound_messages.seen(*pair, {}, self._port.now())
        return await self._conversations.describe(key)

    async def history(self, key: BindingKey, after: int) -> list[Event]:
        """Messages of a pair have no numbers, so none of them can be above one."""
        return [] if outbound.is_pair(key) else await self._conversations.history(key, after)

    # ---- out

    async def send(self, out: Outbound) -> Sent:
        return await (self._messaging if outbound.is_pair(out.binding.key) else self._conversations).send(out)

    async def find(self, lookup: Lookup) -> Sent | None:
        return await (self._messaging if outbound.is_pair(lookup.binding.key) else self._conversations).find(lookup)

    async def open_binding(self, opening: Opening) -> Opened:
        """Who is written to first gets a Conversation: it is the one road on which what is sent can be known again."""
        return await self._conversations.open_binding(opening)

    def open_media(self, attachment: Attachment) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        if attachment.ref.startswith(inbound_messages.URL):
            url = attachment.ref.removeprefix(inbound_messages.URL)
            return self._client().download(url, signed=not lies_at(url, self._hosts("api", "mcs.us1")))
        path = inbound_messages.media_path(attachment.ref)
        if path is None:
            return self._conversations.media(attachment.ref)
        return self._client().download(self._client().url("api", path), signed=False)
