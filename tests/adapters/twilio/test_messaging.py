"""The channel on the road of Programmable Messaging, over real HTTP, against a small Messages API of the tests' own."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from twilio.request_validator import RequestValidator

from adapters.twilio.adapter import adapter
from adapters.twilio.channel import TwilioChannel
from adapters.twilio.settings import Settings
from bridge.channel import Binding, Events, File, Lookup, Outbound, Request, StoreUnavailable
from bridge.core.content import Attachment
from bridge.core.events import BindingSeen, MessageReceived, ReceiptReceived
from bridge.core.ids import BindingKey, DeliveryId, EndpointKey, RemoteId
from bridge.core.outcomes import Misconfigured, Refused, SendError, Unavailable, Unsure
from tests.adapters.kit import URL, Odd, RecordingPort, a_file, http, odd
from tests.adapters.twilio.judge import Receiver, Running, running
from tests.openapi import check_exchange, spec

OURS, ANA = "+15550100", "+15550199"
PAIR = BindingKey(f"M:{OURS}|{ANA}")
AC, ME, MG = (p + "0a" * 16 for p in ("AC", "ME", "MG"))
TOKEN = "a-token-of-the-test-alone"
LIST = f"/2010-04-01/Accounts/{AC}/Messages.json"


class Log:
    """The message log as far as a channel asks for it here."""

    def __init__(self) -> None:
        self.ours: set[str] = set()
        self.away = False

    async def known(self, remotes: Sequence[RemoteId]) -> frozenset[RemoteId]:
        if self.away:
            raise StoreUnavailable("the store is away")
        return frozenset(r for r in remotes if r in self.ours)


class Port(RecordingPort):
    def __init__(self) -> None:
        super().__init__()
        self.known_messages = Log()

    @property
    def messages(self) -> Log:  # type: ignore[override]
        return self.known_messages


@dataclass
class Api:
    """Twilio's Messages as the facts have them: a form in, a record out, a list by To and From, newest first."""

    records: list[dict[str, Any]] = field(default_factory=list)
    forms: list[dict[str, list[str]]] = field(default_factory=list)
    page: int = 50
    garbled: bool = False

    def __call__(self, request: bytes) -> bytes:
        head, _, body = request.partition(b"\r\n\r\n")
        method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
        path, query = urlsplit(target).path.removeprefix("/api"), parse_qs(urlsplit(target).query)
        if path != LIST:
            return http(404, json.dumps({"code": 20404, "message": "not found", "status": 404}).encode())
        return self.create(parse_qs(body.decode(), keep_blank_values=True)) if method == "POST" else self.listing(query)

    def create(self, form: dict[str, list[str]]) -> bytes:
        self.forms.append(form)
        files = form.get("MediaUrl", [])
        record = self.add(
            form.get("Body", [""])[0], to=form["To"][0], files=len(files), service=form.get("MessagingServiceSid")
        )
        answer = json.dumps(record).encode()
        return http(201, b"<html>" if self.garbled else answer)

    def add(
        self, body: str, *, to: str = ANA, sender: str | None = OURS, files: int = 0, service: Any = None, age: float = 0,
        **more: Any,
    ) -> dict[str, Any]:  # fmt: skip
        sid = f"{'MM' if files else 'SM'}{len(self.records):032x}"
        when = formatdate(time.time() - age, usegmt=True)
        record: dict[str, Any] = {
            "sid": sid, "account_sid": AC, "api_version": "2010-04-01", "body": body, "date_created": when, "date_sent": None,
            "date_updated": when, "direction": "outbound-api", "error_code": None, "error_message": None, "from": sender,
            "messaging_service_sid": service[0] if service else None, "num_media": str(files), "num_segments": "1", "price": None,
            "price_unit": "USD", "status": "queued", "subresource_uris": {}, "to": to,
            "uri": f"/2010-04-01/Accounts/{AC}/Messages/{sid}.json",
        }  # fmt: skip
        self.records.insert(0, record | more)
        return self.records[0]

    def listing(self, query: dict[str, list[str]]) -> bytes:
        wanted = [("to", query.get("To", [])), ("from", query.get("From", []))]
        rows = [r for r in self.records if all(not values or r[name] in values for name, values in wanted)]
        start = int(query.get("PageToken", ["0"])[0])
        more = {k: v[0] for k, v in query.items()} | {"PageToken": str(start + self.page)}
        following = f"{LIST}?{urlencode(more)}" if start + self.page < len(rows) else None
        page = {
            "messages": rows[start : start + self.page],
            "next_page_uri": following,
            "page": 0,
            "page_size": self.page,
        }
        rest = {"start": 0, "end": 0, "uri": LIST, "first_page_uri": LIST, "previous_page_uri": None}
        return http(200, json.dumps(page | rest).encode())


