"""What comes in: verified before it is believed, never an exception, the same event every time."""

# ruff: noqa: S101 - rules assert

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bridge.channel.conformance.bench import Bench
from bridge.channel.conformance.needs import NETWORK, POSTS, SIGNED, cold, needs
from bridge.channel.conformance.quiet import quietly
from bridge.channel.http import Request
from bridge.channel.inbound import Events, Forged, Ignored, Received, Unreadable
from bridge.core.content import Role, Side
from bridge.core.events import BindingSeen, NotUnderstood

TEXT = st.text(max_size=60)
HEADERS = st.dictionaries(TEXT.map(str.lower), TEXT, max_size=4)
FLIPS = 200
"""So many bits of a body are tried, evenly spread."""


class Receiving:
    @cold
    async def test_any_bytes_are_answered(self, bench: Bench) -> None:
        """Whatever a stranger posts: no event, no exception, and nothing is opened or asked for it."""
        posts = bench.subject.posts
        rests = st.sampled_from(["", posts.rest if posts else "x"]) | TEXT

        @given(st.binary(max_size=300), HEADERS, rests, TEXT, st.sampled_from(["GET", "POST", "PUT", "X"]))
        def check(body: bytes, headers: dict[str, str], rest: str, query: str, method: str) -> None:
            request = Request(method=method, rest=rest, query=query, headers=headers, body=body, at=1.79e9)
            received = taken_twice(bench, request)
            assert not isinstance(received, Events), "nobody has signed this"

        bench.channel.receive(Request(method="POST", rest="", body=b"{}"))
        check()

    @cold
    @needs(POSTS)
    async def test_any_signed_bytes_are_answered(self, bench: Bench) -> None:
        """A network may send anything at all, some day."""
        odd = st.binary(max_size=300) | st.text(max_size=200).map(lambda t: t.encode("utf-8", "replace"))
        shaped = st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
            max_leaves=8,
        ).map(lambda value: repr(value).replace("'", '"').encode("utf-8", "replace"))

        @given(odd | shaped)
        def check(body: bytes) -> None:
            taken_twice(bench, signed(bench, body))

        bench.channel.receive(signed(bench, b"{}"))
        check()

    @needs(POSTS, NETWORK)
    async def test_without_its_signature_it_is_forged(self, bench: Bench) -> None:
        request = await genuine(bench)
        proofs = _proofs(bench, request)
        bare = {k: v for k, v in request.headers.items() if k not in proofs}
        assert isinstance(bench.channel.receive(replace(request, headers=bare)), Forged)
        for name in proofs:
            one_less = {k: v for k, v in request.headers.items() if k != name}
            assert isinstance(bench.channel.receive(replace(request, headers=one_less)), Forged), name

    @needs(POSTS, NETWORK)
    async def test_a_flipped_bit_in_the_signature_is_forged(self, bench: Bench) -> None:
        request = await genuine(bench)
        for name in _proofs(bench, request):
            value = request.headers[name].encode("latin-1")
            for changed in _flipped(value):
                headers = {**request.headers, name: changed.decode("latin-1")}
                assert isinstance(bench.channel.receive(replace(request, headers=headers)), Forged), name

    @needs(POSTS, NETWORK, SIGNED)
    async def test_a_flipped_bit_in_the_body_is_forged(self, bench: Bench) -> None:
        """Or no longer of the form at all, which may be seen before the signature is looked at."""
        request = await genuine(bench)
        received = [bench.channel.receive(replace(request, body=changed)) for changed in _flipped(request.body)]
        assert all(isinstance(r, Forged | Unreadable) for r in received)
        assert any(isinstance(r, Forged) for r in received)

    @needs(POSTS, NETWORK)
    async def test_the_same_payload_has_the_same_keys(self, bench: Bench) -> None:
        request = await genuine(bench)
        first, again = (
            bench.channel.receive(request),
            bench.channel.receive(replace(request, at=request.at + 1)),
        )
        assert isinstance(first, Events)
        assert isinstance(again, Events)
        assert [e.key for e in first.events] == [e.key for e in again.events]
        assert len({e.key for e in first.events}) == len(first.events)

    @cold
    @needs(POSTS)
    async def test_unknown_events_are_kept_or_ignored(self, bench: Bench) -> None:
        """Kept, ignored, or refused in words that the protocol has for it; never taken for something else."""
        assert bench.subject.posts is not None
        for body in bench.subject.posts.unknown:
            received = taken_twice(bench, signed(bench, body))
            told = isinstance(received, Unreadable) and received.reply is not None
            kept = isinstance(received, Events) and all(isinstance(e, NotUnderstood) for e in received.events)
            assert told or kept or isinstance(received, Ignored), received

    @cold
    @needs(POSTS)
    async def test_shapeless_bodies_are_unreadable(self, bench: Bench) -> None:
        assert bench.subject.posts is not None
        for body in bench.subject.posts.shapeless:
            received = taken_twice(bench, signed(bench, body))
            assert isinstance(received, Unreadable), received
            assert len(received.reason) < 500

    @needs(NETWORK)
    async def test_what_a_person_writes_arrives(self, bench: Bench) -> None:
        binding = await ready(bench)
        text = bench.text("Grüße 👩‍👩‍👧 <b>&amp; *_~` \\ %0a שלום")
        await bench.say(text)
        message = await bench.heard(text)
        assert message.content.text == text
        assert message.author.role is (Role.CUSTOMER if bench.network.side is Side.CUSTOMER else Role.AGENT)
        assert message.author.id
        assert message.key
        assert abs(message.at - bench.port.now()) < 3600, "epoch seconds"
        if message.to is None and binding:
            assert message.binding == binding
        if bench.network.side is Side.CUSTOMER:
            await _known(bench, message.binding)

    @needs(NETWORK)
    async def test_two_messages_have_two_keys(self, bench: Bench) -> None:
        await ready(bench)
        texts = [bench.text("one"), bench.text("two")]
        for text in texts:
            await bench.say(text)
        first, second = [await bench.heard(text) for text in texts]
        assert first.key != second.key
        assert first.remote != second.remote or not first.remote
        order = [e for e in bench.port.events if e in (first, second)]
        assert order == [first, second]
        if first.index is not None:
            assert second.index is not None
            assert second.index > first.index


