"""``trunkline token``: by which a client of a channel shows who it is."""

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import TYPE_CHECKING

from bridge.channel.tokens import IssuesTokens
from bridge.commands import CONFIG, USAGE
from bridge.config.duration import seconds
from bridge.config.load import load
from bridge.config.problems import ConfigProblems, suggestion
from bridge.core.content import Side
from bridge.core.ids import ChannelName, EndpointKey

if TYPE_CHECKING:
    from bridge.config.model import Config


class _Wrong(Exception):
    """An argument doesn't fit the config; the words say what would."""


def run(args: argparse.Namespace) -> int:
    """Prints the token alone, one line. 2 where the arguments don't fit, 78 where the config doesn't."""
    try:
        config = load(args.config, os.environ)
    except ConfigProblems as problems:
        print(problems, file=sys.stderr)
        return CONFIG
    try:
        print(_token(config, args))
    except (_Wrong, ValueError) as error:
        print(f"trunkline token: {error}", file=sys.stderr)
        return USAGE
    return 0


def _token(config: Config, args: argparse.Namespace) -> str:
    """Raises `_Wrong` or `ValueError`."""
    name, side = ChannelName(args.channel), Side(args.role)
    channel = config.channels.get(name)
    if channel is None:
        raise _Wrong(f"--channel: no channel is called that; {suggestion(name, config.channels)}")
    if not isinstance(channel.adapter, IssuesTokens):
        raise _Wrong(f"--channel: {name} is a {channel.adapter_name} channel, whose people need no token")
    return channel.adapter.token(
        channel.settings,
        name,
        side=side,
        endpoint=_room(config, name, side, args.room),
        subject=args.subject,
        name=args.name or "",
        lifetime_s=_lifetime(args.ttl),
        now=time.time(),
    )


def _room(config: Config, channel: ChannelName, side: Side, wanted: str | None) -> EndpointKey:
    """The room that is named, or the only one."""
    rooms = [e.key for b in config.bridges.values() for e in b.endpoints if e.channel == channel and e.side is side]
    if wanted is None and len(rooms) == 1:
        return rooms[0]
    if wanted is not None and wanted in rooms:
        return EndpointKey(wanted)
    if not rooms:
        raise _Wrong(f"--role: no bridge has a room on {channel} for {side}s; add one to its {side}s")
    what = "which one? say it with --room" if wanted is None else f"no bridge has this one for {side}s"
    raise _Wrong(f"--room: {what}; {suggestion(wanted or '', rooms)}")


def _lifetime(ttl: str) -> float:
    try:
        return seconds(ttl)
    except ValueError as error:
        raise _Wrong(f"--ttl: {error}") from None
