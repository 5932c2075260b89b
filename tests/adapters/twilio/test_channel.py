"""The channel against the simulator over real HTTP, each exchange judged by Twilio's OpenAPI document; and against worse."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from adapters.twilio.channel import TwilioChannel
from adapters.twilio.settings import Settings
from bridge.channel import (
    Adapter,
    Binding,
    DescribesBindings,
    Events,
    FetchesHistory,
    FetchesMedia,
    File,
    FindsDeliveries,
    Forged,
    KnowsAddresses,
    Lookup,
    Opening,
    OpensBindings,
    Outbound,
    Received,
    Request,
    Unreadable,
    Warms,
)
from bridge.core.content import Attachment
from bridge.core.events import MessageReceived, NotUnderstood
from bridge.core.ids import BindingKey, DeliveryId, EndpointKey
from bridge.core.outcomes import BindingGone, Misconfigured, RateLimited, Refused, SendError, Unavailable, Unsure
from tests.adapters.kit import URL, RecordingPort, a_file, http, nowhere, odd
from tests.adapters.twilio.judge import OURS, Running, running
from tests.openapi import check_exchange, spec

ANA = "+15550199"
TOKEN = "a-token-of-the-test-alone"
API_KEY = ("SK" + "0a" * 16, "the-secret-of-the-key")
NEEDED = {"account_sid": "AC" + "0a" * 16, "auth_token": TOKEN}
SECRETS = (TOKEN, API_KEY[1], "5eed" * 8)


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(api_keys=[API_KEY]) as one:
        yield one


@pytest.fixture
def twilio(server: Running) -> Iterator[Running]:
    """The simulator without faults; what was said over it is judged at the end."""
    mend(server)
    server.seen.clear()
    yield server
    judge(server)


def mend(server: Running) -> None:
    for fault in server.control("faults")["faults"]:
        if fault["on"]:
            server.fault(fault["id"], on=False)


def judge(server: Running) -> int:
    """Every exchange of ours with Conversations is one that Twilio's document describes."""
    document, judged = spec("twilio/conversations_v1.json"), 0
    for event in list(server.seen):
        call = event.get("call") or {}
        if document is None or call.get("status") in (None, 307) or "/conversations/v1/" not in call["url"]:
            continue
        answer = call["response"]["body"]
        if call["request"]["headers"].get("user-agent") != "trunkline" or len(answer) >= 16 * 1024:
            continue
        try:
            body = json.loads(answer) if answer else None
        except ValueError:
            continue  # garbled, as asked
        if call["status"] in (200, 201) and not (body and ("sid" in body or "meta" in body or "target" in body)):
            continue
        form: dict[str, Any] = {}
        for name, value in parse_qsl(call["request"]["body"], keep_blank_values=True):
            form[name] = (
                value if name not in form else [*([form[name]] if isinstance(form[name], str) else form[name]), value]
            )
        path = "/v1/" + call["url"].partition("/conversations/v1/")[2]
        check_exchange(document, call["method"], path, form or None, call["status"], body)
        judged += 1
    return judged


def settings(url: str, **keys: Any) -> Settings:
    return Settings.model_validate(NEEDED | {"api_url": url} | keys)


@asynccontextmanager
async def opened(how: Settings, port: RecordingPort | None = None) -> AsyncIterator[TwilioChannel]:
    channel = TwilioChannel(how, port or RecordingPort())
    await channel.warm()
    try:
        yield channel
    finally:
        await channel.close()


@pytest.fixture
def account(twilio: Running) -> Settings:
    return settings(twilio.base_url + "/{product}", account_sid=twilio.account_sid, auth_token=twilio.auth_token)


@pytest.fixture
async def channel(account: Settings) -> AsyncIterator[TwilioChannel]:
    async with opened(account) as one:
        yield one


@pytest.fixture
def key(twilio: Running) -> Iterator[BindingKey]:
    """A conversation with Ana."""
    thread = twilio.client.conversations.v1.conversations.create()
    thread.participants.create(messaging_binding_address=ANA, messaging_binding_proxy_address=OURS)
    assert thread.sid is not None
    yield BindingKey(thread.sid)
    mend(twilio)
    twilio.rest("DELETE", f"/v1/Conversations/{thread.sid}")


def to(key: str | None, address: str = ANA, meta: str = "") -> Binding:
    return Binding(endpoint=EndpointKey(OURS), key=BindingKey(key) if key else None, address=address, meta=meta)


