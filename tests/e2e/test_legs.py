"""Every leg at once: SMS, a web visitor, Telegram agents, a socket agent and a signed receiver, on both stores."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bridge.client import Client, Message, Receipt
from tests.rig import Customer, Json, Rig, Topic, rig, until

STORES = ["sqlite", "postgresql"]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], str]]:
    """Urls of empty databases on a server of this module's own."""
    from tests.store.postgres import Server

    servers: list[Server] = []

    def make() -> str:
        if not servers:
            servers.append(Server())
        return asyncio.run(servers[0].database())

    yield make
    for server in servers:
        server.close()


@pytest.fixture(params=STORES)
def r(request: pytest.FixtureRequest, tmp_path: Path, database: Callable[[], str]) -> Iterator[Rig]:
    store = database() if request.param == "postgresql" else "sqlite:///bridge.db"
    with rig(tmp_path, legs=True, store=store) as r:
        yield r


@asynccontextmanager
async def on_socket(r: Rig, role: str, subject: str) -> AsyncIterator[tuple[Client, list[Any]]]:
    """A client, and everything that it was shown."""
    token = await asyncio.to_thread(r.token, role, subject)
    async with Client(r.ws, token, longest_wait_s=0.2) as client:
        shown: list[Any] = []

        async def listen() -> None:
            async for event in client:
                shown.append(event)

        task = asyncio.create_task(listen())
        try:
            yield client, shown
        finally:
            await client.close()
            await asyncio.gather(task, return_exceptions=True)


def said(shown: list[Any]) -> list[Message]:
    return [e for e in shown if isinstance(e, Message) and not e.edited]


async def soon(question: Callable[[], Any], what: str = "it", within: float = 30.0) -> Any:
    return await asyncio.to_thread(until, question, within, what)


def records(r: Rig, kind: str = "message.created") -> list[Json]:
    """What the signed receiver was told, in the order in which it came."""
    return [x["body"]["data"] for x in r.crm_control("received")["received"] if x["body"]["type"] == kind]


def crm_says(r: Rig, id: str, **data: Any) -> Json:
    body = {"type": "message.send", "data": {"author": {"id": "bot", "name": "Bot"}, **data}}
    answer = r.crm_control("send", {"body": body, "id": id})
    assert answer["status"] == 202, answer
    return answer["body"] if isinstance(answer["body"], dict) else __import__("json").loads(answer["body"])


class Talk:
    """One customer, who texts and chats, and three kinds of agents."""

    def __init__(self, r: Rig, ana: Customer, topic: Topic, conversation: str) -> None:
        self.r, self.ana, self.topic, self.conversation = r, ana, topic, conversation


async def one_customer(r: Rig, visitor: Client) -> Talk:
    """Ana texts, and chats on the page: the two turn out to be one."""
    ana = r.customer("+15550141")
    await asyncio.to_thread(ana.says, "by text")
    topic = await asyncio.to_thread(r.topic, "+15550141 · SMS")
    await visitor.send("by chat")
    both = await soon(lambda: m if len(m := records(r)) == 2 else None, "two conversations")
    by = {m["message"]["text"]: m for m in both}
    source, target = by["by chat"]["contact"]["id"], by["by text"]["contact"]["id"]
    answer = await asyncio.to_thread(r.ask, {"ask": "merge", "source": source, "target": target})
    assert answer == {"contact": target}
    return Talk(r, ana, topic, by["by text"]["conversation"]["id"])


async def test_each_message_reaches_every_other_leg_once(r: Rig) -> None:
    async with on_socket(r, "customer", "v1") as (visitor, seen), on_socket(r, "agent", "eve") as (eve, heard):
        talk = await one_customer(r, visitor)
        for n, speak in enumerate(
            [
                lambda: asyncio.to_thread(talk.ana.says, "0"),
                lambda: visitor.send("1"),
                lambda: asyncio.to_thread(talk.topic.says, "2"),
                lambda: eve.send("3", conversation=talk.conversation),
                lambda: asyncio.to_thread(crm_says, r, "m4", conversation=talk.conversation, text="4"),
            ]
        ):
            await speak()
            if n != 3:
                await soon(lambda n=n: str(n) in [m.text for m in said(heard)], f"{n} at the socket agent")
            if n != 1:
                await soon(lambda n=n: str(n) in [m.text for m in said(seen)], f"{n} at the visitor")
            if n != 2:
                await soon(lambda n=n: [t for t in talk.topic.texts() if t.endswith(str(n))], f"{n} in the topic")
            if n != 4:
                await soon(lambda n=n: str(n) in [m["message"]["text"] for m in records(r)], f"{n} at the receiver")
        shown = [t for t in talk.topic.texts() if t[-2:].strip() in "0134"]
        assert shown == ["v1 (SMS): 0", "v1 (web): 1", "eve (web): 3", "Bot (crm): 4"]
        assert {m.author.role for m in said(seen) if m.text in "234"} == {"agent"}
        assert {m.author.name for m in said(seen) if m.text in "234"} == {"Support"}, "a customer sees no agent's name"
        # Who wrote last gets the answer: the visitor, on the page.
        assert talk.ana.got() == []
        assert {x["leg"]["channel"] for x in records(r, "receipt.updated")} == {"web"}


