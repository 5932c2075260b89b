"""How a file is best sent, and under what name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.telegram.outbound import CAPABILITIES, MAX_PHOTO, MAX_UPLOAD, filename, method_for
from bridge.core.capabilities import Support
from bridge.core.content import Attachment, Content, kind_of
from bridge.core.fitting import Part, fit


def a(content_type: str, kind: str = "", name: str = "", size: int | None = None) -> Attachment:
    return Attachment(ref="", content_type=content_type, kind=kind or kind_of(content_type), filename=name, size=size)


@pytest.mark.parametrize(
    ("attachment", "size", "expected"),
    [
        (a("image/jpeg"), 1, "photo"),
        (a("image/png"), MAX_PHOTO, "photo"),
        (a("image/png"), MAX_PHOTO + 1, "document"),
        (a("image/webp"), 1, "photo"),
        (a("image/heic"), 1, "document"),
        (a("image/svg+xml"), 1, "document"),
        (a("image/gif"), 1, "animation"),
        (a("video/mp4"), MAX_UPLOAD, "video"),
        (a("video/3gpp"), 1, "document"),
        (a("audio/ogg", "voice"), 1, "voice"),
        (a("audio/ogg"), 1, "document"),
        (a("audio/mpeg"), 1, "audio"),
        (a("audio/mp4"), 1, "audio"),
        (a("audio/amr"), 1, "document"),
        (a("application/pdf"), 1, "document"),
        (a(""), 1, "document"),
    ],
    ids=lambda v: v.content_type if isinstance(v, Attachment) else str(v),
)
def test_method(attachment: Attachment, size: int, expected: str) -> None:
    assert method_for(attachment, size) == expected


def test_what_it_carries() -> None:
    assert (CAPABILITIES.max_text, CAPABILITIES.max_caption, CAPABILITIES.send_once) == (4096, 1024, "none")
    assert (CAPABILITIES.edit, CAPABILITIES.reply) == (Support.FULL, Support.FULL)
    rule = CAPABILITIES.rule_for("anything/at-all")
    assert rule is not None
    assert rule.max_bytes == MAX_UPLOAD


@pytest.mark.parametrize(("length", "parts"), [(1024, 1), (1025, 2)])
def test_a_short_text_is_the_caption(length: int, parts: int) -> None:
    content = Content(text="x" * length, attachments=(a("image/png"),))
    fitted = fit(content, CAPABILITIES)
    assert len(fitted.parts) == parts
    assert fitted.parts[-1] == Part(text="x" * length if parts == 1 else "", attachment=0)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.pdf", "a.pdf"),
        ("Grüße 👋.pdf", "Grüße 👋.pdf"),
        ('a"b\\c.pdf', "a'b_c.pdf"),
        ("a\r\nX-Evil: 1\r\n\r\n.pdf", "a__X-Evil: 1____.pdf"),
        ("\u202efdp.exe", "_fdp.exe"),
        ("", "document"),
        ("   ", "document"),
        ("x" * 300 + ".pdf", "x" * 96 + ".pdf"),
    ],
)
def test_filename(name: str, expected: str) -> None:
    assert filename(a("application/pdf", name=name), "document") == expected


@given(st.text())
def test_any_filename_can_stand_in_a_header(name: str) -> None:
    found = filename(a("application/pdf", name=name), "document")
    assert 0 < len(found) <= 100
    assert found.isprintable()
    assert not {'"', "\\", "\r", "\n"} & set(found)
    assert found.encode()
