"""The channel against the stand-in over real HTTP, and against what a stranger may post."""

from __future__ import annotations

import json
import logging
import time
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from adapters.webhook.adapter import adapter
from adapters.webhook.channel import WebhookChannel
from adapters.webhook.simulator import create
from adapters.webhook.simulator.simulator import WebhookSimulator
from bridge.channel import Binding, Channel, Events, FetchesMedia, Forged, Ignored, Request, Unreadable, Warms
from bridge.core.content import Attachment, Side
from bridge.core.events import Within
from bridge.core.ids import EndpointKey
from bridge.core.outcomes import Misconfigured, RateLimited, Refused, SendError, Unavailable
from tests.adapters.kit import http, odd
from tests.adapters.webhook.stand import (
    OLDER,
    PUBLIC,
    RECORD,
    SECRET,
    HookPort,
    listening,
    opened,
    outbound,
    serving,
    settings,
)


@dataclass
class Crm:
    """The stand-in and where it is."""

    simulator: WebhookSimulator
    url: str

    def fault(self, id: str, on: bool = True, value: Any = None) -> None:
        self.simulator.switches.set(id, on, value)

    @property
    def received(self) -> list[dict[str, Any]]:
        return list(self.simulator.book.deliveries.values())

    @property
    def calls(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.simulator.wire.after(0)["calls"]
        return found


@asynccontextmanager
async def crm(**options: Any) -> AsyncIterator[Crm]:
    listener, url = listening()
    simulator = create(base_url=url, folder=None, observe=lambda event: None, secret=SECRET, **options)
    async with serving(simulator.app, listener):
        yield Crm(simulator, url)


def request(
    body: bytes = b'{"type":"message.send","data":{"conversation":"c1","text":"Hi"}}',
    secret: str = SECRET,
    at: float | None = None,
    rest: str = "",
    **headers: str,
) -> Request:
    """Signed by the specification's own library."""
    at = time.time() if at is None else at
    signature = Webhook(secret).sign("msg_1", datetime.fromtimestamp(at, UTC), body.decode("utf-8", "surrogateescape"))
    given_headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(at)), "webhook-signature": signature}
    return Request(method="POST", rest=rest, headers=given_headers | headers, body=body, at=time.time())


def test_what_it_can() -> None:
    channel: Channel = adapter.open(settings(), [], HookPort())  # type: ignore[arg-type]
    assert isinstance(channel, FetchesMedia)
    assert isinstance(channel, Warms)
    assert channel.capabilities(Binding(endpoint=EndpointKey(""))).noun == "a webhook"


class TestSending:
    async def test_a_record_arrives_signed_and_under_the_id_of_its_delivery(self) -> None:
        async with crm() as there, opened(settings(f"{there.url}/hook")) as (channel, _):
            sent = await channel.send(outbound())
        assert sent.remote == "c1-3"
        (came,) = there.received
        assert came["id"] == "c1-3"
        assert came["body"]["type"] == "message.created"
        assert came["body"]["data"]["message"]["text"] == "Grüße 👋"
        (call,) = there.calls
        assert call["signature"] == "ok"
        Webhook(SECRET).verify(call["request"]["body"], call["request"]["headers"])
        assert SECRET not in json.dumps(call)

    async def test_a_retry_has_the_same_id_and_body_and_a_new_timestamp(self) -> None:
        async with crm() as there, opened(settings(f"{there.url}/hook")) as (channel, port):
            there.fault("down")
            with pytest.raises(Unavailable):
                await channel.send(outbound())
            there.fault("down", on=False)
            port.ahead = 60
            await channel.send(outbound())
        first, second = (c["request"] for c in there.calls)
        assert first["headers"]["webhook-id"] == second["headers"]["webhook-id"] == "c1-3"
        assert first["body"] == second["body"]
        assert int(second["headers"]["webhook-timestamp"]) - int(first["headers"]["webhook-timestamp"]) in (60, 61)

    async def test_a_receiver_whose_answer_was_lost_gets_it_again_and_has_it_once(self) -> None:
        async with crm() as there, opened(settings(f"{there.url}/hook")) as (channel, _):
            there.fault("lost")
            with pytest.raises(Unavailable):
                await channel.send(outbound())
            there.fault("lost", on=False)
            await channel.send(outbound())
        assert len(there.received) == 1
        assert there.simulator.book.counts == {"c1-3": 2}

    @pytest.mark.parametrize(
        ("fault", "value", "error"),
        [
            ("down", None, Unavailable),
            ("gone", None, Misconfigured),
            ("rate", 7, RateLimited),
            ("redirect", None, Unavailable),
            ("status", 404, Unavailable),
            ("status", 422, Unavailable),
        ],
    )
    async def test_a_receiver_that_fails(self, fault: str, value: Any, error: type[SendError]) -> None:
        async with crm() as there, opened(settings(f"{there.url}/hook")) as (channel, _):
            there.fault(fault, value=value)
            with pytest.raises(error) as caught:
                await channel.send(outbound())
            assert type(caught.value) is error
            assert [c["url"] for c in there.calls] == [f"{there.url}/hook"]
            there.fault(fault, on=False)
            await channel.send(outbound())
        assert len(there.received) == 1

    async def test_the_first_secret_signs(self) -> None:
        async with crm() as there:
            turned = settings(f"{there.url}/hook", secret=[OLDER, SECRET])
            async with opened(turned) as (channel, _):
                with pytest.raises(Unavailable, match="same secret"):
                    await channel.send(outbound())
        assert there.calls[0]["signature"] == "refused"

    async def test_a_loopback_receiver_needs_allow_private_where_we_are_public(self) -> None:
        async with crm() as there:
            url = f"{there.url}/hook"
            async with opened(settings(url), HookPort(url=PUBLIC)) as (channel, _):
                with pytest.raises(Misconfigured, match="allow_private"):
                    await channel.send(outbound())
            assert there.calls == []
            async with opened(settings(url, allow_private=True), HookPort(url=PUBLIC)) as (channel, _):
                await channel.send(outbound())
        assert len(there.received) == 1

    async def test_before_it_is_warm(self) -> None:
        async with opened(settings(), warm=False) as (channel, _):
            with pytest.raises(Unavailable, match="warming up"):
                await channel.send(outbound())

    async def test_without_a_record_it_is_a_bug(self) -> None:
        async with opened(settings()) as (channel, _):
            with pytest.raises(AssertionError):
                await channel.send(replace(outbound(), record=None))

    async def test_bodies_and_secrets_stay_out_of_the_log(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG, "trunkline")
        async with crm() as there, opened(settings(f"{there.url}/hook")) as (channel, _):
            await channel.send(outbound())
            there.fault("status", value=500)
            with pytest.raises(Unavailable) as caught:
                await channel.send(outbound(replace(RECORD, bridge="b")))
        for said in (caplog.text, str(caught.value), repr(channel)):
            assert "Grüße" not in said
            assert SECRET not in said


