"""The files of a message of the 2010 API (docs: messaging/api/media-resource)."""

from __future__ import annotations

from adapters.twilio.simulator.call import Answer, Call
from adapters.twilio.simulator.media import temporary_link
from adapters.twilio.simulator.records import Json, Media, Text, rfc2822
from adapters.twilio.simulator.text_events import API_VERSION

from . import classic


def show(text: Text, one: Media) -> Json:
    """The resource."""
    return {
        "sid": one.sid,
        "account_sid": text.parent,
        "parent_sid": text.sid,
        "content_type": one.content_type,
        "date_created": rfc2822(one.created),
        "date_updated": rfc2822(one.updated),
        "uri": f"/{API_VERSION}/Accounts/{text.parent}/Messages/{text.sid}/Media/{one.sid}.json",
    }


def listing(call: Call) -> Answer:
    """GET Messages/{SM}/Media.json."""
    text = _text(call)
    kept = [call.world.state.media.get(one["sid"]) for one in reversed(text.media)]
    return classic.page(call, "media_list", [one for one in kept if one is not None], lambda one: show(text, one))


def fetch(call: Call) -> Answer:
    """GET Messages/{SM}/Media/{ME}.json tells of the file; without ``.json`` it leads to the bytes, by a link that takes no
    credentials."""
    text, one = _file(call)
    if call.names[2].endswith(".json"):
        return Answer(200, show(text, one))
    return Answer(307, headers={"Location": temporary_link(call.world, one)}, content_type="text/plain")


def delete(call: Call) -> Answer:
    """DELETE Messages/{SM}/Media/{ME}.json."""
    _, one = _file(call)
    call.world.state.drop(one)
    call.world.state.store.drop_blob(one.sid)
    return Answer(204)


def _text(call: Call) -> Text:
    found = call.world.state.texts.get(call.names[1])
    if found is None or call.names[0] != call.world.state.account_sid:
        raise call.missing()
    return found


def _file(call: Call) -> tuple[Text, Media]:
    text, sid = _text(call), call.names[2].removesuffix(".json")
    one = call.world.state.media.get(sid)
    if one is None or all(kept["sid"] != sid for kept in text.media):
        raise call.missing()
    return text, one
