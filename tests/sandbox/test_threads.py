"""Cause and effect: which bubbles and lines are one message."""

from __future__ import annotations

from typing import Any

from bridge.sandbox.threads import Threads


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def said(id: str, text: str = "", *sizes: int, mine: bool = True) -> dict[str, Any]:
    return {"id": id, "text": text, "mine": mine, "media": [{"size": size} for size in sizes]}


def heard(id: str, text: str = "", *sizes: int) -> dict[str, Any]:
    return said(id, text, *sizes, mine=False)


def test_a_text_keeps_its_thread_through_calls_and_bubbles() -> None:
    threads = Threads(Clock())
    name = threads.of_message("twilio", "ana", said("1", "Hello"))
    assert name
    assert threads.of_text("Hello") == name
    assert threads.of_message("telegram", "g:3", heard("9", " Hello\n")) == name


def test_the_author_before_a_text_is_no_other_message() -> None:
    threads = Threads(Clock())
    name = threads.of_message("twilio", "ana", said("1", "Hello"))
    assert threads.of_text("Ana (SMS): Hello") == name


def test_a_call_just_before_its_bubble_is_the_same() -> None:
    threads = Threads(Clock())
    assert threads.of_text("Hello") == threads.of_message("twilio", "ana", said("1", "Hello"))


def test_the_same_text_later_is_another_message() -> None:
    clock = Clock()
    threads = Threads(clock)
    first = threads.of_message("twilio", "ana", said("1", "Yes"))
    clock.now += 5
    second = threads.of_message("twilio", "ana", said("2", "Yes"))
    assert first != second
    assert threads.of_message("telegram", "g:3", heard("9", "Yes")) == second
    clock.now += 500
    assert threads.of_text("Yes") not in (first, second)


def test_a_message_keeps_its_thread_when_it_is_edited() -> None:
    threads = Threads(Clock())
    name = threads.of_message("twilio", "ana", said("1", "Helo"))
    assert threads.of_message("twilio", "ana", said("1", "Hello")) == name


def test_a_file_is_known_by_its_size_also_apart_from_its_text() -> None:
    threads = Threads(Clock())
    name = threads.of_message("telegram", "g:3", said("1", "Look", 4711))
    assert threads.of_message("twilio", "ana", heard("2", "Look")) == name
    assert threads.of_message("twilio", "ana", heard("3", "", 4711)) == name


def test_nothing_said_has_no_thread() -> None:
    assert Threads(Clock()).of_message("twilio", "ana", said("1")) is None


def test_who_hears_it_first_doesnt_matter() -> None:
    threads = Threads()
    with_author = threads.of_text("Mia (web): We can.")
    assert threads.of_text("We can.") == with_author
