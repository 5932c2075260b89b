"""The one rule for every URL in the config: https, except on loopback, where plain http is how stand-ins are reached."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """
    >>> is_loopback("localhost"), is_loopback("127.8.0.1"), is_loopback("::1"), is_loopback("127.0.0.1.example.com")
    (True, True, True, False)
    """
    try:
        return host.lower() == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def fault(url: str, *, template: bool = False) -> str | None:
    """What is wrong with `url` and what would be right, None where nothing is. A `template` may have ``{product}`` in it.
    The URL itself is never part of the words: somebody may have put a password into it."""
    if template:
        url = url.replace("{product}", "product")
    if re.search(r"[{}]", url):
        known = "{product} is the only placeholder" if template else "this URL takes no placeholders"
        return f"a brace stands in the URL, and {known}"
    if not url.isprintable() or re.search(r"\s", url):
        return "a space stands in the URL; right is one like https://host/path"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "not a URL; right is one like https://host:port/path"
    if parts.scheme not in ("https", "http") or not host or port == 0:
        return "not a URL; right is one like https://host/path"
    if parts.username is not None or parts.password is not None:
        return "a user or password stands in the URL; right is the URL without it"
    if "?" in url or "#" in url:
        return "a query or fragment stands in the URL; right is the URL up to its path"
    if parts.scheme == "http" and not is_loopback(host):
        return "plain http; right is https (http is for loopback alone: localhost, 127.0.0.1, ::1)"
    return None
