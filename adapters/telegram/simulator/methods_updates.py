"""The webhook and getUpdates. Words and order of checks: set_webhook and get_updates in Client.cpp."""

from __future__ import annotations

import ipaddress
import re
from typing import Any
from urllib.parse import urlsplit

from .context import Context, Described, Handler
from .errors import bad
from .params import Params
from .records import Json

PORTS = {80, 88, 443, 8443}
_SECRET = re.compile(r"[A-Za-z0-9_-]*\Z")


async def get_updates(context: Context, params: Params) -> list[Json]:
    """getUpdates."""
    context.updates.allow(_kinds(params))
    offset, limit, timeout = params.integer("offset"), params.integer("limit", 100), params.integer("timeout")
    return await context.updates.poll(offset, limit, timeout)


def set_webhook(context: Context, params: Params) -> Any:
    """setWebhook; an empty url deletes it. Plain http is allowed on loopback: a stand-in's licence."""
    url = params.text("url")
    if not url:
        return delete_webhook(context, params)
    _check_url(url)
    secret = _secret(params.text("secret_token"))
    connections = params.integer("max_connections", 40)
    hook = context.state.webhook
    before = hook.allowed
    context.updates.allow(_kinds(params))
    if params.flag("drop_pending_updates"):
        context.updates.drop_all()
    wanted = (url, secret, min(max(connections, 1), 100))
    if wanted == (hook.url, hook.secret, hook.max_connections) and before == hook.allowed:
        return Described(True, "Webhook is already set")
    hook.url, hook.secret, hook.max_connections = wanted
    hook.last_error_date, hook.last_error_message = 0, ""
    context.state.save(hook)
    context.updates.interrupt("terminated by setWebhook request")
    context.delivery.resume()
    return Described(True, "Webhook was set")


def delete_webhook(context: Context, params: Params) -> Any:
    """deleteWebhook: pending updates stay, unless asked to go."""
    if params.flag("drop_pending_updates"):
        context.updates.drop_all()
    hook = context.state.webhook
    if not hook.url:
        return Described(True, "Webhook is already deleted")
    hook.url, hook.secret = "", ""
    hook.last_error_date, hook.last_error_message = 0, ""
    context.state.save(hook)
    context.delivery.resume()
    return Described(True, "Webhook was deleted")


def webhook_info(context: Context, params: Params) -> Any:
    """getWebhookInfo."""
    hook = context.state.webhook
    found: Json = {
        "url": hook.url,
        "has_custom_certificate": False,
        "pending_update_count": len(context.state.updates),
    }
    if hook.url:
        found["max_connections"] = hook.max_connections
        host = urlsplit(hook.url).hostname or ""
        found |= {"ip_address": host} if _is_ip(host) else {}
    if hook.last_error_date:
        found |= {"last_error_date": hook.last_error_date, "last_error_message": hook.last_error_message}
    if hook.allowed is not None:
        found["allowed_updates"] = hook.allowed
    return found


def _kinds(params: Params) -> list[str] | None:
    """allowed_updates: None where it isn't given, and then the earlier list holds on."""
    listing = params.listing("allowed_updates", "allowed updates")
    return None if listing is None else [str(kind) for kind in listing]


def _secret(secret: str) -> str:
    if len(secret) > 256:
        raise bad("secret token is too long")
    if not _SECRET.match(secret):
        raise bad("secret token contains unallowed characters")
    return secret


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise bad("bad webhook: invalid webhook URL specified") from None
    host = parts.hostname or ""
    if host == "localhost" or (_is_ip(host) and ipaddress.ip_address(host).is_loopback):
        return
    if parts.scheme != "https":
        raise bad("bad webhook: An HTTPS URL must be provided for webhook")
    if (port or 443) not in PORTS:
        raise bad("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    if _is_ip(host) and not ipaddress.ip_address(host).is_global:
        raise bad(f"bad webhook: IP address {host} is reserved")


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


METHODS: dict[str, Handler] = {
    "getUpdates": get_updates,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": webhook_info,
}
