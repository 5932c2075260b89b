"""Address configurations: which of our addresses make conversations by themselves."""

from __future__ import annotations

from adapters.twilio.simulator.call import Answer, Call
from adapters.twilio.simulator.errors import TwilioError, invalid
from adapters.twilio.simulator.events import POST_EVENTS
from adapters.twilio.simulator.paging import page
from adapters.twilio.simulator.records import AddressConfiguration, Json, iso, new_sid

TYPES = ("sms", "whatsapp", "messenger", "gbm", "email", "rcs", "apple", "chat")
TEXTS = {
    "Type": "type",
    "ConversationServiceSid": "conversation_service_sid",
    "WebhookUrl": "webhook_url",
    "WebhookMethod": "webhook_method",
    "StudioFlowSid": "studio_flow_sid",
}
FILTERS = [name for name in POST_EVENTS if name != "onConversationAdded"]


def show(call: Call, one: AddressConfiguration) -> Json:
    """The resource."""
    return {
        "sid": one.sid,
        "account_sid": call.world.state.account_sid,
        "type": one.type,
        "address": one.address,
        "friendly_name": one.friendly_name,
        "address_country": one.address_country,
        "auto_creation": one.auto_creation,
        "date_created": iso(one.created),
        "date_updated": iso(one.updated),
        "url": call.link("Configuration", "Addresses", one.sid),
    }


def create(call: Call) -> Answer:
    """POST Configuration/Addresses."""
    kind, address = (call.form.get("Type") or "").lower(), call.form.text("Address")
    if kind not in TYPES:
        raise invalid(20001, "Invalid or missing parameter Type")
    if not address:
        raise invalid(20001, "Missing required parameter Address in the post body")
    if any(one.address == address for one in call.world.state.addresses.all()):
        raise TwilioError(409, 20409, f"An address configuration for {address} already exists")
    one = AddressConfiguration(
        sid=new_sid("IG"),
        parent=call.world.state.account_sid,
        type=kind,
        address=address,
        friendly_name=call.form.text("FriendlyName"),
        address_country=call.form.get("AddressCountry"),
        auto_creation=_auto_creation(call, {"enabled": False}),
    )
    call.world.state.save(one)
    return Answer(201, show(call, one))


def fetch(call: Call) -> Answer:
    """GET Configuration/Addresses/{sid or address}."""
    return Answer(200, show(call, _one(call)))


def update(call: Call) -> Answer:
    """POST Configuration/Addresses/{…}; type and address stay."""
    one = _one(call)
    if "FriendlyName" in call.form:
        one.friendly_name = call.form.text("FriendlyName")
    one.auto_creation = _auto_creation(call, one.auto_creation)
    call.world.state.touch(one)
    return Answer(200, show(call, one))


def delete(call: Call) -> Answer:
    """DELETE Configuration/Addresses/{…}."""
    call.world.state.drop(_one(call))
    return Answer(204)


def listing(call: Call) -> Answer:
    """GET Configuration/Addresses, filtered by type."""
    kind = (call.query.get("Type") or "").lower()
    rows = [one for one in call.world.state.addresses.all() if not kind or one.type == kind]
    return page(call, "address_configurations", rows, lambda one: show(call, one), largest=50)


def _one(call: Call) -> AddressConfiguration:
    for one in call.world.state.addresses.all():
        if call.names[0] in (one.sid, one.address):
            return one
    raise call.missing()


def _auto_creation(call: Call, before: Json) -> Json:
    """The named values changed, the rest kept."""
    form, after = call.form, dict(before)
    enabled, retries = form.flag("AutoCreation.Enabled"), form.number("AutoCreation.StudioRetryCount")
    given: Json = {field: form.get(f"AutoCreation.{name}") or None for name, field in TEXTS.items()}
    given |= {"enabled": enabled, "studio_retry_count": retries}
    after |= {field: value for field, value in given.items() if value is not None}
    if "webhook_method" in after:
        after["webhook_method"] = str(after["webhook_method"]).upper()
    if "AutoCreation.WebhookFilters" in form:
        after["webhook_filters"] = _filters(form.all("AutoCreation.WebhookFilters"))
    _check(call, after)
    return after


def _check(call: Call, auto: Json) -> None:
    """Raises where the values do not make an autocreation."""
    if auto.get("type", "default") not in ("webhook", "studio", "default"):
        raise invalid(20001, "Invalid parameter AutoCreation.Type")
    service = auto.get("conversation_service_sid")
    if service and call.world.state.services.get(service) is None:
        raise invalid(50050, "Service Instance not found")
    if auto.get("enabled") and auto.get("type") == "webhook" and not auto.get("webhook_url"):
        raise invalid(50369, "Conversation webhook URL not provided")


def _filters(names: list[str]) -> list[str]:
    """The webhook is attached to the new conversation, so that it can't hear of its making."""
    for name in names:
        if name not in FILTERS:
            raise invalid(50365, f"Invalid conversation webhook filter: {name}")
    return names
