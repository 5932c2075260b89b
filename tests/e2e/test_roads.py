"""SMS and WhatsApp by Programmable Messaging, by Conversations, and by both at once; what a trial account can't do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rig import OURS, Rig, as_file, rig, until

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 2000


@pytest.fixture
def r(tmp_path: Path) -> Iterator[Rig]:
    with rig(tmp_path) as r:
        yield r


def road(r: Rig, which: str, address: str = OURS) -> None:
    r.twilio_control("act", {"do": "road", "address": address, "road": which})


@pytest.mark.parametrize("address", ["+15550180", "whatsapp:+15550180"])
def test_a_number_that_uses_no_conversations(r: Rig, address: str) -> None:
    road(r, "messaging", OURS if address.startswith("+") else f"whatsapp:{OURS}")
    ana = r.customer(address)
    ana.says("Hello")
    topic = r.topic("+15550180 · " + ("SMS" if address.startswith("+") else "WhatsApp"))
    topic.heard("Hello")
    topic.says("Hi Ana")
    answer = ana.heard("Hi Ana")
    assert answer["conversation"].startswith("M:")


def test_files_both_ways(r: Rig) -> None:
    road(r, "messaging")
    ana = r.customer("+15550181")
    ana.says("look", [as_file("cat.png", "image/png", PNG)])
    topic = r.topic("+15550181 · SMS")
    (message,) = until(lambda: [m for m in topic.messages() if m["text"] == "look"])
    assert message["kind"] in ("photo", "document")
    topic.says("", files=[as_file("dog.png", "image/png", PNG)])
    until(lambda: [m for m in ana.got() if m["media"]], what="the picture on the phone")


def test_what_comes_by_both_roads_is_one_message(r: Rig) -> None:
    road(r, "both")
    ana = r.customer("+15550182")
    for n in range(5):
        ana.says(f"text {n}")
    ana.says("again")
    ana.says("again")
    topic = r.topic("+15550182 · SMS")
    until(lambda: topic.texts().count("again") == 2, what="both equal texts")
    topic.says("fine")
    ana.heard("fine")
    assert topic.texts() == [*(f"text {n}" for n in range(5)), "again", "again"]


def test_a_lost_answer_sends_no_second_text(r: Rig) -> None:
    road(r, "messaging")
    ana = r.customer("+15550183")
    ana.says("Hello")
    topic = r.topic("+15550183 · SMS")
    r.twilio_fault("cut_after", 1)
    topic.says("only once")
    topic.says("and then")
    ana.heard("and then")
    ana.heard("only once")


@pytest.mark.parametrize(
    ("kind", "verified", "words", "code"),
    [("legacy", [], "verif", "21608"), ("2026", [], "verif", "572005"), ("2026", ["+15550184"], "templates", "572006")],
)
def test_a_trial_account_says_what_to_do(r: Rig, kind: str, verified: list[str], words: str, code: str) -> None:
    road(r, "messaging")
    ana = r.customer("+15550184")
    ana.says("Hello")
    topic = r.topic("+15550184 · SMS")
    r.twilio_fault("trial", {"mode": kind, "verified": verified})
    said = topic.says("Hi")
    (notice,) = until(lambda: [m for m in topic.messages() if m["text"].startswith("Not delivered")])
    assert words in notice["text"]
    assert "upgrade" in notice["text"]
    assert f"({code})" in notice["text"]
    assert notice["reply_to"] == said["message_id"]


def test_stop_and_start(r: Rig) -> None:
    road(r, "messaging")
    ana = r.customer("+15550185")
    ana.says("Hello")
    topic = r.topic("+15550185 · SMS")
    ana.says("STOP")
    topic.heard("STOP")
    topic.says("are you there?")
    topic.heard("Not delivered: the customer has opted out by texting STOP (21610).")
    ana.says("START")
    topic.heard("START")
    topic.says("welcome back")
    ana.heard("welcome back")


def added(r: Rig, name: str, network: str) -> str:
    """A phone that the simulator made: its id."""
    person = r.twilio_control("act", {"do": "add", "name": name, "network": network}).get("person")
    return str(person["id"] if isinstance(person, dict) else person)


def says(r: Rig, person: str, text: str) -> None:
    r.twilio_control("act", {"do": "say", "person": person, "text": text, "files": []})


def test_a_customer_changes_from_a_number_to_a_username(r: Rig) -> None:
    ana = added(r, "Ana", "WhatsApp")
    says(r, ana, "Hello")
    topic = until(lambda: next((t for t in r.topics() if t.name.endswith("· WhatsApp")), None))
    topic.heard("Hello")
    r.twilio_control("act", {"do": "rename", "person": ana, "address": "whatsapp:US.ABC123XYZ"})
    says(r, ana, "still me")
    until(lambda: [t for t in topic.texts() if t.endswith("still me")], what="the message in the same topic")
    topic.says("I see")
    (answer,) = until(lambda: [m for m in r.sent_to_phones() if m["body"] == "I see"])
    assert "whatsapp:US.ABC123XYZ" in answer["addresses"]
    assert len(r.topics()) == 1


def test_messenger(r: Rig) -> None:
    config = (r.folder / "t.toml").read_text()
    line = '  { channel = "phone", address = "messenger:155501000001" },\n]\nagents'
    (r.folder / "t.toml").write_text(config.replace("\n]\nagents", f"\n{line}"))
    r.restart(kill=False)
    says(r, added(r, "Mia", "Messenger"), "Hello from Messenger")
    topic = until(lambda: next((t for t in r.topics() if t.name.endswith("· Messenger")), None))
    topic.heard("Hello from Messenger")
    topic.says("Hi Mia")
    until(lambda: [m for m in r.sent_to_phones() if m["body"] == "Hi Mia"])
