"""The keys of a websocket channel and of its endpoints."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from bridge.channel.settings import ONE_OR_MANY

SHORTEST = 32
"""Bytes: an HS256 key shorter than its hash weakens it (RFC 7518, 3.2)."""

_DEFAULT_PORTS = {"https": 443, "http": 80}


def _long(secret: SecretStr) -> SecretStr:
    size = len(secret.get_secret_value().encode())
    if size < SHORTEST:
        raise ValueError(f"a secret of {size} bytes; right are {SHORTEST} or more, at random (openssl rand -hex 32)")
    return secret


def _origin(value: str) -> str:
    """As browsers send it: lower case, no path, and the port only where it isn't the scheme's own."""
    right = 'right is scheme and host alone, as in "https://shop.example.com"'
    try:
        parts = urlsplit(value)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(f"not an origin; {right}") from None
    alone = parts.path in ("", "/") and "@" not in parts.netloc and not {"?", "#", "*"} & set(value)
    if parts.scheme not in _DEFAULT_PORTS or not host or not alone or any(c.isspace() for c in value):
        raise ValueError(f"not an origin; {right}")
    if parts.scheme == "http" and not _is_loopback(host):
        raise ValueError(f"plain http, which is for loopback alone; {right}")
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port not in (None, _DEFAULT_PORTS[parts.scheme]) else "")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


Secret = Annotated[SecretStr, AfterValidator(_long)]
Secrets = Annotated[tuple[Secret, ...], ONE_OR_MANY]
Origin = Annotated[str, AfterValidator(_origin)]


class Settings(BaseModel):
    """``adapter = "websocket"``: a web chat, an agent console, any program; customers or agents."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    secret: Secrets = Field(
        min_length=1,
        description="what tokens are signed with, 32 bytes or more, a list of them while it is rotated. Every one of the "
        "list verifies, the first one signs",
    )
    origins: tuple[Origin, ...] = Field(
        (),
        description="the web pages that may connect, as in https://shop.example.com. A browser from elsewhere is refused; a "
        "program that sends no Origin may connect, its token decides",
    )


class Endpoint(BaseModel):
    """One room: customers meet in it, or agents."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    room: str = Field(min_length=1, description="the room that tokens name")
