"""The contract of a channel plugin: two small protocols, and abilities that a channel has or hasn't.

An *adapter* is the kind, known before any config and cheap to import. A *channel* is one configured instance. Nobody must
inherit; `@runtime_checkable` abilities are asked once, when the channel is opened.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, runtime_checkable

from pydantic import BaseModel

from bridge.channel.http import Request
from bridge.channel.inbound import Received
from bridge.channel.outbound import Binding, Edit, Lookup, Opened, Opening, Outbound, Sent
from bridge.channel.port import Port
from bridge.channel.problems import Problem
from bridge.core.capabilities import Capabilities
from bridge.core.content import Attachment, Side
from bridge.core.events import BindingSeen, Event
from bridge.core.ids import BindingKey, EndpointKey
from bridge.core.log import ConversationView, Happening, LogLeg


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
class KnowsAddresses(Protocol):
    """A customers' network on which an agent may write first."""

    def addressed(self, endpoint: EndpointKey, address: str) -> BindingSeen | None:
        """Whom `address` names, written to from our address `endpoint`, as the network would tell of them; None where it can't be
        one. Pure."""


@runtime_checkable
class FollowsLog(Protocol):
    """The form of its legs is LOG."""

    def heard(self, leg: LogLeg, conversation: ConversationView, happening: Happening) -> None:
        """Something happened in a conversation of `leg` and is committed. Called in the order of commits; quick, never raises."""


class Socket(Protocol):
    """One websocket that a client opened at ``/ws/{channel}``; `origin` is empty for a program."""

    origin: str
    peer: str

    async def accept(self, subprotocol: str) -> None:
        """Completes the handshake."""

    async def receive(self) -> str | bytes | None:
        """The next message, None once the client is gone."""

    async def send(self, text: str) -> None:
        """Waits while the client's buffers are full. What is sent to one who is gone is lost."""

    async def close(self, code: int, reason: str = "") -> None:
        """Ends it; what comes after is ignored."""


@runtime_checkable
class ServesSockets(Protocol):
    subprotocol: str

    def welcomes(self, origin: str) -> bool:
        """May a page of this origin connect? Asked before the handshake; empty where there is none."""

    async def serve(self, socket: Socket) -> None:
        """One client from handshake to end; cancelled when the process drains, after its socket was closed."""


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
    async def find(self, lookup: Lookup) -> Sent | None:
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
