"""The client against a real server, over a network that is cut."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bridge.client import Client, Conversation, Declined, Deleted, Event, Message, Receipt, Refused, Typing, Welcome
from bridge.core.content import Side
from tests.adapters.kit import until
from tests.adapters.websocket.house import House, agent, house, token
from tests.client.cutter import Cutter, cutter

ANA = "c-support-web-ana"


class Watcher:
    """Reads a client's events, as a program would."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.events: list[Event] = []

    async def run(self) -> None:
        async for event in self.client:
            self.events.append(event)

    def of(self, kind: type[Any]) -> list[Any]:
        return [e for e in self.events if isinstance(e, kind)]

    @property
    def texts(self) -> list[str]:
        return [m.text for m in self.of(Message) if not m.edited]


@asynccontextmanager
async def watched(url: str, shown: Any, **options: Any) -> AsyncIterator[Watcher]:
    async with Client(url, shown, **options) as client:
        watcher = Watcher(client)
        running = asyncio.create_task(watcher.run())
        try:
            yield watcher
        finally:
            await client.close()
            await asyncio.gather(running, return_exceptions=True)


def through(h: House, proxy: Cutter) -> str:
    return h.url.replace(str(h.port), str(proxy.port))


async def test_two_clients_talk() -> None:
    async with house() as h, watched(h.url, token(name="Ana")) as ana, watched(h.url, agent()) as eve:
        await until(lambda: eve.of(Welcome), "a welcome")
        ack = await ana.client.send("Hi")
        assert (ack.conversation, ack.seq) == (ANA, 1)
        await until(lambda: eve.texts == ["Hi"], "the message")
        assert eve.of(Conversation)[0].title == "Ana"
        await eve.client.send("Hello", conversation=ANA, reply_to=ack.id)
        await until(lambda: ana.texts == ["Hello"], "the answer")
        (answer,) = ana.of(Message)
        assert (answer.author.name, answer.reply_to) == ("Support", ack.id)
        await eve.client.typing(ANA)
        await until(lambda: ana.of(Typing), "typing")
        await ana.client.read(ANA, 2)
        await until(lambda: [r.state for r in eve.of(Receipt)] == ["read"], "a receipt")
        await ana.client.edit(ack.id, "Hi!")
        await until(lambda: [m.text for m in eve.of(Message) if m.edited] == ["Hi!"], "the edit")
        await ana.client.delete(ack.id)
        await until(lambda: eve.of(Deleted), "the deletion")
        page, more = await eve.client.history(ANA, limit=1)
        assert ([m.text for m in page], more) == (["Hello"], True)
        id, url = await ana.client.upload("a.png", "image/png", 10)
        assert url
        await ana.client.send(attachments=[id])
        await until(lambda: eve.texts[-1] == "", "the file")
        assert eve.of(Message)[-1].files[0].filename == "a.png"


async def test_what_is_declined_is_raised() -> None:
    async with house() as h, watched(h.url, token()) as ana:
        for asked in (ana.client.edit("c.1", "x"), ana.client.send(" ")):
            with pytest.raises(Declined):
                await asked
        await until(lambda: ana.of(Welcome), "a welcome")
        with pytest.raises(Declined, match=r"not_found"):
            await ana.client.history("nobody's")
        assert ana.client.place.unacked == {}


@pytest.mark.parametrize(
    ("label", "path", "shown", "code"),
    [
        ("a bad token", "/ws/web", "abc", 4401),
        ("the other side's room", "/ws/web", token("ana", Side.CUSTOMER, "support"), 4403),
        ("no such channel", "/ws/nobody", token(), 404),
    ],
)
async def test_what_is_fatal_is_raised(label: str, path: str, shown: str, code: int) -> None:
    async with house() as h, Client(f"ws://127.0.0.1:{h.port}{path}", shown) as client:
        waiting = asyncio.create_task(client.send("Hi"))
        with pytest.raises(Refused) as refused:
            async for _ in client:
                pass
        assert refused.value.code == code
        with pytest.raises(Refused):
            await waiting
        with pytest.raises(Refused):
            await client.send("again")


async def test_a_token_that_runs_out_is_fetched_anew() -> None:
    made: list[str] = []

    async def fresh() -> str:
        made.append(token(lifetime_s=2.0 if not made else 60.0))
        return made[-1]

    async with house() as h, watched(h.url, fresh, longest_wait_s=0.1) as ana:
        await ana.client.send("1")
        await until(lambda: len(ana.of(Welcome)) == 2, "a second welcome")
        assert (await ana.client.send("2")).seq == 2
        assert len(made) == 2


