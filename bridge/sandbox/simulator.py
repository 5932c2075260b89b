"""What the sandbox asks of a simulator: a loopback stand-in of one network.

A simulator imports nothing of ours, so this protocol is duck-typed: the sandbox finds a factory by the entry point group
``trunkline.simulators`` and calls it with the arguments of `SimulatorFactory`. The same object serves the tests, which start
it as a process of its own (``python -m adapters.NAME.simulator --port 0 --folder DIR``) and drive it over HTTP:
``GET /_sim/snapshot``, ``POST /_sim/act`` (JSON as for `act`), ``POST /_sim/fault`` ({"id", "on", "value"?}) and
``GET /_sim/wire?after=N``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, Protocol

Json = dict[str, Any]
Observer = Callable[[Json], None]


class Simulator(Protocol):
    """One simulated network.

    `app` is a plain ASGI 3 application that answers the network's own API at the root of `base_url`, and the control routes
    below ``/_sim/``. Everything that a person would see there is a *view*:

    * side ``customers``: ``{"people": [{"id", "name", "network", "style", "address", "messages": [MESSAGE]}], "kinds"?: [str]}``;
      `network` is the word for people ("SMS", "WhatsApp"), `style` the look of the phone (``sms``, ``whatsapp``, ``plain``),
      `kinds` are the networks on which somebody may be added.
    * side ``agents``: ``{"groups": [{"id", "title", "people": [{"id", "name"}], "topics": [{"id", "name", "color", "closed",
      "deleted", "messages": [MESSAGE]}]}]}``.

    MESSAGE is ``{"id": str, "mine": bool, "author": str, "text": str, "media": [{"url", "content_type", "filename", "size"}],
    "at": float (epoch seconds), "status": "" | "sent" | "delivered" | "read" | "failed", "error": str, "reply_to": str | None,
    "edited": bool, "deleted": bool, "segments"?: int}``; `mine` says that a person on this side wrote it (not the bridge); media
    URLs are paths below `base_url` or absolute, and a browser may load them.
    """

    name: str
    side: Literal["customers", "agents"]
    app: Any

    def settings(self) -> Json:
        """The keys of a ``[channels.NAME]`` table that reach this simulator (addresses, tokens, whatever its adapter takes),
        without ``adapter``: values that TOML has a form for; None leaves a key out."""

    def endpoints(self) -> list[Json]:
        """The endpoints that a bridge may name on this network, in its adapter's words: ``{"address": …}``, ``{"chat": …}``, or
        ``{}`` where the channel is its own."""

    async def start(self, public_url: str, channel: str) -> None:
        """Called when the bridge's URL is known: registers the webhooks as an admin would; starts sending what is owed."""

    async def close(self) -> None:
        """Stops all tasks; the state is in the folder already."""

    def snapshot(self) -> Json:
        """The whole view."""

    async def act(self, action: Json) -> Json:
        """What a person does. Customers: ``{"do": "say", "person", "text", "files": [FILE]}``, ``{"do": "add", "name",
        "network"}``, ``{"do": "road", "address", "road"}``, ``{"do": "rename", "person", "name"?, "address"?}``, ``{"do": "read",
        "person"}``, ``{"do": "edit" | "remove", "person", "message", "text"?}``. Agents: ``{"do":
        "say", "group", "topic", "person", "text", "files", "reply_to"?}``, ``{"do": "edit", "group", "topic", "message",
        "text"}``, ``{"do": "close_topic" | "reopen_topic" | "delete_topic", "group", "topic"}``. FILE is ``{"filename",
        "content_type", "data": base64}``. Raises ValueError with words for a person where the action can't be done."""

    def faults(self) -> list[Json]:
        """The switches: ``{"id", "label", "on": bool, "hint"}``; the label is a sentence ("Twilio is down")."""

    async def fault(self, id: str, on: bool, value: Any = None) -> None:
        """Turns one of `faults` on or off."""


class SimulatorFactory(Protocol):
    """What the entry point names."""

    def __call__(self, *, base_url: str, folder: Path | None, observe: Observer) -> Simulator:
        """`folder` None keeps the state in memory. `observe` is called in the event loop with what happened, never blocks and
        never raises:

        * ``{"type": "wire", "call": CALL}`` once when a request begins (`status` None) and once when it ended, same `id`;
        * ``{"type": "person", "person": …without messages}``, ``{"type": "topic", "group", "topic": …without messages}``;
        * ``{"type": "message", "person": id, "message": MESSAGE}`` or with ``"group"`` and ``"topic"``: new or changed.

        CALL is ``{"id": str, "network": name, "direction": "webhook" | "call", "at": float, "ms": float | None, "method", "url",
        "event": "onMessageAdded" | "sendMessage" | "POST Messages" …, "status": int | None, "error": str, "signature": "ok" |
        "refused" | "none", "attempt": int, "ref": the network's own name of the conversation (a ConversationSid, "chat:topic"),
        "text": the message's text where it carries one, "request": {"headers": {}, "body": str}, "response": {"headers": {},
        "body": str}}``. A webhook is a request that the simulator sends, a call one that it answers. Secrets are masked
        (``Authorization``, bot tokens in URLs); bodies are cut at 16 KiB; binary ones stand as ``<N bytes of TYPE>``.
        """
