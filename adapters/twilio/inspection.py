"""Asking Twilio whether a configuration will work there, and making what it lacks. For an admin; nothing here runs by itself.

Sources: https://www.twilio.com/docs/iam/api/account, https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource,
https://www.twilio.com/docs/conversations-classic/api/address-configuration-resource.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from adapters.twilio import addresses
from adapters.twilio.client import Client, Form, Json
from adapters.twilio.conversations import EVENTS
from adapters.twilio.errors import OUT
from adapters.twilio.outbound import unfit
from adapters.twilio.settings import Settings
from bridge.channel import Finding
from bridge.core.ids import ChannelName
from bridge.core.outcomes import BindingGone, RateLimited, SendError, Unavailable, Unsure

TYPES = {"SMS": "sms", "WhatsApp": "whatsapp", "Messenger": "messenger", "RCS": "rcs"}
"""Twilio's word for a network, in the configuration of an address."""


async def inspected(settings: Settings, ours: Sequence[str], public_url: str, channel: ChannelName) -> list[Finding]:
    """What is right and what is wrong there with the addresses `ours`; nothing is changed."""
    async with _opened(settings, public_url, channel) as account:
        return await _each(account, ours, account.address)


async def made(settings: Settings, ours: Sequence[str], public_url: str, channel: ChannelName) -> list[Finding]:
    """As `inspected`; what is written to an address and doesn't come here is made to. What is there is changed, never deleted."""
    async with _opened(settings, public_url, channel) as account:
        return await _each(account, ours, account.set_up)


async def _each(account: Account, ours: Sequence[str], ask: Callable[[str], Awaitable[list[Finding]]]) -> list[Finding]:
    found = await account.introduced()
    if any(not f.ok for f in found):
        return found
    for i, address in enumerate(ours):
        found += [f if f.path else replace(f, path=("endpoints", i, "address")) for f in await ask(address)]
    return found


@asynccontextmanager
async def _opened(settings: Settings, public_url: str, channel: ChannelName) -> AsyncIterator[Account]:
    """With the auth token alone an account can be read; everything else is asked as the channel will ask it."""
    owner = Client(settings.model_copy(update={"api_key": None, "api_secret": None}))
    client = Client(settings)
    try:
        yield Account(settings, owner, client, f"{public_url.rstrip('/')}/webhooks/{channel}")
    finally:
        await owner.close()
        await client.close()


