"""sendMessage and the other sends without a file."""

from __future__ import annotations

from typing import Any

from . import render
from .context import Context, Handler, Target, find_group, find_message, find_target
from .errors import bad
from .markup import inline_keyboard
from .params import Params
from .records import BOT, Ephemeral, Json, Message
from .text import message_caption, message_text
from .world import is_service


def send_message(context: Context, params: Params) -> Any:
    """sendMessage: the Message, or for one person's eyes the ephemeral one."""
    target = find_target(context, params, "text messages")
    content = message_text(params)
    private = params.mapping("ephemeral_message_parameters", "ephemeral message parameters")
    if private:
        return _send_ephemeral(context, target, content, private, inline_keyboard(params))
    return put(context, target, "text", content, params)


def put(context: Context, target: Target, kind: str, content: Json, params: Params) -> Json:
    """Posts the bot's message, within the group's limit, and renders it."""
    markup = inline_keyboard(params)
    context.faults.spend("message", target.group.key)
    return render.message(context.state, post(context, target, kind, content, params, markup=markup))


def post(
    context: Context,
    target: Target,
    kind: str,
    content: Json,
    params: Params,
    *,
    markup: Json | None = None,
    extra: Json | None = None,
) -> Message:
    """Posts the bot's message where the target says, with the envelope fields that the call asked for."""
    protected = {"has_protected_content": True} if params.flag("protect_content") else {}
    envelope = {**target.extra, **protected, **(extra or {})}
    message, _ = context.world.post(
        target.group, BOT, kind, content, target.thread, reply_to=target.reply_to, extra=envelope, markup=markup
    )
    return message


def _send_ephemeral(context: Context, target: Target, content: Json, private: Json, markup: Json | None) -> Json:
    """A message that one member alone sees (Bot API 10.2); a bot administrator may address any who is no bot."""
    person = context.state.person(private.get("receiver_user_id", ""))
    if person is None or person.is_bot or person.voice != "user":
        raise bad("user not found")
    group = target.group
    context.faults.spend("message", group.key)
    now = int(context.clock.now())
    record = Ephemeral(group.key, group.next_ephemeral, target.thread, now, person.key, content, markup)
    group.next_ephemeral += 1
    context.state.save(group)
    context.state.add(record)
    return render.ephemeral(context.state, record)


def send_location(context: Context, params: Params) -> Any:
    """sendLocation."""
    target = find_target(context, params, "locations")
    return put(context, target, "location", {"location": _location(params)}, params)


def send_venue(context: Context, params: Params) -> Any:
    """sendVenue: carries its location too."""
    target = find_target(context, params, "locations")
    venue = {"location": _location(params), **_needed(params, "title", "address")}
    return put(context, target, "venue", {"venue": venue, "location": venue["location"]}, params)


def send_contact(context: Context, params: Params) -> Any:
    """sendContact."""
    target = find_target(context, params, "contacts")
    contact = _needed(params, "phone_number", "first_name")
    contact |= {name: params.text(name) for name in ("last_name", "vcard") if params.text(name)}
    return put(context, target, "contact", {"contact": contact}, params)


def copy_message(context: Context, params: Params) -> Any:
    """copyMessage: the new message's id alone; a caption may take the old one's place."""
    target = find_target(context, params, "text messages")
    origin = find_group(context, params, "from_chat_id")
    source = find_message(context, origin, params.integer("message_id"), "message to copy not found")
    if is_service(source) or source.extra.get("has_protected_content"):
        raise bad("message can't be copied")
    content = dict(source.content)
    if params.has("caption") and source.kind != "text":
        content = {name: value for name, value in content.items() if not name.startswith("caption")}
        content |= message_caption(params)
    return {"message_id": put(context, target, source.kind, content, params)["message_id"]}


def _location(params: Params) -> Json:
    latitude, longitude = params.number("latitude"), params.number("longitude")
    if not (params.has("latitude") and params.has("longitude")):
        raise bad("location latitude and longitude must be specified")
    if abs(latitude) > 90 or abs(longitude) > 180:
        raise bad("wrong location specified")
    return {"latitude": latitude, "longitude": longitude}


def _needed(params: Params, *names: str) -> Json:
    for name in names:
        if not params.text(name):
            raise bad(f"{name.replace('_', ' ')} must be non-empty")
    return {name: params.text(name) for name in names}


METHODS: dict[str, Handler] = {
    "sendMessage": send_message,
    "sendLocation": send_location,
    "sendVenue": send_venue,
    "sendContact": send_contact,
    "copyMessage": copy_message,
}
