"""The bytes decide what a file is, and nothing that a browser would run is shown in place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.media.sniff import HEAD_BYTES, UNKNOWN, Shown, essence, shown_as, sniff


def box(brand: bytes, *more: bytes) -> bytes:
    body = b"ftyp" + brand + b"\0\0\0\0" + b"".join(more)
    return (len(body) + 4).to_bytes(4) + body + b"\0\0\0\x08free"


JPEG, PNG, GIF = b"\xff\xd8\xff\xe0\0\x10JFIF", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"GIF89a\1\0\1\0"
WEBP, WAV, MP4 = b"RIFF\x10\0\0\0WEBPVP8 ", b"RIFF\x10\0\0\0WAVEfmt ", box(b"isom", b"isommp41")
OGG = b"OggS\0\2" + b"\0" * 20 + b"\1\x13OpusHead"
WEBM = b"\x1aE\xdf\xa3\x9fB\x86\x81\1B\xf7\x81\1B\xf2\x81\4B\xf3\x81\x08B\x82\x84webm"
ZIP, OLE = b"PK\3\4\x14\0\6\0", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize(
    ("label", "head", "found"),
    [
        ("jpeg", JPEG, "image/jpeg"),
        ("png", PNG, "image/png"),
        ("gif", GIF, "image/gif"),
        ("webp", WEBP, "image/webp"),
        ("heic", box(b"heic"), "image/heic"),
        ("heic by what it is compatible with", box(b"xxxx", b"mif1heic"), "image/heic"),
        ("avif", box(b"avif"), "image/avif"),
        ("mp4", MP4, "video/mp4"),
        ("3gp", box(b"3gp4"), "video/3gpp"),
        ("mov", box(b"qt  "), "video/quicktime"),
        ("an old mov", b"\0\0\0\x08wide\0\0\0\0mdat", "video/quicktime"),
        ("m4a", box(b"M4A "), "audio/mp4"),
        ("an unknown brand", box(b"????"), ""),
        ("webm", WEBM, "video/webm"),
        ("mp3 with a tag", b"ID3\4\0\0\0\0\0\x23TSSE", "audio/mpeg"),
        ("mp3 without", b"\xff\xfb\x90\x64", "audio/mpeg"),
        ("a text that begins with ID3", b"ID3, an album of 1998", ""),
        ("aac", b"\xff\xf1\x50\x80", "audio/aac"),
        ("text in UTF-16 is no sound", b"\xff\xfeh\0e\0", ""),
        ("ogg", OGG, "audio/ogg"),
        ("theora", b"OggS\0\2" + b"\0" * 22 + b"\x80theora", "video/ogg"),
        ("amr", b"#!AMR\n\x3c", "audio/amr"),
        ("amr wide", b"#!AMR-WB\n\x3c", "audio/amr-wb"),
        ("wav", WAV, "audio/wav"),
        ("pdf", b"%PDF-1.7", "application/pdf"),
        ("pdf after rubbish", b"\0\1\2\r\n%PDF-1.7", "application/pdf"),
        ("zip", ZIP, "application/zip"),
        ("old office", OLE, "application/x-ole-storage"),
        ("html", b"<!DOCTYPE html><p>", "text/html"),
        ("html after space, a mark and a comment", b"\xef\xbb\xbf \n<!-- \n --> <BODY onload=x>", "text/html"),
        ("html in UTF-16", "\ufeff<script>".encode("utf-16-le"), "text/html"),
        ("html further in", b"hello\n" * 100 + b"<script>", "text/html"),
        ("svg", b"<svg xmlns='http://www.w3.org/2000/svg'>", "image/svg+xml"),
        ("svg after a declaration", b"<?xml version='1.0'?><!-- a --><svg>", "image/svg+xml"),
        ("xhtml", b"<?xml version='1.0'?><html>", "application/xhtml+xml"),
        ("xml", b"\n<?xml version='1.0'?><rss>", "application/xml"),
        ("text", b"1 < 2, and <3 you", ""),
        ("nothing", b"", ""),
    ],
)
def test_what_it_is(label: str, head: bytes, found: str) -> None:
    assert sniff(head) == found, label
    assert sniff(head + b"\0" * HEAD_BYTES * 2) == found, label


@pytest.mark.parametrize(
    ("label", "declared", "head", "content_type", "inline"),
    [
        ("a photo", "image/jpeg", JPEG, "image/jpeg", True),
        ("a photo by its other name", "Image/JPG; x=y", JPEG, "image/jpeg", True),
        ("a photo of another kind is shown as what it is", "image/jpeg", WEBP, "image/webp", True),
        ("html that calls itself a photo", "image/jpeg", b"<html>", UNKNOWN, False),
        ("svg", "image/svg+xml", b"<svg>", UNKNOWN, False),
        ("svg that calls itself a photo", "image/png", b"<?xml ?><svg>", UNKNOWN, False),
        ("a photo that calls itself html", "text/html", JPEG, "image/jpeg", False),
        ("heic is saved", "image/heic", box(b"heic"), "image/heic", False),
        ("heif", "image/heif", box(b"mif1"), "image/heif", False),
        ("noise that calls itself a photo", "image/png", b"\0\1\2", UNKNOWN, False),
        ("a film", "video/mp4", MP4, "video/mp4", True),
        ("a voice in an mp4", "audio/mp4", MP4, "audio/mp4", True),
        ("a voice in a webm", "audio/webm;codecs=opus", WEBM, "audio/webm", True),
        ("a film that calls itself a photo", "image/jpeg", MP4, "video/mp4", False),
        ("a voice message", "audio/ogg", OGG, "audio/ogg", True),
        ("pdf is saved: it may hold scripts", "application/pdf", b"%PDF-1.7", "application/pdf", False),
        ("pdf that calls itself a photo", "image/png", b"%PDF-1.7", "application/pdf", False),
        ("docx", DOCX, ZIP, DOCX, False),
        ("doc", "application/msword", OLE, "application/msword", False),
        ("a zip that calls itself docx", "text/plain", ZIP, "application/zip", False),
        ("text", "text/plain; charset=utf-8", b"hello", "text/plain", False),
        ("html in a text", "text/plain", b"<html>", UNKNOWN, False),
        ("html without a mark", "text/html", b"hello", UNKNOWN, False),
        ("a script", "text/javascript", b"alert(1)", UNKNOWN, False),
        ("a script in a picture", "text/javascript", b"GIF89a=1;alert(1)", "image/gif", False),
        ("a style", "text/css", b"*{}", UNKNOWN, False),
        ("no type", "", b"hello", UNKNOWN, False),
        ("a header in the type", "image/png\r\nX: y", PNG, "image/png", False),
    ],
)
def test_as_what_it_is_shown(label: str, declared: str, head: bytes, content_type: str, inline: bool) -> None:
    assert shown_as(declared, head) == Shown(content_type, inline), label


types = (
    st.sampled_from(["text/html", "image/svg+xml", "image/png", "audio/mpeg", "application/xml", "a/b", "x"])
    | st.text()
)


@given(types, st.binary(max_size=100), st.sampled_from([b"", JPEG, GIF, b"<html>", b"<svg>", MP4, b"%PDF-"]))
def test_nothing_that_runs_is_ever_shown(declared: str, body: bytes, start: bytes) -> None:
    shown = shown_as(declared, start + body)
    assert essence(shown.content_type) == shown.content_type, "always one that a header can say"
    if shown.inline:
        assert shown.content_type.split("/")[0] in ("image", "audio", "video")
        assert "xml" not in shown.content_type
        assert sniff(start + body).split("/")[0] in ("image", "audio", "video"), "the bytes prove it"
