from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.capabilities import Capabilities, MediaRule
from bridge.core.content import Attachment, Content
from bridge.core.fitting import Part, fit, too_large
from bridge.core.splitting import length

SMS = Capabilities(
    noun="an SMS",
    max_text=1600,
    text_unit="utf16",
    media=(MediaRule(types=("image/jpeg", "image/png"), max_bytes=5 * 1024 * 1024),),
)
TELEGRAM = Capabilities(
    noun="Telegram",
    max_text=4096,
    text_unit="utf16",
    max_caption=1024,
    media=(MediaRule(types=("*",), max_bytes=50 * 1024**2),),
)
PNG = Attachment(ref="1", content_type="image/png", kind="image", size=1000)
OGG = Attachment(ref="2", content_type="audio/ogg", kind="voice")
BIG = Attachment(ref="3", content_type="image/png", kind="image", size=6 * 1024 * 1024)


@pytest.mark.parametrize(
    ("label", "content", "caps", "prefix", "parts", "lost"),
    [
        ("a text", Content(text="Hi"), SMS, "", [Part(text="Hi")], 0),
        ("a text with a prefix", Content(text="Hi"), TELEGRAM, "Eve (web): ", [Part(text="Eve (web): Hi")], 0),
        ("a caption", Content(text="Hi", attachments=(PNG,)), TELEGRAM, "", [Part(text="Hi", attachment=0)], 0),
        (
            "no captions there",
            Content(text="Hi", attachments=(PNG,)),
            SMS,
            "",
            [Part(text="Hi"), Part(attachment=0)],
            0,
        ),
        ("a file alone", Content(attachments=(PNG,)), SMS, "", [Part(attachment=0)], 0),
        (
            "a file alone, prefixed",
            Content(attachments=(PNG,)),
            TELEGRAM,
            "Eve (web): ",
            [Part(text="Eve (web):", attachment=0)],
            0,
        ),
        (
            "two files",
            Content(text="x", attachments=(PNG, PNG)),
            TELEGRAM,
            "",
            [Part(text="x"), Part(attachment=0), Part(attachment=1)],
            0,
        ),
        (
            "a type that isn't carried",
            Content(text="x", attachments=(OGG, PNG)),
            SMS,
            "",
            [Part(text="x"), Part(attachment=1)],
            1,
        ),
        ("too large", Content(text="x", attachments=(BIG,)), SMS, "", [Part(text="x")], 1),
        ("nothing is left", Content(attachments=(OGG,)), SMS, "", [], 1),
        ("nothing at all", Content(), SMS, "", [Part(text="(sent an empty message)")], 0),
        ("blank", Content(text=" \n "), SMS, "", [Part(text="(sent an empty message)")], 0),
        ("a sentence", Content(sentences=("sent a poll",)), SMS, "", [Part(text="(sent a poll)")], 0),
        ("no part is blank", Content(text="x" * 1600 + " " * 1600), SMS, "", [Part(text="x" * 1600)], 0),
    ],
)
def test_table(label: str, content: Content, caps: Capabilities, prefix: str, parts: list[Part], lost: int) -> None:
    fitted = fit(content, caps, prefix)
    assert list(fitted.parts) == parts, label
    assert len(fitted.lost) == lost, label


def test_a_long_caption_goes_apart() -> None:
    assert fit(Content(text="x" * 1025, attachments=(PNG,)), TELEGRAM).parts == (
        Part(text="x" * 1025),
        Part(attachment=0),
    )


def test_the_words_of_a_file_that_cannot_go() -> None:
    (words,) = fit(Content(attachments=(OGG,)), SMS).lost
    assert words == "the voice message (audio/ogg) was not sent: an SMS can’t carry this type (it takes JPEG, PNG)"
    (words,) = fit(Content(attachments=(BIG,)), SMS).lost
    assert words == "the image (image/png, 6 MB) was not sent: an SMS carries at most 5 MB of it"
    assert too_large(PNG, SMS.media[0], SMS).endswith("an SMS carries at most 5 MB of it")


@given(st.text(max_size=5000), st.text(max_size=20), st.lists(st.sampled_from([PNG, OGG, BIG]), max_size=4))
def test_every_file_goes_or_is_named_and_no_part_is_too_long(text: str, prefix: str, files: list[Attachment]) -> None:
    for caps in (SMS, TELEGRAM):
        fitted = fit(Content(text=text, attachments=tuple(files)), caps, prefix)
        gone = [p.attachment for p in fitted.parts if p.attachment is not None]
        assert len(gone) + len(fitted.lost) == len(files)
        assert gone == sorted(gone)
        for part in fitted.parts:
            assert part.text.strip() or part.attachment is not None
            limit = caps.max_caption if part.attachment is not None else caps.max_text
            assert length(part.text, caps.text_unit) <= limit