def out(key: str, text: str = "", file: File | None = None, delivery: str = "c1-1", meta: str = "") -> Outbound:
    return Outbound(delivery=DeliveryId(delivery), binding=to(key, meta=meta), author="Support", text=text, file=file)


def look(key: str, delivery: str = "c1-1", text: str = "Hello", *, has_file: bool = False) -> Lookup:
    return Lookup(delivery=DeliveryId(delivery), binding=to(key), text=text, has_file=has_file, since=0.0)


def accepted(twilio: Running, key: str) -> list[dict[str, Any]]:
    return [m for m in twilio.accepted() if m["conversation"] == key]


def test_it_is_what_it_says() -> None:
    from adapters.twilio.adapter import adapter

    entry: Adapter = adapter
    channel = entry.open(settings("http://127.0.0.1:9"), [], RecordingPort())
    for ability in (
        OpensBindings,
        KnowsAddresses,
        FetchesMedia,
        FindsDeliveries,
        DescribesBindings,
        FetchesHistory,
        Warms,
    ):
        assert isinstance(channel, ability)


async def test_nothing_is_sent_before_it_is_warm() -> None:
    channel = TwilioChannel(settings("http://127.0.0.1:9"), RecordingPort())
    with pytest.raises(Unavailable):
        await channel.send(out("CH1", "x"))
    await channel.close()


# ---- sending


async def test_a_text(twilio: Running, channel: TwilioChannel, key: BindingKey) -> None:
    sent = await channel.send(out(key, "Grüße 👋"))
    (message,) = accepted(twilio, key)
    assert (message["author"], message["body"], message["addresses"]) == ("Support", "Grüße 👋", [ANA])
    assert json.loads(message["attributes"]) == {"trunkline": {"d": "c1-1"}}
    assert (sent.remote, sent.key, sent.index, sent.binding) == (message["message"], message["message"], 0, key)
    assert judge(twilio) >= 1 or spec("twilio/conversations_v1.json") is None  # a checkout alone has no judge


@pytest.mark.parametrize("with_meta", [False, True])
async def test_a_file(twilio: Running, channel: TwilioChannel, key: BindingKey, with_meta: bool) -> None:
    data = bytes(range(256)) * 1000
    seen = await channel.describe(key)
    assert seen is not None
    assert seen.meta.startswith("IS")
    sent = await channel.send(
        out(key, file=a_file(data, "application/pdf", "ä b&c.pdf"), meta=seen.meta if with_meta else "")
    )
    (message,) = accepted(twilio, key)
    assert message["message"] == sent.remote
    (media,) = message["media"]
    assert (media["content_type"], media["filename"], media["size"]) == ("application/pdf", "ä b&c.pdf", len(data))
    assert await fetched(channel, f"{seen.meta}/{key}/{media['sid']}") == data


async def test_what_another_road_said_of_the_binding_is_no_service(
    twilio: Running, channel: TwilioChannel, key: BindingKey
) -> None:
    await channel.send(out(key, file=a_file(b"x", "image/png"), meta="MG" + "0a" * 16))
    assert len(accepted(twilio, key)) == 1


async def test_segments_of_a_text_and_of_a_file(channel: TwilioChannel, key: BindingKey) -> None:
    assert (await channel.send(out(key, "a" * 161))).segments == 2
    assert (await channel.send(out(key, file=a_file(b"x", "image/png")))).segments == 1


async def test_an_api_key_signs_in(twilio: Running, account: Settings, key: BindingKey) -> None:
    how = {"account_sid": account.account_sid, "auth_token": "only-for-signatures"}
    async with opened(settings(account.api_url, **how, api_key=API_KEY[0], api_secret=API_KEY[1])) as channel:
        await channel.send(out(key, "by key"))
    async with opened(settings(account.api_url, **how)) as channel:
        with pytest.raises(Misconfigured, match="credentials"):
            await channel.send(out(key, "by a wrong token"))
    assert [m["body"] for m in accepted(twilio, key)] == ["by key"]


