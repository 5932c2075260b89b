"""A signed body becomes events or a problem that names the field, and never an exception."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.webhook.inbound import received
from bridge.channel import Events, Fate, Outcome, Received, Reply, Unreadable
from bridge.core.content import Author, Role, Side
from bridge.core.events import BindingSeen, First, MessageReceived, Within
from bridge.core.ids import ConversationId
from tests.adapters.webhook.stand import CRM

NOW = 1786384900.0
AGENT = {"conversation": "c1", "text": "Hello"}
CUSTOMER = {"conversation": "order-17", "text": "Hello"}


def took(
    data: Any,
    side: Side | None = Side.AGENT,
    id: str = "msg_1",
    differs: Callable[[str], None] = lambda id: None,
    loopback: bool = False,
    **more: Any,
) -> Received:
    body = json.dumps({"type": "message.send", "data": data} | more).encode()
    return received(CRM, side, id, body, NOW, loopback=loopback, differs=differs)


def events(found: Received) -> tuple[Any, ...]:
    assert isinstance(found, Events), found
    return found.events


def message(found: Received) -> MessageReceived:
    last = events(found)[-1]
    assert isinstance(last, MessageReceived)
    return last


def problem(found: Received) -> dict[str, Any]:
    assert isinstance(found, Unreadable), found
    assert found.reply is not None
    assert (found.reply.status, found.reply.content_type) == (400, "application/problem+json")
    body: dict[str, Any] = json.loads(found.reply.body)
    assert (body["type"], body["title"], body["status"]) == ("about:blank", "Bad Request", 400)
    assert body["detail"] == found.reason
    return body


class TestAgents:
    def test_write_in_a_conversation_by_its_id(self) -> None:
        m = message(took(AGENT | {"author": {"id": "7", "name": "Eve"}}))
        assert (m.key, m.remote, m.at) == ("hook:msg_1", "msg_1", NOW)
        assert m.to == Within(endpoint="", conversation=ConversationId("c1"))  # type: ignore[arg-type]
        assert m.author == Author(id="7", role=Role.AGENT, name="Eve")
        assert (m.content.text, m.content.attachments) == ("Hello", ())

    def test_write_first(self) -> None:
        m = message(took({"to": "+15550199", "from": "+15550100", "text": "Hello"}))
        assert m.to == First(endpoint="", to="+15550199", sender="+15550100")  # type: ignore[arg-type]

    def test_without_an_author(self) -> None:
        assert message(took(AGENT)).author == Author(id="webhook", role=Role.AGENT)
        assert message(took(AGENT | {"author": None})).author == Author(id="webhook", role=Role.AGENT)

    @pytest.mark.parametrize(
        ("data", "words"),
        [
            ({"text": "x"}, "data.conversation (or to and from): missing"),
            ({"text": "x", "to": "+1"}, "data.from: missing"),
            ({"text": "x", "from": "+1"}, "data.to: missing"),
            ({"text": "x", "conversation": "c", "to": "+1", "from": "+2"}, "data: right is either conversation, or"),
        ],
    )
    def test_say_where(self, data: Any, words: str) -> None:
        assert problem(took(data))["detail"].startswith(words)

    def test_of_a_channel_in_no_bridge_find_no_conversation(self) -> None:
        """The relay finds none; nothing is stored."""
        assert isinstance(message(took(AGENT, side=None)).to, Within)


class TestCustomers:
    def test_are_known_by_a_key_of_the_senders_own(self) -> None:
        seen, m = events(took(CUSTOMER | {"author": {"id": "ana", "name": "Ana"}}, side=Side.CUSTOMER))
        assert isinstance(seen, BindingSeen)
        assert (seen.binding, seen.address, seen.endpoint, seen.person) == ("order-17", "order-17", "", "crm:order-17")
        assert (seen.label, seen.name, seen.network, seen.state) == ("Ana", "Ana", "crm", "open")
        assert (m.binding, m.to, m.author) == ("order-17", None, Author(id="ana", role=Role.CUSTOMER, name="Ana"))

    def test_without_a_name_by_the_key(self) -> None:
        seen, m = events(took(CUSTOMER, side=Side.CUSTOMER))
        assert (seen.label, seen.name) == ("order-17", "")
        assert m.author == Author(id="order-17", role=Role.CUSTOMER)

    def test_are_seen_once(self) -> None:
        first, second = (events(took(CUSTOMER, side=Side.CUSTOMER, id=id))[0] for id in ("a", "b"))
        other = events(took(CUSTOMER | {"conversation": "order-18"}, side=Side.CUSTOMER))[0]
        named = events(took(CUSTOMER | {"author": {"name": "Ana"}}, side=Side.CUSTOMER))[0]
        assert first.key == second.key
        assert len({first.key, other.key, named.key}) == 3

    def test_have_no_to_and_from(self) -> None:
        data = {"to": "+15550199", "from": "+15550100", "text": "x"}
        assert problem(took(data, side=Side.CUSTOMER))["detail"].startswith("data.conversation: missing")


class TestBodies:
    @pytest.mark.parametrize(
        "body", [b"", b"x", b"[]", b"1", b"null", b'"a"', b"{", b"\xff", b"\xef\xbb\xbf{}", b"[" * 99999]
    )
    def test_that_are_no_json_object(self, body: bytes) -> None:
        found = received(CRM, Side.AGENT, "m", body, NOW, loopback=False, differs=lambda id: None)
        assert problem(found)["detail"] == "the body is no JSON object in UTF-8"

    @pytest.mark.parametrize("type", ["message.created", "", None, 7, ["message.send"], {}])
    def test_of_another_type(self, type: Any) -> None:
        detail = problem(took(AGENT, type=type))["detail"]
        assert detail == "type: not one that is taken here; right is message.send"

    def test_without_a_type(self) -> None:
        found = received(CRM, Side.AGENT, "m", b'{"data":{}}', NOW, loopback=False, differs=lambda id: None)
        assert problem(found)["detail"] == "type: missing; right is message.send"

    @pytest.mark.parametrize(
        ("data", "field"),
        [
            (None, "data"),
            ([], "data"),
            ({"conversation": "c1"}, "data"),
            ({"conversation": "c1", "text": " \n"}, "data"),
            ({"conversation": "c1", "text": "", "attachments": []}, "data"),
            (AGENT | {"text": 7}, "data.text"),
            (AGENT | {"text": ["x"]}, "data.text"),
            (AGENT | {"conversation": 7}, "data.conversation"),
            (AGENT | {"conversation": "c" * 257}, "data.conversation"),
            (AGENT | {"conversation": "c\n1"}, "data.conversation"),
            (AGENT | {"conversation": " c1"}, "data.conversation"),
            (AGENT | {"conversation": "c\0"}, "data.conversation"),
            (AGENT | {"conversation": "\ud800"}, "data.conversation"),
            ({"text": "x", "to": 1, "from": "+1"}, "data.to"),
            ({"text": "x", "to": "+1", "from": {}}, "data.from"),
            (AGENT | {"author": "Eve"}, "data.author"),
            (AGENT | {"author": {"id": 7}}, "data.author.id"),
            (AGENT | {"author": {"name": 7}}, "data.author.name"),
            (AGENT | {"attachments": {}}, "data.attachments"),
            (AGENT | {"attachments": ["https://x"]}, "data.attachments[0]"),
            (AGENT | {"attachments": [{"url": "https://a/b"}] * 33}, "data.attachments"),
            (AGENT | {"attachments": [{}]}, "data.attachments[0].url"),
            (AGENT | {"attachments": [{"url": "https://a/b"}, {"url": 7}]}, "data.attachments[1].url"),
            (AGENT | {"attachments": [{"url": "https://a/b", "filename": 7}]}, "data.attachments[0].filename"),
            (AGENT | {"attachments": [{"url": "https://a/b", "content_type": 7}]}, "data.attachments[0].content_type"),
        ],
    )
    def test_name_the_field_that_is_wrong(self, data: Any, field: str) -> None:
        assert problem(took(data))["detail"].startswith(f"{field}: ")

    def test_nothing_of_what_was_sent_is_repeated(self) -> None:
        for data in (
            AGENT | {"text": 7, "conversation": "SECRET\n"},
            AGENT | {"attachments": [{"url": "ftp://SECRET"}]},
        ):
            assert "SECRET" not in json.dumps(problem(took(data)))

    def test_what_is_not_known_is_ignored(self) -> None:
        m = message(took(AGENT | {"x": {"y": [1]}, "author": {"id": "7", "role": "customer"}}, version=2))
        assert (m.content.text, m.author.role) == ("Hello", Role.AGENT)

    def test_text_that_is_none_is_made_one(self) -> None:
        assert message(took(AGENT | {"text": "a\0b\ud800"})).content.text == "a\ufffdb?"

    def test_a_name_is_one_line(self) -> None:
        assert message(took(AGENT | {"author": {"name": " Eve\n(SMS):\u2028x "}})).author.name == "Eve (SMS): x"
        assert message(took(AGENT | {"author": {"name": "👩\u200d💻 Ana" + "a" * 999}})).author.name.startswith(
            "👩\u200d💻 Ana"
        )

    @pytest.mark.parametrize(
        ("timestamp", "at"),
        [
            ("2026-08-10T18:00:58.111Z", 1786384858.111),
            ("2026-08-10T20:00:58+02:00", 1786384858.0),
            ("2099-01-01T00:00:00Z", NOW),
            ("1901-01-01T00:00:00Z", NOW),
            ("0001-01-01T00:00:00+14:00", NOW),
            ("2026-08-10T18:00:58", NOW),
            ("today", NOW),
            (1786384858, NOW),
            (None, NOW),
        ],
    )
    def test_when_it_happened(self, timestamp: Any, at: float) -> None:
        assert message(took(AGENT, timestamp=timestamp)).at == at


class TestAttachments:
    def files(self, *files: Any, loopback: bool = False) -> tuple[Any, ...]:
        return message(took({"conversation": "c1", "attachments": list(files)}, loopback=loopback)).content.attachments

    @pytest.mark.parametrize(
        ("file", "content_type", "kind", "filename"),
        [
            ({"url": "https://a.example/x/cat.PNG?s=1"}, "image/png", "image", "cat.PNG"),
            ({"url": "https://a.example/price%20list.pdf"}, "application/pdf", "file", "price list.pdf"),
            ({"url": "https://a.example/7", "filename": "a.webp"}, "image/webp", "image", "a.webp"),
            ({"url": "https://a.example/7"}, "application/octet-stream", "file", ""),
            ({"url": "https://a.example/7", "content_type": "Audio/OGG; codecs=opus"}, "audio/ogg", "audio", ""),
            ({"url": "https://a.example/7.jpg", "content_type": "x\r\ny: z"}, "image/jpeg", "image", "7.jpg"),
            (
                {"url": "https://a.example/7", "filename": '../e"tc/pass\nwd'},
                "application/octet-stream",
                "file",
                ".._e_tc_pass_wd",
            ),
            ({"url": "https://a.example/%2e%2e%2fx%00.jpg"}, "image/jpeg", "image", ".._x\ufffd.jpg"),
        ],
    )
    def test_what_the_url_tells(self, file: Any, content_type: str, kind: str, filename: str) -> None:
        (found,) = self.files(file)
        assert (found.ref, found.content_type, found.kind, found.filename, found.size) == (
            file["url"], content_type, kind, filename, None,
        )  # fmt: skip

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "x",
            "http://a.example/x",
            "http://127.0.0.1/x",
            "file:///etc/passwd",
            "ftp://a.example/x",
            "https://",
            "https:///x",
            "https://user@a.example/x",
            "https://user:pass@a.example/x",
            "https://a.example:0/x",
            "https://a.example:99999/x",
            "https://a example/x",
            "https://a.example/x\r\ny",
            "https://[::1/x",
            "https://ä.example/x",
            "https://a.example/" + "x" * 5000,
            "//a.example/x",
            "data:text/plain,x",
        ],
    )
    def test_urls_that_are_refused(self, url: str) -> None:
        found = took(AGENT | {"attachments": [{"url": url}]})
        assert problem(found)["detail"].startswith("data.attachments[0].url: ")

    def test_plain_http_where_we_are_on_this_machine_ourselves(self) -> None:
        assert self.files({"url": "http://127.0.0.1:8300/x.png"}, loopback=True)
        problem(took(AGENT | {"attachments": [{"url": "http://a.example/x"}]}, loopback=True))


class TestAnswers:
    def answer(self, outcome: Outcome, **more: Any) -> Reply:
        found = took(AGENT, **more)
        assert isinstance(found, Events)
        assert callable(found.reply)
        return found.reply([outcome])

    @pytest.mark.parametrize("fate", [Fate.DONE, Fate.REPEATED])
    def test_where_the_message_stands(self, fate: Fate) -> None:
        reply = self.answer(Outcome(fate=fate, conversation=ConversationId("c1"), seq=7))
        assert (reply.status, reply.content_type) == (202, "application/json")
        assert json.loads(reply.body) == {"conversation": "c1", "message": "c1.7", "seq": 7}

    def test_a_conversation_that_is_not_there(self) -> None:
        reply = self.answer(Outcome(fate=Fate.ABSENT, words="there is no such conversation"))
        assert (reply.status, reply.content_type) == (404, "application/problem+json")
        assert json.loads(reply.body) == {
            "type": "about:blank", "title": "Not Found", "status": 404, "detail": "there is no such conversation",
        }  # fmt: skip
        assert self.answer(Outcome(fate=Fate.KEPT)).status == 404

    def test_for_a_customer_it_is_the_message_that_counts(self) -> None:
        found = took(CUSTOMER, side=Side.CUSTOMER)
        assert isinstance(found, Events)
        assert callable(found.reply)
        seen, said = Outcome(fate=Fate.DONE), Outcome(fate=Fate.DONE, conversation=ConversationId("c9"), seq=1)
        assert json.loads(found.reply([seen, said]).body)["conversation"] == "c9"

    def test_the_same_id_with_another_content_is_answered_the_same_and_said(self) -> None:
        told: list[str] = []
        digest = message(took(AGENT | {"text": "Another"})).digest
        first = Outcome(fate=Fate.REPEATED, conversation=ConversationId("c1"), seq=7, digest=digest)
        assert self.answer(first, differs=told.append).status == 202
        assert told == ["msg_1"]
        same = Outcome(fate=Fate.REPEATED, conversation=ConversationId("c1"), seq=7, digest=message(took(AGENT)).digest)
        self.answer(same, differs=told.append)
        assert told == ["msg_1"]

    def test_a_repeat_is_known_by_its_content_alone(self) -> None:
        assert (
            message(took(AGENT)).digest
            == message(took(AGENT | {"trace": "x"}, timestamp="2026-08-10T18:00:58Z")).digest
        )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
fields = st.sampled_from(
    ["conversation", "text", "to", "from", "author", "attachments", "id", "name", "url", "filename"]
)
objects = st.dictionaries(fields, json_values)
datas = st.dictionaries(fields, json_values | objects | st.lists(objects))


@given(st.binary(), st.sampled_from([None, *Side]))
def test_no_bytes_make_it_raise(body: bytes, side: Side | None) -> None:
    assert isinstance(received(CRM, side, "m", body, NOW, loopback=True, differs=lambda id: None), Unreadable)


@given(json_values | datas, st.sampled_from([None, *Side]))
def test_no_json_makes_it_raise(data: Any, side: Side | None) -> None:
    found = took(data, side)
    if isinstance(found, Events):
        for event in found.events:
            repr(event).encode()  # nothing that can't be stored
    else:
        problem(found)


@pytest.mark.parametrize("depth", range(300, 1100, 100))
def test_depth_makes_it_raise_nowhere(depth: int) -> None:
    data = json.dumps(AGENT)[:-1] + ',"x":' + "[" * depth + "]" * depth + "}"
    body = f'{{"type":"message.send","data":{data}}}'.encode()
    found = received(CRM, Side.AGENT, "m", body, NOW, loopback=False, differs=lambda id: None)
    assert isinstance(found, Events | Unreadable)
