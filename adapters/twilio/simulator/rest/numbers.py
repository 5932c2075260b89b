"""The account and its numbers in the 2010 API (docs: iam/api/account, phone-numbers/api/incomingphonenumber-resource)."""

from __future__ import annotations

from urllib.parse import urlsplit

from adapters.twilio.simulator.call import Answer, Call
from adapters.twilio.simulator.errors import invalid, unauthorized
from adapters.twilio.simulator.records import Json, Number, rfc2822
from adapters.twilio.simulator.text_events import API_VERSION

from . import classic

BELOW = {"messages": "Messages", "incoming_phone_numbers": "IncomingPhoneNumbers"}
URLS = {
    "SmsUrl": ("sms_url", 21502),
    "SmsFallbackUrl": ("sms_fallback_url", 21502),
    "StatusCallback": ("status_callback", 21609),
    "VoiceUrl": ("voice_url", 21510),
}
METHODS = {
    "SmsMethod": ("sms_method", 21403),
    "SmsFallbackMethod": ("sms_fallback_method", 21403),
    "StatusCallbackMethod": ("status_callback_method", 21403),
    "VoiceMethod": ("voice_method", 21403),
}
TEXTS = {"FriendlyName": "friendly_name", "SmsApplicationSid": "sms_application_sid"}


def account(call: Call) -> Answer:
    """GET Accounts/{AC}.json, with which credentials are tried. An API key does not open it."""
    sid = call.member(0)
    if not call.as_owner:
        raise unauthorized("Authenticate")
    options, uri = call.world.options, f"/{API_VERSION}/Accounts/{sid}"
    founded = rfc2822(call.world.state.services.all()[0].created)
    return Answer(
        200,
        {
            "sid": sid,
            "friendly_name": "Simulated account",
            "auth_token": options.auth_token,
            "date_created": founded,
            "date_updated": founded,
            "status": options.account_status,
            "type": "Trial" if call.world.trial.mode else "Full",
            "owner_account_sid": sid,
            "subresource_uris": {name: f"{uri}/{path}.json" for name, path in BELOW.items()},
            "uri": f"{uri}.json",
        },
    )


def show(call: Call, one: Number) -> Json:
    """The resource. What has no meaning here is empty as on a fresh number."""
    account = call.world.state.account_sid
    return {
        "sid": one.sid,
        "account_sid": account,
        "phone_number": one.address,
        "friendly_name": one.friendly_name,
        "capabilities": {"voice": True, "sms": True, "mms": True, "fax": False},
        "sms_url": one.sms_url,
        "sms_method": one.sms_method,
        "sms_fallback_url": one.sms_fallback_url,
        "sms_fallback_method": one.sms_fallback_method,
        "sms_application_sid": one.sms_application_sid or None,
        "status_callback": one.status_callback,
        "status_callback_method": one.status_callback_method,
        "voice_url": one.voice_url,
        "voice_method": one.voice_method,
        "voice_fallback_url": None,
        "voice_fallback_method": "POST",
        "voice_application_sid": None,
        "voice_caller_id_lookup": False,
        "voice_receive_mode": "voice",
        "date_created": rfc2822(one.created),
        "date_updated": rfc2822(one.updated),
        "api_version": API_VERSION,
        "beta": False,
        "origin": "twilio",
        "status": "in-use",
        "type": "local",
        "address_requirements": "none",
        **dict.fromkeys(UNSET),
        "emergency_status": "Inactive",
        "emergency_address_status": "unregistered",
        "uri": f"/{API_VERSION}/Accounts/{account}/IncomingPhoneNumbers/{one.sid}.json",
    }


UNSET = ("address_sid", "identity_sid", "trunk_sid", "emergency_address_sid", "bundle_sid")


def listing(call: Call) -> Answer:
    """GET IncomingPhoneNumbers.json, by PhoneNumber (a part of one, `*` for any digit) and FriendlyName."""
    if call.names[0] != call.world.state.account_sid:
        raise call.missing()
    wanted, named = call.query.get("PhoneNumber") or "", call.query.get("FriendlyName")
    rows = [
        one
        for one in reversed(call.world.state.numbers.all())
        if one.address.startswith("+") and _fits(one.address, wanted) and (not named or one.friendly_name == named)
    ]
    return classic.page(call, "incoming_phone_numbers", rows, lambda one: show(call, one))


def _fits(number: str, pattern: str) -> bool:
    """Whether the digits stand anywhere in the number."""
    wanted = pattern.removeprefix("+")
    return any(
        all(asked in ("*", digit) for asked, digit in zip(wanted, number[start:], strict=False))
        for start in range(len(number) - len(wanted) + 1)
    )


def fetch(call: Call) -> Answer:
    """GET IncomingPhoneNumbers/{PN}.json."""
    return Answer(200, show(call, _one(call)))


def update(call: Call) -> Answer:
    """POST IncomingPhoneNumbers/{PN}.json."""
    one = _one(call)
    for name, (field, code) in URLS.items():
        url = call.form.get(name)
        if url and urlsplit(url).scheme not in ("http", "https"):
            raise invalid(code, f"{name} is not a valid URL: {url}")
        if url is not None:
            setattr(one, field, url)
    for name, (field, code) in METHODS.items():
        method = call.form.get(name)
        if method and method.upper() not in ("GET", "POST"):
            raise invalid(code, f"{name} is neither GET nor POST")
        if method:
            setattr(one, field, method.upper())
    for name, field in TEXTS.items():
        if name in call.form:
            setattr(one, field, call.form.text(name) or "")
    call.world.state.touch(one)
    return Answer(200, show(call, one))


def _one(call: Call) -> Number:
    found = call.world.state.numbers.get(call.member(1))
    if found is None or not found.address.startswith("+"):
        raise call.missing()
    return found