@dataclass
class Rig:
    api: Api
    server: Odd
    port: Port
    channel: TwilioChannel

    def requests(self) -> list[str]:
        return [r.split(b"\r\n")[0].decode() for r in self.server.heard]


def settings(url: str, **keys: Any) -> Settings:
    return Settings.model_validate({"account_sid": AC, "auth_token": TOKEN, "api_url": url + "/{product}"} | keys)


@asynccontextmanager
async def opened(answer: Any, port: Port | None = None) -> AsyncIterator[tuple[TwilioChannel, Odd, Port]]:
    port = port or Port()
    async with odd(answer) as server:
        channel = TwilioChannel(settings(server.url), port)
        await channel.warm()
        try:
            yield channel, server, port
        finally:
            await channel.close()


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    api = Api()
    async with opened(api) as (channel, server, port):
        yield Rig(api, server, port, channel)


def to(address: str = ANA, meta: str = "", ours: str = OURS) -> Binding:
    return Binding(endpoint=EndpointKey(ours), key=BindingKey(f"M:{ours}|{address}"), address=address, meta=meta)


def out(text: str = "", file: File | None = None, binding: Binding | None = None) -> Outbound:
    return Outbound(delivery=DeliveryId("c1-7"), binding=binding or to(), author="Support", text=text, file=file)


def look(text: str = "Hello", *, has_file: bool = False, since: float | None = None, meta: str = "") -> Lookup:
    at = time.time() - 5 if since is None else since
    return Lookup(delivery=DeliveryId("c1-7"), binding=to(meta=meta), text=text, has_file=has_file, since=at)


# ---- sending


async def test_a_text(rig: Rig) -> None:
    sent = await rig.channel.send(out("Grüße 👋"))
    assert rig.api.forms == [
        {"To": [ANA], "From": [OURS], "Body": ["Grüße 👋"], "StatusCallback": [f"{URL}/messages/status?d=c1-7"]}
    ]
    assert (sent.remote, sent.segments, sent.binding, sent.index) == (rig.api.records[0]["sid"], 1, None, None)
    assert rig.requests() == [f"POST /api{LIST} HTTP/1.1"]
    assert b"authorization: basic" in rig.server.heard[0].lower()


async def test_the_request_is_one_that_twilios_document_describes(rig: Rig) -> None:
    path = spec("twilio/api_v2010.reduced.json")
    if path is None:
        pytest.skip("Twilio's document isn't here")
    await rig.channel.send(out("Hello", binding=to(meta=MG)))
    form = {k: v[0] for k, v in rig.api.forms[0].items()}
    check_exchange(path, "POST", LIST, form, 201, rig.api.records[0])
    await rig.channel.find(look())
    query = rig.requests()[-1].split(" ")[1].removeprefix("/api")
    page = json.loads(rig.api.listing({}).partition(b"\r\n\r\n")[2])
    whole = dict.fromkeys(("uri", "first_page_uri"), f"https://api.twilio.com{LIST}")  # the document wants them so
    check_exchange(path, "GET", query, None, 200, page | whole)


