"""The keys of a Telegram channel and of its endpoints. Forms by https://core.telegram.org/bots/api (tokens, setWebhook)."""

from __future__ import annotations

import re
from typing import Annotated, Literal

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

UserId = Annotated[StrictInt, Field(ge=1)]


class Settings(BaseModel):
    """``adapter = "telegram"``: one bot, agents only."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    bot_token: SecretStr = Field(description="the bot's token from @BotFather, digits, a colon and more")
    updates: Literal["webhook", "polling"] = Field(
        "webhook", description="how updates come: Telegram calls public_url, or we ask for them"
    )
    webhook_secret: SecretStr | None = Field(
        None,
        validate_default=True,
        description='what Telegram proves itself with, 1 to 256 of A-Z, a-z, 0-9, _ and -. Needed with updates = "webhook"',
    )
    api_url: Annotated[str, AfterValidator(lambda url: url.rstrip("/"))] = Field(
        "https://api.telegram.org",
        description="where the Bot API answers, under /bot<token>/METHOD and /file/bot<token>/PATH",
        json_schema_extra={"format": "uri"},
    )
    agents: tuple[UserId, ...] = Field(
        (), description="the Telegram user ids of the agents. Empty: everyone who can write in the group"
    )
    pace: Literal["learned", "documented"] = Field(
        "learned",
        description="how fast we send: until Telegram says 429, then as told and slower in that chat; or the documented 20 a "
        "minute in a group",
    )
    topics_per_minute: StrictInt = Field(
        20, ge=0, description="how many topics are made in a minute after the first 10; 0 is no limit"
    )

    @field_validator("bot_token")
    @classmethod
    def _token(cls, token: SecretStr) -> SecretStr:
        if not re.fullmatch(r"[0-9]+:[^\s/?#%]+", token.get_secret_value()):
            raise ValueError(
                "not a bot token; right is what @BotFather gives: the bot's id in digits, a colon, the rest"
            )
        return token

    @field_validator("webhook_secret")
    @classmethod
    def _secret(cls, secret: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        right = "right is 1 to 256 characters of A-Z, a-z, 0-9, _ and -"
        if secret is None:
            if info.data.get("updates") == "webhook":
                raise ValueError(f'missing, and updates = "webhook" needs it; {right}')
        elif not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret.get_secret_value()):
            raise ValueError(f"not a secret that Telegram takes; {right}")
        return secret


class Endpoint(BaseModel):
    """One group with topics."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    chat: StrictInt = Field(description="the id of the group with topics, negative, as in -1001234567890")

    @field_validator("chat")
    @classmethod
    def _group(cls, chat: int) -> int:
        if chat >= 0:
            raise ValueError("not the id of a group; right is a negative number: group ids look like -1001234567890")
        return chat
