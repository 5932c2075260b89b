"""The main job, end to end, as separate processes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.rig import Rig, rig, until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def r(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with rig(tmp_path_factory.mktemp("relay")) as running:
        yield running


def test_there_and_back(r: Rig) -> None:
    ana = r.customer("+15550141")
    ana.says("Hello")
    topic = r.topic("+15550141 · SMS")
    topic.heard("Hello")
    topic.says("Hi Ana")
    assert ana.heard("Hi Ana")["author"] == "Support"


def test_a_number_over_two_networks_is_one_customer(r: Rig) -> None:
    r.customer("+15550177").says("by SMS")
    topic = r.topic("+15550177 · SMS")
    r.customer("whatsapp:+15550177").says("by WhatsApp")
    topic.heard("+15550177 (WhatsApp): by WhatsApp")
    topic.says("answered there")
    r.customer("whatsapp:+15550177").heard("answered there")
    assert r.customer("+15550177").got() == []


def test_a_deleted_topic_is_made_anew_and_nothing_is_lost(r: Rig) -> None:
    bea = r.customer("+15550178")
    bea.says("one")
    first = r.topic("+15550178 · SMS")
    first.heard("one")
    r.telegram_control("act", {"do": "delete_topic", "group": "-1001234567890", "topic": str(first.id)})
    bea.says("two")
    second = until(lambda: [t for t in r.topics() if t.name == first.name and t.id != first.id])[0]
    second.heard("two")
    second.says("back")
    bea.heard("back")