async def test_a_file_goes_by_its_link(rig: Rig) -> None:
    file = replace(a_file(b"x", "image/png"), link="https://bridge.example/media/1?s=2&t=3")
    sent = await rig.channel.send(out(file=file))
    assert rig.api.forms[0]["MediaUrl"] == ["https://bridge.example/media/1?s=2&t=3"]
    assert "Body" not in rig.api.forms[0]
    assert (sent.remote[:2], sent.segments) == ("MM", 1)
    with pytest.raises(Refused, match="link"):
        await rig.channel.send(out(file=a_file(b"x", "image/png")))
    assert len(rig.api.forms) == 1


async def test_segments_are_twilios_where_it_has_counted_and_else_ours(rig: Rig) -> None:
    for told, expected in (("3", 3), ("0", 2), (None, 2), ("x", 2), (3, 3)):
        record = {"sid": "SM1", "num_segments": told}
        async with opened(http(201, json.dumps(record).encode())) as (channel, _, _):
            assert (await channel.send(out("a" * 161))).segments == expected
            whatsapp = to("whatsapp:+15550199", ours="whatsapp:+15550100")
            assert (await channel.send(out("a" * 161, binding=whatsapp))).segments is None


ERRORS: list[tuple[int, int, type[SendError], str]] = [
    (400, 21610, Refused, "opted out"),
    (400, 21608, Refused, "verify the number in Twilio’s console, or upgrade the account"),
    (400, 572006, Refused, "upgrade the account"),
    (400, 21609, Misconfigured, "public_url"),
    (404, 20404, Misconfigured, "account_sid"),
    (404, 21701, Refused, "Messaging Service"),
    (401, 20003, Misconfigured, "credentials"),
    (503, 20500, Unsure, "Twilio's own words"),
]


@pytest.mark.parametrize(("status", "code", "expected", "words"), ERRORS)
async def test_what_twilio_refuses(status: int, code: int, expected: type[SendError], words: str) -> None:
    answer = http(status, json.dumps({"code": code, "message": "Twilio's own words", "status": status}).encode())
    async with opened(answer) as (channel, server, _):
        with pytest.raises(SendError, match=words) as raised:
            await channel.send(out("Hello"))
        assert type(raised.value) is expected
        assert raised.value.code == str(code)
        assert len(server.heard) == 1


@pytest.mark.parametrize("answer", [http(201, b"<html>"), http(201, b"{}"), http(201, b'{"sid": 7}'), b""], ids=repr)
async def test_an_answer_that_is_lost_leaves_it_in_doubt(answer: bytes) -> None:
    async with opened(answer) as (channel, _, _):
        with pytest.raises(Unsure):
            await channel.send(out("Hello"))


# ---- finding


async def test_a_lost_answer_is_found_by_what_was_said(rig: Rig) -> None:
    rig.api.garbled = True
    with pytest.raises(Unsure):
        await rig.channel.send(out("Hello"))
    found = await rig.channel.find(look())
    assert found is not None
    assert (found.remote, found.segments) == (rig.api.records[0]["sid"], 1)
    assert await rig.channel.find(look("Another")) is None
    rig.port.known_messages.ours = {found.remote}
    assert await rig.channel.find(look()) is None, "a message that is known is an earlier one"


async def test_of_equal_unknown_ones_the_oldest_is_ours(rig: Rig) -> None:
    first = rig.api.add("Hello", age=4)
    second = rig.api.add("Hello", age=2)
    rig.api.add("Hello", age=1)
    assert (await rig.channel.find(look())).remote == first["sid"]  # type: ignore[union-attr]
    rig.port.known_messages.ours = {first["sid"]}
    assert (await rig.channel.find(look())).remote == second["sid"]  # type: ignore[union-attr]


