"""Whatever a file is called, the header stays a header and the name a name."""

from __future__ import annotations

import re
from email.message import Message
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.media.names import NAME_BYTES, disposition, safe_name

FAMILY = "👨\u200d👩\u200d👧"
PIECES = [
    "../",
    "..\\",
    "CON",
    "\0",
    "\r\n",
    "\u202e",
    "\ud800",
    '"',
    "\\",
    ";",
    "%0d%0a",
    "%",
    "é",
    FAMILY,
    ".",
    " ",
    "a",
    ".pdf",
    "漢" * 70,
]
names = st.text(max_size=300) | st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
GRAMMAR = re.compile(
    r"""(?P<type>inline|attachment);\ filename="(?P<plain>[ !#-\[\]-~]*)"
    (;\ filename\*=UTF-8''(?P<true>([A-Za-z0-9!#$&+.^_`|~-]|%[0-9A-F]{2})+))?""",
    re.VERBOSE,
)


@given(names, st.booleans())
@example("\r\nSet-Cookie: a=b", False)
@example("", True)
def test_the_header_always_parses(filename: str, inline: bool) -> None:
    value = disposition(filename, inline=inline)
    match = GRAMMAR.fullmatch(value)
    assert match is not None, value
    assert match["type"] == ("inline" if inline else "attachment")
    true = unquote(match["true"], errors="strict") if match["true"] else match["plain"]
    assert true == safe_name(filename)
    message = Message()
    message["Content-Disposition"] = (
        f"{match['type']}; filename*={value.partition('filename*=')[2]}" if match["true"] else value
    )
    assert message.get_filename() == true


@given(names)
def test_a_safe_name_is_safe(filename: str) -> None:
    name = safe_name(filename)
    assert 0 < len(name.encode()) <= NAME_BYTES
    assert not re.search(r'[\x00-\x1f\x7f-\x9f/\\<>:"|?*\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]', name)
    assert name.strip(". ") == name
    assert name.split(".")[0].strip().upper() not in {"CON", "NUL", "AUX", "PRN", "COM1", "LPT9"}
    assert safe_name(name) == name, "it stays what it is"


@pytest.mark.parametrize(
    ("label", "filename", "name"),
    [
        ("a plain one", "report 2026.pdf", "report 2026.pdf"),
        ("a way out", "../../etc/passwd", "passwd"),
        ("the other way out", "C:\\Windows\\win.ini", "win.ini"),
        ("a device", "CON", "_CON"),
        ("a device with an extension", "nul.tar.gz", "_nul.tar.gz"),
        ("no device", "console.txt", "console.txt"),
        ("NUL and line breaks", "a\0b\r\nc.txt", "abc.txt"),
        ("nothing", "", "file"),
        ("only dots", "...", "file"),
        ("only a folder", "folder/", "file"),
        ("turned around", "photo\u202egpj.exe", "photogpj.exe"),
        ("a family", f"{FAMILY}.png", f"{FAMILY}.png"),
        ("300 bytes", "x" * 300 + ".jpeg", "x" * (NAME_BYTES - 5) + ".jpeg"),
        ("300 bytes, no cut in a character", "漢" * 100 + ".pdf", "漢" * 58 + ".pdf"),
        ("an extension of 300 bytes", "a." + "x" * 300, "a." + "x" * (NAME_BYTES - 2)),
        ("in pieces", "u\u0308.txt", "ü.txt"),
    ],
)
def test_names(label: str, filename: str, name: str) -> None:
    assert safe_name(filename) == name, label
