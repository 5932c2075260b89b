"""Twilio's addresses, pure: ``+15550199``, ``whatsapp:+15550199``, ``whatsapp:US.ABC123XYZ``, ``messenger:…``, ``rcs:…``.

Opaque but for their prefix: since July 2026 a WhatsApp user may have no number.
"""

from __future__ import annotations

import re

from bridge.core.ids import BindingKey

_NUMBER = re.compile(r"\+[0-9]{3,20}")
_WRITABLE = re.compile(r"\+[1-9][0-9]{6,14}")
"""E.164 in full: what a message may be sent to."""
_OPAQUE = re.compile(r"[^\s|+][^\s|]{0,200}")
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


def written_to(address: str, ours: str) -> str | None:
    """The form in which `address` can be written to from `ours`, None where it can't: both stand on one network, and a bare
    number is taken to be on that of `ours`.

    >>> written_to("+15550199", "whatsapp:+15550100"), written_to("whatsapp:+15550199", "+15550100")
    ('whatsapp:+15550199', None)
    """
    mine = _prefix(ours)
    rest = address.removeprefix(mine)
    numbered = bool(_WRITABLE.fullmatch(rest)) and mine != "messenger:"
    named = bool(mine) and address.startswith(mine) and bool(_OPAQUE.fullmatch(rest))
    return mine + rest if (numbered or named) and ours not in ("*", mine + rest) else None


def _prefix(address: str) -> str:
    prefix, colon, _ = address.partition(":")
    return prefix + colon if colon and prefix in NETWORKS else ""


# ---- a pair of addresses as the name of a conversation, where the network has no other


def pair(ours: str, theirs: str) -> BindingKey:
    """No ConversationSid looks so.

    >>> pair("+15550100", "+15550199")
    'M:+15550100|+15550199'
    """
    return BindingKey(f"M:{ours}|{theirs}")


def pair_of(key: str) -> tuple[str, str] | None:
    """Ours and theirs, None where `key` is a ConversationSid.

    >>> pair_of("M:+15550100|+15550199"), pair_of("CH1")
    (('+15550100', '+15550199'), None)
    """
    ours, bar, theirs = key.removeprefix("M:").partition("|")
    return (ours, theirs) if key.startswith("M:") and bar else None