OTHERS: list[dict[str, Any]] = [
    {"body": "Hello!"},
    {"body": "Hello", "sender": "+15550101"},
    {"body": "Hello", "direction": "inbound"},
    {"body": "Hello", "age": 70.0},
    {"body": "Hello", "files": 1},
    {"body": "Hello", "to": "+15550198"},
    {"body": "Hello", "date_created": None},
    {"body": "Hello", "date_created": "soon"},
    {"body": "Hello", "sid": 7},
]


@pytest.mark.parametrize("other", OTHERS, ids=str)
async def test_others_are_not_ours(rig: Rig, other: dict[str, Any]) -> None:
    rig.api.add(**other)
    assert await rig.channel.find(look()) is None


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("Sent from your Twilio trial account - Hello", "Hello"),
        ('It\'s "fine"...', "It’s “fine”…"),
        ("Hello", " Hello\n"),
    ],
)
async def test_what_twilio_made_of_a_text_is_known_again(rig: Rig, body: str, text: str) -> None:
    rig.api.add(body)
    assert await rig.channel.find(look(text)) is not None


async def test_a_file_is_found(rig: Rig) -> None:
    rig.api.add("", files=1)
    found = await rig.channel.find(look("", has_file=True))
    assert found is not None
    assert found.segments == 1
    assert await rig.channel.find(look("")) is None


async def test_a_service_may_not_have_chosen_the_sender_yet(rig: Rig) -> None:
    rig.api.add("Hello", sender=None)
    assert await rig.channel.find(look(meta=MG)) is not None
    assert "From=" not in rig.requests()[-1]
    rig.api.records[0]["from"] = "+15550101"
    assert await rig.channel.find(look(meta=MG)) is None, "another one of the pool said it"


async def test_looking_ends_with_the_first_page_that_is_older(rig: Rig) -> None:
    rig.api.page = 3
    for _ in range(9):
        rig.api.add("Other", age=900)
    mine = rig.api.add("Hello", age=3)
    for _ in range(4):
        rig.api.add("Other", age=1)
    found = await rig.channel.find(look())
    assert found is not None
    assert found.remote == mine["sid"]
    assert len(rig.requests()) == 3, "two pages of news and one that is older throughout"


@pytest.mark.parametrize("template", ["{server}/{product}", "{server}"])
async def test_pages_never_lead_elsewhere(template: str) -> None:
    recent = [{"date_created": formatdate(usegmt=True)}]
    async with odd(http(200, b'{"messages": []}')) as elsewhere:
        host = elsewhere.url.removeprefix("http:")
        for link in (elsewhere.url + LIST, host + LIST, "@" + host.removeprefix("//"), 7, ["x"]):
            page = http(200, json.dumps({"messages": recent, "next_page_uri": link}).encode())
            answers = iter([page, http(200, b'{"messages": []}')])
            async with odd(lambda _, a=answers: next(a)) as server:
                url = template.replace("{server}", server.url)
                channel = TwilioChannel(settings("").model_copy(update={"api_url": url}), Port())
                await channel.warm()
                assert await channel.find(look()) is None
                await channel.close()
        assert elsewhere.heard == []


async def test_what_cant_be_asked_is_no_absence(rig: Rig) -> None:
    rig.api.add("Hello")
    rig.port.known_messages.away = True
    with pytest.raises(Unavailable):
        await rig.channel.find(look())
    async with opened(http(200, b'{"odd": 1}')) as (channel, _, _):
        with pytest.raises(Unavailable):
            await channel.find(look())
    async with opened(http(404, b'{"code": 20404, "status": 404}')) as (channel, _, _):
        with pytest.raises(Misconfigured, match="account_sid"):
            await channel.find(look())


# ---- who is in it


async def test_a_pair_says_itself_who_is_in_it(rig: Rig) -> None:
    seen = await rig.channel.describe(PAIR)
    assert seen is not None
    assert (seen.binding, seen.endpoint, seen.address, seen.others) == (PAIR, OURS, ANA, 0)
    assert await rig.channel.history(PAIR, -1) == []
    assert rig.requests() == []


