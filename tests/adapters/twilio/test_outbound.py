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
from bridge.core.ids import DeliveryId, EndpointKey

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
        ("messenger:42", "a Messenger message", 16, "image/png", "application/x-sh"),
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


def test_text_and_file_go_apart() -> None:
    """Together Twilio drops the text without a word."""
    content = Content(text="look", attachments=(Attachment(ref="r", content_type="image/png", kind="image"),))
    assert fit(content, outbound.capabilities(binding(), 8)).parts == (Part(text="look"), Part(attachment=0))


def test_what_settles_is_longer_than_any_request() -> None:
    from adapters.twilio.client import TIMEOUT_S

    assert outbound.SETTLE_S > TIMEOUT_S