def taken_twice(bench: Bench, request: Request) -> Received:
    """Quietly, and the same both times."""
    with quietly():
        received, again = bench.channel.receive(request), bench.channel.receive(request)
    assert isinstance(received, Events | Ignored | Forged | Unreadable)
    assert type(received) is type(again)
    if isinstance(received, Events) and isinstance(again, Events):
        assert received.events == again.events
    return received


def signed(bench: Bench, body: bytes) -> Request:
    posts, at = bench.subject.posts, bench.port.now()
    assert posts is not None
    headers = {k.lower(): v for k, v in _sign(bench, body, at).items()}
    return Request(method="POST", rest=posts.rest, headers=headers, body=body, at=at)


def _sign(bench: Bench, body: bytes, at: float) -> dict[str, str]:
    posts = bench.subject.posts
    assert posts is not None
    return dict(posts.sign(bench.settings, bench.port.webhook_url(posts.rest), body, at))


async def genuine(bench: Bench) -> Request:
    """A request that the network itself has made, with events in it."""
    await ready(bench)
    text = bench.text("Hello")
    await bench.say(text)
    await bench.heard(text)
    return next(r for r in reversed(bench.requests) if text.rpartition(" ")[2].encode() in r.body)


async def ready(bench: Bench) -> str:
    """Somewhere to write in; the key of its binding, empty where there is none yet."""
    if bench.network.side is Side.AGENT or bench.opens is not None:
        binding = await bench.binding()
        if binding.key is None:
            await bench.send(await bench.out(bench.text("begin")))
            await bench.shown(bench.said[-1])
        return binding.key or ""
    return ""


async def _known(bench: Bench, key: str) -> None:
    """Who it is, is told or can be asked."""
    from bridge.channel.adapter import DescribesBindings

    seen = [e for e in _of(bench, BindingSeen) if e.binding == key]
    if not seen and isinstance(bench.channel, DescribesBindings):
        described = await bench.channel.describe(key)  # type: ignore[arg-type]
        seen = [described] if described else []
    assert seen, "a customer’s conversation whose customer nobody names"
    assert seen[0].address
    assert seen[0].endpoint in bench.keys
    assert seen[0].person
    assert seen[0].label
    assert seen[0].network


def _of(bench: Bench, kind: type[BindingSeen]) -> list[BindingSeen]:
    return [e for e in bench.port.events if isinstance(e, kind)]


def _proofs(bench: Bench, request: Request) -> set[str]:
    """The headers by which the network shows who it is."""
    made = {k.lower() for k in _sign(bench, request.body, request.at)}
    assert made <= set(request.headers), f"the simulator doesn’t send {made - set(request.headers)}"
    return made


def _flipped(data: bytes) -> Iterable[bytes]:
    step = max(1, len(data) * 7 // FLIPS)
    for bit in range(0, len(data) * 7, step):
        changed = bytearray(data)
        changed[bit // 7] ^= 1 << (bit % 7)
        yield bytes(changed)