async def test_within_a_service(twilio: Running, account: Settings) -> None:
    service = (await described_service(twilio))["sid"]
    how = {"account_sid": account.account_sid, "auth_token": twilio.auth_token}
    async with opened(settings(account.api_url, **how, service_sid=service)) as channel:
        made = await channel.open_binding(Opening(binding=to(None, "+15550161"), title="T", author="Support"))
        await channel.send(out(made.key, "in a service"))
        assert made.meta == service
        assert [m["body"] for m in accepted(twilio, made.key)] == ["in a service"]
    async with opened(settings(account.api_url, **how, service_sid="IS" + "9" * 32)) as channel:
        with pytest.raises(Misconfigured, match="service_sid"):
            await channel.open_binding(Opening(binding=to(None, "+15550162"), title="T", author="Support"))


async def described_service(twilio: Running) -> dict[str, Any]:
    found: dict[str, Any] = (await asyncio.to_thread(twilio.rest, "GET", "/v1/Services")).json()["services"][0]
    return found


# ---- what goes wrong


FAULTS: list[tuple[str, Any, type[SendError], int]] = [
    # fault, value, what is raised, how many messages Twilio took all the same
    ("cut_before", 1, Unsure, 0),
    ("cut_after", 1, Unsure, 1),
    ("error_before", {"count": 1, "status": 503}, Unsure, 0),
    ("error_after", {"count": 1, "status": 500}, Unsure, 1),
    ("garble", {"count": 1, "kind": "html"}, Unsure, 1),
    ("garble", {"count": 1, "kind": "empty"}, Unsure, 1),
    ("garble", {"count": 1, "kind": "cut"}, Unsure, 1),
    ("garble", {"count": 1, "kind": "no_sid"}, Unsure, 1),
    ("down", None, Unsure, 0),
    ("unauthorized", None, Misconfigured, 0),
    ("rate", {"count": 1}, RateLimited, 0),
    ("redirect", "http://127.0.0.1:9/", Misconfigured, 0),
]


@pytest.mark.parametrize(("fault", "value", "expected", "count"), FAULTS, ids=lambda v: str(v)[:40])
@pytest.mark.parametrize("shape", ["classic", "problem"])
async def test_faults(
    twilio: Running,
    channel: TwilioChannel,
    key: BindingKey,
    shape: str,
    fault: str,
    value: Any,
    expected: Any,
    count: int,
) -> None:
    twilio.fault("problem_json", on=shape == "problem")
    twilio.fault(fault, value)
    with pytest.raises(SendError) as raised:
        await channel.send(out(key, "Hello"))
    assert type(raised.value) is expected, raised.value
    twilio.fault(fault, on=False)
    assert len(accepted(twilio, key)) == count
    found = await channel.find(look(key, "c1-1"))
    assert (found is not None) is bool(count)
    if found is not None:
        (message,) = accepted(twilio, key)
        assert (found.remote, found.key, found.index, found.binding) == (message["message"], message["message"], 0, key)


@pytest.mark.parametrize(("header", "seconds"), [(None, None), ("7", 7), ("0", None), ("-1", None)])
async def test_told_to_wait(
    twilio: Running, channel: TwilioChannel, key: BindingKey, header: str | None, seconds: int | None
) -> None:
    import time

    twilio.fault("rate", {"count": 1, "retry_after": header} if header else 1)
    with pytest.raises(RateLimited) as raised:
        await channel.send(out(key, "Hello"))
    assert raised.value.code == "20429"
    at = raised.value.retry_at
    assert at is None if seconds is None else at is not None and abs(at - time.time() - seconds) < 2


async def test_nobody_there(key: BindingKey) -> None:
    async with opened(settings(await nowhere())) as channel:
        with pytest.raises(Unavailable, match="can’t be reached"):
            await channel.send(out(key, "Hello"))


ODD_ANSWERS: list[tuple[str, bytes, type[SendError]]] = [
    ("no HTTP at all", b"SSH-2.0-OpenSSH_9.9\r\n\r\n", Unsure),
    ("nothing", b"", Unsure),
    ("half a head", b"HTTP/1.1 201 Cre", Unsure),
    ("half a body", b'HTTP/1.1 201 X\r\nContent-Length: 99\r\n\r\n{"sid"', Unsure),
    ("bad chunks", b"HTTP/1.1 201 X\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", Unsure),
    ("a list", http(201, b"[]"), Unsure),
    ("a number for a sid", http(201, b'{"sid": 0}'), Unsure),
    ("bad gzip", http(201, b"\x00\x01", "Content-Encoding: gzip"), Unsure),
    ("a bomb", http(201, gzip.compress(b" " * (64 << 20)) , "Content-Encoding: gzip"), Unsure),
    ("deep JSON", http(201, b"[" * 100_000), Unsure),
    ("a proxy's page", http(404, b"<html>"), Misconfigured),
    ("another proxy's page", http(502, b"<html>"), Unsure),
    ("a redirect", http(302, b"", "Location: http://127.0.0.1:9/"), Misconfigured),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "expected"), [r[1:] for r in ODD_ANSWERS], ids=[r[0] for r in ODD_ANSWERS])