def test_an_address_that_an_agent_may_write_to() -> None:
    channel = TwilioChannel(settings("http://127.0.0.1:9"), Port())
    seen = channel.addressed(EndpointKey("whatsapp:+15550100"), ANA)
    assert seen is not None
    assert (seen.endpoint, seen.address) == ("whatsapp:+15550100", "whatsapp:+15550199")
    assert (seen.person, seen.label, seen.network) == (ANA, ANA, "WhatsApp")
    assert channel.addressed(EndpointKey(OURS), "whatsapp:+15550199") is None


def test_a_host_that_twilio_does_not_call_rests_the_channel() -> None:
    port = Port()
    port.url = "https://my_host.example/webhooks/phone"
    with pytest.raises(Misconfigured, match="underscore"):
        adapter.open(settings("http://127.0.0.1:9"), [], port)


# ---- receiving


MESSAGE = {
    "MessageSid": "SM" + "1" * 32,
    "From": ANA,
    "To": OURS,
    "Body": "Hi",
    "NumMedia": "0",
    "SmsStatus": "received",
}
STATUS = {"MessageSid": "SM" + "1" * 32, "From": OURS, "To": ANA, "MessageStatus": "queued"}


def request(rest: str, form: dict[str, str], query: str = "", method: str = "POST") -> Request:
    asked = "&".join(q for q in (query, urlencode(form) if method == "GET" else "") if q)
    url = f"{URL}/{rest}" + (f"?{asked}" if asked else "")
    signature = RequestValidator(TOKEN).compute_signature(url, {} if method == "GET" else form)
    body = b"" if method == "GET" else urlencode(form).encode()
    return Request(method=method, rest=rest, query=asked, headers={"x-twilio-signature": signature}, body=body, at=7.0)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_inbound_webhook(method: str) -> None:
    received = TwilioChannel(settings("http://127.0.0.1:9"), Port()).receive(
        request("messages", MESSAGE, method=method)
    )
    assert isinstance(received, Events)
    seen, message = received.events
    assert isinstance(seen, BindingSeen)
    assert isinstance(message, MessageReceived)
    assert (message.binding, message.at, message.road) == (PAIR, 7.0, "messages")
    assert received.reply.content_type == "text/xml"  # type: ignore[union-attr]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_callback_names_the_delivery(method: str) -> None:
    channel = TwilioChannel(settings("http://127.0.0.1:9"), Port())
    received = channel.receive(request("messages/status", STATUS, "d=c1-7%26x", method))
    assert isinstance(received, Events)
    (event,) = received.events
    assert isinstance(event, ReceiptReceived)
    assert (event.delivery, event.remote) == ("c1-7&x", STATUS["MessageSid"])


async def test_a_callback_finds_the_way_that_its_url_names(rig: Rig) -> None:
    """The URL that goes out is one that comes back as the delivery."""
    await rig.channel.send(out("Hello"))
    url = rig.api.forms[0]["StatusCallback"][0]
    parts = urlsplit(url)
    assert url.startswith(f"{URL}/")
    received = rig.channel.receive(request("messages/status", STATUS, parts.query))
    assert isinstance(received, Events)
    assert received.events[0].delivery == "c1-7"  # type: ignore[union-attr]
    assert dict(parse_qsl(parts.query)) == {"d": "c1-7"}


# ---- media


async def fetched(channel: TwilioChannel, ref: str) -> bytes:
    async with channel.open_media(Attachment(ref=ref, content_type="x/y")) as chunks:
        return b"".join([c async for c in chunks])


REF = f"messages/{AC}/MM{'0a' * 16}/{ME}"


async def test_a_customers_file_comes_from_the_api() -> None:
    async with opened(http(200, b"the bytes")) as (channel, server, _):
        assert await fetched(channel, REF) == b"the bytes"
        (asked,) = server.heard
        assert asked.startswith(f"GET /api/2010-04-01/Accounts/{AC}/Messages/MM{'0a' * 16}/Media/{ME} ".encode())
        assert b"authorization: basic" in asked.lower()


