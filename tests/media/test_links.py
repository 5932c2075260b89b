"""A link opens one door, for a while; whatever is changed about it closes it."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bridge.media.links import Expired, Tampered, Valid, sign, verify

KEY, OTHER, NEW = b"k" * 32, b"o" * 32, b"n" * 32
ids = st.text("abcdefghijklmnopqrstuvwxyzABC0123456789._~-", min_size=1, max_size=40)
claims = st.dictionaries(st.sampled_from(["size", "content_type", "name"]), st.text(max_size=30) | st.integers())


@given(ids, st.integers(1, 2**40), claims, st.sampled_from(["GET", "PUT"]))
def test_a_link_says_what_it_was_signed_with(id: str, expires: int, said: dict[str, str | int], method: str) -> None:
    try:
        query = sign(KEY, method, id, expires, **said)
    except UnicodeEncodeError:  # half a surrogate pair is no text
        assume(False)
    expected = Valid(expires=expires, claims={k: str(v) for k, v in said.items()})
    assert verify([KEY], method, id, query, expires - 0.1) == expected
    assert verify([KEY], method, id, query, expires) == Expired(expires=expires)
    assert query.isascii()
    assert not set(query) & set(" \"<>#'\r\n")


@given(st.data(), claims)
def test_any_flipped_bit_is_refused(data: st.DataObject, said: dict[str, str | int]) -> None:
    query = sign(KEY, "PUT", "c1.7.0", 2000, **said).encode()
    at, bit = data.draw(st.integers(0, len(query) - 1)), data.draw(st.integers(0, 7))
    flipped = query[:at] + bytes([query[at] ^ (1 << bit)]) + query[at + 1 :]
    assert isinstance(verify([KEY], "PUT", "c1.7.0", flipped.decode("latin-1"), 1000), Tampered)


def test_every_single_bit_of_one_link() -> None:
    query = sign(KEY, "GET", "c1.7.0", 2000).encode()
    assert isinstance(verify([KEY], "GET", "c1.7.0", query.decode(), 1000), Valid)
    for at in range(len(query)):
        for bit in range(8):
            flipped = query[:at] + bytes([query[at] ^ (1 << bit)]) + query[at + 1 :]
            assert isinstance(verify([KEY], "GET", "c1.7.0", flipped.decode("latin-1"), 1000), Tampered), (at, bit)


@given(st.text(max_size=200), st.text(max_size=20), st.sampled_from(["GET", "HEAD", "PUT", "é"]))
def test_what_a_stranger_sends_is_refused_and_nothing_worse(query: str, id: str, method: str) -> None:
    assert isinstance(verify([KEY], method, id, query, 0), Tampered)
    assert isinstance(verify([KEY], method, id, f"{query}&signature={query}", 0), Tampered)


@pytest.mark.parametrize(
    ("label", "keys", "method", "id", "after", "verdict"),
    [
        ("as it is", [KEY], "GET", "a.1", "", Valid),
        ("HEAD goes with GET", [KEY], "HEAD", "a.1", "", Valid),
        ("it can't put", [KEY], "PUT", "a.1", "", Tampered),
        ("another file", [KEY], "GET", "a.2", "", Tampered),
        ("an id that is a path", [KEY], "GET", "../a.1", "", Tampered),
        ("a new key signs, the old one still verifies", [NEW, KEY], "GET", "a.1", "", Valid),
        ("its key is gone", [NEW, OTHER], "GET", "a.1", "", Tampered),
        ("no key at all", [], "GET", "a.1", "", Tampered),
        ("something behind it", [KEY], "GET", "a.1", "&utm_source=x", Tampered),
        ("a second signature", [KEY], "GET", "a.1", "&signature=x", Tampered),
    ],
)
def test_doors(label: str, keys: list[bytes], method: str, id: str, after: str, verdict: type) -> None:
    query = sign(KEY, "GET", "a.1", 2000) + after
    assert isinstance(verify(keys, method, id, query, 1000), verdict), label


def test_an_upload_link_neither_gets_nor_says_something_else() -> None:
    query = sign(KEY, "PUT", "u1", 2000, size=5, content_type="image/svg+xml")
    assert isinstance(verify([KEY], "GET", "u1", query, 1000), Tampered)
    assert isinstance(verify([KEY], "PUT", "u1", query.replace("size=5", "size=6"), 1000), Tampered)
    # The same values in another spelling are another text.
    assert isinstance(verify([KEY], "PUT", "u1", query.replace("%2B", "%2b"), 1000), Tampered)


@pytest.mark.parametrize(
    ("label", "key", "id", "claims"),
    [
        ("a short key", b"k" * 31, "a", {}),
        ("no key", b"", "a", {}),
        ("a slash", KEY, "a/b", {}),
        ("no id", KEY, "", {}),
        ("a line break", KEY, "a\n", {}),
        ("a claim that would be taken for the signature", KEY, "a", {"signature": "x"}),
    ],
)
def test_mistakes_of_ours_are_said(label: str, key: bytes, id: str, claims: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="key|id of a file|claim"):
        sign(key, "GET", id, 2000, **claims)