async def test_odd_answers(answer: bytes, expected: type[SendError]) -> None:
    async with odd(answer) as server, opened(settings(server.url)) as channel:
        with pytest.raises(SendError) as raised:
            await channel.send(out("CH1", "Hello"))
        assert type(raised.value) is expected, raised.value
        assert len(server.heard) == 1, "neither repeated nor followed"
        for call in (channel.describe(BindingKey("CH1")), channel.history(BindingKey("CH1"), -1)):
            with pytest.raises(SendError) as raised:
                await call
            assert not isinstance(raised.value, Unsure)


async def test_a_redirect_takes_nothing_along() -> None:
    async with odd(http(200, b"{}")) as elsewhere:
        moved = http(307, b"", f"Location: {elsewhere.url}/v1/Conversations")
        async with odd(moved) as server, opened(settings(server.url)) as channel:
            with pytest.raises(Misconfigured, match="api_url"):
                await channel.send(out("CH1", "Hello"))
        assert elsewhere.heard == []


async def test_too_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    from adapters.twilio import client

    monkeypatch.setitem(client.Client._json.__kwdefaults__, "timeout_s", 0.2)
    async with odd(None) as server, opened(settings(server.url)) as channel:
        with pytest.raises(Unsure, match="broke"):
            await channel.send(out("CH1", "Hello"))
        with pytest.raises(Unavailable):
            await channel.describe(BindingKey("CH1"))


async def test_no_more_at_once_than_configured(twilio: Running, account: Settings, key: BindingKey) -> None:
    how = {"account_sid": account.account_sid, "auth_token": twilio.auth_token, "max_in_flight": 2}
    twilio.control("options", {"max_concurrent": 2})
    twilio.fault("slow", 0.02)
    try:
        async with opened(settings(account.api_url, **how)) as channel:
            await asyncio.gather(*(channel.send(out(key, str(i), delivery=f"c1-{i}")) for i in range(8)))
    finally:
        twilio.control("options", {"max_concurrent": 0})
    assert len(accepted(twilio, key)) == 8


@pytest.mark.parametrize("how", ["closed", "deleted", "never was"])
async def test_a_conversation_that_ended(twilio: Running, channel: TwilioChannel, key: BindingKey, how: str) -> None:
    if how == "closed":
        twilio.rest("POST", f"/v1/Conversations/{key}", data={"State": "closed"})
    if how == "deleted":
        twilio.rest("DELETE", f"/v1/Conversations/{key}")
    gone = BindingKey("CH" + "9" * 32) if how == "never was" else key
    with pytest.raises(BindingGone) as raised:
        await channel.send(out(gone, "Hello"))
    assert not raised.value.closed, "nothing opens it again"
    assert await channel.find(look(gone, "c1-1")) is None


# ---- opening


async def test_a_new_conversation_for_a_pair(twilio: Running, channel: TwilioChannel) -> None:
    opening = Opening(binding=to(None, "+15550151"), title="Ana · SMS", author="Support")
    made = await channel.open_binding(opening)
    seen = await channel.describe(made.key)
    assert seen is not None
    assert (seen.address, seen.endpoint, seen.person, seen.network) == ("+15550151", OURS, "+15550151", "SMS")
    assert (seen.others, seen.state, seen.meta) == (0, "open", made.meta)
    hooks = twilio.rest("GET", f"/v1/Conversations/{made.key}/Webhooks").json()["webhooks"]
    assert [h["configuration"]["url"] for h in hooks] == [f"{URL}/conversations"], "the account's leads elsewhere"
    again = await channel.open_binding(opening)
    assert again.key == made.key, "the pair is taken: its holder is the one"
    assert await channel.open_binding(opening) == again
    twilio.rest("POST", f"/v1/Conversations/{made.key}", data={"State": "closed"})
    assert (await channel.open_binding(opening)).key != made.key
    threads = twilio.rest("GET", "/v1/Conversations?PageSize=100").json()["conversations"]
    assert len([t for t in threads if t["friendly_name"] == "Ana · SMS"]) == 2, "what was made in vain is gone"