class Account:
    """One account and what of it leads to `url`."""

    def __init__(self, settings: Settings, owner: Client, client: Client, url: str) -> None:
        self._settings = settings
        self._owner = owner
        self._client = client
        self._conversations = f"{url}/conversations"
        self._messages = f"{url}/messages"
        self._root = f"/2010-04-01/Accounts/{settings.account_sid}"
        self._service = ""

    # ---- the account

    async def introduced(self) -> list[Finding]:
        """Does it let us in, and in what state is it? Where something is wrong here nothing else needs to be asked."""
        if words := unfit(self._conversations):
            return [_wrong(words, "")]
        try:
            record = await self._owner.get("api", f"{self._root}.json")
        except BindingGone:
            return [_wrong("Twilio knows no such account", "copy account_sid from Twilio’s console", "account_sid")]
        except SendError as error:
            return [_refused(error, "auth_token")]
        return [*self._state(record), *await self._services()]

    def _state(self, record: Json) -> list[Finding]:
        status, primary = str(record.get("status") or "active"), record.get("auth_token")
        if status != "active":
            return [_wrong(f"the Twilio account is {status}", "see Twilio’s console", "account_sid")]
        found = [Finding(ok=True, words="the account lets us in and is active")]
        tokens = [t.get_secret_value() for t in self._settings.auth_token]
        if isinstance(primary, str) and primary and primary not in tokens:
            words = "auth_token is not the account’s primary one, with which Twilio signs its webhooks"
            found.append(_wrong(words, "copy the primary one from Twilio’s console", "auth_token"))
        if record.get("type") == "Trial":
            words = "it is a trial account: it writes only to numbers that it has verified, newer ones only Twilio’s templates"
            found.append(
                Finding(ok=True, words=words, mend="verify the numbers in Twilio’s console, or upgrade the account")
            )
        return found

    async def _services(self) -> list[Finding]:
        """The service whose conversations are ours."""
        try:
            record = await self._client.get("conversations", "/v1/Configuration")
        except SendError as error:
            return [_refused(error, "api_key" if self._settings.api_key else "auth_token")]
        self._service = self._settings.service_sid or str(record.get("default_chat_service_sid") or "")
        if not self._settings.service_sid:
            return []
        try:
            await self._client.get("conversations", f"/v1/Services/{self._service}")
        except BindingGone:
            mend = "copy service_sid from Twilio’s console, or leave it out for the account’s default one"
            return [_wrong("the account has no such Conversations service", mend, "service_sid")]
        except SendError as error:
            return [_refused(error, "service_sid")]
        return [Finding(ok=True, words="the Conversations service is there")]

    # ---- one address of ours

    async def address(self, ours: str) -> list[Finding]:
        """Is it the account's, and does what is written to it come here?"""
        if ours == "*":
            return [
                Finding(ok=True, words='"*" stands for addresses unknown here: each needs a webhook that leads here')
            ]
        try:
            owned, callback = await self._owned(ours)
            if any(not f.ok for f in owned):
                return owned
            return [*owned, await self._way(ours, await self._configuration(ours), callback)]
        except SendError as error:
            return [_refused(error, "", ours)]

    async def _owned(self, ours: str) -> tuple[list[Finding], str]:
        """Also the URL that the address calls by itself, for messages that no conversation takes."""
        network = addresses.network(ours)
        if ours.startswith("+"):
            return await self._number(ours)
        if network in ("WhatsApp", "RCS"):
            return await self._sender(ours, TYPES[network])
        return [], ""

    async def _number(self, ours: str) -> tuple[list[Finding], str]:
        path = f"{self._root}/IncomingPhoneNumbers.json"
        pages = self._client.pages("api", path, "incoming_phone_numbers", {"PhoneNumber": ours})
        found = next((n for n in [n async for page in pages for n in page] if n.get("phone_number") == ours), None)
        if found is None:
            return [
                _wrong(f"{ours} isn’t a number of this account", "correct the address, or bring the number there")
            ], ""
        able = found.get("capabilities")
        if isinstance(able, dict) and able.get("sms") is False:
            return [_wrong(f"{ours} can’t carry SMS", "use another number")], ""
        by_itself = "" if found.get("sms_application_sid") else str(found.get("sms_url") or "")
        return [Finding(ok=True, words=f"{ours} is a number of this account")], by_itself

    async def _sender(self, ours: str, channel: str) -> tuple[list[Finding], str]:
        """A sandbox's sender stands in no list, so who is missing there may still be right."""
        try:
            pages = self._client.pages("messaging", "/v2/Channels/Senders", "senders", {"Channel": channel})
            found = next((s for s in [s async for page in pages for s in page] if s.get("sender_id") == ours), None)
        except SendError:
            return [], ""
        if found is None:
            return [], ""
        status, webhook = str(found.get("status") or ""), found.get("webhook")
        if not status.startswith("ONLINE"):
            words = f"{ours} is {status.lower().replace('_', ' ')}"
            return [replace(_wrong(words, "see the sender in Twilio’s console"), certain=status == "OFFLINE")], ""
        by_itself = str(webhook.get("callback_url") or "") if isinstance(webhook, dict) else ""
        return [Finding(ok=True, words=f"{ours} is a sender of this account")], by_itself

    # ---- the way from there to here

    async def _configuration(self, ours: str) -> Json | None:
        try:
            return await self._client.get("conversations", f"/v1/Configuration/Addresses/{quote(ours, safe='')}")
        except BindingGone:
            return None

    async def _way(self, ours: str, configuration: Json | None, callback: str) -> Finding:
        auto = _auto(configuration)
        if auto.get("enabled") is not True:
            if callback == self._messages:
                return Finding(ok=True, words=f"what is written to {ours} comes here by Programmable Messaging")
            leads = f" and it calls {callback} by itself" if callback else ""
            words = f"what is written to {ours} doesn’t come here: nothing makes conversations of it{leads}"
            return _wrong(words, self._mend(ours))
        service = str(auto.get("conversation_service_sid") or "")
        if service and self._service and service != self._service:
            words = f"what is written to {ours} makes conversations in another service ({service}) than this channel’s"
            return _wrong(words, f"{self._mend(ours)}, or give service_sid", "service_sid")
        match auto.get("type"):
            case "webhook":
                url, heard = str(auto.get("webhook_url") or ""), auto.get("webhook_filters")
                return self._heard(ours, [(url, heard)])
            case "default" | None:
                return self._heard(ours, await self._hooks(service or self._service))
            case other:
                return _wrong(f"what is written to {ours} goes to Twilio’s {other}, not here", self._mend(ours))

    async def _hooks(self, service: str) -> list[tuple[str, Any]]:
        """Where the webhooks of account and service lead, and of what they tell."""
        paths = ["/v1/Configuration/Webhooks"]
        paths += [f"/v1/Services/{service}/Configuration/Webhooks"] if service else []
        records = [await self._client.get("conversations", path) for path in paths]
        return [(str(r.get("post_webhook_url") or ""), r.get("filters")) for r in records]

    def _heard(self, ours: str, hooks: Sequence[tuple[str, Any]]) -> Finding:
        leading = [filters for url, filters in hooks if url == self._conversations]
        if not leading:
            there = ", ".join(url for url, _ in hooks if url) or "nowhere"
            words = f"what is written to {ours} makes conversations, and their webhook leads elsewhere ({there})"
            return _wrong(words, self._mend(ours))
        names = {n for filters in leading if isinstance(filters, list) for n in filters}
        if missing := [e for e in EVENTS if e not in names]:
            words = f"the webhook of {ours} leads here and leaves out {', '.join(missing)}"
            return _wrong(words, f"{self._mend(ours)}, with these events too")
        return Finding(ok=True, words=f"what is written to {ours} comes here by Conversations")

    def _mend(self, ours: str) -> str:
        return f"run trunkline init; or in Twilio’s console let {ours} make conversations with the webhook {self._conversations}"

    # ---- making it

    async def set_up(self, ours: str) -> list[Finding]:
        """Makes the configuration of one address lead here, where it doesn't."""
        if ours == "*":
            return await self.address(ours)
        try:
            owned, callback = await self._owned(ours)
            configuration = await self._configuration(ours)
            if any(not f.ok for f in owned):
                return owned
            way = await self._way(ours, configuration, callback)
            return [*owned, way if way.ok else await self._made(ours, configuration)]
        except SendError as error:
            return [_refused(error, "", ours)]

    async def _made(self, ours: str, before: Json | None) -> Finding:
        form: dict[str, str | list[str]] = {
            "AutoCreation.Enabled": "true",
            "AutoCreation.Type": "webhook",
            "AutoCreation.WebhookUrl": self._conversations,
            "AutoCreation.WebhookMethod": "post",
            "AutoCreation.WebhookFilters": EVENTS,
        }
        if self._settings.service_sid:
            form["AutoCreation.ConversationServiceSid"] = self._settings.service_sid
        root = "/v1/Configuration/Addresses"
        if before is None:
            named: Form = {"Type": TYPES[addresses.network(ours)], "Address": ours, "FriendlyName": "Trunkline"}
            await self._client.post("conversations", root, {**named, **form})
            return Finding(ok=True, words=f"made: what is written to {ours} comes here by Conversations")
        await self._client.post("conversations", f"{root}/{before.get('sid')}", form)
        led = str(_auto(before).get("webhook_url") or "nowhere")
        return Finding(
            ok=True, words=f"changed: what is written to {ours} comes here by Conversations; it led to {led} before"
        )


def _auto(configuration: Json | None) -> Json:
    found = configuration.get("auto_creation") if configuration else None
    return found if isinstance(found, dict) else {}


def _wrong(words: str, mend: str, key: str = "") -> Finding:
    return Finding(ok=False, words=words, mend=mend, path=(key,) if key else ())


def _refused(error: SendError, key: str, about: str = "") -> Finding:
    """Twilio said no, or nothing: then it may be right all the same."""
    words = f"{about}: {error}" if about else str(error)
    if isinstance(error, Unavailable | Unsure | RateLimited):
        return replace(_wrong(words, "try again", "" if about else "api_url"), certain=False)
    if error.code in OUT or error.code == "401":
        return _wrong(words, "copy it anew from Twilio’s console", key)
    return _wrong(words, "see Twilio’s console" if about else "check api_url", "" if about else "api_url")
