"""What a message holds: every kind of file, a sentence for every kind that isn't carried."""

from __future__ import annotations

import json
from typing import Any

import pytest

from adapters.telegram import kinds
from adapters.telegram.inbound import SERVICE
from adapters.telegram.kinds import MAX_DOWNLOAD, content
from bridge.core.content import Attachment
from tests.openapi import spec

F = {"file_id": "f1", "file_unique_id": "u1", "file_size": 9}
PHOTO = [
    F | {"file_id": "s", "width": 90, "height": 60},
    F | {"width": 1280, "height": 800},
    F | {"file_id": "m", "width": 320},
]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"photo": PHOTO}, ("f1", "image/jpeg", "image", "photo.jpg")),
        ({"photo": PHOTO, "live_photo": F | {"file_id": "live"}}, ("f1", "image/jpeg", "image", "photo.jpg")),
        ({"animation": F, "document": F | {"file_id": "d"}}, ("f1", "video/mp4", "video", "animation.mp4")),
        ({"video": F | {"mime_type": "video/quicktime", "file_name": "a.mov"}}, ("f1", "video/quicktime", "video", "a.mov")),
        ({"video_note": F}, ("f1", "video/mp4", "video", "video.mp4")),
        ({"voice": F | {"mime_type": "audio/ogg"}}, ("f1", "audio/ogg", "voice", "voice.ogg")),
        ({"audio": F | {"mime_type": "audio/mpeg", "file_name": "s.mp3"}}, ("f1", "audio/mpeg", "audio", "s.mp3")),
        ({"document": F | {"mime_type": "application/pdf", "file_name": "a.pdf"}}, ("f1", "application/pdf", "file", "a.pdf")),
        ({"document": F}, ("f1", "application/octet-stream", "file", "file")),
        ({"document": F | {"mime_type": "Audio/OGG; codecs=opus"}}, ("f1", "audio/ogg", "file", "file")),
        ({"document": F | {"mime_type": "image/png\r\nX-Evil: 1"}}, ("f1", "application/octet-stream", "file", "file")),
        ({"document": F | {"mime_type": "ä/ö"}}, ("f1", "application/octet-stream", "file", "file")),
        ({"document": F | {"mime_type": "image"}}, ("f1", "application/octet-stream", "file", "file")),
    ],
    ids=repr,
)  # fmt: skip
def test_files(message: dict[str, Any], expected: tuple[str, str, str, str]) -> None:
    ref, content_type, kind, filename = expected
    found, told = content(message)
    assert found.attachments == (Attachment(ref=ref, content_type=content_type, kind=kind, filename=filename, size=9),)
    assert (found.text, found.sentences, told) == ("", (), ())


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"sticker": {"emoji": "👋"}}, "(sent a sticker 👋)"),
        ({"sticker": {}}, "(sent a sticker)"),
        ({"poll": {"question": "Tea?"}}, "(sent a poll: Tea?)"),
        ({"poll": {}}, "(sent a poll)"),
        (
            {"location": {"latitude": 52.5, "longitude": 13.4}},
            "(sent a location: https://maps.google.com/?q=52.5,13.4)",
        ),
        (
            {"location": {"latitude": 1, "longitude": 2}, "venue": {"title": "Bar", "address": "Road 1"}},
            "(sent a location: https://maps.google.com/?q=1,2)\n(at Bar, Road 1)",
        ),
        ({"contact": {"first_name": "Bo", "last_name": "X", "phone_number": "+1"}}, "(sent a contact: Bo X +1)"),
        ({"dice": {"emoji": "🎲", "value": 4}}, "(rolled 🎲: 4)"),
        ({"game": {}}, "(sent a game)"),
        ({"story": {}}, "(forwarded a story)"),
        ({"checklist": {}}, "(sent a checklist)"),
        ({"paid_media": {}}, "(sent paid media)"),
        ({"invoice": {}}, "(sent an invoice)"),
        ({"giveaway": {}}, "(sent a giveaway)"),
        ({"giveaway_winners": {}}, "(forwarded a giveaway’s winners)"),
        ({"rich_message": {}}, "(sent a rich message)"),
        ({"something_new": {}}, "(sent something that can’t be shown here)"),
        ({}, "(sent something that can’t be shown here)"),
        ({"text": "Hi"}, "Hi"),
        ({"text": "see", "entities": [{"type": "text_link", "offset": 0, "length": 3, "url": "u:"}, 7]}, "see (u:)"),
        ({"photo": PHOTO, "caption": "look"}, "look"),
        ({"photo": PHOTO}, ""),
    ],
    ids=repr,
)
def test_words(message: dict[str, Any], words: str) -> None:
    assert content(message)[0].words == words


@pytest.mark.parametrize(
    ("size", "carried"), [(MAX_DOWNLOAD, True), (MAX_DOWNLOAD + 1, False), (None, True), (-1, True), ("9", True)]
)
def test_bots_fetch_20_mb(size: Any, carried: bool) -> None:
    found, told = content({"document": F | {"file_size": size, "file_name": "a.zip"}, "caption": "here"})
    assert (len(found.attachments), len(told)) == ((1, 0) if carried else (0, 1))
    assert found.text == "here"
    for words in told:
        assert words.startswith("The file a.zip (application/octet-stream, 20 MB) was not sent")


def test_every_field_of_a_message_is_known() -> None:
    """A new kind of service message would else be relayed to a customer as "something"."""
    path = spec("telegram/api.json")
    if path is None:
        pytest.skip("Telegram's reference isn't here")
    fields = {f["name"] for f in json.loads(path.read_text())["types"]["Message"]["fields"]}
    envelope = set(
        "message_id message_thread_id direct_messages_topic from sender_chat sender_boost_count sender_business_bot "
        "sender_tag receiver_user ephemeral_message_id date guest_query_id business_connection_id chat forward_origin "
        "is_topic_message is_automatic_forward reply_to_message external_reply quote reply_to_story "
        "reply_to_checklist_task_id reply_to_poll_option_id via_bot guest_bot_caller_user guest_bot_caller_chat "
        "edit_date has_protected_content is_from_offline is_paid_post media_group_id author_signature paid_star_count "
        "link_preview_options suggested_post_info effect_id show_caption_above_media has_media_spoiler reply_markup "
        "text entities caption caption_entities photo live_photo".split()
    )
    assert fields - envelope - SERVICE - set(kinds._FILES) - set(kinds._SENTENCES) == set()
