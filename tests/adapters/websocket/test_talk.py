"""Two people over real sockets: what each frame does, what each side hears, and what nobody may do."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.websocket.frames import FROM_SERVER
from adapters.websocket.outbound import own_ref
from bridge.core.content import Side
from bridge.core.log import (
    Change,
    ConversationNews,
    ReceiptNews,
    ReceiptView,
)
from bridge.core.receipts import ReceiptState
from tests.adapters.websocket.house import House, agent, house, token

ANA = "c-support-web-ana"


@pytest.fixture
async def h() -> AsyncIterator[House]:
    async with house() as running:
        yield running


async def test_welcome_to_nobody_yet(h: House) -> None:
    async with h.bare() as t:
        assert t.ws.subprotocol == "trunkline.v1"
        await t.say("hello", token=token())
        welcome = await t.next()
        assert set(welcome) == {
            "type", "session", "role", "room", "heartbeat_s", "max_frame", "server_time", "conversations",
        }  # fmt: skip
        assert (welcome["type"], welcome["role"], welcome["room"]) == ("welcome", "customer", "shop")
        assert (welcome["max_frame"], welcome["conversations"]) == (262144, [])
        assert welcome["server_time"].endswith("Z")
        assert len(welcome["server_time"]) == len("2026-11-25T12:00:00.000Z")


async def test_a_customer_writes_and_an_agent_answers(h: House) -> None:
    async with h.talker(token(name="Ana")) as ana, h.talker(agent(name="Eve")) as eve:
        assert await ana.ask("send", ref="r1", text="Hi") == {
            "type": "ack",
            "ref": "r1",
            "conversation": ANA,
            "message": f"{ANA}.1",
            "seq": 1,
        }
        told = await eve.next("message")
        assert told.pop("at").endswith("Z")
        assert told == {
            "type": "message",
            "conversation": ANA,
            "message": f"{ANA}.1",
            "seq": 1,
            "author": {"id": "ana", "name": "Ana", "role": "customer"},
            "text": "Hi",
            "attachments": [],
            "reply_to": None,
        }
        answer = await eve.ask("send", ref="r1", conversation=ANA, text="Hello", reply_to=f"{ANA}.1")
        assert (answer["type"], answer["seq"]) == ("ack", 2)
        heard = await ana.next("message")
        assert heard["author"] == {"id": "agent", "name": "Support", "role": "agent"}, "who answers is one"
        assert (heard["reply_to"], "ref" in heard) == (f"{ANA}.1", False)
        assert await ana.quiet() == await eve.quiet() == []


async def test_a_welcome_shows_what_there_is(h: House) -> None:
    async with h.talker(token(name="Ana")) as ana:
        await ana.ask("send", ref="1", text="Hi")
    async with h.talker(token()) as ana, h.talker(agent()) as eve, h.talker(token("bob")) as bob:
        assert ana.seen[0]["conversations"] == [{"id": ANA, "title": "Support", "state": "open", "last_seq": 1}]
        assert eve.seen[0]["conversations"] == [{"id": ANA, "title": "Ana", "state": "open", "last_seq": 1}]
        assert bob.seen[0]["conversations"] == []
        assert await ana.quiet() == [], "without resume nothing is replayed"


async def test_every_other_socket_hears_it(h: House) -> None:
    async with (
        h.talker(token()) as one,
        h.talker(token()) as two,
        h.talker(agent("eve")) as eve,
        h.talker(agent("mia")) as mia,
        h.talker(agent("eve")) as also_eve,
    ):
        await one.ask("send", ref="1", text="Hi")
        assert (await two.next("message"))["ref"] == "1", "the same subject knows its ref"
        await eve.next("message")
        await eve.ask("send", ref="e", conversation=ANA, text="Hello")
        assert "ref" not in await mia.next("message", seq=2)
        assert (await also_eve.next("message", seq=2))["ref"] == "e"
        for t, heard in ((one, [2]), (two, [1, 2]), (eve, [1]), (mia, [1, 2]), (also_eve, [1, 2])):
            await t.quiet()
            assert [f["seq"] for f in t.seen if f["type"] == "message"] == heard, "all but what it sent itself"


async def test_its_own_message_is_not_heard_after_the_ack_either(h: House) -> None:
    """The relay may tell of a commit later than it answers whoever asked for it."""
    async with h.talker(token()) as ana, h.talker(agent()) as eve:
        h.log.late_s = 0.02
        await ana.ask("send", ref="1", text="Hi")
        await eve.next("message")
        assert await ana.quiet() == []


async def test_the_same_ref_is_the_same_message(h: House) -> None:
    async with h.talker(token()) as one, h.talker(token()) as two, h.talker(agent()) as eve:
        first = await one.ask("send", ref="1", text="Hi")
        assert await one.ask("send", ref="1", text="Hi") == first
        assert await one.ask("send", ref="1", text="Hi", conversation=ANA) == first
        assert await two.ask("send", ref="1", text="Hi") == first, "from another socket"
        for other in ({"text": "Ho"}, {"text": "Hi", "reply_to": f"{ANA}.1"}):
            answer = await two.ask("send", ref="1", **other)
            assert (answer["type"], answer["code"]) == ("error", "conflict")
        assert (await one.ask("edit", ref="1", message=first["message"], text="Ho"))["code"] == "conflict"
        assert [f["seq"] for f in await eve.quiet() if f["type"] == "message"] == [1]
        assert len(h.log.talks[ANA].messages) == 1


async def test_another_subjects_ref_is_another(h: House) -> None:
    async with h.talker(token("ana")) as ana, h.talker(token("bob")) as bob:
        assert (await ana.ask("send", ref="1", text="Hi"))["conversation"] == ANA
        assert (await bob.ask("send", ref="1", text="Hi"))["conversation"] == "c-support-web-bob"


async def test_edits_and_deletions(h: House) -> None:
    async with h.talker(token()) as ana, h.talker(agent()) as eve:
        await ana.ask("send", ref="1", text="Hi")
        assert (await ana.ask("edit", ref="2", message=f"{ANA}.1", text="Ho"))["seq"] == 1
        edited = await eve.next("edited")
        assert (edited["text"], edited["message"]) == ("Ho", f"{ANA}.1")
        assert edited["edited_at"].endswith("Z")
        assert [f["ref"] for f in ana.seen if f["type"] == "edited"] == ["1"], "it comes before its ack here"
        assert (await ana.ask("edit", ref="2", message=f"{ANA}.1", text="Ho"))["type"] == "ack"
        assert (await ana.ask("delete", ref="3", message=f"{ANA}.1"))["message"] == f"{ANA}.1"
        deleted = await eve.next("deleted")
        assert set(deleted) == {"type", "conversation", "message", "at"}
        page = await eve.ask("history", ref="h", conversation=ANA)
        assert (page["messages"][0]["text"], "deleted_at" in page["messages"][0]) == ("", True)


async def test_history(h: House) -> None:
    async with h.talker(token()) as ana:
        for i in range(1, 8):
            await ana.ask("send", ref=f"r{i}", text=str(i))

        async def seqs(**which: Any) -> tuple[list[int], bool]:
            answer = await ana.ask("history", ref="h", conversation=ANA, **which)
            assert set(answer) == {"type", "ref", "conversation", "messages", "more"}
            return [m["seq"] for m in answer["messages"]], answer["more"]

        assert await seqs() == ([1, 2, 3, 4, 5, 6, 7], False)
        assert await seqs(limit=3) == ([5, 6, 7], True)
        assert await seqs(before=5, limit=3) == ([2, 3, 4], True)
        assert await seqs(before=4, limit=3) == ([1, 2, 3], False)
        assert await seqs(before=1) == ([], False)
        assert await seqs(after=0, limit=3) == ([1, 2, 3], True)
        assert await seqs(after=4, limit=3) == ([5, 6, 7], False)
        assert await seqs(after=99) == ([], False)
        answer = await ana.ask("history", ref="h", conversation=ANA, before=1, after=1)
        assert (answer["type"], answer["code"]) == ("error", "bad_request")
        assert (await ana.ask("history", ref="h", conversation=ANA))["messages"][0]["ref"] == "r1"


async def test_typing_and_reading(h: House) -> None:
    async with h.talker(token(name="Ana")) as ana, h.talker(agent(name="Eve")) as eve, h.talker(agent("mia")) as mia:
        await ana.ask("send", ref="1", text="Hi")
        await ana.say("typing", conversation=ANA)
        assert await eve.next("typing") == {
            "type": "typing",
            "conversation": ANA,
            "author": {"id": "ana", "name": "Ana", "role": "customer"},
        }
        await eve.say("typing", conversation=ANA)
        assert (await ana.next("typing"))["author"]["name"] == "Support"
        await ana.say("read", conversation=ANA, seq=1)
        assert await mia.next("receipt") == {
            "type": "receipt",
            "conversation": ANA,
            "message": f"{ANA}.1",
            "state": "read",
        }
        await eve.say("read", conversation=ANA, seq=1)
        await eve.next("receipt")
        assert await eve.quiet() == [], "an agent's reading is taken in silence, and one's own typing isn't heard"
        await ana.say("read", conversation=ANA, seq=2)
        assert (await ana.next("error"))["code"] == "bad_request"


async def test_news_of_conversations_and_receipts(h: House) -> None:
    async with h.talker(token()) as ana, h.talker(agent()) as eve:
        await ana.ask("send", ref="1", text="Hi")
        assert (await eve.next("conversation"))["id"] == ANA
        talk = h.log.talks[ANA]
        h.log.say(talk, ConversationNews(change=Change.CLOSED))
        assert set(await eve.next("conversation")) == {"type", "id", "title", "state", "last_seq"}
        failed = ReceiptView(
            conversation=talk.view.id,
            seq=1,
            channel=h.log.name,
            side=Side.CUSTOMER,
            state=ReceiptState.FAILED,
            code="30003",
            words="the handset is unreachable",
        )
        h.log.say(talk, ReceiptNews(receipt=failed))
        receipt = await eve.next("receipt")
        assert (receipt["state"], receipt["code"], receipt["reason"]) == (
            "failed",
            "30003",
            "the handset is unreachable",
        )


async def test_files(h: House) -> None:
    async with h.talker(token()) as ana, h.talker(agent("ana")) as agent_ana, h.talker(token("bob")) as bob:
        place = await ana.ask("upload", ref="u", filename="a.png", content_type="Image/PNG", size=10)
        assert set(place) == {"type", "ref", "id", "url"}
        assert (await ana.ask("send", ref="1", attachments=[{"id": place["id"]}]))["seq"] == 1
        (file,) = (await agent_ana.next("message"))["attachments"]
        assert set(file) == {"id", "url", "content_type", "filename", "size"}
        assert (file["content_type"], file["filename"], file["size"]) == ("image/png", "a.png", 10)
        for other in (bob, agent_ana):
            answer = await other.ask(
                "send",
                ref="x",
                text="Hi",
                conversation=None if other is bob else ANA,
                attachments=[{"id": place["id"]}],
            )
            assert answer["code"] == "not_found", "somebody else's upload"
        large = await ana.ask("upload", ref="v", filename="a", content_type="a/b", size=1001)
        assert (large["type"], large["code"]) == ("error", "too_large")


async def test_declined_and_still_there(h: House) -> None:
    async with h.talker(token()) as ana, h.talker(agent()) as eve:
        await ana.ask("send", ref="1", text="Hi")
        for label, t, frame, code in [
            ("an unknown type", ana, {"type": "wave", "ref": "x"}, "bad_request"),
            ("nothing said", ana, {"type": "send", "ref": "x"}, "bad_request"),
            ("nothing but space", ana, {"type": "send", "ref": "x", "text": " \n"}, "bad_request"),
            ("an agent without a conversation", eve, {"type": "send", "ref": "x", "text": "Hi"}, "bad_request"),
            ("a command", eve, {"type": "command", "ref": "x", "conversation": ANA, "text": "/close"}, "unsupported"),
            ("a command and nothing", ana, {"type": "command", "ref": "x"}, "unsupported"),
            ("a quote of nothing", ana, {"type": "send", "ref": "x", "text": "Hi", "reply_to": "c.9"}, "not_found"),
            ("no quote", ana, {"type": "send", "ref": "x", "text": "Hi", "reply_to": "?"}, "not_found"),
            ("ahead", ana, {"type": "send", "ref": "x", "text": "Hi", "reply_to": f"{ANA}.2"}, "not_found"),
            ("no message", ana, {"type": "edit", "ref": "x", "text": "Hi", "message": "?"}, "not_found"),
            ("message 0", ana, {"type": "delete", "ref": "x", "message": f"{ANA}.0"}, "not_found"),
        ]:
            await t.ws.send(json.dumps(frame))
            answer = await t.next("error")
            assert (answer["code"], answer["ref"]) == (code, "x"), label
            assert set(answer) == {"type", "ref", "code", "message"}
        await ana.say("wave")
        assert "ref" not in await ana.next("error")
        assert await ana.quiet() == []


def frames_about(conversation: str, seq: int = 1) -> list[dict[str, Any]]:
    """Every frame that names something, naming this."""
    message = f"{conversation}.{seq}"
    return [
        {"type": "send", "ref": "x", "conversation": conversation, "text": "Hi"},
        {"type": "history", "ref": "x", "conversation": conversation},
        {"type": "history", "ref": "x", "conversation": conversation, "after": 0},
        {"type": "edit", "ref": "x", "message": message, "text": "mine now"},
        {"type": "delete", "ref": "x", "message": message},
        {"type": "typing", "conversation": conversation},
        {"type": "read", "conversation": conversation, "seq": 1},
    ]


async def test_foreign_and_absent_are_one(h: House) -> None:
    """Each role, each frame, each id: another customer's, another bridge's, one that isn't there."""
    outlet = token("zoe", room="outlet")
    async with h.talker(token("ana")) as ana, h.talker(token("bob")) as bob, h.talker(outlet) as zoe:
        for t in (ana, bob, zoe):
            await t.ask("send", ref="1", text="Hi")
        mine = {"ana": ANA, "bob": "c-support-web-bob", "zoe": "c-sales-web-zoe"}
        async with h.talker(agent("eve")) as eve, h.talker(agent("zoe", room="sales")) as agent_zoe:
            for who, t, foreign in [
                ("a customer", ana, [mine["bob"], mine["zoe"], "nobody's", ""]),
                ("an agent", eve, [mine["zoe"], "nobody's", "a/b:c?"]),
                ("an agent of the other room", agent_zoe, [mine["ana"], mine["bob"], "nobody's"]),
            ]:
                answers: dict[str, set[str]] = {}
                for id in foreign:
                    for frame in frames_about(id):
                        await t.ws.send(json.dumps(frame))
                        answer = await t.next("error")
                        if id:
                            answers.setdefault(frame["type"], set()).add(json.dumps(answer))
                            assert answer["code"] == "not_found", (who, frame)
                assert all(len(a) == 1 for a in answers.values()), f"{who} can tell foreign from absent"
        for name, id in mine.items():
            assert [m.text for m in h.log.talks[id].messages] == ["Hi"], name
        assert h.log.told == []


