"""What was lost and what came twice, told from what people see."""

from __future__ import annotations

import itertools
from typing import Any

from bridge.sandbox.tally import LONGEST, tally

Json = dict[str, Any]
ids = itertools.count(1)


def said(text: str, **more: Any) -> Json:
    return {"id": str(next(ids)), "mine": True, "text": text, "status": "sent", "at": 100.0, **more}


def heard(text: str, **more: Any) -> Json:
    return said(text, mine=False, **more)


def views(phone: list[Json], topic: list[Json], general: list[Json] | None = None) -> list[Json]:
    topics = [{"id": "1", "messages": general or []}, {"id": "3", "messages": topic}]
    customers = {"side": "customers", "people": [{"id": "ana", "messages": phone}]}
    return [customers, {"side": "agents", "groups": [{"id": "g", "topics": topics}]}]


def test_there_and_back_is_neither_lost_nor_doubled() -> None:
    assert tally(views([said("a"), heard("b")], [heard("a"), said("b")])) == (0, 0)


def test_what_nobody_got_is_lost_in_either_direction() -> None:
    assert tally(views([said("a")], [said("b"), said("c")])) == (3, 0)


def test_what_came_more_often_than_it_was_said_is_doubled() -> None:
    assert tally(views([said("a")], [heard("a"), heard("a"), heard("a")])) == (0, 2)
    assert tally(views([said("a"), said("a")], [heard("a"), heard("a")])) == (0, 0)


def test_what_nobody_took_is_not_lost_and_not_doubled_when_it_is_found_later() -> None:
    assert tally(views([said("a", status="failed"), said("b", status="")], [])) == (0, 0)
    assert tally(views([said("a", status="failed"), said("b", status="")], [heard("a"), heard("b")])) == (0, 0)


def test_a_failure_that_was_told_is_not_lost() -> None:
    reply = said("hello?")
    notice = heard("Not delivered: the handset is unreachable (30003).", reply_to=reply["id"])
    assert tally(views([], [reply, notice])) == (0, 0)


def test_what_is_young_may_be_on_its_way() -> None:
    assert tally(views([said("a", at=100.0)], []), before=99.0) == (0, 0)
    assert tally(views([said("a", at=100.0)], []), before=101.0) == (1, 0)


def test_the_author_before_a_text_does_not_count() -> None:
    assert tally(views([said("a")], [heard("Ana (SMS): a")])) == (0, 0)


def test_what_is_not_counted() -> None:
    phone = [said("a", edited=True), said("b", deleted=True), said("x" * (LONGEST + 1)), said("")]
    topic = [heard("made the topic", service=True)]
    assert tally(views(phone, topic, general=[said("in General")])) == (0, 0)


def receiver(*messages: Json) -> Json:
    """Another network of the agents."""
    return {
        "side": "agents",
        "groups": [{"id": "h", "topics": [{"id": "c1", "name": "Ana", "messages": list(messages)}]}],
    }


def test_each_of_the_agents_networks_gets_everything_once() -> None:
    both = [*views([said("a"), heard("b")], [heard("a"), said("b")]), receiver(heard("a"), heard("b"))]
    assert tally(both) == (0, 0)
    assert tally([*both[:2], receiver(heard("a"), heard("a"), heard("b"))]) == (0, 1)
    assert tally([*both[:2], receiver(heard("a"), heard("b"), heard("b"))]) == (0, 1)


def test_what_one_of_the_agents_networks_got_is_not_lost() -> None:
    assert tally([*views([said("a")], []), receiver(heard("a"))]) == (0, 0)
    assert tally([*views([], []), receiver(said("from there"))]) == (1, 0)


def test_talk_with_a_network_that_nobody_here_sees_is_not_counted() -> None:
    phone = [said("yes"), heard("at once"), heard("at once")]
    topic = [heard("yes"), said("at once"), heard("Mia (web): at once")]
    networks = views(phone, topic)
    networks[1]["groups"][0]["topics"].append(
        {"id": "4", "name": "Vera · web", "messages": [heard("yes"), said("unseen")]}
    )
    for other in networks[1]["groups"][0]["topics"]:
        other.setdefault("name", "Ana · SMS")
    assert tally(networks, apart="web") == (0, 0)
    assert tally(networks) == (1, 2), "they are counted where nothing is said to be apart"
