"""Services, and the configuration of the account and of a service."""

from __future__ import annotations

from adapters.twilio.simulator.call import Answer, Call
from adapters.twilio.simulator.durations import seconds
from adapters.twilio.simulator.errors import invalid
from adapters.twilio.simulator.options import CREATOR_ROLE_SID, PARTICIPANT_ROLE_SID, SERVICE_ROLE_SID
from adapters.twilio.simulator.paging import page
from adapters.twilio.simulator.records import Json, Service, iso, new_sid
from adapters.twilio.simulator.threads import Origin

from . import checks

BELOW = {
    "conversations": "Conversations",
    "users": "Users",
    "roles": "Roles",
    "bindings": "Bindings",
    "configuration": "Configuration",
    "participant_conversations": "ParticipantConversations",
    "conversation_with_participants": "ConversationWithParticipants",
}
ROLES = {
    "default_conversation_creator_role_sid": CREATOR_ROLE_SID,
    "default_conversation_role_sid": PARTICIPANT_ROLE_SID,
    "default_chat_service_role_sid": SERVICE_ROLE_SID,
}
ROLE_PARAMETERS = {
    "DefaultConversationCreatorRoleSid": "default_conversation_creator_role_sid",
    "DefaultConversationRoleSid": "default_conversation_role_sid",
    "DefaultChatServiceRoleSid": "default_chat_service_role_sid",
}


def show(call: Call, one: Service) -> Json:
    """The resource."""
    url = f"{call.root}/Services/{one.sid}"
    return {
        "sid": one.sid,
        "account_sid": call.world.state.account_sid,
        "friendly_name": one.friendly_name,
        "date_created": iso(one.created),
        "date_updated": iso(one.updated),
        "url": url,
        "links": {name: f"{url}/{path}" for name, path in BELOW.items()},
    }


def create(call: Call) -> Answer:
    """POST Services."""
    name = call.form.text("FriendlyName")
    if not name:
        raise invalid(20001, "Missing required parameter FriendlyName in the post body")
    one = Service(sid=new_sid("IS"), parent=call.world.state.account_sid, friendly_name=name)
    call.world.state.save(one)
    return Answer(201, show(call, one))


def listing(call: Call) -> Answer:
    """GET Services."""
    return page(call, "services", call.world.state.services.all(), lambda one: show(call, one))


def fetch(call: Call) -> Answer:
    """GET Services/{IS}."""
    return Answer(200, show(call, _one(call)))


def delete(call: Call) -> Answer:
    """DELETE Services/{IS}: all that is in it goes too."""
    one = _one(call)
    for thread in call.world.state.conversations.of(one.sid):
        call.world.threads.remove(thread, Origin())
    call.world.state.drop(one)
    return Answer(204)


def _one(call: Call) -> Service:
    found = call.world.state.services.get(call.names[0])
    if found is None:
        raise call.missing()
    return found


def account(call: Call) -> Answer:
    """GET and POST Configuration: the defaults of the account."""
    state = call.world.state
    if call.method == "POST":
        state.configure("configuration", _defaults(call))
    values = state.configuration("configuration")
    url, service = call.link("Configuration"), state.default_service
    return Answer(
        200,
        {
            "account_sid": state.account_sid,
            "default_chat_service_sid": service,
            "default_messaging_service_sid": state.default_messaging_service,
            "default_inactive_timer": values.get("default_inactive_timer"),
            "default_closed_timer": values.get("default_closed_timer"),
            "url": url,
            "links": {"service": f"{call.root}/Services/{service}/Configuration", "webhooks": f"{url}/Webhooks"},
        },
    )


def _defaults(call: Call) -> Json:
    values: Json = {}
    service, messaging = call.form.get("DefaultChatServiceSid"), call.form.get("DefaultMessagingServiceSid")
    if service:
        if call.world.state.services.get(service) is None:
            raise invalid(50050, "Service Instance not found")
        values["default_chat_service_sid"] = service
    if messaging:
        if not checks.is_sid(messaging, "MG"):
            raise invalid(50341, "Invalid messaging service SID")
        values["default_messaging_service_sid"] = messaging
    for name, field, code in (
        ("DefaultInactiveTimer", "default_inactive_timer", 50379),
        ("DefaultClosedTimer", "default_closed_timer", 50380),
    ):
        text = call.form.get(name)
        if text is not None:
            if text and seconds(text) is None:
                raise invalid(code, f"{name} format is invalid")
            values[field] = text or None
    return values


def service(call: Call) -> Answer:
    """GET and POST Services/{IS}/Configuration."""
    name = f"configuration/{call.service_sid}"
    if call.method == "POST":
        changed: Json = {
            field: call.form.get(given) for given, field in ROLE_PARAMETERS.items() if call.form.get(given)
        }
        reachability = call.form.flag("ReachabilityEnabled")
        if reachability is not None:
            changed["reachability_enabled"] = reachability
        call.world.state.configure(name, changed)
    url = call.link("Configuration")
    return Answer(
        200,
        {
            "chat_service_sid": call.service_sid,
            "reachability_enabled": False,
            **ROLES,
            **call.world.state.configuration(name),
            "url": url,
            "links": {"notifications": f"{url}/Notifications", "webhooks": f"{url}/Webhooks"},
        },
    )
