"""The keys of a webhook channel; its endpoints have none. Secrets by https://github.com/standard-webhooks/standard-webhooks
(symmetric: ``whsec_`` and 24 to 64 bytes in base64)."""

from __future__ import annotations

import binascii
from base64 import b64decode
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StrictBool,
    ValidationInfo,
    field_validator,
)

from adapters.webhook.addresses import is_loopback, is_public, leads_to_loopback, of_url
from bridge.channel.settings import ONE_OR_MANY

PREFIX = "whsec_"


def key_of(secret: SecretStr) -> bytes:
    """The bytes that sign. Raises `ValueError` with words that say what would be right."""
    right = f"right is {PREFIX} and 24 to 64 bytes in base64"
    text = secret.get_secret_value()
    if not text.startswith(PREFIX):
        raise ValueError(f"not a secret of Standard Webhooks; {right}")
    try:
        key = b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"what stands behind {PREFIX} is not base64; {right}") from None
    if not 24 <= len(key) <= 64:
        raise ValueError(f"a secret of {len(key)} bytes; {right}")
    return key


def _signs(secret: SecretStr) -> SecretStr:
    key_of(secret)
    return secret


Secret = Annotated[SecretStr, AfterValidator(_signs)]
Secrets = Annotated[tuple[Secret, ...], ONE_OR_MANY]


class Settings(BaseModel):
    """``adapter = "webhook"``: any system that speaks signed HTTP; customers or agents."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    allow_private: StrictBool = Field(False, description="may `url` lead to a private address")
    url: str = Field(
        description="where we post what happens, as in https://crm.example.com/hooks/chat",
        json_schema_extra={"format": "uri"},
    )
    secret: Secrets = Field(
        min_length=1,
        description="what both sides sign with, whsec_ and 24 to 64 bytes in base64, a list of them while it is rotated. "
        "Every one of the list verifies, the first one signs",
    )

    @field_validator("url")
    @classmethod
    def _public(cls, url: str, info: ValidationInfo) -> str:
        """What a name resolves to is seen when it is called; here an address that stands in the URL itself."""
        allowed = info.data.get("allow_private", True)
        address = None if allowed else of_url(url)
        if address is None or is_public(address):
            return url
        ours = (info.context or {}).get("public_url", url)
        if is_loopback(address) and (ours is None or leads_to_loopback(ours)):
            return url
        raise ValueError("the address is private; right is a public one, or allow_private = true where that is meant")


class Endpoint(BaseModel):
    """The channel itself: it stands in one bridge, on one side."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
