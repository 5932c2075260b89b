"""The contract of a channel plugin: two small protocols, and abilities that a channel has or hasn't.

An *adapter* is the kind, known before any config and cheap to import. A *channel* is one configured instance. Nobody must
inherit; `@runtime_checkable` abilities are asked once, when the channel is opened.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from pydantic import BaseModel

from bridge.channel.http import Request
from bridge.channel.inbound import Received
from bridge.channel.outbound import Binding, Edit, Opened, Opening, Outbound, Sent
from bridge.channel.problems import Problem
from bridge.core.capabilities import Capabilities
from bridge.core.content import Attachment, Side
from bridge.core.events import BindingSeen, Event
from bridge.core.ids import BindingKey, ChannelName, DeliveryId, EndpointKey


class Health(StrEnum):
    """Of a channel, as ``/readyz`` shows it."""

    OK = "ok"
    RESTING = "resting"
    UNREACHABLE = "unreachable"


class Port(Protocol):
    """All that a channel is given of ours."""

    name: ChannelName
    log: logging.Logger

    async def accept(self, events: Sequence[Event]) -> None:
        """Durable when it returns. Raises `StoreUnavailable`: then the sender must be asked to come again."""

    def now(self) -> float:
        """Epoch seconds."""

    def webhook_url(self, rest: str = "") -> str:
        """The public URL of ``/webhooks/{channel}[/rest]``."""

    def health(self, state: Health, words: str = "") -> None:
        """Says how the channel is; `words` tell the admin what to do and are logged once per change."""


class StoreUnavailable(Exception):
    """The store can't take an event now."""


class Adapter(Protocol):
    """One per kind of network; the entry point ``trunkline.adapters: NAME`` names the object."""

    name: str
    Settings: type[BaseModel]
    """The keys of a ``[channels.NAME]`` table but ``adapter``; ``extra="forbid"``."""
    Endpoint: type[BaseModel]
    """The keys of an endpoint of a bridge but ``channel``; ``extra="forbid"``."""
    sides: frozenset[Side]

    def endpoint_key(self, endpoint: Any) -> EndpointKey:
        """What makes an endpoint the same endpoint; ``"*"`` takes what no bridge names. `endpoint` is an `Endpoint`."""

    def needs_public_url(self, settings: Any) -> bool:
        """Does the network call us?"""

    def problems(self, settings: Any) -> list[Problem]:
        """Offline checks beyond types, paths relative to the channel's table. No I/O."""

    def open(self, settings: Any, endpoints: Sequence[Any], port: Port) -> Channel:
        """The channel, without I/O and without importing an SDK. `endpoints` are those that bridges name.
        Raises `Misconfigured`: the channel rests."""


class Channel(Protocol):
    """One configured connection to a network."""

    def capabilities(self, binding: Binding) -> Capabilities:
        """What this binding carries. No I/O; may be called from any thread."""

    def receive(self, request: Request) -> Received:
        """Verify, then translate. Pure and quick; never raises for what a stranger may post."""

    async def send(self, out: Outbound) -> Sent:
        """One remote call (and what it must upload before). Raises only `SendError`."""

    async def close(self) -> None:
        """Gives connections back; leaves no task behind."""


@runtime_checkable
class OpensBindings(Protocol):
    """Makes the counterpart of a conversation: a forum topic, a Conversation to write first."""

    async def open_binding(self, opening: Opening) -> Opened:
        """Raises `SendError`. What exists for this pair already is adopted."""


@runtime_checkable
class EditsMessages(Protocol):
    async def edit(self, edit: Edit) -> None:
        """Changes the text of a message of ours. Nothing to change is success. Raises `SendError`."""


@runtime_checkable
class FetchesMedia(Protocol):
    def open_media(self, attachment: Attachment) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """The bytes of an attachment that came by this channel. Raises `SendError`: `Refused` where it is gone."""


@runtime_checkable
class FindsDeliveries(Protocol):
    async def find(self, delivery: DeliveryId, binding: Binding) -> Sent | None:
        """Has the network got this delivery? None: it isn't there now. Raises `SendError` where it can't be asked."""


@runtime_checkable
class DescribesBindings(Protocol):
    async def describe(self, key: BindingKey) -> BindingSeen | None:
        """Who is in the conversation; None where it doesn't exist. Raises `SendError`."""


@runtime_checkable
class FetchesHistory(Protocol):
    async def history(self, key: BindingKey, after: int) -> list[Event]:
        """The messages of a binding whose index is above `after`, ascending. Raises `SendError`."""


@runtime_checkable
class Warms(Protocol):
    async def warm(self) -> None:
        """Whatever must be there before the first `send` and takes long (a heavy import): awaited once the server listens."""


@runtime_checkable
class Runs(Protocol):
    async def run(self) -> None:
        """Whatever goes on beside requests (polling, registering a webhook); starts when the server listens and is cancelled
        at the end. Returning means that nothing is left to do; what it raises is logged and it is started again."""
