"""What an admin is asked to set up Twilio: the account, and which of its addresses the bridge answers.

Sources: https://www.twilio.com/docs/iam/api/account, https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource,
https://www.twilio.com/docs/whatsapp/api/senders (Channels/Senders), https://www.twilio.com/docs/usage/trials.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from pydantic import ValidationError

from adapters.twilio.client import Client, Json
from adapters.twilio.errors import OUT
from adapters.twilio.settings import Endpoint, Settings
from bridge.channel.inspection import Draft, Talk
from bridge.core.outcomes import BindingGone, SendError

ACCOUNT = (
    "Twilio. The first page of Twilio's console (https://console.twilio.com) shows the Account SID and the auth token."
)
TRIAL = """It is a trial account. It writes only to numbers that you have verified in the console, and the newer kind takes no \
free text at all: agents' answers will fail until you upgrade it."""
CALLED = "Twilio calls it for every message."
LISTED = "The account's addresses that can carry messages:\n{rows}"
NONE_LISTED = "None of the account's addresses could be listed."
FORM = 'That is neither a number of the list nor an address: an address is like +15550100 or whatsapp:+15550100 ("{typed}").'
CHANNELS = {"sms": "SMS", "mms": "MMS"}


async def guided(talk: Talk, api_url: str) -> Draft:
    """The account, where it calls us, and our addresses."""
    talk.say(ACCOUNT)
    given = {"api_url": api_url} if api_url else {}
    settings, known = await _account(talk, given)
    talk.public_url(CALLED)
    async with _opened(settings) as client:
        listed = await _listed(client, settings.account_sid) if known else {}
    return Draft(
        channel="phone",
        settings={
            "account_sid": settings.account_sid,
            "auth_token": settings.auth_token[0].get_secret_value(),
            **given,
        },
        endpoints=[{"address": address} for address in _chosen(talk, listed)],
        secrets=frozenset({"auth_token"}),
    )


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Client]:
    client = Client(settings)
    try:
        yield client
    finally:
        await client.close()


async def _account(talk: Talk, given: Mapping[str, str]) -> tuple[Settings, bool]:
    """The account, and whether it let us in: they may go on where Twilio can't be reached."""
    while True:
        sid = talk.ask("Account SID")
        if not re.fullmatch(r"AC[0-9a-fA-F]{32}", sid):
            talk.say("That is no Account SID: it is AC and 32 digits or letters from a to f. Try again.")
            continue
        token = talk.ask("Auth token", secret=True)
        if not token:
            continue
        settings = Settings.model_validate({"account_sid": sid, "auth_token": token, **given})
        try:
            async with _opened(settings) as client:
                record = await client.get("api", f"/2010-04-01/Accounts/{sid}.json")
        except SendError as error:
            if isinstance(error, BindingGone) or error.code in OUT or error.code == "401":
                talk.say("Twilio refused these two. Copy both anew from the console and try again.")
                continue
            talk.say(f"The account couldn't be tried: {error}.")
            if not talk.confirm("Try again?"):
                return settings, False
        else:
            talk.say(f"That is “{record.get('friendly_name') or sid}”.")
            if record.get("type") == "Trial":
                talk.say(TRIAL)
            return settings, True


async def _listed(client: Client, sid: str) -> dict[str, str]:
    """What it can be written to at, with what is known of each. A list that can't be had is an empty one: they can type."""
    found: dict[str, str] = {}
    path = f"/2010-04-01/Accounts/{sid}/IncomingPhoneNumbers.json"
    for number in await _rows(client, "api", path, "incoming_phone_numbers", {}):
        if words := _carries(number):
            found[str(number.get("phone_number"))] = f"{words}, {number.get('friendly_name') or 'without a name'}"
    for sender in await _rows(client, "messaging", "/v2/Channels/Senders", "senders", {"Channel": "whatsapp"}):
        if str(sender.get("sender_id")).startswith("whatsapp:"):
            found[str(sender["sender_id"])] = "WhatsApp, " + str(sender.get("status") or "").lower().replace("_", " ")
    return found


async def _rows(client: Client, product: str, path: str, key: str, params: Mapping[str, str]) -> list[Json]:
    try:
        return [row async for page in client.pages(product, path, key, params) for row in page]
    except SendError:
        return []


def _carries(number: Json) -> str:
    able = number.get("capabilities")
    return ", ".join(w for c, w in CHANNELS.items() if isinstance(able, dict) and able.get(c) is True)


def _chosen(talk: Talk, listed: Mapping[str, str]) -> list[str]:
    if listed:
        width = max(map(len, listed))
        rows = (f"  {i}  {address:{width}}  {words}" for i, (address, words) in enumerate(listed.items(), 1))
        talk.say(LISTED.format(rows="\n".join(rows)))
    else:
        talk.say(NONE_LISTED)
    while True:
        prompt = "Which of them do your customers write to? Several with commas, others in full"
        typed = talk.ask(prompt if listed else "Which address do they write to?", default="1" if listed else "")
        chosen = meant(typed, list(listed))
        if isinstance(chosen, list):
            return chosen
        talk.say(FORM.format(typed=chosen))


def meant(typed: str, listed: Sequence[str]) -> list[str] | str:
    """The addresses that were meant, each once; or the word that is neither an address nor a place in the list, from 1.

    >>> meant("1, whatsapp:+15550100", ["+15550100"])
    ['+15550100', 'whatsapp:+15550100']
    >>> meant("2", ["+15550100"])
    '2'
    """
    found: dict[str, None] = {}
    for word in [w.strip() for w in typed.split(",") if w.strip()]:
        place = int(word) if word.isdecimal() and len(word) < 3 else 0
        address = listed[place - 1] if 0 < place <= len(listed) else "".join(word.split())
        try:
            Endpoint(address=address)
        except ValidationError:
            return word
        found[address] = None
    return list(found) or typed