async def test_no_webhook_of_its_own_where_the_accounts_leads_to_us(twilio: Running, account: Settings) -> None:
    twilio.rest("POST", "/v1/Configuration/Webhooks", data={"PostWebhookUrl": f"{URL}/conversations"})
    async with opened(account) as channel:
        made = await channel.open_binding(Opening(binding=to(None, "+15550152"), title="T", author="Support"))
    assert twilio.rest("GET", f"/v1/Conversations/{made.key}/Webhooks").json()["webhooks"] == []
    twilio.rest("POST", "/v1/Configuration/Webhooks", data={"PostWebhookUrl": "https://elsewhere.example/"})


async def test_a_pair_that_cant_be(twilio: Running, channel: TwilioChannel) -> None:
    twilio.control("options", {"numbers": ["+15550100"]})
    try:
        binding = Binding(endpoint=EndpointKey("+15550999"), address=ANA)
        with pytest.raises(Refused) as raised:
            await channel.open_binding(Opening(binding=binding, title="Never", author="Support"))
    finally:
        twilio.control("options", {"numbers": []})
    assert raised.value.code == "50413"
    threads = twilio.rest("GET", "/v1/Conversations?PageSize=100").json()["conversations"]
    assert "Never" not in [t["friendly_name"] for t in threads]


@pytest.mark.parametrize("answer", [http(201, b"{}"), http(201, b"<html>"), b""], ids=["no sid", "a page", "nothing"])
async def test_garbled_while_opening(answer: bytes) -> None:
    async with odd(answer) as server, opened(settings(server.url)) as channel:
        with pytest.raises(Unsure):
            await channel.open_binding(Opening(binding=to(None), title="T", author="Support"))


# ---- asking


async def test_describe(twilio: Running, channel: TwilioChannel, key: BindingKey) -> None:
    seen = await channel.describe(key)
    assert seen is not None
    assert (seen.binding, seen.address, seen.endpoint, seen.others, seen.state) == (key, ANA, OURS, 0, "open")
    assert (await channel.describe(key)).key == seen.key  # type: ignore[union-attr]
    twilio.rest("POST", f"/v1/Conversations/{key}", data={"State": "closed"})
    closed = await channel.describe(key)
    assert closed is not None
    assert closed.state == "closed"
    assert await channel.describe(BindingKey("CH" + "9" * 32)) is None


async def test_describe_a_group_and_nobody(twilio: Running, channel: TwilioChannel, key: BindingKey) -> None:
    url = f"/v1/Conversations/{key}/Participants"
    twilio.rest("POST", url, data={"Identity": "eve"})
    seen = await channel.describe(key)
    assert seen is not None
    assert (seen.address, seen.others) == (ANA, 0)
    twilio.rest("POST", url, data={"MessagingBinding.Address": "+15550198"})
    seen = await channel.describe(key)
    assert seen is not None
    assert seen.others == 1
    empty = twilio.rest("POST", "/v1/Conversations", data={}).json()["sid"]
    seen = await channel.describe(BindingKey(empty))
    assert seen is not None
    assert (seen.address, seen.endpoint) == ("", "")


async def test_history_over_more_than_a_page(twilio: Running, channel: TwilioChannel, key: BindingKey) -> None:
    for i in range(205):
        twilio.inbound(ANA, f"n{i}")
    events = await channel.history(key, -1)
    assert [e.content.text for e in events if isinstance(e, MessageReceived)] == [f"n{i}" for i in range(205)]
    assert [e.index for e in events if isinstance(e, MessageReceived)] == list(range(205))
    assert [e.index for e in await channel.history(key, 200)] == [201, 202, 203, 204]  # type: ignore[union-attr]
    assert await channel.history(key, 204) == []
    pages = [e["call"]["url"] for e in twilio.seen if "Order=desc" in str(e.get("call", {}).get("url"))]
    assert any("PageToken" in url for url in pages)


async def test_find_among_many(twilio: Running, channel: TwilioChannel, key: BindingKey) -> None:
    sent = await channel.send(out(key, "the one", delivery="c1-4"))
    for i in range(120):
        twilio.inbound(ANA, f"n{i}")
    assert await channel.find(look(key, "c1-4", "the one")) == sent
    assert await channel.find(look(key, "c1-5")) is None


