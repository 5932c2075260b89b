"""Any text has an answer: a frame, a refusal of the frame, or the end of the socket."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.websocket.errors import Close, Declined, Ended, ErrorCode
from adapters.websocket.frames import MOST_BYTES, Ping, Send
from adapters.websocket.reading import DEEPEST, moment, read_frame, read_hello, read_object, ref_of

PING = '{"type":"ping"}'


def deep(n: int) -> str:
    return '{"type":"ping","x":' + "[" * n + "]" * n + "}"


@pytest.mark.parametrize(
    ("label", "data", "code"),
    [
        ("empty", "", Close.MALFORMED),
        ("no JSON", "hello", Close.MALFORMED),
        ("an array", "[]", Close.MALFORMED),
        ("a text", '"ping"', Close.MALFORMED),
        ("no type", "{}", Close.MALFORMED),
        ("a type that is no text", '{"type":1}', Close.MALFORMED),
        ("binary", b'{"type":"ping"}', Close.MALFORMED),
        ("a name twice", '{"type":"ping","type":"ping"}', Close.MALFORMED),
        ("a name twice inside", '{"type":"ping","x":{"a":1,"a":1}}', Close.MALFORMED),
        ("NaN", '{"type":"read","seq":NaN}', Close.MALFORMED),
        ("Infinity", '{"type":"read","seq":-Infinity}', Close.MALFORMED),
        ("a number of 5,000 digits", '{"type":"read","seq":' + "9" * 5000 + "}", Close.MALFORMED),
        ("too deep", deep(DEEPEST), Close.MALFORMED),
        ("deeper than Python goes", deep(100_000), Close.MALFORMED),
        ("a comma too many", '{"type":"ping",}', Close.MALFORMED),
        ("one byte too many", PING + " " * (MOST_BYTES - len(PING) + 1), Close.TOO_LARGE),
        ("too many bytes in few characters", '{"type":"' + "ä" * (MOST_BYTES // 2) + '"}', Close.TOO_LARGE),
    ],
)
def test_what_is_no_frame_ends_the_socket(label: str, data: str | bytes, code: Close) -> None:
    with pytest.raises(Ended) as ended:
        read_object(data)
    assert ended.value.code is code


@pytest.mark.parametrize("data", [PING, PING + " " * (MOST_BYTES - len(PING)), deep(DEEPEST - 2)])
def test_what_is_a_frame(data: str) -> None:
    assert read_frame(read_object(data)) == Ping()


SEND = {"type": "send", "ref": "1", "text": "Hi"}


@pytest.mark.parametrize(
    ("frame", "place"),
    [
        ({"type": "wave"}, "type"),
        ({"type": "send", "text": "Hi"}, "ref"),
        (SEND | {"ref": ""}, "ref"),
        (SEND | {"ref": 1}, "ref"),
        (SEND | {"ref": "x" * 129}, "ref"),
        (SEND | {"ref": "\x00"}, "ref"),
        (SEND | {"text": None}, "text"),
        (SEND | {"text": "a\x00b"}, "text"),
        (SEND | {"text": "a\ud800b"}, "text"),
        (SEND | {"conversation": 5}, "conversation"),
        (SEND | {"conversation": ""}, "conversation"),
        (SEND | {"attachments": {}}, "attachments"),
        (SEND | {"attachments": ["u1"]}, "attachments.0"),
        (SEND | {"attachments": [{"id": "u"}] * 11}, "attachments"),
        ({"type": "edit", "ref": "1", "message": "c.1", "text": " "}, "text"),
        ({"type": "delete", "ref": "1"}, "message"),
        ({"type": "history", "ref": "1", "conversation": "c", "limit": 101}, "limit"),
        ({"type": "history", "ref": "1", "conversation": "c", "limit": 0}, "limit"),
        ({"type": "history", "ref": "1", "conversation": "c", "before": -1}, "before"),
        ({"type": "history", "ref": "1", "conversation": "c", "after": 2**63}, "after"),
        ({"type": "history", "ref": "1", "conversation": "c", "after": 1.5}, "after"),
        ({"type": "history", "ref": "1", "conversation": "c", "after": True}, "after"),
        ({"type": "read", "conversation": "c", "seq": 0}, "seq"),
        ({"type": "read", "conversation": "c", "seq": "1"}, "seq"),
        ({"type": "typing"}, "conversation"),
        ({"type": "upload", "ref": "1", "filename": "", "content_type": "a/b", "size": 1}, "filename"),
        ({"type": "upload", "ref": "1", "filename": "f", "content_type": "a", "size": 1}, "content_type"),
        ({"type": "upload", "ref": "1", "filename": "f", "content_type": "a/b\n", "size": 1}, "content_type"),
        ({"type": "upload", "ref": "1", "filename": "f", "content_type": "a/b", "size": 0}, "size"),
    ],
)
def test_a_field_that_is_not_right_is_named(frame: dict[str, Any], place: str) -> None:
    with pytest.raises(Declined) as declined:
        read_frame(read_object(json.dumps(frame)))
    assert declined.value.code is ErrorCode.BAD_REQUEST
    assert place in declined.value.words


def test_unknown_fields_are_ignored() -> None:
    frame = read_frame(read_object(json.dumps(SEND | {"role": "agent", "author": {"id": "eve"}})))
    assert frame == Send(ref="1", text="Hi")


def test_commands_are_not_there_yet() -> None:
    with pytest.raises(Declined) as declined:
        read_frame({"type": "command", "ref": "1", "conversation": "c", "text": "/close"})
    assert declined.value.code is ErrorCode.UNSUPPORTED


@pytest.mark.parametrize(("ref", "said"), [("1", "1"), (1, None), ("", None), ("\ud800", None), ("x" * 200, None)])
def test_a_ref_that_may_be_said_back(ref: Any, said: str | None) -> None:
    assert ref_of({"ref": ref}) == said


@pytest.mark.parametrize("resume", [[], "c", 7, {"c": -1}, {"c": 2**63}, {"c": "1"}, {"c": 1.0}, {"c": True}, {"": 1}])
def test_a_wrong_resume_is_a_problem_and_no_end(resume: Any) -> None:
    greeting = read_hello({"type": "hello", "token": "t", "resume": resume})
    assert greeting.token == "t"
    assert greeting.resume == {}
    assert len(greeting.problems) == 1


def test_what_is_right_in_a_hello_stays() -> None:
    greeting = read_hello({"token": "t", "resume": {"a": 5, "b": -1}, "since": "1970-01-01T00:00:01.500Z"})
    assert greeting.resume == {"a": 5}
    assert greeting.since == 1.5
    assert read_hello({"token": 7}).token == ""
    assert read_hello({}).problems == ()


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-25", "2026-11-25T12:00:00", "9999-99-99T00:00:00Z"])
def test_no_moment(text: str) -> None:
    assert moment(text) is None
    assert len(read_hello({"since": text}).problems) == 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
names = (
    "type ref conversation text attachments reply_to message before after limit seq filename size token resume".split()
)
types = "hello send edit delete history typing read command upload ping wave".split()
frames = st.dictionaries(st.sampled_from(names), json_values, max_size=6)


@given(st.one_of(st.text(), st.binary(), frames.map(json.dumps)))
@example("\ud800")
def test_any_text_has_an_answer(data: str | bytes) -> None:
    try:
        found = read_object(data)
        read_hello(found)
        ref_of(found)
        read_frame(found)
    except (Ended, Declined):
        pass


@given(frames, st.sampled_from(types))
def test_any_frame_has_an_answer(fields: dict[str, Any], kind: str) -> None:
    found = fields | {"type": kind}
    read_hello(found)
    with suppress(Declined):
        assert read_frame(found).model_dump()["type"] == kind