@pytest.mark.parametrize("link", ["{here}/media.us1/x?Signature=1", "/media.us1/x?Signature=1"])
async def test_it_may_send_us_on_once_without_credentials(link: str) -> None:
    def answer(asked: bytes) -> bytes:
        if b"/media.us1/" in asked.split(b"\r\n")[0]:
            return http(200, b"the bytes")
        return http(307, b"", f"Location: {link.replace('{here}', found[0].url)}")

    found: list[Odd] = []
    async with opened(answer) as (channel, server, _):
        found.append(server)
        assert await fetched(channel, REF) == b"the bytes"
        first, second = server.heard
        assert b"authorization: basic" in first.lower()
        assert b"authorization" not in second.lower()


async def test_it_is_not_followed_twice() -> None:
    async with opened(lambda _: http(302, b"", "Location: /media.us1/again")) as (channel, server, _):
        with pytest.raises(Unavailable):
            await fetched(channel, REF)
        assert len(server.heard) == 2


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/",
        "{elsewhere}/media.us1/x",
        "file:///etc/passwd",
        "http://[",
        "//evil.example/media.us1/x",
    ],
)
async def test_a_redirect_elsewhere_is_not_followed(location: str) -> None:
    async with odd(http(200, b"secret")) as elsewhere:
        answer = http(302, b"", f"Location: {location.replace('{elsewhere}', elsewhere.url)}")
        async with opened(answer) as (channel, server, _):
            with pytest.raises((Refused, Unavailable)):
                await fetched(channel, REF)
            assert len(server.heard) == 1
        assert elsewhere.heard == []


@pytest.mark.parametrize(("status", "expected"), [(404, Refused), (410, Refused), (500, Unavailable)])
async def test_a_file_that_cant_be_had(status: int, expected: type[SendError]) -> None:
    async with opened(http(status, b"{}")) as (channel, _, _):
        with pytest.raises(expected):
            await fetched(channel, REF)


# ---- against the simulator, whose numbers call a webhook of their own


@pytest.fixture(scope="module")
def listening() -> Iterator[tuple[Running, Receiver]]:
    receiver = Receiver()
    with running(sms_url=f"{receiver.url}/webhooks/phone/messages") as twilio:
        yield twilio, receiver
    receiver.close()


async def test_a_message_and_its_file_as_the_simulator_sends_them(listening: tuple[Running, Receiver]) -> None:
    twilio, receiver = listening
    data = bytes(range(256)) * 40
    file = {"filename": "a.png", "content_type": "image/png", "data": base64.b64encode(data).decode()}
    await asyncio.to_thread(twilio.inbound, "whatsapp:+15550144", "Grüße", "whatsapp:+15550100", files=[file])
    await asyncio.to_thread(twilio.settled)
    (hook,) = receiver.hooks
    port = Port()
    port.url = f"{receiver.url}/webhooks/phone"
    account = {"account_sid": twilio.account_sid, "auth_token": twilio.auth_token}
    channel = TwilioChannel(Settings.model_validate(account | {"api_url": twilio.base_url + "/{product}"}), port)
    await channel.warm()
    received = channel.receive(
        Request(method="POST", rest="messages", headers=hook.headers, body=urlencode(hook.pairs).encode(), at=7.0)
    )
    assert isinstance(received, Events)
    seen, message = received.events
    assert isinstance(seen, BindingSeen)
    assert isinstance(message, MessageReceived)
    assert (seen.endpoint, seen.address) == ("whatsapp:+15550100", "whatsapp:+15550144")
    assert (message.content.text, len(message.content.attachments)) == ("Grüße", 1)
    assert await fetched(channel, message.content.attachments[0].ref) == data
    await channel.close()