async def test_only_ones_own_messages_may_be_changed(h: House) -> None:
    async with h.talker(token("eve")) as customer, h.talker(agent("eve")) as eve, h.talker(agent("mia")) as mia:
        where = (await customer.ask("send", ref="1", text="of the customer eve"))["conversation"]
        await eve.ask("send", ref="2", conversation=where, text="of the agent eve")
        h.log.elsewhere(where, "by another channel")
        for t, seqs in ((customer, (2, 3)), (eve, (1, 3)), (mia, (1, 2, 3))):
            for seq in seqs:
                for type in ("edit", "delete"):
                    answer = await t.ask(type, ref=f"{type}{seq}", message=f"{where}.{seq}", text="mine now")
                    assert (answer["type"], answer["code"]) == ("error", "not_found")
        assert [m.text for m in h.log.talks[where].messages] == [
            "of the customer eve",
            "of the agent eve",
            "by another channel",
        ]


async def test_what_a_frame_says_of_its_author_is_nothing(h: House) -> None:
    async with h.talker(token()) as ana:
        await ana.ask("send", ref="1", text="Hi", role="agent", author={"id": "eve", "role": "agent"}, sub="bob")
        (message,) = h.log.talks[ANA].messages
        assert (message.author.id, message.author.role) == ("ana", "customer")


async def test_odd_names_stay_apart(h: House) -> None:
    """Subjects and refs that would run into each other if they were only joined."""
    async with h.talker(token("a/b")) as one, h.talker(token("a")) as two, h.talker(token("a%2Fb")) as three:
        assert (await one.ask("send", ref="1", text="x"))["type"] == "ack"
        assert (await two.ask("send", ref="b/1", text="x"))["type"] == "ack"
        assert (await three.ask("send", ref="1", text="x"))["type"] == "ack"
        seen = {m.remote for t in h.log.talks.values() for m in t.messages}
        assert seen == {"a%2Fb/1", "a/b/1", "a%252Fb/1"}
        (first,) = h.log.talks["c-support-web-a/b"].messages
        assert own_ref(first, h.log.name, "a/b", Side.CUSTOMER) == "1"
        assert own_ref(first, h.log.name, "a", Side.CUSTOMER) is None


async def test_every_frame_of_the_server_was_heard() -> None:
    """The list of frames above is whole: whoever adds one adds it there."""
    names = {f.model_fields["type"].default for f in FROM_SERVER}
    assert names == set(
        "welcome ack message edited deleted receipt conversation typing history upload pong error".split()
    )
