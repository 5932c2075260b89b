"""Programmable Messaging: what is said to a pair of addresses goes by the Messages API, and carries nothing of ours."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from adapters.twilio import outbound
from adapters.twilio.forms import number
from bridge.channel import Lookup, Outbound, Port, Sent, StoreUnavailable
from bridge.core.ids import RemoteId
from bridge.core.outcomes import BindingGone, Misconfigured, Refused, SendError, Unavailable, Unsure
from bridge.core.segments import smart

if TYPE_CHECKING:
    from adapters.twilio.client import Client, Json

PAGE = 200
CLOCKS_S = 60.0
"""So far Twilio's clock and ours may differ."""
TRIAL = "Sent from your Twilio trial account - "
"""What stands before the texts of older trial accounts. Source: https://www.twilio.com/docs/usage/trials."""


class Messaging:
    """The rooms of a channel for bindings whose key is a pair; `root` is the account's path."""

    def __init__(self, account_sid: str, port: Port, client: Callable[[], Client]) -> None:
        self._port = port
        self._client = client
        self._root = f"/2010-04-01/Accounts/{account_sid}"

    async def send(self, out: Outbound) -> Sent:
        if out.file and not out.file.link:
            raise Refused("Twilio fetches files itself and got no link to this one: check public_url", code="link")
        form = outbound.pair_form(out, self._port.webhook_url("messages/status"))
        try:
            record = await self._client().post("api", f"{self._root}/Messages.json", form)
        except BindingGone as gone:
            raise _unknown(gone) from gone
        sent = _sent(record, outbound.segments_of(out.binding, out.text, has_file=out.file is not None))
        if sent is None:
            raise Unsure("Twilio answered without a message’s sid")
        return sent

    async def find(self, lookup: Lookup) -> Sent | None:
        """Our delivery among the messages to its customer: of equal ones that we know nothing of the oldest.

        The list is asked for without a date: what is still in Twilio's queue has no date of sending to be found by.
        """
        same = [m async for m in self._since(lookup) if _is(m, lookup)]
        try:
            known = await self._port.messages.known([RemoteId(str(m["sid"])) for m in same]) if same else frozenset()
        except StoreUnavailable as error:
            raise Unavailable("it can’t be told now which of Twilio’s messages are ours") from error
        unknown = [m for m in same if m["sid"] not in known]
        if not unknown:
            return None
        counted = outbound.segments_of(lookup.binding, lookup.text, has_file=lookup.has_file)
        return _sent(min(unknown, key=_created), counted)

    async def _since(self, lookup: Lookup) -> AsyncIterator[Json]:
        """Newest first; a page on which all are older is the last one."""
        params = {"To": lookup.binding.address, "PageSize": str(PAGE)}
        if not lookup.binding.meta.startswith("MG"):  # a service may choose the sender later
            params["From"] = lookup.binding.endpoint
        try:
            async for page in self._client().pages("api", f"{self._root}/Messages.json", "messages", params):
                recent = [m for m in page if _created(m) >= lookup.since - CLOCKS_S]
                for m in recent:
                    yield m
                if not recent:
                    return
        except BindingGone as gone:
            raise _unknown(gone) from gone


def _unknown(gone: BindingGone) -> SendError:
    """No conversation stands in the path, so it isn't one that has ended."""
    return Misconfigured("Twilio doesn’t know the account: check account_sid and api_url", code=gone.code)


def _sent(record: Json, segments: int | None) -> Sent | None:
    """`segments` by our own count; Twilio's holds where it has one already."""
    sid, told = record.get("sid"), str(record.get("num_segments") or "")
    if not isinstance(sid, str) or not sid:
        return None
    counted = number(told)
    return Sent(remote=RemoteId(sid), segments=counted if segments is not None and counted else segments)


def _is(record: Json, lookup: Lookup) -> bool:
    """Does the record say what the delivery says? Twilio may have put look-alikes in place of some characters."""
    sender, ours = record.get("from"), lookup.binding.endpoint
    if not str(record.get("direction") or "").startswith("outbound") or (sender and sender != ours):
        return False
    sid = record.get("sid")
    if not isinstance(sid, str) or not sid or record.get("to") != lookup.binding.address:
        return False
    files = sid.startswith("MM") or str(record.get("num_media") or "0") != "0"
    body = str(record.get("body") or "").removeprefix(TRIAL)
    return files if lookup.has_file else not files and _plain(body) == _plain(lookup.text)


def _plain(text: str) -> str:
    return smart(text).strip()


def _created(record: Json) -> float:
    """Epoch seconds; of a record without its date 0."""
    try:
        return parsedate_to_datetime(str(record.get("date_created") or "")).timestamp()
    except (ValueError, OverflowError, TypeError, IndexError):
        return 0.0