async def test_pages_never_lead_elsewhere() -> None:
    async with odd(http(200, b'{"messages": [], "meta": {}}')) as elsewhere:
        for link in (elsewhere.url + "/v1/x", "file:///etc/passwd", "http://[", 7, ["x"]):
            body = json.dumps({"messages": [], "meta": {"next_page_url": link}}).encode()
            async with odd(http(200, body)) as server, opened(settings(server.url)) as channel:
                assert await channel.history(BindingKey("CH1"), -1) == []
        assert elsewhere.heard == []


async def test_a_list_that_is_none() -> None:
    """An answer that can't be read is not an empty one: what is looked for would be sent again."""
    async with odd(http(200, b'{"odd": 1}')) as server, opened(settings(server.url)) as channel:
        with pytest.raises(Unavailable):
            await channel.find(look("CH1", "c1-1"))


# ---- media


async def fetched(channel: TwilioChannel, ref: str) -> bytes:
    async with channel.open_media(Attachment(ref=ref, content_type="x/y")) as chunks:
        return b"".join([c async for c in chunks])


def file_of(data: bytes, content_type: str = "image/png") -> dict[str, Any]:
    import base64

    return {"filename": "a.png", "content_type": content_type, "data": base64.b64encode(data).decode()}


async def received_file(twilio: Running, channel: TwilioChannel, key: BindingKey, data: bytes) -> Attachment:
    twilio.inbound(ANA, "", files=[file_of(data)])
    event = (await channel.history(key, -1))[-1]
    assert isinstance(event, MessageReceived)
    (attachment,) = event.content.attachments
    return attachment


async def test_a_customers_file(twilio: Running, channel: TwilioChannel, key: BindingKey) -> None:
    data = bytes(range(256)) * 3000
    attachment = await received_file(twilio, channel, key, data)
    assert attachment.ref.startswith("/"), "a record names no service: it is asked"
    assert (attachment.content_type, attachment.filename, attachment.size) == ("image/png", "a.png", len(data))
    assert await fetched(channel, attachment.ref) == data
    direct = [e["call"] for e in twilio.seen if "/media.us1/" in str(e.get("call", {}).get("url"))]
    assert direct
    assert all("authorization" not in {h.lower() for h in c["request"]["headers"]} for c in direct)


async def test_a_file_that_is_gone(twilio: Running, channel: TwilioChannel, key: BindingKey) -> None:
    attachment = await received_file(twilio, channel, key, b"x")
    twilio.fault("media_lost")
    with pytest.raises(Refused):
        await fetched(channel, attachment.ref)
    twilio.fault("media_lost", on=False)
    service, conversation, _ = attachment.ref.split("/")
    with pytest.raises(Refused):
        await fetched(channel, f"{service}/{conversation}/ME{'9' * 32}")
    twilio.fault("down")
    with pytest.raises(Unavailable):
        await fetched(channel, attachment.ref)


@pytest.mark.parametrize(
    "link",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:10.0.0.1]/",
        "http://0x7f.1/",
        "file:///etc/passwd",
        "{server}@evil.example/",
        "http://user@evil.example/",
        "http://127.0.0.1:99999/",
        "http://[",
        "gopher://127.0.0.1/",
        "{elsewhere}/x",
    ],
)
async def test_a_file_that_lies_elsewhere(link: str) -> None:
    async with odd(http(200, b"secret")) as elsewhere, odd(b"") as server:
        there = link.replace("{elsewhere}", elsewhere.url).replace("{server}", server.url)
        server.answer = http(200, json.dumps({"links": {"content_direct_temporary": there}}).encode())
        async with opened(settings(server.url)) as channel:
            with pytest.raises(Refused, match="isn’t Twilio’s"):
                await fetched(channel, "IS1/CH1/ME1")
        assert elsewhere.heard == []
        assert len(server.heard) == 1


async def test_credentials_go_to_their_hosts_alone() -> None:
    def answer(request: bytes) -> bytes:
        if b"/media.us1/" in request.split(b"\r\n")[0]:
            return http(200, b"the bytes")
        return http(200, json.dumps({"links": {"content_direct_temporary": f"{server.url}/media.us1/x"}}).encode())

    async with odd(answer) as server, opened(settings(server.url + "/{product}")) as channel:
        assert await fetched(channel, "IS1/CH1/ME1") == b"the bytes"
        first, second = server.heard
        assert b"authorization: basic" in first.lower()
        assert b"authorization" not in second.lower()
        assert b"GET /mcs.us1/v1/Services/IS1/Media/ME1 " in first


