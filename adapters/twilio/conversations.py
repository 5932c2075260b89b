"""Conversations: what is said there is a message of a conversation, numbered and with attributes of ours."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from adapters.twilio import inbound, outbound
from adapters.twilio.errors import holder
from adapters.twilio.forms import clean
from bridge.channel import Binding, Lookup, Opened, Opening, Outbound, Port, Sent
from bridge.core.events import BindingSeen, Event
from bridge.core.ids import BindingKey, EventKey, RemoteId
from bridge.core.outcomes import BindingGone, Misconfigured, Refused, SendError, Unsure

if TYPE_CHECKING:
    from adapters.twilio.client import Client, Json

PAGE = 100
"""The most messages that a page may have."""
LOOK_PAGES = 3
"""So far back a send that died is looked for: the newest three hundred messages of its conversation."""
EVENTS = [
    "onMessageAdded",
    "onMessageUpdated",
    "onMessageRemoved",
    "onConversationStateUpdated",
    "onConversationRemoved",
    "onParticipantAdded",
    "onParticipantUpdated",
    "onDeliveryUpdated",
]
"""What we must hear of a conversation."""


class Conversations:
    """The rooms of a channel for bindings whose key is a ConversationSid."""

    def __init__(self, service_sid: str | None, port: Port, client: Callable[[], Client]) -> None:
        self._service_sid = service_sid
        self._port = port
        self._client = client
        self._root = f"/v1/Services/{service_sid}/Conversations" if service_sid else "/v1/Conversations"
        self._hooked: bool | None = None

    # ---- asking

    async def describe(self, key: BindingKey) -> BindingSeen | None:
        try:
            record = await self._client().get("conversations", f"{self._root}/{key}")
            people = await self._participants(key)
        except BindingGone:
            return None
        bound = [b for p in people if isinstance(b := p.get("messaging_binding"), dict) and b.get("address")]
        ours = next((clean(str(b["proxy_address"])) for b in bound if b.get("proxy_address")), "")
        addresses = [clean(str(b["address"])) for b in bound]
        version = ",".join(str(p.get("sid")) for p in people)
        state = str(record.get("state") or "")
        name = next((clean(str(b["name"])) for b in bound if b.get("name")), "")
        event = inbound.seen(
            f"described:{key}:{version}", key, addresses, ours, self._port.now(), name=name, state=state
        )
        return replace(event, meta=str(record.get("chat_service_sid") or ""))

    async def _participants(self, key: str) -> list[Json]:
        pages = self._client().pages(
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
        return self._client().pages("conversations", f"{self._root}/{key}/Messages", "messages", params)

    # ---- sending

    async def send(self, out: Outbound) -> Sent:
        key = out.binding.key or BindingKey("")
        media = await self._upload(out) if out.file else None
        form = outbound.message_form(out, media)
        record = await self._client().post("conversations", f"{self._root}/{key}/Messages", form)
        return _sent(record, key, outbound.segments_of(out.binding, out.text, has_file=media is not None))

    async def _upload(self, out: Outbound) -> str:
        assert out.file is not None  # noqa: S101 - the caller looked
        known = out.binding.meta if out.binding.meta.startswith("IS") else self._service_sid
        service = known or await self._service(out.binding.key or "")
        attachment = out.file.attachment
        record = await self._client().upload(
            f"/v1/Services/{service}/Media", out.file.body, out.file.size, attachment.content_type, attachment.filename
        )
        return str(record.get("sid") or "")

    async def _service(self, key: str) -> str:
        """Media are uploaded to the conversation's own service; its name "default" doesn't work there."""
        record = await self._client().get("conversations", f"{self._root}/{key}")
        return str(record.get("chat_service_sid") or "")

    async def find(self, lookup: Lookup) -> Sent | None:
        key, pages = lookup.binding.key or BindingKey(""), 0
        counted = outbound.segments_of(lookup.binding, lookup.text, has_file=lookup.has_file)
        try:
            async for page in self._messages(key):
                for record in page:
                    if inbound.our_delivery(str(record.get("attributes") or "")) == lookup.delivery:
                        return _sent(record, key, counted)
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
            record = await self._client().post("conversations", self._root, form)
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
            await self._client().post("conversations", f"{self._root}/{key}/Participants", pair)
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
        pages = self._client().pages(
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
            await self._client().delete("conversations", f"{self._root}/{key}")
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
        form: dict[str, str | list[str]] = {
            "Target": "webhook",
            "Configuration.Url": url,
            "Configuration.Method": "post",
            "Configuration.Filters": EVENTS,
        }
        try:
            await self._client().post("conversations", f"{self._root}/{key}/Webhooks", form)
        except SendError as error:
            self._port.log.warning("no webhook for a conversation of ours: %s", error, extra={"binding": key})

    async def _account_hook(self) -> str | None:
        """Where the account's webhook leads; None where that can't be asked now."""
        try:
            found = await self._client().get("conversations", "/v1/Configuration/Webhooks")
        except SendError:
            return None
        return str(found.get("post_webhook_url") or "")

    # ---- files

    @asynccontextmanager
    async def media(self, ref: str) -> AsyncIterator[AsyncIterator[bytes]]:
        service, conversation, sid = ref.split("/")
        service = service or await self._service(conversation)
        path = f"/v1/Services/{service}/Media/{sid}"
        try:
            record = await self._client().get("mcs.us1", path)
        except BindingGone as gone:
            raise Refused("the file is no longer at Twilio", code="404") from gone
        links = record.get("links")
        link = str(links.get("content_direct_temporary") or "") if isinstance(links, dict) else ""
        url = link or self._client().url("mcs.us1", f"{path}/Content")
        async with self._client().download(url, signed=bool(link)) as chunks:
            yield chunks


def _sent(record: Json, key: BindingKey, segments: int | None) -> Sent:
    sid, index = str(record.get("sid") or ""), record.get("index")
    if not sid:
        raise Unsure("Twilio answered without a message’s sid")
    return Sent(
        remote=RemoteId(sid),
        binding=key,
        index=index if isinstance(index, int) else None,
        key=EventKey(sid),
        segments=segments,
    )
