"""The keys of an IRC channel and of its endpoints."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StrictBool, ValidationInfo, field_validator

NICK = r"^[A-Za-z\[\]\\`_^{|}][A-Za-z0-9\[\]\\`_^{|}-]{0,29}$"
"""RFC 2812, 2.3.1, but for the length, which servers choose: 30 is what most of today's take."""
Room = Annotated[str, Field(pattern=r"^[#&+!][^\s,:\x07]{1,49}$")]


class Settings(BaseModel):
    """``adapter = "irc"``: one server, customers only."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    host: str = Field(min_length=1, description="the server's name, as in irc.example.com")
    port: int = Field(6697, ge=1, le=65535, description="the server's port; 6697 is the usual one for TLS")
    tls: StrictBool = Field(True, description="may be false on loopback alone")
    password: SecretStr | None = Field(None, description="the server's password, where it asks for one")
    rooms: tuple[Room, ...] = Field(
        (),
        description="rooms to sit in: a customer who changes the nick there keeps the conversation. Nothing said is read",
    )
    line_every_s: float = Field(2.0, ge=0, description="seconds between two lines, once a burst of ten is used up")

    @field_validator("tls")
    @classmethod
    def _private(cls, tls: bool, info: ValidationInfo) -> bool:
        if not tls and info.data.get("host") not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError("plain text, which is for loopback alone; right is true")
        return tls


class Endpoint(BaseModel):
    """Our nick: whoever writes to it in private is a customer."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    nick: str = Field(pattern=NICK, description="our nick on this server")
