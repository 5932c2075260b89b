"""What a rule needs, and how it is known whether a channel has it: from its capabilities and abilities, or from the `Subject`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from bridge.channel.adapter import (
    DescribesBindings,
    EditsMessages,
    FetchesHistory,
    FetchesMedia,
    FindsDeliveries,
    FollowsLog,
    KnowsAddresses,
    OpensBindings,
    Runs,
    ServesSockets,
)
from bridge.channel.conformance.bench import Bench
from bridge.channel.inspection import Inspects
from bridge.core.capabilities import Form, Support
from bridge.core.content import Side

F = TypeVar("F", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Need:
    """`name` stands in the table; `has` answers why not, empty where all is well."""

    name: str
    lacks: Callable[[Bench], str]


def _ability(name: str, kind: type) -> Need:
    return Need(name, lambda b: "" if isinstance(b.channel, kind) else f"it isn’t {kind.__name__}")


OPENS = _ability("opens", OpensBindings)
MEDIA = _ability("media", FetchesMedia)
HISTORY = _ability("history", FetchesHistory)
DESCRIBES = _ability("describe", DescribesBindings)
ADDRESSES = _ability("addressed", KnowsAddresses)
SOCKETS = _ability("sockets", ServesSockets)
FOLLOWS = _ability("form LOG", FollowsLog)
FINDS = _ability("lookup", FindsDeliveries)
EDITS = _ability("edit", EditsMessages)
RUNS = _ability("run", Runs)
INSPECTS = Need("inspect", lambda b: "" if isinstance(b.adapter, Inspects) else "its adapter isn’t Inspects")
NETWORK = Need("simulator", lambda b: "" if b.network.simulator is not None else "it has no simulator")
PARTS = Need("form PARTS", lambda b: "" if b.caps.form is Form.PARTS else f"its form is {b.caps.form.name}")
RECORDS = Need("form RECORDS", lambda b: "" if b.caps.form is Form.RECORDS else f"its form is {b.caps.form.name}")
SENT_TO = Need("form", lambda b: "nothing is sent to it" if b.caps.form is Form.LOG else "")
FILES = Need("media rules", lambda b: "" if b.caps.media else "it carries no files")
REPLIES = Need("reply", lambda b: "" if b.caps.reply >= Support.PARTIAL else f"reply is {b.caps.reply.name}")
RECEIPTS = Need("receipts", lambda b: "" if b.caps.receipts else "receipts is False")
POSTS = Need("posts", lambda b: "" if b.subject.posts is not None else "nobody posts to it")
SIGNED = Need(
    "signed body", lambda b: "" if b.subject.posts and b.subject.posts.signs_body else "its network signs no body"
)
CUSTOMERS = Need("customers", lambda b: "" if b.network.side is Side.CUSTOMER else "its side is the agents’")
TOPICS = Need("topics", lambda b: "" if b.network.side is Side.AGENT else "its side is the customers’")
GREETS = Need("greets", lambda b: "" if b.subject.greets is not None else "its subject says nothing of how to join")


def needs(*wanted: Need) -> Callable[[F], F]:
    """Of a rule: skipped where one of these is lacking."""

    def marked(rule: F) -> F:
        rule.needs = wanted  # type: ignore[attr-defined]
        return rule

    return marked


def cold(rule: F) -> F:
    """Of a rule that asks nothing of the network: its channel is opened, and neither warmed nor run."""
    rule.cold = True  # type: ignore[attr-defined]
    return rule


def lacking(rule: object, bench: Bench) -> str:
    """``NAME: why`` of the first need of a rule that this channel doesn't meet; empty where it meets them all."""
    for need in getattr(rule, "needs", ()):
        if why := need.lacks(bench):
            return f"{need.name}: {why}"
    return ""
