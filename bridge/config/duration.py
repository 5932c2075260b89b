"""``90s``, ``15m``, ``24h``, ``30d``: how a length of time is written in the config and on the command line."""

from __future__ import annotations

import re

FORM = r"^[0-9]{1,6}[smhd]$"

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(text: str) -> float:
    """The seconds of a duration. Raises `ValueError` with words that say what would be right.

    >>> seconds("15m")
    900.0
    """
    if not re.fullmatch(FORM.strip("^$"), text, re.ASCII):
        raise ValueError(
            'not a length of time; right is a whole number and s, m, h or d, as in "90s", "15m", "24h", "30d"'
        )
    return float(int(text[:-1]) * _SECONDS[text[-1]])