class TestReceiving:
    def channel(self, **how: Any) -> WebhookChannel:
        return WebhookChannel(settings(), HookPort(**how))  # type: ignore[arg-type]

    @pytest.mark.parametrize("secret", [SECRET, OLDER])
    def test_every_secret_of_the_list_verifies(self, secret: str) -> None:
        found = self.channel().receive(request(secret=secret))
        assert isinstance(found, Events)
        (event,) = found.events
        assert event.key == "hook:msg_1"  # type: ignore[union-attr]
        assert isinstance(event.to, Within)  # type: ignore[union-attr]

    def test_a_secret_of_somebody_else_does_not(self) -> None:
        other = "whsec_" + b64encode(b"x" * 24).decode()
        found = self.channel().receive(request(secret=other))
        assert isinstance(found, Forged)
        assert found.reason == "http://127.0.0.1:9/webhooks/crm: webhook-signature fits none of our secrets"

    @pytest.mark.parametrize(
        ("minutes", "kind"), [(4.9, Events), (-4.9, Events), (6, Forged), (-6, Forged), (60 * 24 * 365 * 50, Forged)]
    )
    def test_the_clock(self, minutes: float, kind: type) -> None:
        assert isinstance(self.channel().receive(request(at=time.time() + minutes * 60)), kind)

    @pytest.mark.parametrize(
        "headers",
        [
            {"webhook-signature": "v0,AAAA"},
            {"webhook-signature": ""},
            {"webhook-timestamp": "now"},
            {"webhook-id": ""},
            {"webhook-id": "other"},
        ],
    )
    def test_hostile_headers(self, headers: dict[str, str]) -> None:
        assert isinstance(self.channel().receive(request(**headers)), Forged)

    def test_a_signed_body_that_is_not_understood(self) -> None:
        for body in (b"", b"[]", b'{"type":"x","data":{}}'):
            found = self.channel().receive(request(body))
            assert isinstance(found, Unreadable)
            assert found.reply is not None
            assert found.reply.status == 400

    def test_another_path(self) -> None:
        found = self.channel().receive(request(rest="messages"))
        assert isinstance(found, Ignored)
        assert found.reply.status == 404
        assert isinstance(self.channel().receive(request(rest="messages", secret="whsec_" + "A" * 32)), Forged)

    def test_a_customers_side(self) -> None:
        found = self.channel(on=Side.CUSTOMER).receive(request())
        assert isinstance(found, Events)
        assert [event.kind for event in found.events] == ["binding", "message"]

    def test_files_on_this_machine_only_where_we_are_there_too(self) -> None:
        data = {"conversation": "c1", "attachments": [{"url": "http://127.0.0.1:8300/a.png"}]}
        body = json.dumps({"type": "message.send", "data": data}).encode()
        assert isinstance(self.channel().receive(request(body)), Events)
        assert isinstance(self.channel(url=PUBLIC).receive(request(body)), Unreadable)

    @given(
        st.binary(max_size=200),
        st.dictionaries(st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature", "x"]), st.text()),
        st.text(max_size=20),
    )
    def test_nothing_makes_it_raise(self, body: bytes, headers: dict[str, str], rest: str) -> None:
        wild = Request(method="POST", rest=rest, headers=headers, body=body, at=time.time())
        assert isinstance(self.channel().receive(wild), Forged)

    @given(st.binary(max_size=200))
    def test_no_signed_bytes_make_it_raise(self, body: bytes) -> None:
        from adapters.webhook.settings import key_of
        from adapters.webhook.signature import headers

        now = time.time()
        signed = headers([key_of(settings().secret[0])], "m", now, body)
        found = self.channel().receive(Request(method="POST", rest="", headers=signed, body=body, at=now))
        assert isinstance(found, Unreadable)


class TestFiles:
    async def test_a_file_of_the_sender(self) -> None:
        async with odd(http(200, b"png bytes")) as server, opened(settings()) as (channel, _):
            attachment = Attachment(ref=f"{server.url}/a.png", content_type="image/png")
            async with channel.open_media(attachment) as chunks:
                assert b"".join([c async for c in chunks]) == b"png bytes"

    async def test_a_file_inside(self) -> None:
        async with odd(http(200, b"png bytes")) as server, opened(settings(), HookPort(url=PUBLIC)) as (channel, _):
            attachment = Attachment(ref=server.url.replace("http:", "https:"), content_type="image/png")
            with pytest.raises(Refused):
                async with channel.open_media(attachment):
                    raise AssertionError("it was opened")
        assert server.heard == []