@pytest.mark.slow
async def test_five_hundred_messages_from_all_sides_at_once(r: Rig) -> None:
    """Each reaches every other leg once; every leg sees them in the one order."""
    each = 100
    async with on_socket(r, "customer", "v1") as (visitor, seen), on_socket(r, "agent", "eve") as (eve, heard):
        talk = await one_customer(r, visitor)

        async def many(speak: Callable[[str], Any], leg: str) -> None:
            for n in range(each):
                await speak(f"{leg}-{n}")

        await asyncio.gather(
            many(lambda t: asyncio.to_thread(talk.ana.says, t), "sms"),
            many(visitor.send, "web"),
            many(lambda t: asyncio.to_thread(talk.topic.says, t), "tg"),
            many(lambda t: eve.send(t, conversation=talk.conversation), "eve"),
            many(lambda t: asyncio.to_thread(crm_says, r, t, conversation=talk.conversation, text=t), "crm"),
        )
        history: list[str] = []
        while len(history) < 5 * each:  # Twilio's webhooks may still be on their way
            history = [t for t in await whole(eve, talk.conversation) if "-" in t]
        order = {text: i for i, text in enumerate(history)}
        assert len(order) == len(history) == 5 * each

        def in_one_order(texts: list[str], without: str) -> bool:
            mine = [t.rpartition(": ")[2] for t in texts if "-" in t.rpartition(": ")[2]]
            places = [order[t] for t in mine]
            assert places == sorted(set(places)), f"doubled or misplaced without {without}"
            return len(mine) == 4 * each

        await soon(lambda: in_one_order([m.text for m in said(heard)], "eve"), "all at the socket agent", 90)
        await soon(lambda: in_one_order([m.text for m in said(seen)], "web"), "all at the visitor", 90)
        await soon(lambda: in_one_order(talk.topic.texts(), "tg"), "all in the topic", 90)
        await soon(lambda: in_one_order([m["message"]["text"] for m in records(r)], "crm"), "all at the receiver", 90)
        texted = [m["body"] for m in talk.ana.got()]
        places = [order[t] for t in texted]
        assert places == sorted(set(places))
        assert {t.partition("-")[0] for t in texted} <= {"tg", "eve", "crm"}


async def whole(client: Client, conversation: str) -> list[str]:
    texts: list[str] = []
    after, more = 0, True
    while more:
        page, more = await client.history(conversation, after=after, limit=100)
        texts += [m.text for m in page]
        after = page[-1].seq if page else after
    return texts


async def test_receipts_reach_the_socket_agent_and_the_receiver(r: Rig) -> None:
    async with on_socket(r, "agent", "eve") as (eve, heard):
        ana = r.customer("+15550142")
        await asyncio.to_thread(ana.says, "Hi")
        (first,) = await soon(lambda: records(r))
        ack = await eve.send("Hello", conversation=first["conversation"]["id"])
        await asyncio.to_thread(ana.heard, "Hello")
        await soon(lambda: "delivered" in [e.state for e in heard if isinstance(e, Receipt)])
        receipts = [e for e in heard if isinstance(e, Receipt)]
        assert [(e.state, e.segments) for e in receipts] == [("sent", 1), ("delivered", 1)]
        told = await soon(lambda: x if len(x := records(r, "receipt.updated")) == 2 else None)
        assert {x["message"]["id"] for x in told} == {ack.id}
        assert [x["state"] for x in told] == ["sent", "delivered"]
        assert {x["leg"]["channel"] for x in told} == {"phone"}


async def test_a_failure_is_told_to_the_socket_agent_in_words(r: Rig) -> None:
    async with on_socket(r, "agent", "eve") as (eve, heard):
        ana = r.customer("+15550143")
        await asyncio.to_thread(ana.says, "Hi")
        (first,) = await soon(lambda: records(r))
        await asyncio.to_thread(r.twilio_fault, "refuse", ana.address)
        await eve.send("Hello", conversation=first["conversation"]["id"])
        failed = await soon(lambda: [e for e in heard if isinstance(e, Receipt) and e.state == "failed"])
        assert (failed[0].code, failed[0].reason) == ("30003", "the handset is unreachable")


async def test_a_program_writes_first_by_sms(r: Rig) -> None:
    made = await asyncio.to_thread(
        crm_says, r, "first-1", to="+15550144", **{"from": "+15550100"}, text="Your parcel is here"
    )
    again = await asyncio.to_thread(
        crm_says, r, "first-1", to="+15550144", **{"from": "+15550100"}, text="Your parcel is here"
    )
    assert made == again
    ana = r.customer("+15550144")
    await asyncio.to_thread(ana.heard, "Your parcel is here")
    topic = await asyncio.to_thread(r.topic, "+15550144 · SMS")
    await asyncio.to_thread(topic.heard, "Bot (crm): Your parcel is here")
    await asyncio.to_thread(ana.says, "Thanks")
    await asyncio.to_thread(topic.heard, "Thanks")
    (answer,) = await soon(lambda: [m for m in records(r) if m["message"]["text"] == "Thanks"])
    assert answer["conversation"]["id"] == made["conversation"]


async def test_a_kill_loses_nothing_that_was_acked(r: Rig) -> None:
    async with on_socket(r, "customer", "v1") as (visitor, _), on_socket(r, "agent", "eve") as (_eve, heard):
        for n in range(30):
            await visitor.send(f"v-{n}")
            if n in (9, 19):
                await asyncio.to_thread(r.restart)
        await soon(lambda: len([m for m in said(heard) if m.text.startswith("v-")]) == 30, "all at the agent")
        assert [m.text for m in said(heard)] == [f"v-{n}" for n in range(30)]
        topic = await asyncio.to_thread(r.topic, "v1 · web")
        await soon(lambda: len(topic.texts()) >= 30, "all in the topic")
        assert [t for t in dict.fromkeys(topic.texts()) if t.startswith("v-")] == [f"v-{n}" for n in range(30)]
