"""What a third party says of its adapter, and no more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bridge.channel.adapter import Adapter
from bridge.core.content import Side
from bridge.core.log import LogLeg

Json = dict[str, Any]


class Failure(StrEnum):
    """How a network may fail while something is sent. `DOWN` is an answer that says so; of `ERROR_AFTER` and `CUT_AFTER` the
    message was taken all the same, of `CUT_BEFORE` it was not, and of `GARBAGE`, an answer that makes no sense, it may have been:
    nobody can know. Of `SLOW` the answer takes a second or more."""

    RATE = "rate"
    UNAUTHORIZED = "unauthorized"
    DOWN = "down"
    ERROR_AFTER = "error after"
    CUT_BEFORE = "cut before"
    CUT_AFTER = "cut after"
    GARBAGE = "garbage"
    SLOW = "slow"


@dataclass(frozen=True, slots=True)
class Fault:
    """A switch of the simulator, and the value that it is turned on with."""

    id: str
    value: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Posts:
    """How a network posts to us. `sign` makes the headers of a genuine request from the settings, the URL, the body and epoch
    seconds. `unknown` are bodies of a kind that doesn't exist yet, `shapeless` ones that aren't of the form at all. `signs_body`
    False: the network proves who it is and nothing else, so a changed body can't be seen."""

    sign: Callable[[Any, str, bytes, float], Mapping[str, str]]
    rest: str = ""
    unknown: Sequence[bytes] = ()
    shapeless: Sequence[bytes] = ()
    signs_body: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """An adapter and the network that it is tried against.

    `simulator` is the factory that stands in the entry point group ``trunkline.simulators``, called with `options` beside the
    usual arguments; None where there is no network apart from the clients themselves. `settings` are added to those that it
    gives, `endpoints` stand in place of its own. `faults` say how its switches are called, `posts` is None where nobody posts to
    us. `side` is the one to be on, where there is no simulator to say so. `greets` makes the first thing that a client of a LOG
    channel says to join a leg, from the settings, the channel's name and the leg.
    """

    adapter: Adapter
    simulator: Callable[..., Any] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    endpoints: Sequence[Mapping[str, Any]] | None = None
    side: Side = Side.CUSTOMER
    faults: Mapping[Failure, Fault] = field(default_factory=dict)
    posts: Posts | None = None
    greets: Callable[[Any, str, LogLeg], str] | None = None
