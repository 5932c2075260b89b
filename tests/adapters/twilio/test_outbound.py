"""What goes to Twilio."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.twilio import inbound, outbound
from bridge.channel import Binding, File, Outbound
from bridge.core.content import Attachment, Content
from bridge.core.fitting import Part, fit
from bridge.core.ids import BindingKey, DeliveryId, EndpointKey

OURS = EndpointKey("+15550100")


def binding(address: str = "+15550199", network: str = "") -> Binding:
    return Binding(endpoint=OURS, address=address, network=network)


def out(text: str = "", file: File | None = None) -> Outbound:
    return Outbound(delivery=DeliveryId("c1-7"), binding=binding(), author="Support", text=text, file=file)


def test_a_text() -> None:
    assert outbound.message_form(out("Hello"), None) == {
        "Author": "Support",
        "Body": "Hello",
        "Attributes": '{"trunkline":{"d":"c1-7"}}',
    }


def test_a_file_has_no_body() -> None:
    file = File(attachment=Attachment(ref="", content_type="image/png"), body=io.BytesIO(b"x"), size=1)
    assert outbound.message_form(out(file=file), "ME1") == {
        "Author": "Support",
        "MediaSid": "ME1",
        "Attributes": '{"trunkline":{"d":"c1-7"}}',
    }


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda s: "\0" not in s))
def test_a_delivery_comes_back(id: str) -> None:
    attributes = outbound.attributes(DeliveryId(id))
    assert inbound.our_delivery(attributes) == id
    assert json.loads(attributes) == {"trunkline": {"d": id}}


@pytest.mark.parametrize(
    ("address", "noun", "limit", "carried", "refused"),
    [
        ("+15550199", "an SMS", 5, "image/jpeg", "audio/ogg"),
        ("rcs:+15550199", "an RCS message", 5, "application/pdf", "image/webp"),
        ("whatsapp:+15550199", "a WhatsApp message", 16, "audio/ogg", "application/zip"),
        ("whatsapp:US.ABC", "a WhatsApp message", 16, "text/plain", "video/quicktime"),
        ("messenger:42", "a Messenger message", 8, "image/png", "application/x-sh"),
    ],
)
def test_capabilities_by_the_customers_address(address: str, noun: str, limit: int, carried: str, refused: str) -> None:
    caps = outbound.capabilities(binding(address), 8)
    rule = caps.rule_for(carried)
    assert (caps.noun, caps.max_text, caps.max_in_flight, caps.send_once) == (noun, 1600, 8, "lookup")
    assert rule is not None
    assert rule.max_bytes == limit * outbound.MB
    assert caps.rule_for(refused) is None


def test_the_bindings_network_wins_and_an_endpoint_alone_suffices() -> None:
    assert outbound.capabilities(binding("x", "WhatsApp"), 1).noun == "a WhatsApp message"
    assert outbound.capabilities(Binding(endpoint=EndpointKey("whatsapp:+15550100")), 1).noun == "a WhatsApp message"


PAIR = BindingKey("M:+15550100|+15550199")


def paired(address: str = "+15550199", meta: str = "") -> Binding:
    return Binding(endpoint=OURS, key=PAIR, address=address, meta=meta)


def test_a_pair_has_limits_of_its_own() -> None:
    caps = outbound.capabilities(paired(), 8)
    assert (caps.settle_s, caps.send_once, caps.noun) == (30.0, "lookup", "an SMS")
    limits = {
        t: rule.max_bytes if (rule := caps.rule_for(t)) else None for t in ("image/gif", "audio/amr", "text/html")
    }
    assert limits == {"image/gif": 5 * outbound.MB, "audio/amr": 500 * 1024, "text/html": None}
    assert outbound.capabilities(binding(), 8).settle_s == 20.0


def test_a_text_to_a_pair() -> None:
    text = Outbound(delivery=DeliveryId("c1-7&x=ä"), binding=paired(), author="Support", text="Hello")
    assert outbound.pair_form(text, "https://b.example/s") == {
        "To": "+15550199",
        "From": "+15550100",
        "Body": "Hello",
        "StatusCallback": "https://b.example/s?d=c1-7%26x%3D%C3%A4",
    }


def test_a_messaging_service_goes_beside_the_address_that_was_written_to() -> None:
    service = "MG" + "0a" * 16
    text = Outbound(delivery=DeliveryId("c1-7"), binding=paired(meta=service), author="Support", text="Hello")
    form = outbound.pair_form(text, "https://b.example/s")
    assert (form["MessagingServiceSid"], form["From"]) == (service, "+15550100")
    other = Outbound(delivery=DeliveryId("c1-7"), binding=paired(meta="IS" + "0a" * 16), author="Support", text="Hello")
    assert "MessagingServiceSid" not in outbound.pair_form(other, "x"), "what Conversations said of it is another thing"


def test_a_file_to_a_pair_goes_by_its_link() -> None:
    attachment = Attachment(ref="", content_type="image/png")
    file = File(attachment=attachment, body=io.BytesIO(b"x"), size=1, link="https://b.example/media/1?s=2")
    form = outbound.pair_form(Outbound(delivery=DeliveryId("d"), binding=paired(), author="S", file=file), "x")
    assert form["MediaUrl"] == "https://b.example/media/1?s=2"
    assert "Body" not in form


@pytest.mark.parametrize(
    ("address", "text", "has_file", "count"),
    [
        ("+15550199", "a" * 161, False, 2),
        ("+15550199", "ê" * 71, False, 2),
        ("+15550199", "", True, 1),
        ("whatsapp:+15550199", "a" * 161, False, None),
        ("rcs:+15550199", "a" * 161, False, None),
        ("messenger:42", "", True, None),
    ],
)
def test_segments(address: str, text: str, has_file: bool, count: int | None) -> None:
    for one in (paired(address), binding(address)):
        assert outbound.segments_of(one, text, has_file=has_file) == count


def test_hosts_that_twilio_does_not_call() -> None:
    assert "my_host.example" in outbound.unfit("https://my_host.example/webhooks/phone")
    for url in ("https://my-host.example/webhooks/my_phone", "http://127.0.0.1:8080", "", "http://["):
        assert outbound.unfit(url) == ""


def test_text_and_file_go_apart() -> None:
    """Together Twilio drops the text without a word."""
    content = Content(text="look", attachments=(Attachment(ref="r", content_type="image/png", kind="image"),))
    assert fit(content, outbound.capabilities(binding(), 8)).parts == (Part(text="look"), Part(attachment=0))


def test_what_settles_is_longer_than_any_request() -> None:
    from adapters.twilio.client import TIMEOUT_S

    assert outbound.SETTLE_S > TIMEOUT_S
