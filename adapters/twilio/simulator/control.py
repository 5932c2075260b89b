"""The control routes below ``/_sim/``: what tests and the sandbox do that no customer of Twilio could."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from starlette.requests import Request

from . import media
from .call import Answer, Params
from .events import POST_EVENTS, Event
from .people import files
from .records import AddressConfiguration, Json, channel_of, new_sid
from .sending import Target
from .world import World

LONGEST_WAIT = 60.0


async def answer(world: World, request: Request, path: str) -> Answer:
    """Answers one control request. Mistakes are 400 with ``{"error": words}``."""
    if path.startswith("media/") and request.method == "GET":
        return media.on_phone(world, path.partition("/")[2])
    query = Params(str(request.url.query))
    try:
        if request.method == "GET":
            return await _read(world, path, query)
        # A page from elsewhere may send a plain form to loopback without asking, but no JSON.
        if not request.headers.get("content-type", "").startswith("application/json"):
            return Answer(415, {"error": "control requests are application/json"})
        return _act(world, path, dict(json.loads(await request.body() or b"{}")))
    except (ValueError, TypeError, KeyError) as problem:
        return Answer(400, {"error": str(problem) or type(problem).__name__})


async def _read(world: World, path: str, query: Params) -> Answer:
    """The GET routes."""
    after = int(query.get("after") or 0)
    if path == "idle":
        return Answer(200, {"idle": await wait_idle(world, float(query.get("timeout") or 10))})
    views: dict[str, Callable[[], Any]] = {
        "snapshot": world.phones.view,
        "wire": lambda: world.wire.after(after),
        "accepted": lambda: {"accepted": accepted(world, after)},
        "faults": lambda: {"faults": world.faults.listed(every=True)},
        "settings": lambda: settings(world),
    }
    view = views.get(path)
    return Answer(404, {"error": f"there is no /_sim/{path}"}) if view is None else Answer(200, view())


def _act(world: World, path: str, body: Json) -> Answer:
    """The POST routes."""
    if path == "act":
        return Answer(200, world.people.act(body))
    if path == "inbound":
        return Answer(200, inbound(world, body))
    if path == "fault":
        world.faults.set(str(body.get("id")), bool(body.get("on", True)), body.get("value"))
    elif path == "event":
        inject(world, body)
    elif path == "options":
        world.options.change(body)
    elif path == "clock":
        world.state.advance(float(body["advance"]))
        world.threads.run_timers()
    elif path == "start":
        register(world, str(body["public_url"]), str(body.get("channel") or "phone"))
    else:
        return Answer(404, {"error": f"there is no /_sim/{path}"})
    return Answer(200, {})


def inbound(world: World, body: Json) -> Json:
    """A message from any address, with a phone or without one; `name` gives the address a phone."""
    sender, ours = str(body["from"]), str(body["to"])
    if body.get("name"):
        world.people.introduce(str(body["name"]), sender)
    message, _ = world.inbound.receive(sender, ours, str(body.get("body") or ""), files(body))
    return {"conversation_sid": message.parent, "message_sid": message.sid, "index": message.index}


def inject(world: World, body: Json) -> None:
    """Sends the account's webhook any fields, truly signed: ``{"conversation_sid", "fields": {name: value}}``."""
    fields = [(str(name), str(value)) for name, value in dict(body["fields"]).items()]
    name = dict(fields).get("EventType", "")
    hook = world.state.configuration("webhooks")
    if not hook.get("post_webhook_url"):
        raise ValueError("the account has no webhook")
    target = Target(hook["post_webhook_url"], hook.get("method") or "POST")
    world.hooks.queue(Event(name, str(body.get("conversation_sid") or ""), "", fields), [target])


def accepted(world: World, after: int) -> list[Json]:
    """All that REST accepted for sending since a number, in order, whatever became of it."""
    return [
        {
            "n": one.seq,
            "conversation": one.conversation,
            "message": one.message,
            "index": one.index,
            "author": one.author,
            "body": one.body,
            "media": one.media,
            "attributes": one.attributes,
            "addresses": one.addresses,
            "address": one.addresses[0] if one.addresses else None,
            "at": one.created,
        }
        for one in world.state.accepted.all()
        if one.seq > after
    ]


def settings(world: World) -> Json:
    """The keys of a ``[channels.NAME]`` table that reach this account."""
    return {
        "account_sid": world.options.account_sid,
        "auth_token": world.options.auth_token,
        "api_url": world.base_url + "/{product}",
    }


def register(world: World, public_url: str, channel: str) -> None:
    """What an admin would do in the Console: account webhooks with every post-event, autocreation for our addresses."""
    values = {
        "post_webhook_url": f"{public_url.rstrip('/')}/webhooks/{channel}/conversations",
        "method": "POST",
        "filters": list(POST_EVENTS),
    }
    if world.state.configuration("webhooks") | values != world.state.configuration("webhooks"):
        world.state.configure("webhooks", values)
    known = {one.address for one in world.state.addresses.all()}
    for address in world.options.addresses:
        if address not in known:
            world.state.save(
                AddressConfiguration(
                    sid=new_sid("IG"),
                    parent=world.state.account_sid,
                    type=channel_of(address),
                    address=address,
                    auto_creation={"enabled": True, "type": "default"},
                )
            )
    world.state.commit()


async def wait_idle(world: World, longest: float) -> bool:
    """Waits until no webhook is under way and no receipt owed; False where that takes too long."""
    try:
        async with asyncio.timeout(min(longest, LONGEST_WAIT)):
            await world.activity.quiet()
    except TimeoutError:
        return False
    return True
