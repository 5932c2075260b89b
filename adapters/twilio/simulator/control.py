"""The control routes below ``/_sim/``: what tests and the sandbox do that no customer of Twilio could."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from starlette.requests import Request

from . import media
from .call import Answer, Params
from .events import Event
from .people import files
from .records import Json
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
        "roads": lambda: {"roads": {address: world.roads.road(address) for address in world.roads.ours}},
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
        world.texts.run_timers()
    elif path == "start":
        world.roads.register(str(body["public_url"]), str(body.get("channel") or "phone"))
    else:
        return Answer(404, {"error": f"there is no /_sim/{path}"})
    return Answer(200, {})


def inbound(world: World, body: Json) -> Json:
    """A message from any address, with a phone or without one; `name` gives the address a phone, `profile_name` no phone.

    `reply_to` here is {sid, sender}.
    """
    sender, ours = str(body["from"]), str(body["to"])
    if body.get("name"):
        world.people.introduce(str(body["name"]), sender)
    extra = {key: body[key] for key in ("location", "button", "forwarded", "reply_to", "fields") if body.get(key)}
    extra["name"] = str(body.get("profile_name") or "")
    taken = world.inbound.receive(sender, ours, str(body.get("body") or ""), files(body), extra)
    return taken.shown()


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


async def wait_idle(world: World, longest: float) -> bool:
    """Waits until no webhook is under way and no receipt owed; False where that takes too long."""
    try:
        async with asyncio.timeout(min(longest, LONGEST_WAIT)):
            await world.activity.quiet()
    except TimeoutError:
        return False
    return True
