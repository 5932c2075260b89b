"""Messages and their receipts (docs: conversation-message-resource, delivery-receipt-resource)."""

from __future__ import annotations

from adapters.twilio.simulator.call import Answer, Call
from adapters.twilio.simulator.carrier import summary
from adapters.twilio.simulator.errors import TwilioError, closed, invalid
from adapters.twilio.simulator.inbound import attached
from adapters.twilio.simulator.paging import page
from adapters.twilio.simulator.records import Conversation, Json, Media, Message, Receipt, iso, new_sid
from adapters.twilio.simulator.threads import Origin

from . import checks

LONGEST_SENT = 1600
LONGEST_CHAT = 32 * 1024


def show(call: Call, one: Message) -> Json:
    """The resource."""
    url = call.link("Conversations", one.parent, "Messages", one.sid)
    return call.owned() | {
        "sid": one.sid,
        "conversation_sid": one.parent,
        "index": one.index,
        "author": one.author,
        "participant_sid": one.participant_sid,
        "body": one.body,
        "media": one.media or None,
        "attributes": one.attributes,
        "content_sid": None,
        "date_created": iso(one.created),
        "date_updated": iso(one.updated),
        "delivery": summary(call.world.state.receipts.of(one.sid)),
        "url": url,
        "links": {"delivery_receipts": f"{url}/Receipts", "channel_metadata": f"{url}/ChannelMetadata"},
    }


def create(call: Call) -> Answer:
    """POST Messages."""
    thread = call.conversation()
    if thread.state == "closed":
        raise closed()
    values: Json = {}
    checks.attributes(call, values, checks.MESSAGE_ATTRIBUTES)
    checks.dates(call, values)
    _content(call)
    body = _body(call, thread)
    author = call.form.text("Author") or "system"
    message = Message(sid=new_sid("IM"), parent=thread.sid, author=author, body=body or None, **values)
    media = _media(call, thread)
    if media is not None:
        media.message_sid, media.conversation_sid, media.author = message.sid, thread.sid, author
        call.world.state.touch(media)
        message.media = [attached(media)]
    call.world.threads.say(thread, message, Origin(notify=call.notify))
    return Answer(201, show(call, message))


def fetch(call: Call) -> Answer:
    """GET Messages/{sid}."""
    return Answer(200, show(call, _message(call)))


def update(call: Call) -> Answer:
    """POST Messages/{sid}: neither media nor content can change."""
    thread, message = call.conversation(), _message(call)
    if thread.state == "closed":
        raise closed()
    values: Json = {}
    checks.attributes(call, values, checks.MESSAGE_ATTRIBUTES)
    checks.dates(call, values)
    if "Body" in call.form:
        values["body"] = _body(call, thread) or None
    if "Author" in call.form:
        values["author"] = call.form.text("Author") or "system"
    call.world.threads.edit(thread, message, values, Origin(notify=call.notify))
    return Answer(200, show(call, message))


def delete(call: Call) -> Answer:
    """DELETE Messages/{sid}."""
    call.world.threads.unsay(call.conversation(), _message(call), Origin(notify=call.notify))
    return Answer(204)


def listing(call: Call) -> Answer:
    """GET Messages, oldest first unless Order=desc."""
    rows = call.world.state.messages.of(call.conversation().sid)
    descending = (call.query.get("Order") or "asc").lower() == "desc"
    return page(call, "messages", rows, lambda one: show(call, one), descending=descending)


def show_receipt(call: Call, one: Receipt) -> Json:
    """A delivery receipt; `status` is null while the message is still inside Twilio."""
    url = call.link("Conversations", one.conversation_sid, "Messages", one.parent, "Receipts", one.sid)
    return call.owned() | {
        "sid": one.sid,
        "conversation_sid": one.conversation_sid,
        "message_sid": one.parent,
        "channel_message_sid": one.channel_message_sid,
        "participant_sid": one.participant_sid,
        "status": one.status,
        "error_code": one.error_code,
        "date_created": iso(one.created),
        "date_updated": iso(one.updated),
        "url": url,
    }


def receipts(call: Call) -> Answer:
    """GET Messages/{sid}/Receipts."""
    rows = call.world.state.receipts.of(_message(call).sid)
    return page(call, "delivery_receipts", rows, lambda one: show_receipt(call, one), largest=50)


def receipt(call: Call) -> Answer:
    """GET Messages/{sid}/Receipts/{sid}."""
    found = call.world.state.receipts.get(call.names[2])
    if found is None or found.parent != _message(call).sid:
        raise call.missing()
    return Answer(200, show_receipt(call, found))


def _message(call: Call) -> Message:
    thread = call.conversation()
    found = call.world.state.messages.get(call.names[1])
    if found is None or found.parent != thread.sid:
        raise call.missing()
    return found


def _body(call: Call, thread: Conversation) -> str:
    """The text: 1,600 characters where it goes to a phone, 32 KB in chats."""
    body = call.form.get("Body") or ""
    phones = any(one.address for one in call.world.state.participants.of(thread.sid))
    if len(body) > LONGEST_SENT if phones else len(body.encode()) > LONGEST_CHAT:
        raise invalid(50504, "Message body parameter is too long")
    return body


def _content(call: Call) -> None:
    """This account has no content templates, so every one is unknown."""
    if call.form.get("ContentSid"):
        raise invalid(50526, "Invalid content SID")
    if call.form.get("ContentVariables"):
        raise invalid(50528, "Content SID is missing")


def _media(call: Call, thread: Conversation) -> Media | None:
    """The uploaded file to attach: of the conversation's own service, and never attached before."""
    sid = call.form.get("MediaSid")
    if not sid:
        return None
    if not checks.is_sid(sid, "ME"):
        raise invalid(50510, "Invalid message media SID")
    media = call.world.state.media.get(sid)
    if media is None or media.parent != thread.parent:
        raise TwilioError(404, 50507, "Media not found")
    if media.message_sid is not None:
        raise invalid(50508, "Media already sent with another message")
    return media
