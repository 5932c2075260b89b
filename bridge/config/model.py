"""What a config is made of: the tables that are the core's own, and `Config`, what the rest of the program is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    StrictInt,
    ValidationInfo,
    field_validator,
    model_validator,
)

from bridge.channel.adapter import Adapter
from bridge.config.duration import FORM, seconds
from bridge.core.content import Side
from bridge.core.ids import BridgeName, ChannelName, EndpointKey

NAME = r"^[A-Za-z0-9_-]{1,64}$"
"""Channels and bridges: their names stand in URLs."""

_OURS = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _network(value: Any) -> IPv4Network | IPv6Network:
    try:
        return ip_network(value if isinstance(value, str) else "")
    except ValueError as error:
        wrong = "a network with host bits set" if "host bits" in str(error) else "not an address or network"
        raise ValueError(f'{wrong}; right is one like "127.0.0.1" or "10.0.0.0/8"') from None


def _seconds(value: Any) -> float:
    length = seconds(value if isinstance(value, str) else "")
    if not length:
        raise ValueError('no time at all; right is more, as in "24h"')
    return length


Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network, json_schema_input_type=str)]
Duration = Annotated[float, BeforeValidator(_seconds, json_schema_input_type=Annotated[str, Field(pattern=FORM)])]
Text = Annotated[str, Field(min_length=1)]


class Server(BaseModel):
    """``[server]``: where we listen, and how the networks reach us."""

    model_config = _OURS

    host: Text = Field("127.0.0.1", description="the address to listen on")
    port: StrictInt = Field(8080, ge=0, le=65535, description="the port to listen on; 0 takes any free one")
    public_url: Annotated[str, AfterValidator(lambda url: url.rstrip("/"))] | None = Field(
        None,
        description="the URL under which Twilio and Telegram reach this server, as in https://bridge.example.com; "
        "signatures are checked against it",
        json_schema_extra={"format": "uri"},
    )
    trusted_proxies: tuple[Network, ...] = Field(
        (), description="addresses and networks of the proxies whose X-Forwarded-* headers are believed"
    )


class Store(BaseModel):
    """``[store]``: where everything is kept. `url` has an absolute path once it was read from a file."""

    model_config = _OURS

    url: str = Field(
        "sqlite:///trunkline.db",
        validate_default=True,
        repr=False,  # a password may stand in it
        description="sqlite:///PATH, counted from the config file, or postgresql://USER:PASSWORD@HOST/DATABASE",
    )
    _folder: Path = PrivateAttr(Path())

    @field_validator("url")
    @classmethod
    def _known(cls, url: str, info: ValidationInfo) -> str:
        if url.startswith("sqlite:"):
            return _sqlite(url, (info.context or {}).get("folder"))
        return _postgresql(url)

    @property
    def file(self) -> Path | None:
        """The SQLite database; None on PostgreSQL."""
        return Path(self.url.removeprefix("sqlite:///")) if self.url.startswith("sqlite:") else None

    @property
    def media(self) -> Path:
        """The folder of files that are kept: beside the SQLite database, or beside the config file."""
        return self.file.with_name(f"{self.file.name}.media") if self.file else self._folder / "trunkline.media"

    @model_validator(mode="after")
    def _beside(self, info: ValidationInfo) -> Self:
        self._folder = Path((info.context or {}).get("folder") or ".").absolute()
        return self


class BridgeTable(BaseModel):
    """``[bridges.NAME]`` as it is written; what stands in its endpoints is their adapters' business."""

    model_config = _OURS

    title: Text | None = Field(None, description="its name for agents; the bridge's name by default")
    agent_name: Text | None = Field(None, description="whom customers see as the author; the title by default")
    give_up_after: Duration = Field(
        "24h",
        validate_default=True,
        description="how long a delivery is retried before its author is told that it failed, as in 24h",
    )
    customers: tuple[dict[str, Any], ...] = Field(
        min_length=1, description='the customers\' endpoints, as in { channel = "phone", address = "+15550100" }'
    )
    agents: tuple[dict[str, Any], ...] = Field(
        min_length=1, description='the agents\' endpoints, as in { channel = "telegram", chat = -1001234567890 }'
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelConfig:
    """`settings` is an instance of ``adapter.Settings``."""

    name: ChannelName
    adapter: Adapter
    adapter_name: str
    settings: BaseModel


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointConfig:
    """`settings` is an instance of the ``Endpoint`` of the channel's adapter; `key` is unique within its channel."""

    channel: ChannelName
    side: Side
    key: EndpointKey
    settings: BaseModel


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeConfig:
    """`endpoints` has the customers' first."""

    name: BridgeName
    title: str
    agent_name: str
    give_up_after_s: float
    endpoints: tuple[EndpointConfig, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything checked: whoever has one need not doubt it."""

    server: Server
    store: Store
    channels: Mapping[ChannelName, ChannelConfig]
    bridges: Mapping[BridgeName, BridgeConfig]


def _sqlite(url: str, folder: Path | None) -> str:
    path = url.removeprefix("sqlite:///")
    if path in (url, "", ":memory:", "/") or path.endswith("/") or "?" in path or "#" in path:
        raise ValueError("not a database file; right is sqlite:///trunkline.db, or sqlite:////var/lib/trunkline.db")
    return f"sqlite:///{folder.absolute() / path}" if folder else url


def _postgresql(url: str) -> str:
    right = "sqlite:///trunkline.db or postgresql://user:password@host/database"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(f"not a URL; right is {right}") from None
    if parts.scheme != "postgresql":
        raise ValueError(f"not a store that there is; right is {right}")
    if port == 0 or not parts.path.strip("/") or parts.fragment:
        raise ValueError(f"no database is named, or the port is none; right is {right}")
    return url
