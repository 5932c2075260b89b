"""What a client resumes from, sends again, and shows: plain values."""

from __future__ import annotations

from bridge.client.events import Ack, Author, Conversation, Message, Welcome
from bridge.client.place import Place


def welcome(*conversations: tuple[str, int]) -> Welcome:
    return Welcome(
        session="s",
        role="agent",
        room="r",
        server_time="2026-11-25T12:00:00.000Z",
        conversations=tuple(Conversation(id=c, title="", state="open", last_seq=n) for c, n in conversations),
    )


def message(seq: int, ref: str = "", conversation: str = "c") -> Message:
    return Message(
        conversation=conversation,
        id=f"{conversation}.{seq}",
        seq=seq,
        author=Author(id="a", name="", role="agent"),
        text=str(seq),
        files=(),
        reply_to=None,
        at="",
        ref=ref,
    )


def ack(ref: str, seq: int) -> Ack:
    return Ack(ref=ref, conversation="c", id=f"c.{seq}", seq=seq)


def begun(*conversations: tuple[str, int]) -> Place:
    place = Place()
    place.hello("t")
    place.welcomed(welcome(*conversations))
    return place


def shown(place: Place, *messages: Message) -> list[int]:
    return [m.seq for m in messages for m in place.live(m)]


def test_the_first_hello_asks_for_nothing() -> None:
    assert Place().hello("t") == {"type": "hello", "token": "t", "resume": {}}


def test_later_ones_resume_from_what_was_seen_since_the_first() -> None:
    place = begun(("c", 5))
    shown(place, message(6), message(1, conversation="d"))
    place.welcomed(welcome(("c", 9)))
    assert place.hello("t") == {
        "type": "hello",
        "token": "t",
        "resume": {"c": 6, "d": 1},
        "since": "2026-11-25T12:00:00.000Z",
    }


def test_nothing_is_shown_twice() -> None:
    place = begun(("c", 5))
    assert shown(place, message(5), message(6), message(6), message(8), message(7)) == [6, 8]


def test_what_it_sent_itself_is_not_shown() -> None:
    place = begun(("c", 0))
    place.unacked["mine"] = {}
    assert shown(place, message(1, ref="mine"), message(2, ref="from my other client")) == [2]
    place.unacked.clear()
    place = begun(("c", 0))
    place.acked(ack("mine", 1))
    place.seqs.clear()
    assert shown(place, message(1, ref="mine")) == []


def test_an_ack_moves_the_place_only_where_nothing_is_missing_before_it() -> None:
    place = begun(("c", 5))
    place.acked(ack("1", 7))
    assert place.seqs == {"c": 5}, "6 hasn't come: a cut now must not lose it"
    assert shown(place, message(6)) == [6]
    assert shown(place, message(7, ref="1")) == [], "replayed after a cut"
    assert place.seqs == {"c": 7}
    place.acked(ack("2", 8))
    assert place.seqs == {"c": 8}


def test_the_first_message_of_all_is_acked() -> None:
    place = begun()
    place.acked(ack("1", 1))
    assert place.seqs == {"c": 1}


def test_a_replayed_message_of_ones_own_is_as_good_as_its_ack() -> None:
    place = begun(("c", 5))
    place.unacked["mine"] = {}
    assert place.as_ack(message(6, ref="mine")) == ack("mine", 6)
    assert place.as_ack(message(6, ref="other")) is None
    assert place.as_ack(message(6)) is None


def test_what_was_missed_is_shown_before_what_is_new() -> None:
    place = begun()
    place.hello("t")
    new = Conversation(id="c", title="", state="open", last_seq=2)
    assert place.misses(new)
    assert not place.misses(new), "it is asked for once"
    assert shown(place, message(3)) == [], "live, and waits"
    assert [m.seq for m in place.read("c", [message(1), message(2), message(3)])] == [1, 2, 3]
    assert shown(place, message(3), message(4)) == [4]


def test_a_conversation_that_is_known_or_empty_was_not_missed() -> None:
    place = begun(("c", 1))
    place.hello("t")
    assert not place.misses(Conversation(id="c", title="", state="open", last_seq=5))
    assert not place.misses(Conversation(id="d", title="", state="open", last_seq=0))
    first = begun()
    assert not first.misses(Conversation(id="c", title="", state="open", last_seq=1)), "it is there from the start"


def test_memory_of_acks_is_bounded() -> None:
    place = begun(("c", 0))
    for i in range(10_000):
        place.acked(ack(str(i), i + 1))
    assert len(place._acked) < 5000
