"""Asking Twilio whether a configuration will work: against a small account of the tests' own, and against the simulator."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from adapters.twilio.adapter import adapter
from adapters.twilio.conversations import EVENTS
from adapters.twilio.settings import Endpoint, Settings
from bridge.channel import Finding, Inspects, SetsUp
from bridge.channel.inspection import Guides
from bridge.core.ids import ChannelName
from tests.adapters.kit import http, nowhere, odd
from tests.adapters.twilio.judge import Running, running
from tests.openapi import check_exchange, spec

OURS, PUBLIC = "+15550100", "https://bridge.example"
HOOK = f"{PUBLIC}/webhooks/phone/conversations"
AC, IS, TOKEN = "AC" + "0a" * 16, "IS" + "0a" * 16, "a-token-of-the-test-alone"
KEY = ("SK" + "0a" * 16, "the-secret-of-the-key")
NUMBER = {"phone_number": OURS, "capabilities": {"sms": True, "mms": True}, "sms_url": "", "sms_application_sid": ""}
AUTO = {"enabled": True, "type": "webhook", "webhook_url": HOOK, "webhook_filters": EVENTS}


class Account:
    """Twilio's answers to what an inspection asks. `forms` are those of POSTs, by path."""

    def __init__(self) -> None:
        self.account: dict[str, Any] = {"sid": AC, "status": "active", "type": "Full", "auth_token": TOKEN}
        self.numbers: list[dict[str, Any]] = [NUMBER]
        self.senders: list[dict[str, Any]] | None = []
        self.addresses: dict[str, dict[str, Any]] = {OURS: AUTO}
        self.hooks: dict[str, Any] = {}
        self.service_hooks: dict[str, Any] = {}
        self.services = [IS]
        self.key_works = True
        self.forms: list[tuple[str, dict[str, list[str]]]] = []

    def __call__(self, request: bytes) -> bytes:
        head, _, body = request.partition(b"\r\n\r\n")
        method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
        path = unquote(urlsplit(target).path)
        user, _, password = self._credentials(head)
        if (user, password) not in ((AC, TOKEN), KEY) or (user == KEY[0] and not self.key_works):
            return self.answer(401, {"code": 20003, "message": "Authenticate", "status": 401})
        if method == "POST":
            self.forms.append((path, parse_qs(body.decode(), keep_blank_values=True)))
            return self.answer(201, {"sid": "IG" + "0a" * 16})
        found = self.get(path, parse_qs(urlsplit(target).query))
        return (
            self.answer(404, {"code": 20404, "message": "x", "status": 404})
            if found is None
            else self.answer(200, found)
        )

    def _credentials(self, head: bytes) -> tuple[str, str, str]:
        line = next((h for h in head.split(b"\r\n") if h.lower().startswith(b"authorization: basic ")), b"")
        return base64.b64decode(line[21:]).decode().partition(":")  # type: ignore[return-value]

    def answer(self, status: int, body: Any) -> bytes:
        return http(status, json.dumps(body).encode())

    def get(self, path: str, query: dict[str, list[str]]) -> Any:
        if path == f"/api/2010-04-01/Accounts/{AC}.json":
            return self.account
        if path == f"/api/2010-04-01/Accounts/{AC}/IncomingPhoneNumbers.json":
            return {"incoming_phone_numbers": [n for n in self.numbers if query["PhoneNumber"][0] in n["phone_number"]]}
        if path == "/messaging/v2/Channels/Senders":
            return None if self.senders is None else {"senders": self.senders, "meta": {}}
        known = {
            "/conversations/v1/Configuration": {"default_chat_service_sid": IS},
            "/conversations/v1/Configuration/Webhooks": self.hooks,
            f"/conversations/v1/Services/{IS}/Configuration/Webhooks": self.service_hooks,
            **{f"/conversations/v1/Services/{s}": {"sid": s} for s in self.services},
            **{
                f"/conversations/v1/Configuration/Addresses/{a}": {"sid": "IG" + "1" * 32, "auto_creation": auto}
                for a, auto in self.addresses.items()
            },
        }
        return known.get(path)


