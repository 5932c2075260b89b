"""Webhook configurations on the three levels: account, service, conversation (docs: conversations-webhooks)."""

from __future__ import annotations

from adapters.twilio.simulator.call import Answer, Call
from adapters.twilio.simulator.errors import closed, invalid
from adapters.twilio.simulator.events import POST_EVENTS, PRE_EVENTS, USER_EVENTS
from adapters.twilio.simulator.paging import page
from adapters.twilio.simulator.records import Json, ScopedWebhook, iso, new_sid

MOST_SCOPED = 5
KNOWN = {*POST_EVENTS, *PRE_EVENTS, *USER_EVENTS}
FIELDS = {"PreWebhookUrl": "pre_webhook_url", "PostWebhookUrl": "post_webhook_url"}


def account(call: Call) -> Answer:
    """GET and POST Configuration/Webhooks: for the whole account."""
    if call.method == "POST":
        _change(call, "webhooks")
    return Answer(
        200,
        _level(call, "webhooks")
        | {
            "target": call.world.state.configuration("webhooks").get("target", "webhook"),
            "url": call.link("Configuration", "Webhooks"),
        },
    )


def service(call: Call) -> Answer:
    """GET and POST Services/{IS}/Configuration/Webhooks."""
    name = f"webhooks/{call.service_sid}"
    if call.method == "POST":
        _change(call, name)
    return Answer(
        200,
        _level(call, name)
        | {
            "chat_service_sid": call.service_sid,
            "url": call.link("Configuration", "Webhooks"),
        },
    )


def _level(call: Call, name: str) -> Json:
    values = call.world.state.configuration(name)
    method = values.get("method", "POST" if name == "webhooks" else None)
    return {
        "account_sid": call.world.state.account_sid,
        "pre_webhook_url": values.get("pre_webhook_url"),
        "post_webhook_url": values.get("post_webhook_url"),
        "method": method,
        "filters": values.get("filters"),
    }


def _change(call: Call, name: str) -> None:
    values: Json = {field: call.form.get(given) or None for given, field in FIELDS.items() if given in call.form}
    if "Filters" in call.form:
        values["filters"] = call.form.all("Filters")
        for one in values["filters"]:
            if one not in KNOWN:
                raise invalid(50054, f"Invalid webhook format: unknown filter {one}")
    method = (call.form.get("Method") or "").upper()
    if method:
        if method not in ("GET", "POST"):
            raise invalid(50055, "Invalid webhook method")
        values["method"] = method
    if call.form.get("Target"):
        values["target"] = call.form.get("Target")
    if values.get("post_webhook_url") and "method" not in call.world.state.configuration(name):
        values.setdefault("method", "POST")
    call.world.state.configure(name, values)


def show(call: Call, one: ScopedWebhook) -> Json:
    """A conversation's own webhook."""
    return call.owned() | {
        "sid": one.sid,
        "conversation_sid": one.parent,
        "target": one.target,
        "configuration": one.configuration,
        "date_created": iso(one.created),
        "date_updated": iso(one.updated),
        "url": call.link("Conversations", one.parent, "Webhooks", one.sid),
    }


def create(call: Call) -> Answer:
    """POST Conversations/{…}/Webhooks. ReplayAfter is accepted and replays nothing here."""
    thread = call.conversation()
    if thread.state == "closed":
        raise closed()
    target = call.form.get("Target")
    if not target:
        raise invalid(50368, "Conversation webhook type not provided")
    if target not in ("webhook", "trigger", "studio"):
        raise invalid(50364, "Invalid conversation webhook type")
    if len(call.world.state.scoped.of(thread.sid)) >= MOST_SCOPED:
        raise invalid(50361, "Too many conversation webhooks")
    one = ScopedWebhook(
        sid=new_sid("WH"), parent=thread.sid, target=target, configuration=_configuration(call, target, {})
    )
    call.world.state.save(one)
    return Answer(201, show(call, one))


def fetch(call: Call) -> Answer:
    """GET Conversations/{…}/Webhooks/{sid}."""
    return Answer(200, show(call, _one(call)))


def update(call: Call) -> Answer:
    """POST Conversations/{…}/Webhooks/{sid}; the target stays."""
    one = _one(call)
    one.configuration = _configuration(call, one.target, one.configuration)
    call.world.state.touch(one)
    return Answer(200, show(call, one))


def delete(call: Call) -> Answer:
    """DELETE Conversations/{…}/Webhooks/{sid}."""
    call.world.state.drop(_one(call))
    return Answer(204)


def listing(call: Call) -> Answer:
    """GET Conversations/{…}/Webhooks."""
    rows = call.world.state.scoped.of(call.conversation().sid)
    return page(call, "webhooks", rows, lambda one: show(call, one), largest=5)


def _one(call: Call) -> ScopedWebhook:
    found = call.world.state.scoped.get(call.names[1])
    if found is None or found.parent != call.conversation().sid:
        raise call.missing()
    return found


def _configuration(call: Call, target: str, before: Json) -> Json:
    form, after = call.form, dict(before)
    if form.get("Configuration.Url"):
        after["url"] = form.get("Configuration.Url")
    if form.get("Configuration.Method"):
        after["method"] = str(form.get("Configuration.Method")).lower()
    if form.get("Configuration.FlowSid"):
        after["flow_sid"] = form.get("Configuration.FlowSid")
    if "Configuration.Filters" in form:
        after["filters"] = form.all("Configuration.Filters")
    if "Configuration.Triggers" in form:
        after["triggers"] = form.all("Configuration.Triggers")
    unknown = [name for name in after.get("filters", ()) if name not in POST_EVENTS]
    if unknown:
        raise invalid(50365, f"Invalid conversation webhook filter: {unknown[0]}")
    if target == "studio" and not after.get("flow_sid"):
        raise invalid(50367, "Invalid conversation webhook flow SID")
    if target != "studio" and not after.get("url"):
        raise invalid(50369, "Conversation webhook URL not provided")
    if target == "trigger" and not after.get("triggers"):
        raise invalid(50371, "Conversation webhook trigger not provided")
    return after if target == "studio" else {"method": "post"} | after