async def test_without_a_link_the_stable_one_is_used() -> None:
    def answer(request: bytes) -> bytes:
        return http(200, b"the bytes" if b"/Content " in request else b'{"links": {"content": "/x"}}')

    async with odd(answer) as server, opened(settings(server.url + "/{product}")) as channel:
        assert await fetched(channel, "IS1/CH1/ME1") == b"the bytes"
        assert b"authorization: basic" in server.heard[1].lower()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (http(302, b"", "Location: http://127.0.0.1:9/"), Unavailable),
        (http(500), Unavailable),
        (http(403), Refused),
        (http(410), Refused),
        (b"HTTP/1.1 200 X\r\nContent-Length: 99\r\n\r\nhalf", Unavailable),
        (b"nonsense\r\n\r\n", Unavailable),
    ],
)
async def test_a_download_that_fails(answer: bytes, expected: type[SendError]) -> None:
    link: Callable[[bytes], bytes] = lambda request: (  # noqa: E731
        answer
        if b"/media.us1/" in request.split(b"\r\n")[0]
        else http(200, json.dumps({"links": {"content_direct_temporary": f"{server.url}/media.us1/x"}}).encode())
    )
    async with odd(link) as server, opened(settings(server.url + "/{product}")) as channel:
        with pytest.raises(expected):
            await fetched(channel, "IS1/CH1/ME1")


# ---- receiving


def request(form: list[tuple[str, str]], *, rest: str = "conversations", token: str = TOKEN, **more: Any) -> Request:
    url = f"{URL}/{rest}"
    signature = RequestValidator(token).compute_signature(url, dict(form))
    values = {"method": "POST", "rest": rest, "headers": {"x-twilio-signature": signature}, "at": 7.0}
    return Request(**{**values, "body": urlencode(form).encode(), **more})


FORM = [
    ("EventType", "onMessageAdded"),
    ("ConversationSid", "CH1"),
    ("MessageSid", "IM1"),
    ("Body", "Ünï+ %"),
    ("Author", ANA),
]


@pytest.fixture(scope="module")
def ear() -> TwilioChannel:
    """Receiving needs no client."""
    return TwilioChannel(settings("http://127.0.0.1:9", auth_token=["a-new-token", TOKEN]), RecordingPort())


def test_a_signed_webhook(ear: TwilioChannel) -> None:
    for token in (TOKEN, "a-new-token"):
        received = ear.receive(request(FORM, token=token))
        assert isinstance(received, Events)
        (event,) = received.events
        assert isinstance(event, MessageReceived)
        assert (event.content.text, event.author.id, event.at) == ("Ünï+ %", ANA, 7.0)


def test_a_webhook_by_get(ear: TwilioChannel) -> None:
    query = urlencode(FORM)
    signature = RequestValidator(TOKEN).compute_signature(f"{URL}/conversations?{query}", {})
    asked = Request(method="GET", rest="conversations", query=query, headers={"x-twilio-signature": signature})
    received = ear.receive(asked)
    assert isinstance(received, Events)
    assert isinstance(received.events[0], MessageReceived)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-twilio-signature": ""},
        {"x-twilio-signature": "x" * 10_000},
        {"x-twilio-signature": "ÿ\udcff\ud800"},
        {"x-twilio-signature": "AAAAAAAAAAAAAAAAAAAAAAAAAAA=, AAAAAAAAAAAAAAAAAAAAAAAAAAA="},
        {"x-twilio-webhooks-signature-settings": "key=x,algorithm=HMAC_SHA256"},
    ],
    ids=repr,
)
def test_an_unsigned_webhook_is_forged(ear: TwilioChannel, headers: dict[str, str]) -> None:
    received = ear.receive(request(FORM, headers=headers))
    assert isinstance(received, Forged)
    assert f"{URL}/conversations" in received.reason
    assert not any(secret in received.reason for secret in SECRETS)