async def test_a_token_that_is_fixed_and_runs_out_is_fatal() -> None:
    async with house() as h, Client(h.url, token(lifetime_s=1.5)) as client:
        with pytest.raises(Refused, match=r"4401"):
            async for _ in client:
                pass


async def test_it_sends_what_it_was_given_before_it_could_connect() -> None:
    async with house() as h, cutter(h.port) as proxy:
        proxy.refusing = True
        async with watched(through(h, proxy), token(), longest_wait_s=0.05) as ana:
            waiting = [asyncio.create_task(ana.client.send(str(i))) for i in range(5)]
            with pytest.raises(ConnectionError):
                await ana.client.history(ANA)
            proxy.refusing = False
            assert [(await w).seq for w in waiting] == [1, 2, 3, 4, 5]
            assert [m.text for m in h.log.talks[ANA].messages] == list("01234")


async def test_a_restart_is_waited_out() -> None:
    async with house() as h, cutter(h.port) as proxy, watched(through(h, proxy), token(), longest_wait_s=0.05) as ana:
        await ana.client.send("1")
        await h.sockets.close_all()
        h.sockets._draining = False
        assert (await ana.client.send("2")).seq == 2


async def test_a_conversation_that_began_during_a_cut_is_shown_whole() -> None:
    async with (
        house() as h,
        cutter(h.port) as proxy,
        watched(through(h, proxy), agent(), longest_wait_s=0.05) as eve,
        watched(h.url, token()) as ana,
    ):
        await until(lambda: eve.of(Welcome), "a welcome")
        proxy.refusing = True
        proxy.cut()
        for i in range(250):
            await ana.client.send(str(i)) if i < 3 else h.log.elsewhere(ANA, str(i))
        proxy.refusing = False
        await until(lambda: len(eve.texts) >= 250, "all of it")
        assert eve.texts == [str(i) for i in range(250)]
        h.log.elsewhere(ANA, "live")
        await until(lambda: eve.texts[-1] == "live", "what is new")


@pytest.mark.parametrize("seed", [7])
@pytest.mark.slow
async def test_two_hundred_cuts_under_traffic(seed: int) -> None:
    """Both sides talk while the network is cut 200 times: nothing is missing, nothing is there twice, everything is in order."""
    rand = random.Random(seed)
    options = {"longest_wait_s": 0.02, "rand": rand.random}
    async with house() as h, cutter(h.port) as proxy:
        url = through(h, proxy)
        async with (
            watched(url, token("ana"), **options) as ana,
            watched(url, agent("eve"), **options) as eve,
            watched(url, agent("mia"), **options) as mia,
        ):
            await ana.client.send("first")
            await until(lambda: "first" in eve.texts and "first" in mia.texts, "the beginning")
            over = asyncio.Event()

            async def talk(who: Watcher, name: str, **where: str) -> int:
                n = 0
                while not over.is_set():
                    n += 1
                    await who.client.send(f"{name} {n}", **where)
                    await asyncio.sleep(rand.random() * 0.005)
                return n

            talking = [
                asyncio.create_task(talk(ana, "ana")),
                asyncio.create_task(talk(eve, "eve", conversation=ANA)),
            ]
            for n in range(200):
                await asyncio.sleep(0.005 + rand.random() * 0.03)
                h.log.elsewhere(ANA, f"phone {n}")
                proxy.cut()
            over.set()
            async with asyncio.timeout(30):
                await asyncio.gather(*talking)
            log = [m.text for m in h.log.talks[ANA].messages]
            assert len(log) == len(set(log)), "nothing was stored twice"
            wanted = {w: [t for t in log if not t.startswith((name, "first" if w is ana else name))] for w, name in (
                (ana, "ana"), (eve, "eve"), (mia, "nobody"),
            )}  # fmt: skip
            for who, texts in wanted.items():
                await until(lambda who=who, texts=texts: len(who.texts) >= len(texts), "everything")
                assert who.texts == texts
            assert proxy.connections > 200
            for name in ("ana", "eve"):
                own = [t for t in log if t.startswith(name)]
                assert own == [f"{name} {n + 1}" for n in range(len(own))]
