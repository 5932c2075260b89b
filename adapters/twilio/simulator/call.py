"""One request to the simulated API, as the handlers see it, and what they answer."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from .errors import invalid, not_found
from .records import Conversation, Json

if TYPE_CHECKING:
    from .world import World


class Params:
    """Form or query parameters. A name may come several times: that is how Twilio writes arrays."""

    def __init__(self, text: str) -> None:
        self.pairs = parse_qsl(text, keep_blank_values=True)
        self._values: dict[str, list[str]] = {}
        for name, value in self.pairs:
            self._values.setdefault(name, []).append(value)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def get(self, name: str) -> str | None:
        """The last value, None where the name is absent; an empty value is a value."""
        values = self._values.get(name)
        return values[-1] if values else None

    def all(self, name: str) -> list[str]:
        """Every value that is not empty: one empty value is how an array is emptied."""
        return [value for value in self._values.get(name, []) if value]

    def flag(self, name: str) -> bool | None:
        """A boolean, None where absent."""
        value = self.get(name)
        return None if value is None else value.lower() == "true"

    def number(self, name: str) -> int | None:
        """An integer, None where absent or empty; raises 20001 for anything else."""
        value = self.get(name)
        if not value:
            return None
        try:
            return int(value)
        except ValueError:
            raise invalid(20001, f"Parameter {name} is not a number") from None

    def text(self, name: str, longest: int = 256) -> str | None:
        """A string up to so many characters, None where absent; raises 20001 when longer."""
        value = self.get(name)
        if value is not None and len(value) > longest:
            raise invalid(20001, f"Parameter {name} is longer than {longest} characters")
        return value


@dataclass
class Answer:
    """`body` is sent as JSON; `content` as it stands, for media."""

    status: int
    body: Json | None = None
    content: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Call:
    """`names` are the path's variable segments, in order. `service` is set where the path goes through a service.

    `root` is the absolute URL of the API's version, `path` what follows it.
    """

    world: World
    method: str
    path: str
    names: tuple[str, ...]
    service: str | None
    query: Params
    form: Params
    body: bytes
    headers: dict[str, str]
    root: str

    @property
    def notify(self) -> bool:
        """Did the request ask for webhooks."""
        return self.headers.get("x-twilio-webhook-enabled", "").lower() == "true"

    @property
    def as_owner(self) -> bool:
        """Did the account itself sign in, not one of its API keys."""
        user, _, _ = base64.b64decode(self.headers.get("authorization", "").partition(" ")[2]).partition(b":")
        return user.decode() == self.world.options.account_sid

    @property
    def service_sid(self) -> str:
        """The service that this path speaks of; raises 20404 for one that isn't there."""
        sid = self.service or self.world.state.default_service
        if self.world.state.services.get(sid) is None:
            raise self.missing()
        return sid

    def missing(self) -> Exception:
        """20404 for this path."""
        return not_found(self.path)

    def member(self, position: int) -> str:
        """The sid of the 2010 API's path at this place of `names`, whose last one ends in ``.json``; of our account alone."""
        if self.names[0].removesuffix(".json") != self.world.state.account_sid:
            raise self.missing()
        name = self.names[position]
        if position == len(self.names) - 1 and not name.endswith(".json"):
            raise self.missing()
        return name.removesuffix(".json")

    def conversation(self) -> Conversation:
        """The conversation of the path's first name, by sid or unique name; raises 20404."""
        found = self.world.state.conversation(self.service_sid, self.names[0])
        if found is None:
            raise self.missing()
        return found

    def link(self, *parts: str) -> str:
        """An absolute URL below this call's root: the default one or the service's."""
        prefix = f"{self.root}/Services/{self.service}" if self.service else self.root
        return "/".join((prefix, *parts))

    def owned(self) -> Json:
        """The keys with which every resource says whose it is; paths through a service name it too."""
        owner: Json = {"account_sid": self.world.state.account_sid}
        if self.service:
            owner["chat_service_sid"] = self.service
        return owner
