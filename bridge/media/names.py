"""A file's name, as a stranger chose it, made safe to save under and to put into a header. Pure."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

NAME_BYTES = 180
"""Of UTF-8. File systems take 255, and a browser adds " (1)" and ".part" to it."""
_EXTENSION_BYTES = 20
_JOINERS = "\u200c\u200d"
"""The only invisible characters that are part of names: emoji families, Persian."""
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\..*)?", re.IGNORECASE | re.DOTALL)
_ATTR_CHARS = "!#$&+-.^_`|~"
"""RFC 8187, 3.2.1: what may stand unescaped beside letters and digits."""


def safe_name(filename: str) -> str:
    """A name without a path, control and direction characters, or a meaning to an operating system; never empty.

    >>> safe_name("../../etc/passwd"), safe_name("CON.txt"), safe_name("a\\r\\nb.pdf"), safe_name(" .. ")
    ('passwd', '_CON.txt', 'ab.pdf', 'file')
    """
    last = re.split(r"[/\\]", filename)[-1]
    visible = "".join(
        c for c in last if c in _JOINERS or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp", "Co")
    )
    name = re.sub(r'[<>:"|?*]', "_", unicodedata.normalize("NFC", visible)).strip(". \u00a0" + _JOINERS)
    if _RESERVED.fullmatch(name):
        name = f"_{name}"
    return _cut(name) or "file"


def disposition(filename: str, *, inline: bool) -> str:
    """The value of a ``Content-Disposition`` header (RFC 6266), in ASCII: a plain name for old readers, the true one
    (RFC 8187) where they differ.

    >>> print(disposition("Müller.pdf", inline=False))
    attachment; filename="M_ller.pdf"; filename*=UTF-8''M%C3%BCller.pdf
    >>> disposition("cat.jpg", inline=True)
    'inline; filename="cat.jpg"'
    """
    name = safe_name(filename)
    # Some readers unescape a percent sign in the plain name (RFC 6266, appendix D).
    plain = re.sub(r"[^ -~]|%", "_", name)
    value = f'{"inline" if inline else "attachment"}; filename="{plain}"'
    return value if plain == name else f"{value}; filename*=UTF-8''{quote(name, safe=_ATTR_CHARS)}"


def _cut(name: str) -> str:
    """At most `NAME_BYTES` long; a short extension stays."""
    if len(name.encode()) <= NAME_BYTES:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension.encode()) > _EXTENSION_BYTES:
        stem, dot, extension = name, "", ""
    room = NAME_BYTES - len((dot + extension).encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(". ") + dot + extension
