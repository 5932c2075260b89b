"""What can be chosen about the simulated account, with the defaults of the sandbox."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

# Repeated digits on purpose: no real account looks like this, and no scanner of leaked secrets has to worry.
ACCOUNT_SID = "AC" + "5a" * 16
AUTH_TOKEN = "5eed" * 8
SERVICE_SID = "IS" + "5a" * 16
MESSAGING_SERVICE_SID = "MG" + "5a" * 16
CREATOR_ROLE_SID, PARTICIPANT_ROLE_SID, SERVICE_ROLE_SID = ("RL" + digit * 32 for digit in "123")

OUR_NUMBER = "+15550100"
OUR_PAGE = "messenger:155501000001"


@dataclass
class Options:
    """Knobs of one simulated account; all but `FIXED` may be turned while it runs.

    `receipt_delay` seconds lie between the steps of a receipt. `delivery_events`: does onDeliveryUpdated fire for
    messages made by REST without ``X-Twilio-Webhook-Enabled``; `both_levels`: do the webhooks of account and service
    both fire (Twilio's documentation says neither, so both are switches). `webhook_retries` is 0 as on a fresh service.
    `numbers` limits the proxy addresses that are ours (error 50413); empty means that any is. `max_concurrent` requests
    are served at once, the next one gets 429; 0 means no limit. A temporary media link lives `media_link_seconds`.
    A changed `auth_token` is a rotation: only the new one signs in, and webhooks are signed with it.

    `messaging` are addresses of ours that do without Conversations at first; they need not stand in `addresses`. `sms_url`
    is the Programmable Messaging webhook of those that have none of their own. An address's webhook is asked alone where no
    conversation takes a message; `bound_hook`: is it asked for the others too (Twilio's page contradicts itself, and this
    is the worse case). `binding_names`: does a WhatsApp participant's `messaging_binding` carry the profile name (not
    known). `advanced_opt_out`: do webhooks of a Messaging Service's senders carry OptOutType.

    `account_status` is active, suspended or closed. `trial` is empty, `legacy` or `2026`; `verified` are the recipients
    that a trial account may write to, `assigned` the From that the newer model gave to some of them.
    """

    account_sid: str = ACCOUNT_SID
    auth_token: str = AUTH_TOKEN
    api_keys: list[tuple[str, str]] = field(default_factory=list)
    addresses: list[str] = field(default_factory=lambda: [OUR_NUMBER, f"whatsapp:{OUR_NUMBER}", OUR_PAGE])
    messaging: list[str] = field(default_factory=list)
    default_people: bool = True
    receipt_delay: float = 0.02
    delivery_events: bool = True
    both_levels: bool = True
    webhook_timeout: float = 5.0
    webhook_retries: int = 0
    numbers: list[str] = field(default_factory=list)
    max_concurrent: int = 0
    media_link_seconds: float = 300.0
    sms_url: str = ""
    bound_hook: bool = True
    binding_names: bool = False
    advanced_opt_out: bool = False
    account_status: str = "active"
    trial: str = ""
    verified: list[str] = field(default_factory=list)
    assigned: dict[str, str] = field(default_factory=dict)

    def change(self, values: dict[str, Any]) -> None:
        """Sets the named knobs; raises ValueError for a name that can't be changed or a value of the wrong kind."""
        known = {f.name for f in fields(self)}
        for name, value in values.items():
            if name not in known or name in FIXED:
                raise ValueError(f"there is no option {name!r} to change")
            kind = type(getattr(self, name))
            if kind is float and type(value) is int:
                value = float(value)
            if type(value) is not kind:
                raise ValueError(f"{name} takes a {kind.__name__}")
            setattr(self, name, value)


FIXED = {"account_sid", "api_keys", "addresses", "messaging", "default_people"}
