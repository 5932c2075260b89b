"""Which handler answers which path."""

from __future__ import annotations

from collections.abc import Callable

from . import media
from .call import Answer, Call
from .rest import (
    addresses,
    conversations,
    lookups,
    messages,
    numbers,
    participants,
    pools,
    senders,
    services,
    text_media,
    texts,
    webhooks,
)

Handler = Callable[[Call], Answer]
Verbs = dict[str, Handler]


def _resource(
    create: Handler, listing: Handler, fetch: Handler, update: Handler | None, delete: Handler
) -> tuple[Verbs, Verbs]:
    """The verbs of a list and of one of its members: an update is a POST on the member."""
    member = {"GET": fetch, "DELETE": delete} | ({"POST": update} if update is not None else {})
    return {"GET": listing, "POST": create}, member


def _both(handler: Handler) -> Verbs:
    return {"GET": handler, "POST": handler}


def _conversation_routes() -> dict[str, Verbs]:
    """What stands below the default service and below every other one alike."""
    routes: dict[str, Verbs] = {}
    for path, module in (
        ("Conversations", conversations),
        ("Conversations/*/Participants", participants),
        ("Conversations/*/Messages", messages),
        ("Conversations/*/Webhooks", webhooks),
    ):
        verbs = _resource(module.create, module.listing, module.fetch, module.update, module.delete)
        routes[path], routes[f"{path}/*"] = verbs
    routes["Conversations/*/Messages/*/Receipts"] = {"GET": messages.receipts}
    routes["Conversations/*/Messages/*/Receipts/*"] = {"GET": messages.receipt}
    routes["ParticipantConversations"] = {"GET": lookups.of_participant}
    routes["ConversationWithParticipants"] = {"POST": lookups.create_filled}
    return routes


SHARED = _conversation_routes()
ACCOUNT: dict[str, Verbs] = {
    **SHARED,
    "Configuration": _both(services.account),
    "Configuration/Webhooks": _both(webhooks.account),
    "Services": {"GET": services.listing, "POST": services.create},
    "Services/*": {"GET": services.fetch, "DELETE": services.delete},
}
ACCOUNT["Configuration/Addresses"], ACCOUNT["Configuration/Addresses/*"] = _resource(
    addresses.create, addresses.listing, addresses.fetch, addresses.update, addresses.delete
)
SERVICE: dict[str, Verbs] = {
    **SHARED,
    "Configuration": _both(services.service),
    "Configuration/Webhooks": _both(webhooks.service),
}
MEDIA: dict[str, Verbs] = {
    "Services/*/Media": {"POST": media.upload},
    "Services/*/Media/*": {"GET": media.fetch, "DELETE": media.delete},
    "Services/*/Media/*/Content": {"GET": media.content},
}
API: dict[str, Verbs] = {
    "Accounts/*": {"GET": numbers.account},
    "Accounts/*/Messages.json": {"GET": texts.listing, "POST": texts.create},
    "Accounts/*/Messages/*": {"GET": texts.fetch, "POST": texts.update, "DELETE": texts.delete},
    "Accounts/*/Messages/*/Media.json": {"GET": text_media.listing},
    "Accounts/*/Messages/*/Media/*": {"GET": text_media.fetch, "DELETE": text_media.delete},
    "Accounts/*/IncomingPhoneNumbers.json": {"GET": numbers.listing},
    "Accounts/*/IncomingPhoneNumbers/*": {"GET": numbers.fetch, "POST": numbers.update},
}
MESSAGING: dict[str, Verbs] = {
    "Services/*/PhoneNumbers": {"GET": pools.numbers, "POST": pools.add_number},
    "Services/*/PhoneNumbers/*": {"GET": pools.number, "DELETE": pools.remove_number},
}
MESSAGING["Services"], MESSAGING["Services/*"] = _resource(
    pools.create, pools.listing, pools.fetch, pools.update, pools.delete
)
SENDERS: dict[str, Verbs] = {
    "Channels/Senders": {"GET": senders.listing},
    "Channels/Senders/*": {"GET": senders.fetch, "POST": senders.update},
}
PRODUCTS = {"mcs.us1": MEDIA, "api": API, "messaging": MESSAGING}
VERSIONS = {
    "conversations": ("v1",),
    "mcs.us1": ("v1",),
    "api": ("2010-04-01",),
    "messaging": ("v1", "v2"),
}


def shape(parts: list[str]) -> tuple[str, tuple[str, ...]]:
    """A path with its variable segments as `*`, and these segments: every second one, but below what holds two words."""
    nested = bool(parts) and parts[0] in ("Configuration", "Channels")
    pattern = [part if (i < 2 if nested else i % 2 == 0) else "*" for i, part in enumerate(parts)]
    return "/".join(pattern), tuple(part for part, kind in zip(parts, pattern, strict=True) if kind == "*")


def find(product: str, version: str, parts: list[str]) -> tuple[Verbs | None, tuple[str, ...], str | None]:
    """(verbs, variable segments, service) for a path below the version; verbs None where nothing is there."""
    if product == "conversations":
        if len(parts) > 2 and parts[0] == "Services":
            pattern, names = shape(parts[2:])
            return SERVICE.get(pattern), names, parts[1]
        pattern, names = shape(parts)
        return ACCOUNT.get(pattern), names, None
    pattern, names = shape(parts)
    routes = SENDERS if version == "v2" else PRODUCTS[product]
    return routes.get(pattern), names, None