def test_a_signature_fits_one_request(ear: TwilioChannel) -> None:
    good = request(FORM)
    body = good.body
    changed = [
        request(FORM, body=body + b"&A=1", headers=good.headers),
        request(FORM, body=body.replace(b"IM1", b"IM2"), headers=good.headers),
        request(FORM, body=urlencode(FORM[:-1]).encode(), headers=good.headers),
        request(FORM, rest="messages", headers=good.headers),
        request(FORM, rest="conversations/", headers=good.headers),
        request(FORM, query="a=1", headers=good.headers),
        request(FORM, method="GET", query=body.decode(), headers=good.headers),
    ]
    assert isinstance(ear.receive(good), Events)
    for one in changed:
        assert isinstance(ear.receive(one), Forged), one
    removed = TwilioChannel(settings("http://127.0.0.1:9", auth_token="a-new-token"), RecordingPort())
    assert isinstance(removed.receive(good), Forged)


def test_another_route_is_kept_and_relayed_nowhere(ear: TwilioChannel) -> None:
    received = ear.receive(request(FORM, rest="messages"))
    assert isinstance(received, Events)
    assert isinstance(received.events[0], NotUnderstood)


@pytest.mark.parametrize("body", [b"[1]", b"\xff\xfe", b"a", b"&".join([b"a=1"] * 2000)], ids=lambda b: repr(b[:9]))
def test_no_form(ear: TwilioChannel, body: bytes) -> None:
    assert isinstance(ear.receive(request([], body=body)), Unreadable)


def test_json_is_kept_where_its_hash_stands_in_the_signed_url(ear: TwilioChannel) -> None:
    body = b'{"a": 1}'
    assert isinstance(ear.receive(request([], body=body)), Forged)
    query = f"bodySHA256={hashlib.sha256(body).hexdigest()}"
    signature = RequestValidator(TOKEN).compute_signature(f"{URL}/conversations?{query}", {})
    kept = ear.receive(
        Request(method="POST", rest="conversations", query=query, headers={"x-twilio-signature": signature}, body=body)
    )
    assert isinstance(kept, Events)
    assert isinstance(kept.events[0], NotUnderstood)


@given(
    st.binary(max_size=200),
    st.text(max_size=20),
    st.text(max_size=20),
    st.text(max_size=20),
    st.sampled_from(["GET", "POST"]),
)
def test_any_bytes_are_a_value(
    ear: TwilioChannel, body: bytes, rest: str, query: str, signature: str, method: str
) -> None:
    headers = {"x-twilio-signature": signature}
    received = ear.receive(Request(method=method, rest=rest, query=query, headers=headers, body=body))
    assert isinstance(received, Forged | Unreadable)
    assert not any(secret in received.reason for secret in SECRETS)


keys = st.text(max_size=6) | st.sampled_from(["EventType", "Author", "Media", "Attributes", "Body", "Index"])


@given(
    st.dictionaries(
        keys, st.text(max_size=20) | st.sampled_from(["onMessageAdded", '[{"Sid":"\\ud800\\u0000"}]']), max_size=6
    )
)
def test_any_signed_form_is_an_event_that_can_be_stored(ear: TwilioChannel, fields: dict[str, str]) -> None:
    fields = {k.encode("utf-8", "replace").decode(): v.encode("utf-8", "replace").decode() for k, v in fields.items()}
    received: Received = ear.receive(request([("ConversationSid", "CH1"), ("MessageSid", "IM1"), *fields.items()]))
    if isinstance(received, Events):
        stored = json.dumps([asdict(e) for e in received.events], ensure_ascii=False)
        assert stored.encode()
        assert "\\u0000" not in stored.replace("\\\\", "")


async def test_no_secret_is_ever_said(
    twilio: Running, account: Settings, key: BindingKey, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    async with opened(account) as channel:
        for fault, value, _, _ in FAULTS:
            twilio.fault(fault, value)
            with pytest.raises(SendError) as raised:
                await channel.send(out(key, "Hello"))
            twilio.fault(fault, on=False)
            said += [str(raised.value), repr(raised.value), raised.value.raw, repr(raised.value.__cause__)]
    said += [
        repr(account),
        *(r.getMessage() + repr(r.__dict__) for r in caplog.records if r.name.startswith("trunkline")),
    ]
    assert not [s for s in said if twilio.auth_token in s]


async def test_closing_leaves_nothing_behind(account: Settings) -> None:
    before = asyncio.all_tasks()
    async with opened(account) as channel:
        await channel.describe(BindingKey("CH" + "9" * 32))
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
    assert urlsplit(account.api_url).port
