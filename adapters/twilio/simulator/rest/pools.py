"""Messaging Services and the numbers in them (docs: messaging/api/service-resource), as far as a bridge looks."""

from __future__ import annotations

from adapters.twilio.simulator.call import Answer, Call
from adapters.twilio.simulator.errors import TwilioError, invalid
from adapters.twilio.simulator.paging import page
from adapters.twilio.simulator.records import Json, Number, Pool, channel_of, iso, new_sid

TEXTS = {
    "FriendlyName": "friendly_name",
    "InboundRequestUrl": "inbound_request_url",
    "InboundMethod": "inbound_method",
    "FallbackUrl": "fallback_url",
    "FallbackMethod": "fallback_method",
    "StatusCallback": "status_callback",
}
FLAGS = {"SmartEncoding": "smart_encoding", "UseInboundWebhookOnNumber": "use_inbound_webhook_on_number"}
BELOW = {
    "phone_numbers": "PhoneNumbers",
    "short_codes": "ShortCodes",
    "alpha_senders": "AlphaSenders",
    "channel_senders": "ChannelSenders",
    "messages": "Messages",
}


def show(call: Call, one: Pool) -> Json:
    """The resource."""
    url = f"{call.root}/Services/{one.sid}"
    return {
        "sid": one.sid,
        "account_sid": one.parent,
        "friendly_name": one.friendly_name,
        "date_created": iso(one.created),
        "date_updated": iso(one.updated),
        "inbound_request_url": one.inbound_request_url,
        "inbound_method": one.inbound_method,
        "fallback_url": one.fallback_url,
        "fallback_method": one.fallback_method,
        "status_callback": one.status_callback,
        "sticky_sender": True,
        "mms_converter": True,
        "smart_encoding": one.smart_encoding,
        "scan_message_content": "inherit",
        "fallback_to_long_code": True,
        "area_code_geomatch": True,
        "synchronous_validation": False,
        "validity_period": 36000,
        "usecase": "undeclared",
        "us_app_to_person_registered": False,
        "use_inbound_webhook_on_number": one.use_inbound_webhook_on_number,
        "url": url,
        "links": {name: f"{url}/{path}" for name, path in BELOW.items()},
    }


def create(call: Call) -> Answer:
    """POST Services."""
    if not call.form.get("FriendlyName"):
        raise invalid(20001, "Missing required parameter FriendlyName in the post body")
    one = Pool(sid=new_sid("MG"), parent=call.world.state.account_sid)
    _change(call, one)
    call.world.state.save(one)
    return Answer(201, show(call, one))


def update(call: Call) -> Answer:
    """POST Services/{MG}."""
    one = _one(call)
    _change(call, one)
    call.world.state.touch(one)
    return Answer(200, show(call, one))


def fetch(call: Call) -> Answer:
    """GET Services/{MG}."""
    return Answer(200, show(call, _one(call)))


def listing(call: Call) -> Answer:
    """GET Services."""
    return page(call, "services", call.world.state.pools.all(), lambda one: show(call, one))


def delete(call: Call) -> Answer:
    """DELETE Services/{MG}; its numbers stay the account's."""
    call.world.state.drop(_one(call))
    return Answer(204)


def _change(call: Call, one: Pool) -> None:
    for name, field in TEXTS.items():
        if name in call.form:
            setattr(one, field, call.form.get(name) or ("POST" if name.endswith("Method") else None))
    for name, field in FLAGS.items():
        if name in call.form:
            setattr(one, field, call.form.flag(name))


def _one(call: Call) -> Pool:
    found = call.world.state.pools.get(call.names[0])
    if found is None:
        raise call.missing()
    return found


# -- numbers and channel senders of a service ---


def show_number(call: Call, one: Pool, number: Number) -> Json:
    """A number in a service."""
    return {
        "sid": number.sid,
        "account_sid": one.parent,
        "service_sid": one.sid,
        "date_created": iso(number.created),
        "date_updated": iso(number.updated),
        "phone_number": number.address,
        "country_code": "US",
        "capabilities": ["SMS", "MMS", "Voice"],
        "url": f"{call.root}/Services/{one.sid}/PhoneNumbers/{number.sid}",
    }


def add_number(call: Call) -> Answer:
    """POST Services/{MG}/PhoneNumbers with the number's own sid; raises 21710 and 21712 for a taken one."""
    one, number = _one(call), call.world.state.numbers.get(call.form.get("PhoneNumberSid") or "")
    if number is None:
        raise TwilioError(404, 20404, "The requested resource was not found: PhoneNumberSid")
    holder = next((pool for pool in call.world.state.pools.all() if number.address in pool.senders), None)
    if holder is one:
        raise TwilioError(409, 21710, "Phone Number or Short Code is already in the Messaging Service.")
    if holder is not None:
        raise TwilioError(409, 21712, "Phone Number or Short Code is associated with another Messaging Service.")
    one.senders.append(number.address)
    call.world.state.touch(one)
    return Answer(201, show_number(call, one, number))


def numbers(call: Call) -> Answer:
    """GET Services/{MG}/PhoneNumbers."""
    one = _one(call)
    found = [call.world.roads.number(address) for address in one.senders if channel_of(address) == "sms"]
    rows = [number for number in found if number is not None]
    return page(call, "phone_numbers", rows, lambda number: show_number(call, one, number))


def number(call: Call) -> Answer:
    """GET Services/{MG}/PhoneNumbers/{PN}."""
    one, found = _member(call)
    return Answer(200, show_number(call, one, found))


def remove_number(call: Call) -> Answer:
    """DELETE Services/{MG}/PhoneNumbers/{PN}."""
    one, found = _member(call)
    one.senders.remove(found.address)
    call.world.state.touch(one)
    return Answer(204)


def _member(call: Call) -> tuple[Pool, Number]:
    one, found = _one(call), call.world.state.numbers.get(call.names[1])
    if found is None or found.address not in one.senders:
        raise call.missing()
    return one, found
