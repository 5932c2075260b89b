"""ParticipantConversations and ConversationWithParticipants."""

from __future__ import annotations

import asyncio
import json

from adapters.twilio.simulator.call import Answer, Call
from adapters.twilio.simulator.errors import TwilioError, invalid
from adapters.twilio.simulator.paging import page
from adapters.twilio.simulator.records import Conversation, Json, Participant, iso, new_sid
from adapters.twilio.simulator.threads import Origin

from . import conversations, participants

MOST_AT_ONCE = 10


def of_participant(call: Call) -> Answer:
    """GET ParticipantConversations by exactly one of Identity and Address."""
    identity, address = call.query.get("Identity"), call.query.get("Address")
    if identity and address:
        message = (
            "One user identifier parameter for lookup at a time is allowed. Please, use either Identity or Address."
        )
        raise invalid(50451, message)
    if not identity and not address:
        raise invalid(20001, "Missing required parameter Identity or Address")
    state, service = call.world.state, call.service_sid
    threads = {thread.sid: thread for thread in state.conversations.of(service)}
    rows = [
        one
        for one in state.participants.all()
        if (one.identity == identity if identity else one.address == address) and one.parent in threads
    ]
    return page(call, "conversations", rows, lambda one: _row(call, threads[one.parent], one), largest=50)


def _row(call: Call, thread: Conversation, one: Participant) -> Json:
    """A participant and its conversation, flattened."""
    bound = participants.binding(call, one)
    filled = {"address": None, "proxy_address": None, "projected_address": None, "level": None, "name": None}
    url = call.link("Conversations", thread.sid)
    return {
        "account_sid": call.world.state.account_sid,
        "chat_service_sid": thread.parent,
        "participant_sid": one.sid,
        "participant_user_sid": None,
        "participant_identity": one.identity,
        "participant_messaging_binding": filled | bound if bound is not None else None,
        "conversation_sid": thread.sid,
        "conversation_unique_name": thread.unique_name,
        "conversation_friendly_name": thread.friendly_name,
        "conversation_attributes": thread.attributes,
        "conversation_date_created": iso(thread.created),
        "conversation_date_updated": iso(thread.updated),
        "conversation_created_by": thread.created_by,
        "conversation_state": thread.state,
        "conversation_timers": conversations.timers(thread),
        "links": {"participant": f"{url}/Participants/{one.sid}", "conversation": url},
    }


def create_filled(call: Call) -> Answer:
    """POST ConversationWithParticipants: 202 and `initializing` while participants are added, 201 without any."""
    values = conversations.values_of(call)
    if values.get("state") == "closed":
        raise invalid(50384, "Initial state can't be 'closed'")
    asked = call.form.all("Participant")
    if len(asked) > MOST_AT_ONCE:
        raise invalid(50417, "Participants limit exceeded")
    members = [_member(call, text) for text in asked]
    final = values.pop("state", None) or "active"
    origin = Origin(notify=call.notify)
    thread = call.world.threads.create(call.service_sid, values | {"state": "initializing" if asked else final}, origin)
    for member in members:
        member.parent = thread.sid
        _join(call, thread, member, origin)
    if asked:
        asyncio.get_running_loop().call_soon(_ready, call, thread, final, origin)
    return Answer(202 if asked else 201, conversations.show(call, thread, export=False))


def _join(call: Call, thread: Conversation, member: Participant, origin: Origin) -> None:
    """All or nothing: two equal participants in one request leave no conversation behind."""
    try:
        call.world.threads.join(thread, member, origin)
    except TwilioError:
        call.world.threads.remove(thread, origin)
        raise


def _ready(call: Call, thread: Conversation, final: str, origin: Origin) -> None:
    """The filling is over."""
    call.world.threads.turn(thread, final, origin)
    call.world.state.commit()


def _member(call: Call, text: str) -> Participant:
    """One Participant parameter: a JSON text."""
    try:
        asked = json.loads(text)
        bound = asked.get("messaging_binding") or {}
        member = Participant(
            sid=new_sid("MB"),
            parent="",
            identity=asked.get("identity"),
            address=bound.get("address"),
            proxy=bound.get("proxy_address"),
            projected=bound.get("projected_address"),
        )
    except (ValueError, AttributeError):
        raise invalid(20001, "Invalid parameter Participant: not a JSON object") from None
    participants.check_binding(call, member)
    call.world.threads.check_pair(member)
    return member
