"""The keys of a Twilio channel and of its endpoints.

The forms of SIDs: https://www.twilio.com/docs/glossary/what-is-a-sid (a two-letter prefix and 32 hexadecimal digits).
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StrictInt,
    ValidationInfo,
    field_validator,
)

from bridge.channel.settings import ONE_OR_MANY

_ADDRESS = re.compile(
    r"(?:whatsapp:|rcs:)?\+[1-9][0-9]{1,14}"
    r"|[0-9]{3,6}"  # a short code
    r"|(?:messenger|rcs):[^\s+]\S*"  # a page's id, an RCS agent's id
    r"|\*"
)


def _sid(prefix: str) -> str:
    return f"^{prefix}[0-9a-fA-F]{{32}}$"


def _not_empty(secret: SecretStr) -> SecretStr:
    if not secret.get_secret_value().strip():
        raise ValueError("an empty secret; right is the one that Twilio's console shows")
    return secret


Secret = Annotated[SecretStr, AfterValidator(_not_empty)]
Secrets = Annotated[tuple[Secret, ...], ONE_OR_MANY]


class Settings(BaseModel):
    """``adapter = "twilio"``: one account, customers only."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    account_sid: str = Field(pattern=_sid("AC"), description="the account's SID, AC and 32 hexadecimal digits")
    auth_token: Secrets = Field(
        min_length=1,
        description="the account's auth token, a list of them while it is rotated. Twilio signs webhooks with it: every "
        "one of the list verifies, the first one signs in",
    )
    api_key: str | None = Field(
        None,
        pattern=_sid("SK"),
        description="the SID of an API key, SK and 32 hexadecimal digits. With api_secret it is used for requests in place "
        "of the auth token",
    )
    api_secret: Secret | None = Field(
        None, validate_default=True, description="the secret of the API key; needed with api_key and useless without"
    )
    service_sid: str | None = Field(
        None,
        pattern=_sid("IS"),
        description="the SID of a Conversations service, IS and 32 hexadecimal digits. The account's default one if left out",
    )
    api_url: Annotated[str, AfterValidator(lambda url: url.rstrip("/"))] = Field(
        "https://{product}.twilio.com",
        description="where the REST API answers; {product} stands for api, conversations, mcs.us1 and so on, wherever it is",
        json_schema_extra={"format": "uri-template"},
    )
    max_in_flight: StrictInt = Field(8, ge=1, description="how many requests may be under way at once")

    @field_validator("api_secret")
    @classmethod
    def _both_or_neither(cls, secret: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        """A field's validator, not the model's: it speaks up beside the mistakes in other keys."""
        if "api_key" in info.data and (secret is None) != (info.data["api_key"] is None):
            if secret is None:
                raise ValueError("missing beside api_key; right is to give both, or neither")
            raise ValueError("api_key is missing beside it; right is to give both, or neither")
        return secret


class Endpoint(BaseModel):
    """One address of ours at Twilio."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    address: str = Field(
        description='an address of ours: "+15550100", "whatsapp:+15550100", "messenger:PAGE", "rcs:AGENT", or "*" for every '
        "one that no bridge names",
    )

    @field_validator("address")
    @classmethod
    def _known_form(cls, address: str) -> str:
        if _ADDRESS.fullmatch(address):
            return address
        if not address.strip():
            raise ValueError('an empty address; right is one like "+15550100", or "*" for all that no bridge names')
        raise ValueError(
            'not an address of ours; right is "+" and the digits of the number alone as in "+15550100", or '
            '"whatsapp:+15550100", "messenger:PAGE", "rcs:AGENT", or "*"'
        )
