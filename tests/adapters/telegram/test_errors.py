"""Each text of the Bot API that we know: what it means. And every answer that we don't."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.telegram.errors import answered, broke, is_done, wants_document
from bridge.core.outcomes import BindingGone, Misconfigured, RateLimited, Refused, Scope, SendError, Unavailable, Unsure

NOW = 1_790_000_000.0
PREFIXES = {
    400: "Bad Request: ",
    401: "Unauthorized: ",
    403: "Forbidden: ",
    404: "Not Found: ",
    409: "Conflict: ",
    429: "",
}


def of(code: int, text: str, *, creates: bool = True, **parameters: Any) -> SendError:
    body: dict[str, Any] = {"ok": False, "error_code": code, "description": PREFIXES.get(code, "") + text}
    if parameters:
        body["parameters"] = parameters
    return answered(code, body, NOW, creates=creates)


R, M, G, U, A = Refused, Misconfigured, BindingGone, Unavailable, Unsure
ROWS: list[tuple[int, str, type[SendError]]] = [
    (400, "message thread not found", G),
    (400, "TOPIC_DELETED", G),
    (400, "TOPIC_ID_INVALID", G),
    (400, "TOPIC_CLOSED", G),
    (400, "the chat is not a forum", M),
    (400, "CHANNEL_FORUM_MISSING", M),
    (400, "invalid forum topic identifier specified", R),
    (400, "not enough rights to create a topic", M),
    (400, "not enough rights to edit the topic", M),
    (400, "not enough rights to close or open the topic", M),
    (400, "not enough rights to delete the topic", M),
    (400, "not enough rights to manage pinned messages in the chat", M),
    (400, "not enough rights to send text messages to the chat", M),
    (400, "not enough rights to send photos to the chat", M),
    (400, "not enough rights to send voice notes to the chat", M),
    (400, "have no write access to the chat", M),
    (400, "CHAT_WRITE_FORBIDDEN", M),
    (400, "CHAT_SEND_PLAIN_FORBIDDEN", M),
    (400, "CHAT_SEND_PHOTOS_FORBIDDEN", M),
    (400, "CHAT_ADMIN_REQUIRED", M),
    (400, "chat not found", M),
    (400, "PEER_ID_INVALID", M),
    (400, "group chat was upgraded to a supergroup chat", M),
    (403, "bot was kicked from the supergroup chat", M),
    (403, "bot is not a member of the supergroup chat", M),
    (403, "the group chat was deleted", M),
    (403, "bot was blocked by the user", R),
    (403, "user is deactivated", R),
    (403, "bot can't initiate conversation with a user", R),
    (403, "bots can't send messages to bots", R),
    (401, "invalid token specified", M),
    (401, "", M),
    (404, "", M),
    (404, "method not found", R),
    (409, "terminated by other getUpdates request; make sure that only one bot instance is running", M),
    (409, "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first", M),
    (409, "terminated by setWebhook request", M),
    (400, "message to edit not found", R),
    (400, "message can't be edited", R),
    (400, "there is no text in the message to edit", R),
    (400, "message can't be deleted", R),
    (400, "message can't be deleted for everyone", R),
    (400, "message to be replied not found", R),
    (400, "message to copy not found", R),
    (400, "message text is empty", R),
    (400, "text must be non-empty", R),
    (400, "message is too long", R),
    (400, "message caption is too long", R),
    (400, "can't parse entities: Unsupported start tag", R),
    (400, "file is too big", R),
    (413, "Request Entity Too Large", R),
    (400, "wrong file_id or the file is temporarily unavailable", U),
    (400, "invalid file_id", R),
    (400, "IMAGE_PROCESS_FAILED", R),
    (400, "PHOTO_INVALID_DIMENSIONS", R),
    (400, "VOICE_MESSAGES_FORBIDDEN", R),
    (500, "sent message was immediately deleted and can't be returned", A),
    (500, "restart", A),
    (502, "Bad Gateway", A),
    (504, "Gateway Timeout", A),
    (400, "bad webhook: An HTTPS URL must be provided for webhook", M),
    (400, "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443", M),
]


@pytest.mark.parametrize(("code", "text", "expected"), ROWS, ids=[f"{c} {t[:40]}" for c, t, _ in ROWS])
def test_text(code: int, text: str, expected: type[SendError]) -> None:
    for spelled in (text, text.upper(), text.lower()):
        error = of(code, spelled)
        assert type(error) is expected, error
        assert error.words


@pytest.mark.parametrize(
    ("text", "done"),
    [
        (
            "Bad Request: message is not modified: specified new message content and reply markup are exactly the same",
            True,
        ),
        ("Bad Request: TOPIC_NOT_MODIFIED", True),
        ("Bad Request: message to delete not found", True),
        ("Bad Request: message to edit not found", False),
        ("Bad Request: TOPIC_CLOSED", False),
        ("", False),
    ],
)
def test_done_already(text: str, done: bool) -> None:
    assert is_done(text) is done


def test_a_closed_topic_can_be_opened_again_and_a_deleted_one_not() -> None:
    closed, deleted = of(400, "TOPIC_CLOSED"), of(400, "message thread not found")
    assert isinstance(closed, BindingGone)
    assert isinstance(deleted, BindingGone)
    assert (closed.closed, deleted.closed) == (True, False)


def test_a_groups_mistake_rests_the_group_and_a_tokens_the_channel() -> None:
    for text in ("chat not found", "not enough rights to create a topic", "CHAT_WRITE_FORBIDDEN"):
        assert of(400, text).scope is Scope.ENDPOINT  # type: ignore[attr-defined]
    assert of(401, "").scope is Scope.CHANNEL  # type: ignore[attr-defined]


def test_the_missing_right_is_named() -> None:
    assert "manage topics" in str(of(400, "not enough rights to create a topic"))
    assert "Topics on" in str(of(400, "the chat is not a forum"))


def test_a_group_that_moved_says_where_to() -> None:
    error = of(400, "group chat was upgraded to a supergroup chat", migrate_to_chat_id=-1009876543210)
    assert "-1009876543210" in str(error)


@pytest.mark.parametrize("text", ["IMAGE_PROCESS_FAILED", "PHOTO_INVALID_DIMENSIONS", "VOICE_MESSAGES_FORBIDDEN"])
def test_sent_as_a_document_instead(text: str) -> None:
    assert wants_document(of(400, text))
    assert not wants_document(of(400, "message is too long"))
    assert not wants_document(Unsure(text, raw=text))


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ({"error_code": 429, "parameters": {"retry_after": 7}, "description": "Too Many Requests: retry after 7"}, 7),
        ({"error_code": 429, "parameters": {"retry_after": 40_000}}, 40_000),
        ({"error_code": 429, "parameters": {"retry_after": 0}}, 1),
        ({"error_code": 429, "description": "Too Many Requests: retry after 12"}, 12),
        ({"error_code": 420, "description": "FLOOD_WAIT"}, None),
        ({"error_code": 429, "parameters": {"retry_after": "7"}}, None),
        ({"error_code": 429, "parameters": "x"}, None),
        ({"description": "Too Many Requests: retry after 3"}, 3),
    ],
    ids=repr,
)
@pytest.mark.parametrize("status", [429, 200])
def test_a_pause_is_the_groups(body: dict[str, Any], seconds: int | None, status: int) -> None:
    error = answered(status, {"ok": False, **body}, NOW, creates=True)
    assert isinstance(error, RateLimited)
    assert error.retry_at == (None if seconds is None else NOW + seconds)
    assert error.scope is Scope.ENDPOINT


@pytest.mark.parametrize(
    ("label", "status", "body", "creates", "expected"),
    [
        ("a page for a send that was carried out", 200, None, True, Unsure),
        ("a page for a question", 200, None, False, Unavailable),
        ("ok, and no word", 200, {"ok": False}, True, Unsure),
        ("no object", 200, [], True, Unsure),
        ("a proxy's 502", 502, None, True, Unsure),
        ("a proxy's 502 to a question", 502, None, False, Unavailable),
        ("a proxy's 404", 404, None, True, Unavailable),
        ("too large by a proxy", 413, None, True, Refused),
        ("a redirect", 302, None, True, Misconfigured),
        ("a redirect with JSON", 307, {"ok": False}, True, Misconfigured),
        ("5xx without a description", 500, {"ok": False, "error_code": 500}, True, Unsure),
        ("5xx to a question", 500, {"ok": False, "error_code": 500}, False, Unavailable),
        ("400 without a description", 400, {"ok": False, "error_code": 400}, True, Refused),
        ("an odd code", 400, {"ok": False, "error_code": "x", "description": ["y"]}, True, Refused),
    ],
)
def test_odd_answers(label: str, status: int, body: Any, creates: bool, expected: type[SendError]) -> None:
    assert type(answered(status, body, NOW, creates=creates)) is expected, label


names = st.sampled_from(["ok", "error_code", "description", "parameters", "retry_after", "migrate_to_chat_id"])
json_values = st.recursive(
    st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(names, inner), max_leaves=6
)


@given(st.integers(100, 599), json_values, st.booleans())
def test_any_answer_is_an_error_with_words(status: int, body: Any, creates: bool) -> None:
    error = answered(status, body, NOW, creates=creates)
    assert isinstance(error, SendError)
    assert error.words
    if not creates:
        assert not isinstance(error, Unsure)


@pytest.mark.parametrize(
    ("left", "creates", "expected"), [(False, True, Unavailable), (True, False, Unavailable), (True, True, Unsure)]
)
def test_no_answer(left: bool, creates: bool, expected: type[SendError]) -> None:
    assert type(broke("SomeError", left=left, creates=creates)) is expected
