"""Conversations: states, timers, unique names (docs: conversation-resource, states-timers)."""

from __future__ import annotations

from adapters.twilio.simulator.call import Answer, Call
from adapters.twilio.simulator.durations import seconds
from adapters.twilio.simulator.errors import TwilioError, closed, invalid
from adapters.twilio.simulator.paging import page
from adapters.twilio.simulator.records import Conversation, Json, iso
from adapters.twilio.simulator.threads import Origin

from . import checks

# name of the parameter, field, least seconds, code when shorter, code when unreadable
TIMERS = (
    (
        "Timers.Inactive",
        "inactive_after",
        60,
        (50375, "TimeToInactive should be greater or equal to 1 minute"),
        (50379, "TimeToInactive format is invalid"),
    ),
    (
        "Timers.Closed",
        "closed_after",
        600,
        (50376, "TimeToClosed should be greater or equal to 10 minutes"),
        (50380, "TimeToClosed format is invalid"),
    ),
)


def show(call: Call, one: Conversation, *, export: bool = True) -> Json:
    """The resource."""
    url = call.link("Conversations", one.sid)
    links = {"participants": f"{url}/Participants", "messages": f"{url}/Messages", "webhooks": f"{url}/Webhooks"}
    if export:
        links["export"] = f"{url}/Export"
    return {
        "sid": one.sid,
        "account_sid": call.world.state.account_sid,
        "chat_service_sid": one.parent,
        "messaging_service_sid": one.messaging_service_sid,
        "friendly_name": one.friendly_name,
        "unique_name": one.unique_name,
        "attributes": one.attributes,
        "date_created": iso(one.created),
        "date_updated": iso(one.updated),
        "state": one.state,
        "timers": timers(one),
        "bindings": one.bindings,
        "url": url,
        "links": links,
    }


def timers(one: Conversation) -> Json:
    """The dates when the timers end; durations go in, dates come out."""
    ends = (("date_inactive", one.inactive_at), ("date_closed", one.closed_at))
    return {name: iso(at) for name, at in ends if at is not None}


def create(call: Call) -> Answer:
    """POST Conversations."""
    values = values_of(call)
    state = values.get("state")
    if state == "closed":
        raise invalid(50384, "Initial state can't be 'closed'")
    if state is None and ("inactive_after" in values or "closed_after" in values):
        raise invalid(50382, "Timer can't be set without state")
    thread = call.world.threads.create(call.service_sid, values, Origin(notify=call.notify))
    return Answer(201, show(call, thread))


def fetch(call: Call) -> Answer:
    """GET Conversations/{sid or unique name}."""
    return Answer(200, show(call, call.conversation()))


def update(call: Call) -> Answer:
    """POST Conversations/{…}; a closed one takes nothing any more."""
    thread = call.conversation()
    if thread.state == "closed":
        raise closed()
    values = values_of(call, thread)
    call.world.threads.update(thread, values, Origin(notify=call.notify))
    return Answer(200, show(call, thread))


def delete(call: Call) -> Answer:
    """DELETE Conversations/{…}."""
    call.world.threads.remove(call.conversation(), Origin(notify=call.notify))
    return Answer(204)


def listing(call: Call) -> Answer:
    """GET Conversations, filtered by state and by the date of creation."""
    rows = call.world.state.conversations.of(call.service_sid)
    state = call.query.get("State")
    since, until = (checks.moment(call.query.get(name) or "") for name in ("StartDate", "EndDate"))
    rows = [
        one
        for one in rows
        if (not state or one.state == state)
        and (since is None or one.created >= since)
        and (until is None or one.created <= until)
    ]
    return page(call, "conversations", rows, lambda one: show(call, one))


def values_of(call: Call, thread: Conversation | None = None) -> Json:
    """The fields that a create or update sets, checked."""
    values: Json = {}
    if "FriendlyName" in call.form:
        values["friendly_name"] = call.form.text("FriendlyName") or None
    if "UniqueName" in call.form:
        values["unique_name"] = _unique_name(call, thread)
    service = call.form.get("MessagingServiceSid")
    if service:
        if not checks.is_sid(service, "MG"):
            raise invalid(50341, "Invalid messaging service SID")
        values["messaging_service_sid"] = service
    checks.attributes(call, values, checks.CONVERSATION_ATTRIBUTES)
    checks.dates(call, values)
    _state(call, values)
    _timers(call, values)
    _email(call, values)
    return values


def _unique_name(call: Call, thread: Conversation | None) -> str | None:
    name = call.form.text("UniqueName") or None
    if name is not None and checks.is_sid(name, "CH"):
        raise invalid(50390, "Unique name should not match conversation sid pattern")
    holder = call.world.state.conversation(call.service_sid, name) if name else None
    if holder is not None and holder is not thread:
        raise TwilioError(409, 50353, "Conversation with provided unique name already exists")
    return name


def _state(call: Call, values: Json) -> None:
    state = call.form.get("State")
    if state is None:
        return
    if not state:
        raise invalid(50374, "'State' field can't be empty")
    if state not in ("active", "inactive", "closed"):
        raise invalid(50378, "'State' parameter value is invalid")
    values["state"] = state


def _timers(call: Call, values: Json) -> None:
    for name, field, least, short, unreadable in TIMERS:
        text = call.form.get(name)
        if text is None:
            continue
        length = seconds(text) if text else 0.0
        if length is None:
            raise invalid(*unreadable)
        if text and length < least:
            raise invalid(*short)
        values[field] = length or None


def _email(call: Call, values: Json) -> None:
    address, name = call.form.get("Bindings.Email.Address"), call.form.get("Bindings.Email.Name")
    if address or name:
        values["bindings"] = {"email": {"address": address, "name": name}}
