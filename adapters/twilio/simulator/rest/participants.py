"""Participants: people on a phone (an address and our proxy address) or in a chat (an identity)."""

from __future__ import annotations

from adapters.twilio.simulator.call import Answer, Call
from adapters.twilio.simulator.errors import closed, invalid
from adapters.twilio.simulator.paging import page
from adapters.twilio.simulator.records import Json, Participant, channel_of, iso, new_sid
from adapters.twilio.simulator.threads import Origin

from . import checks


def binding(call: Call, one: Participant) -> Json | None:
    """`messaging_binding`; None for chat participants. Whether WhatsApp's profile name stands in it is an option."""
    if one.address is None and one.projected is None:
        return None
    shown: Json = {"type": channel_of(one.address or one.projected or "")}
    fields = (("address", one.address), ("proxy_address", one.proxy), ("projected_address", one.projected))
    shown |= {name: value for name, value in fields if value}
    person = call.world.phones.at(one.address or "")
    if call.world.options.binding_names and person is not None and shown["type"] == "whatsapp":
        shown["name"] = person.name
    return shown


def show(call: Call, one: Participant) -> Json:
    """The resource."""
    return call.owned() | {
        "sid": one.sid,
        "conversation_sid": one.parent,
        "identity": one.identity,
        "attributes": one.attributes,
        "messaging_binding": binding(call, one),
        "role_sid": one.role_sid,
        "date_created": iso(one.created),
        "date_updated": iso(one.updated),
        "last_read_message_index": one.last_read_index,
        "last_read_timestamp": one.last_read_at,
        "url": call.link("Conversations", one.parent, "Participants", one.sid),
    }


def create(call: Call) -> Answer:
    """POST Participants."""
    thread = call.conversation()
    if thread.state == "closed":
        raise closed()
    values: Json = {}
    checks.attributes(call, values, checks.PARTICIPANT_ATTRIBUTES)
    checks.dates(call, values)
    member = Participant(
        sid=new_sid("MB"),
        parent=thread.sid,
        identity=call.form.text("Identity") or None,
        address=_binding(call, "Address"),
        proxy=_binding(call, "ProxyAddress"),
        projected=_binding(call, "ProjectedAddress"),
        role_sid=call.form.get("RoleSid") or None,
        **values,
    )
    check_binding(call, member)
    call.world.threads.join(thread, member, Origin(notify=call.notify))
    return Answer(201, show(call, member))


def fetch(call: Call) -> Answer:
    """GET Participants/{sid or identity}."""
    return Answer(200, show(call, _member(call)))


def update(call: Call) -> Answer:
    """POST Participants/{…}."""
    thread, member = call.conversation(), _member(call)
    if thread.state == "closed":
        raise closed()
    values: Json = {}
    checks.attributes(call, values, checks.PARTICIPANT_ATTRIBUTES)
    checks.dates(call, values)
    if call.form.get("RoleSid"):
        values["role_sid"] = call.form.get("RoleSid")
    if call.form.get("Identity"):
        values["identity"] = call.form.text("Identity")
    if "LastReadMessageIndex" in call.form:
        values["last_read_index"] = call.form.number("LastReadMessageIndex")
    if "LastReadTimestamp" in call.form:
        values["last_read_at"] = call.form.get("LastReadTimestamp")
    _rebind(call, member, values)
    call.world.threads.change_member(thread, member, values, Origin(notify=call.notify))
    return Answer(200, show(call, member))


def delete(call: Call) -> Answer:
    """DELETE Participants/{…}."""
    call.world.threads.leave(call.conversation(), _member(call), Origin(notify=call.notify))
    return Answer(204)


def listing(call: Call) -> Answer:
    """GET Participants."""
    rows = call.world.state.participants.of(call.conversation().sid)
    return page(call, "participants", rows, lambda one: show(call, one))


def check_binding(call: Call, member: Participant) -> None:
    """Raises where the addresses can't go together (error dictionary: 50407 to 50415)."""
    address, proxy = member.address, member.proxy
    if not address:
        if proxy:
            raise invalid(50411, "Participant address is empty")
        if not member.identity:
            raise invalid(20001, "Missing required parameter Identity or MessagingBinding.Address in the post body")
        return
    if not checks.ADDRESS.fullmatch(address):
        raise invalid(50407, f"Invalid messaging binding address: {address}")
    if member.identity:
        raise invalid(50211, "Identity parameter not acceptable for this Participant")
    if proxy:
        _check_proxy(call, address, proxy)


def _check_proxy(call: Call, address: str, proxy: str) -> None:
    """Our side of a binding: a number of ours on the same channel."""
    if not checks.ADDRESS.fullmatch(proxy):
        raise invalid(50408, f"Invalid participant proxy address: {proxy}")
    if address == proxy:
        raise invalid(50409, "Participant address equals proxy address")
    if channel_of(address) != channel_of(proxy):
        raise invalid(50414, "Participant address type does not match proxy address type")
    numbers = call.world.options.numbers
    if numbers and proxy not in numbers:
        raise invalid(50413, "Account is not authorized to use proxy address")


def _binding(call: Call, name: str) -> str | None:
    """One of the three addresses; given and empty is an error of its own for two of them."""
    value = call.form.text(f"MessagingBinding.{name}")
    if value == "" and name == "Address":
        raise invalid(50411, "Participant address is empty")
    if value == "" and name == "ProxyAddress":
        raise invalid(50412, "Participant proxy address is empty")
    return value or None


def _rebind(call: Call, member: Participant, values: Json) -> None:
    """The text `null` takes an address away; adding one to somebody who has none is refused."""
    for name, field, code in (("ProxyAddress", "proxy", 50441), ("ProjectedAddress", "projected", 50443)):
        value = call.form.get(f"MessagingBinding.{name}")
        if value == "null":
            values[field] = None
        elif value and getattr(member, field) is None:
            raise invalid(code, f"Failed to add a {field} address to a participant.")
        elif value:
            values[field] = value
    changed = Participant(
        sid=member.sid,
        parent=member.parent,
        address=member.address,
        proxy=values.get("proxy", member.proxy),
        identity=values.get("identity", member.identity),
    )
    if changed.proxy != member.proxy and changed.proxy is not None:
        check_binding(call, changed)
    holder = call.world.state.holder(member.address or "", changed.proxy or "")
    if holder is not member:
        call.world.threads.check_free(call.conversation(), member if holder is None else changed)


def _member(call: Call) -> Participant:
    thread = call.conversation()
    found = call.world.state.participants.get(call.names[1])
    if found is not None and found.parent == thread.sid:
        return found
    for one in call.world.state.participants.of(thread.sid):
        if one.identity == call.names[1]:
            return one
    raise call.missing()
