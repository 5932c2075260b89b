"""ISO 8601 durations, which timers are given in."""

from __future__ import annotations

import re

PATTERN = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")
SECONDS = (604800, 86400, 3600, 60, 1)


def seconds(text: str) -> float | None:
    """The length of `PT1M` and the like; None for what is no duration (years and months have no fixed length)."""
    match = PATTERN.fullmatch(text)
    if match is None or not any(match.groups()):
        return None
    return sum(float(value) * unit for value, unit in zip(match.groups(), SECONDS, strict=True) if value)
