"""One Twilio account as a channel: Conversations in, Conversations out."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING

from adapters.twilio import inbound, outbound
from adapters.twilio.errors import holder
from adapters.twilio.forms import clean, decoded, parse
from adapters.twilio.settings import Settings
from adapters.twilio.signature import verified
from bridge.channel import (
    Binding,
    Events,
    Forged,
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
from bridge.core.ids import BindingKey, DeliveryId, EndpointKey, EventKey, RemoteId
from bridge.core.outcomes import BindingGone, Misconfigured, Refused, SendError, Unavailable, Unsure

if TYPE_CHECKING:
    from adapters.twilio.client import Client, Json

PAGE = 100
"""The most messages that a page may have."""
LOOK_PAGES = 3
"""So far back a send that died is looked for: the newest three hundred messages of its conversation."""
CONVERSATION_EVENTS = [
    "onMessageAdded",
    "onMessageUpdated",
    "onMessageRemoved",
    "onConversationStateUpdated",
    "onDeliveryUpdated",
]


class TwilioChannel:
    """Implements Channel, OpensBindings, FetchesMedia, FindsDeliveries, DescribesBindings, FetchesHistory, Warms."""

    def __init__(self, settings: Settings, endpoints: list[EndpointKey], port: Port) -> None:
        self._settings = settings
        self._endpoints = endpoints
        self._port = port
        self._tokens = [t.get_secret_value() for t in settings.auth_token]
        self._ready: Client | None = None
        service = f"/Services/{settings.service_sid}" if settings.service_sid else ""
        self._root = f"/v1{service}/Conversations"
        self._hooked: bool | None = None

    def capabilities(self, binding: Binding) -> Capabilities:
        return outbound.capabilities(binding, self._settings.max_in_flight)

    async def warm(self) -> None:
        """The HTTP client takes a third of a second to import: a thread does it, once the server listens."""
        if self._ready is None:
            module = await asyncio.to_thread(importlib.import_module, "adapters.twilio.client")
            self._ready = module.Client(self._settings)

    @property
    def _client(self) -> Client:
        if self._ready is None:
            raise Unavailable("the channel is still warming up")
        return self._ready

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
        if request.rest.rstrip("/") != "conversations":
            return Events(events=(inbound.unknown(f"/{clean(request.rest)[:64]}", clean(form), request.at),))
        return inbound.received({clean(k): clean(v) for k, v in fields}, request.at)

    def _json(self, request: Request, url: str, signature: str) -> Received:
        """Newer products of Twilio post JSON, whose hash stands in the signed URL; none of them is ours yet."""
        if not isinstance(decoded(request.body.decode("utf-8", "replace")), dict):
            return Unreadable(reason="the body is neither a form nor a JSON object")
        if not verified(self._tokens, url, [], signature, request.body):
            return Forged(reason=f"the signature doesn’t fit {url}: check auth_token and public_url")
        raw = clean(request.body.decode("utf-8", "replace"))
        return Events(events=(inbound.unknown(f"JSON to /{clean(request.rest)[:64]}", raw, request.at),))

    async def describe(self, key: BindingKey) -> BindingSeen | None:
        try:
            record = await self._client.get("conversations", f"{self._root}/{key}")
            people = await self._participants(key)
        except BindingGone:
            return None
        bound = [b for p in people if isinstance(b := p.get("messaging_binding"), dict) and b.get("address")]
        ours = next((clean(str(b["proxy_address"])) for b in bound if b.get("proxy_address")), "")
        addresses = [clean(str(b["address"])) for b in bound]
        version = ",".join(str(p.get("sid")) for p in people)
        state = str(record.get("state") or "")
        event = inbound.seen(f"described:{key}:{version}", key, addresses, ours, self._port.now(), state=state)
        return inbound.event_with_service(event, str(record.get("chat_service_sid") or ""))

    async def _participants(self, key: str) -> list[Json]:
        pages = self._client.pages(
            "conversations", f"{self._root}/{key}/Participants", "participants", {"PageSize": str(PAGE)}
        )
        return [p async for page in pages for p in page]

    async def history(self, key: BindingKey, after: int) -> list[Event]:
        newer: list[Event] = []
        async for page in self._messages(key):
            records = [r for r in page if isinstance(r.get("index"), int) and r["index"] > after]
            newer += [inbound.from_record(r, key, "", self._port.now()) for r in records]
            if len(records) < len(page):
                break
        return newer[::-1]

    def _messages(self, key: str) -> AsyncIterator[list[Json]]:
        """Newest first."""
        params = {"Order": "desc", "PageSize": str(PAGE)}
        return self._client.pages("conversations", f"{self._root}/{key}/Messages", "messages", params)

    # ---- out

    async def send(self, out: Outbound) -> Sent:
        key = out.binding.key or BindingKey("")
        media = await self._upload(out) if out.file else None
        form = outbound.message_form(out, media)
        record = await self._client.post("conversations", f"{self._root}/{key}/Messages", form)
        return _sent(record, key)

    async def _upload(self, out: Outbound) -> str:
        assert out.file is not None  # noqa: S101 - the caller looked
        service = out.binding.meta or self._settings.service_sid or await self._service(out.binding.key or "")
        attachment = out.file.attachment
        record = await self._client.upload(
            f"/v1/Services/{service}/Media", out.file.body, out.file.size, attachment.content_type, attachment.filename
        )
        return str(record.get("sid") or "")

    async def _service(self, key: str) -> str:
        """Media are uploaded to the conversation's own service; its name "default" doesn't work there."""
        record = await self._client.get("conversations", f"{self._root}/{key}")
        return str(record.get("chat_service_sid") or "")

    async def find(self, delivery: DeliveryId, binding: Binding) -> Sent | None:
        key, pages = binding.key or BindingKey(""), 0
        try:
            async for page in self._messages(key):
                for record in page:
                    if inbound.our_delivery(str(record.get("attributes") or "")) == delivery:
                        return _sent(record, key)
                pages += 1
                if pages == LOOK_PAGES:
                    break
        except BindingGone:
            pass  # with the conversation went whatever was in it
        return None

    async def open_binding(self, opening: Opening) -> Opened:
        """A Conversation for the pair of addresses. A pair can be in one active conversation: where it is, that one is ours."""
        form = {"FriendlyName": opening.title[:256], "Attributes": '{"trunkline":{}}'}
        try:
            record = await self._client.post("conversations", self._root, form)
        except BindingGone as gone:
            raise Misconfigured("Twilio doesn’t know the Conversations service: check service_sid") from gone
        key, service = str(record.get("sid") or ""), str(record.get("chat_service_sid") or "")
        if not key:
            raise Unsure("Twilio answered without a conversation’s sid")
        pair = {
            "MessagingBinding.Address": opening.binding.address,
            "MessagingBinding.ProxyAddress": opening.binding.endpoint,
        }
        try:
            await self._client.post("conversations", f"{self._root}/{key}/Participants", pair)
        except Unsure:
            raise  # it may hold the pair now: then the next try adopts it
        except SendError as error:
            await self._discard(key)
            if isinstance(error, Refused) and error.code == "50416":
                return await self._adopt(opening, error)
            raise
        await self._hook(key)
        return Opened(key=BindingKey(key), meta=service)

    async def _adopt(self, opening: Opening, refused: Refused) -> Opened:
        key = holder(refused.raw) or await self._holder(opening.binding)
        if key is None:
            raise refused
        return Opened(key=BindingKey(key))

    async def _holder(self, binding: Binding) -> str | None:
        """The active conversation that holds a pair."""
        pages = self._client.pages(
            "conversations", "/v1/ParticipantConversations", "conversations", {"Address": binding.address}
        )
        async for page in pages:
            for row in page:
                bound = row.get("participant_messaging_binding")
                ours = isinstance(bound, dict) and bound.get("proxy_address") == binding.endpoint
                if ours and row.get("conversation_state") != "closed" and row.get("conversation_sid"):
                    return str(row["conversation_sid"])
        return None

    async def _discard(self, key: str) -> None:
        try:
            await self._client.delete("conversations", f"{self._root}/{key}")
        except SendError as error:
            self._port.log.warning("an empty conversation stays at Twilio: %s", error, extra={"binding": key})

    async def _hook(self, key: str) -> None:
        """A conversation that we make has no webhook of its own; it needs one where the account's doesn't lead to us."""
        url = self._port.webhook_url("conversations")
        if self._hooked is None:
            found = await self._account_hook()
            self._hooked = None if found is None else found == url
        if self._hooked:
            return
        form = {"Target": "webhook", "Configuration.Url": url, "Configuration.Method": "post"}
        try:
            events = {"Configuration.Filters": CONVERSATION_EVENTS}
            await self._client.post("conversations", f"{self._root}/{key}/Webhooks", form | events)  # type: ignore[arg-type]
        except SendError as error:
            self._port.log.warning("no webhook for a conversation of ours: %s", error, extra={"binding": key})

    async def _account_hook(self) -> str | None:
        """Where the account's webhook leads; None where that can't be asked now."""
        try:
            found = await self._client.get("conversations", "/v1/Configuration/Webhooks")
        except SendError:
            return None
        return str(found.get("post_webhook_url") or "")

    # ---- media

    def open_media(self, attachment: Attachment) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        return self._media(attachment.ref)

    @asynccontextmanager
    async def _media(self, ref: str) -> AsyncIterator[AsyncIterator[bytes]]:
        service, conversation, sid = ref.split("/")
        service = service or await self._service(conversation)
        path = f"/v1/Services/{service}/Media/{sid}"
        try:
            record = await self._client.get("mcs.us1", path)
        except BindingGone as gone:
            raise Refused("the file is no longer at Twilio", code="404") from gone
        links = record.get("links")
        link = str(links.get("content_direct_temporary") or "") if isinstance(links, dict) else ""
        url = link or self._client.url("mcs.us1", f"{path}/Content")
        async with self._client.download(url, signed=bool(link)) as chunks:
            yield chunks

    async def close(self) -> None:
        if self._ready is not None:
            await self._ready.close()


def _sent(record: Json, key: BindingKey) -> Sent:
    sid, index = str(record.get("sid") or ""), record.get("index")
    if not sid:
        raise Unsure("Twilio answered without a message’s sid")
    return Sent(remote=RemoteId(sid), binding=key, index=index if isinstance(index, int) else None, key=EventKey(sid))