async def asked(account: Any, *ours: str, public_url: str = PUBLIC, set_up: bool = False, **keys: Any) -> list[Finding]:
    async with odd(account) as server:
        settings = Settings.model_validate(
            {"account_sid": AC, "auth_token": TOKEN, "api_url": server.url + "/{product}"} | keys
        )
        endpoints = [Endpoint(address=a) for a in ours or (OURS,)]
        ask = adapter.set_up if set_up else adapter.inspect  # type: ignore[attr-defined]
        found: list[Finding] = await ask(settings, endpoints, public_url, ChannelName("phone"))
        return found


def wrong(found: list[Finding]) -> Finding:
    """The one thing that is wrong."""
    (one,) = [f for f in found if not f.ok]
    assert one.words
    assert TOKEN not in one.words + one.mend
    return one


def test_it_is_what_it_says() -> None:
    assert isinstance(adapter, Inspects)
    assert isinstance(adapter, SetsUp)
    assert isinstance(adapter, Guides)


async def test_all_is_well() -> None:
    found = await asked(Account())
    assert [f.words for f in found] == [
        "the account lets us in and is active",
        "+15550100 is a number of this account",
        "what is written to +15550100 comes here by Conversations",
    ]
    assert all(f.ok for f in found)


# ---- the account


async def test_a_wrong_token() -> None:
    one = wrong(await asked(Account(), auth_token="another"))
    assert (one.path, "credentials" in one.words) == (("auth_token",), True)


async def test_an_unknown_account() -> None:
    account = Account()
    account.get = lambda path, query: None  # type: ignore[method-assign]
    assert wrong(await asked(account)).path == ("account_sid",)


async def test_a_token_that_signs_no_webhooks() -> None:
    account = Account()
    account.account["auth_token"] = "the-primary-one"
    one = wrong(await asked(account))
    assert (one.path, "primary" in one.words) == (("auth_token",), True)
    assert "the-primary-one" not in one.words + one.mend
    assert all(f.ok for f in await asked(account, auth_token=[TOKEN, "the-primary-one"])), "while it is rotated"


@pytest.mark.parametrize("status", ["suspended", "closed"])
async def test_an_account_that_sleeps(status: str) -> None:
    account = Account()
    account.account["status"] = status
    assert status in wrong(await asked(account)).words


async def test_a_trial_account_is_told_what_it_can() -> None:
    account = Account()
    account.account["type"] = "Trial"
    (told,) = [f for f in await asked(account) if "trial" in f.words]
    assert told.ok
    assert told.mend == "verify the numbers in Twilio’s console, or upgrade the account"


async def test_an_api_key_is_tried_where_it_will_be_used() -> None:
    account = Account()
    keys = {"api_key": KEY[0], "api_secret": KEY[1]}
    assert all(f.ok for f in await asked(account, **keys))
    account.key_works = False
    assert wrong(await asked(account, **keys)).path == ("api_key",)


async def test_a_service_that_is_not_there() -> None:
    account = Account()
    assert all(f.ok for f in await asked(account, service_sid=IS))
    account.services = []
    assert wrong(await asked(account, service_sid=IS)).path == ("service_sid",)


async def test_a_host_that_twilio_does_not_call() -> None:
    assert "underscore" in wrong(await asked(Account(), public_url="https://my_host.example")).words


async def test_nobody_there() -> None:
    settings = Settings.model_validate({"account_sid": AC, "auth_token": TOKEN, "api_url": await nowhere()})
    for ask in (adapter.inspect, adapter.set_up):  # type: ignore[attr-defined]
        one = wrong(await ask(settings, [Endpoint(address=OURS)], PUBLIC, ChannelName("phone")))
        assert (one.path, "can’t be reached" in one.words) == (("api_url",), True)
        assert not one.certain


async def test_a_pause_is_no_mistake_of_the_admins() -> None:
    assert not wrong(await asked(http(429, b'{"code": 20429, "message": "x", "status": 429}'))).certain
    assert not wrong(await asked(http(503))).certain


@pytest.mark.parametrize(
    "answer", [http(200, b"<html>"), http(404, b"<html>"), http(200, b"[]"), b"", b"x\r\n\r\n"], ids=repr
)
async def test_any_answer_is_a_finding(answer: bytes) -> None:
    for set_up in (False, True):
        found = await asked(answer, set_up=set_up)
        assert any(not f.ok for f in found)


# ---- addresses


