"""Twilio's addresses, pure: ``+15550199``, ``whatsapp:+15550199``, ``whatsapp:US.ABC123XYZ``, ``messenger:…``, ``rcs:…``.

Opaque but for their prefix: since July 2026 a WhatsApp user may have no number.
"""

from __future__ import annotations

import re

_NUMBER = re.compile(r"\+[0-9]{3,20}")
NETWORKS = {"whatsapp": "WhatsApp", "messenger": "Messenger", "rcs": "RCS"}


def network(address: str) -> str:
    """The word for people.

    >>> network("+15550199"), network("whatsapp:US.ABC")
    ('SMS', 'WhatsApp')
    """
    prefix, colon, _ = address.partition(":")
    return NETWORKS.get(prefix, "SMS") if colon else "SMS"


def label(address: str) -> str:
    """
    >>> label("whatsapp:+15550199")
    '+15550199'
    """
    prefix, colon, rest = address.partition(":")
    return rest if colon and prefix in NETWORKS else address


def person(address: str) -> str:
    """The same for addresses that are one customer: a number is, whatever network carries it.

    >>> person("rcs:+15550199"), person("whatsapp:US.ABC")
    ('+15550199', 'whatsapp:US.ABC')
    """
    rest = label(address)
    return rest if _NUMBER.fullmatch(rest) else address


def is_address(author: str) -> bool:
    """Is an Author somebody's address, or a free label that a program gave?

    >>> is_address("+15550199"), is_address("messenger:42"), is_address("system")
    (True, True, False)
    """
    prefix, colon, rest = author.partition(":")
    return bool(_NUMBER.fullmatch(author)) or bool(colon and prefix in NETWORKS and rest)
