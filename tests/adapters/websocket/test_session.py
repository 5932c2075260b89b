"""Once, and in order: what one socket is sent of a conversation, however live news and reading cross each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.websocket.session import MOST_CURSORS, Session, Verdict
from bridge.core.content import Author, Role
from bridge.core.ids import ChannelName, ConversationId
from bridge.core.log import MessageView

C = ConversationId("c")


def message(seq: int, conversation: ConversationId = C) -> MessageView:
    return MessageView(
        conversation=conversation,
        seq=seq,
        channel=ChannelName("web"),
        remote="",
        author=Author(id="a", role=Role.AGENT),
        text=str(seq),
        at=0.0,
    )


def read(session: Session, *seqs: int, whole: bool = True) -> list[int]:
    return [m.seq for m, _ in session.read(C, [(message(s), None) for s in seqs], whole=whole)]


def test_what_was_before_is_not_sent_and_what_follows_is() -> None:
    session = Session()
    session.fence(C, 3)
    assert [session.heard(message(s), None) for s in (2, 3, 4, 4, 5)] == [
        Verdict.DROP,
        Verdict.DROP,
        Verdict.SEND,
        Verdict.DROP,
        Verdict.SEND,
    ]


def test_a_conversation_that_is_new_begins_anywhere() -> None:
    session = Session()
    assert session.heard(message(7), None) is Verdict.SEND
    assert session.heard(message(8), None) is Verdict.SEND


def test_a_hole_is_read_first() -> None:
    session = Session()
    session.fence(C, 3)
    assert session.heard(message(6), None) is Verdict.BEHIND
    assert session.cursor(C) == 3
    assert session.heard(message(7), None) is Verdict.DROP
    assert read(session, 4, 5, 6) == [4, 5, 6]
    assert session.caught_up(C) is None, "7 was heard in the meantime"
    assert read(session, 7) == [7]
    assert session.caught_up(C) == []
    assert session.cursor(C) is None
    assert session.heard(message(8), None) is Verdict.SEND


def test_other_news_waits_for_what_is_being_read() -> None:
    session = Session()
    session.resume(C, 0)
    assert session.waits(C, "edited")
    assert not session.waits(ConversationId("d"), "edited")
    read(session, 1, 2, whole=False)
    assert session.caught_up(C) is None
    read(session, 3)
    assert session.caught_up(C) == ["edited"]
    assert not session.waits(C, "deleted")


def test_what_is_not_there_is_not_waited_for_for_ever() -> None:
    session = Session()
    session.fence(C, 3)
    session.heard(message(6), None)
    assert session.cursor(C) == 3
    assert read(session) == []
    assert session.caught_up(C) == []


def test_what_it_sent_itself_is_acked_and_not_sent() -> None:
    session = Session()
    session.fence(C, 0)
    session.sending("r")
    assert session.heard(message(1), "r") is Verdict.DROP
    session.settled("r", made=True)
    assert session.heard(message(2), "q") is Verdict.SEND, "from another socket of the same subject"
    assert session.cursor(C) is None


def test_what_an_earlier_socket_sent_is_replayed() -> None:
    session = Session()
    session.resume(C, 0)
    session.sending("r")
    session.settled("r", made=False)
    assert [m.seq for m, _ in session.read(C, [(message(1), "r")], whole=True)] == [1]


def test_a_foreign_conversation_is_forgotten() -> None:
    session = Session()
    session.resume(C, 5)
    session.forget(C)
    assert session.cursor(C) is None
    assert not session.waits(C, "x")


def test_cursors_are_bounded_and_those_being_read_stay() -> None:
    session = Session()
    session.resume(C, 5)
    for i in range(2 * MOST_CURSORS):
        session.heard(message(1, ConversationId(f"c{i}")), None)
    assert len(session._cursors) <= MOST_CURSORS
    assert session.cursor(C) == 5


@pytest.mark.parametrize("start", [0, 5])
@given(plan=st.lists(st.sampled_from(["commit", "hear", "begin", "end"]), max_size=60), limit=st.integers(1, 4))
def test_once_and_in_order_however_it_happens(start: int, plan: list[str], limit: int) -> None:
    """A log that grows; news of it comes late; pages are read while it does. In the end everything after `start` went out."""
    session, log, heard, sent = Session(), list(range(1, 6)), 5, []
    page: list[int] | None = None
    session.resume(C, start)

    def step(what: str) -> None:
        nonlocal heard, page
        if what == "commit":
            log.append(len(log) + 1)
        elif what == "hear" and heard < len(log):
            heard += 1
            if session.heard(message(heard), None) is Verdict.SEND:
                sent.append(heard)
        elif what == "begin" and page is None and (after := session.cursor(C)) is not None:
            page = [s for s in log if s > after][:limit]
        elif what == "end" and page is not None:
            sent.extend(read(session, *page, whole=len(page) < limit))
            session.caught_up(C)
            page = None

    for what in plan:
        step(what)
    while heard < len(log) or page is not None or session.is_behind(C):
        for what in ("hear", "begin", "end"):
            step(what)
    assert sent == list(range(start + 1, len(log) + 1))