async def test_a_number_that_is_not_the_accounts() -> None:
    account = Account()
    account.numbers = [NUMBER | {"phone_number": "+155501001"}]
    one = wrong(await asked(account, "*", OURS))
    assert one.words == "+15550100 isn’t a number of this account"
    assert one.path == ("endpoints", 1, "address")
    assert one.certain


async def test_a_number_without_sms() -> None:
    account = Account()
    account.numbers = [NUMBER | {"capabilities": {"sms": False}}]
    assert "SMS" in wrong(await asked(account)).words


WAYS: list[tuple[dict[str, Any] | None, str]] = [
    (None, "doesn’t come here: nothing makes conversations of it"),
    (AUTO | {"enabled": False}, "doesn’t come here: nothing makes conversations of it"),
    (AUTO | {"webhook_url": "https://old.example/x"}, "leads elsewhere (https://old.example/x)"),
    (AUTO | {"webhook_url": None}, "leads elsewhere (nowhere)"),
    (AUTO | {"webhook_filters": EVENTS[:-1]}, "leaves out onDeliveryUpdated"),
    (AUTO | {"webhook_filters": None}, "leaves out onMessageAdded"),
    (AUTO | {"type": "studio"}, "goes to Twilio’s studio"),
    (AUTO | {"conversation_service_sid": "IS" + "9" * 32}, "in another service (IS999"),
    (AUTO | {"type": "default"}, "leads elsewhere (nowhere)"),
]


@pytest.mark.parametrize(("auto", "words"), WAYS, ids=[w[1][:40] for w in WAYS])
async def test_ways_that_lead_elsewhere(auto: dict[str, Any] | None, words: str) -> None:
    account = Account()
    account.addresses = {OURS: auto} if auto else {}
    one = wrong(await asked(account))
    assert words in one.words
    assert HOOK in one.mend


@pytest.mark.parametrize("level", ["hooks", "service_hooks"])
async def test_the_webhook_of_account_or_service_suffices(level: str) -> None:
    account = Account()
    account.addresses = {OURS: AUTO | {"type": "default", "webhook_url": None}}
    setattr(account, level, {"post_webhook_url": HOOK, "filters": [*EVENTS, "onConversationAdded"]})
    assert all(f.ok for f in await asked(account))
    setattr(account, level, {"post_webhook_url": HOOK, "filters": EVENTS[1:]})
    assert "leaves out onMessageAdded" in wrong(await asked(account)).words


async def test_a_numbers_own_webhook_suffices() -> None:
    account = Account()
    account.addresses = {}
    account.numbers = [NUMBER | {"sms_url": f"{PUBLIC}/webhooks/phone/messages"}]
    found = await asked(account)
    assert all(f.ok for f in found)
    assert found[-1].words == "what is written to +15550100 comes here by Programmable Messaging"
    account.numbers = [NUMBER | {"sms_url": "https://old.example/x"}]
    assert "it calls https://old.example/x by itself" in wrong(await asked(account)).words
    account.numbers = [NUMBER | {"sms_url": f"{PUBLIC}/webhooks/phone/messages", "sms_application_sid": "AP1"}]
    wrong(await asked(account))


async def test_a_whatsapp_sender() -> None:
    ours = f"whatsapp:{OURS}"
    account = Account()
    account.addresses = {ours: AUTO}
    assert all(f.ok for f in await asked(account, ours)), "a sandbox stands in no list"
    account.senders = None
    assert all(f.ok for f in await asked(account, ours))
    account.senders = [{"sender_id": ours, "status": "ONLINE"}]
    assert "sender of this account" in (await asked(account, ours))[1].words
    account.senders = [{"sender_id": ours, "status": "PENDING_VERIFICATION"}]
    one = wrong(await asked(account, ours))
    assert ("pending verification" in one.words, one.certain) == (True, False)
    account.senders = [{"sender_id": ours, "status": "OFFLINE"}]
    assert wrong(await asked(account, ours)).certain
    webhook = {"callback_url": f"{PUBLIC}/webhooks/phone/messages"}
    account.senders, account.addresses = [{"sender_id": ours, "status": "ONLINE", "webhook": webhook}], {}
    assert (await asked(account, ours))[-1].ok


async def test_addresses_that_no_bridge_names() -> None:
    (told,) = (await asked(Account(), "*"))[1:]
    assert told.ok
    assert '"*"' in told.words


async def test_one_address_that_is_wrong_hides_no_other() -> None:
    account = Account()
    account.numbers.append(NUMBER | {"phone_number": "+15550101"})
    found = await asked(account, "+15550101", OURS, "messenger:4711")
    assert [f.ok for f in found if "what is written to" in f.words] == [False, True, False]


# ---- making it


async def test_what_is_right_is_left_alone() -> None:
    account = Account()
    assert all(f.ok for f in await asked(account, set_up=True))
    assert account.forms == []


@pytest.mark.parametrize(
    ("ours", "kind"),
    [(OURS, "sms"), (f"whatsapp:{OURS}", "whatsapp"), ("messenger:4711", "messenger"), ("rcs:b", "rcs")],
)
async def test_a_missing_configuration_is_made(ours: str, kind: str) -> None:
    account = Account()
    account.addresses = {}
    found = await asked(account, ours, set_up=True, service_sid=IS)
    assert all(f.ok for f in found)
    assert found[-1].words.startswith("made: ")
    ((path, form),) = account.forms
    assert path == "/conversations/v1/Configuration/Addresses"
    assert form == {
        "Type": [kind],
        "Address": [ours],
        "FriendlyName": ["Trunkline"],
        "AutoCreation.Enabled": ["true"],
        "AutoCreation.Type": ["webhook"],
        "AutoCreation.WebhookUrl": [HOOK],
        "AutoCreation.WebhookMethod": ["post"],
        "AutoCreation.WebhookFilters": EVENTS,
        "AutoCreation.ConversationServiceSid": [IS],
    }


async def test_one_that_leads_elsewhere_is_changed_and_this_is_said() -> None:
    account = Account()
    account.addresses = {OURS: AUTO | {"webhook_url": "https://old.example/x"}}
    found = await asked(account, set_up=True)
    assert found[-1].words.endswith("it led to https://old.example/x before")
    ((path, form),) = account.forms
    assert path == f"/conversations/v1/Configuration/Addresses/IG{'1' * 32}"
    assert "Type" not in form
    assert "Address" not in form


async def test_nothing_is_made_for_a_number_that_is_not_the_accounts() -> None:
    account = Account()
    account.numbers, account.addresses = [], {}
    wrong(await asked(account, set_up=True))
    assert account.forms == []


# ---- the simulator


@pytest.fixture(scope="module")
def twilio() -> Iterator[Running]:
    with running() as one:
        yield one


async def test_what_was_made_is_right_and_as_twilios_document_has_it(twilio: Running) -> None:
    ours = [Endpoint(address="whatsapp:+15550177"), Endpoint(address="messenger:4711")]
    settings = Settings.model_validate(
        {"account_sid": twilio.account_sid, "auth_token": twilio.auth_token, "api_url": twilio.base_url + "/{product}"}
    )
    asking = (settings, ours, PUBLIC, ChannelName("phone"))
    assert [f.ok for f in await adapter.inspect(*asking)] == [True, False, False]  # type: ignore[attr-defined]
    assert all(f.ok for f in await adapter.set_up(*asking))  # type: ignore[attr-defined]
    assert all(f.ok for f in await adapter.inspect(*asking))  # type: ignore[attr-defined]
    made = twilio.rest("GET", "/v1/Configuration/Addresses/messenger:4711").json()
    assert (made["type"], made["auto_creation"]["webhook_url"]) == ("messenger", HOOK)
    other = (settings, ours, "https://other.example", ChannelName("phone"))
    assert all(f.ok for f in await adapter.set_up(*other))  # type: ignore[attr-defined]
    assert not all(f.ok for f in await adapter.inspect(*asking))  # type: ignore[attr-defined]
    document = spec("twilio/conversations_v1.json")
    for event in list(twilio.seen) if document is not None else []:
        call = event.get("call") or {}
        if call.get("method") == "POST" and call["status"] and "/v1/Configuration/Addresses" in call["url"]:
            form = {k: v if len(v) > 1 else v[0] for k, v in parse_qs(call["request"]["body"]).items()}
            path = "/v1/" + call["url"].partition("/conversations/v1/")[2]
            check_exchange(document, "POST", path, form, call["status"], json.loads(call["response"]["body"]))
