"""By which road an inbound message comes: Conversations, the webhook of the number (Programmable Messaging), or both."""

from __future__ import annotations

from .events import POST_EVENTS
from .options import Options
from .records import AddressConfiguration, Number, channel_of, new_sid
from .sending import Target
from .state import State

ROADS = ("conversations", "messaging", "both")
SETTINGS = "roads"


class Roads:
    """Our addresses, each with a webhook of its own and a road; `register` and `choose` set them as an admin would."""

    def __init__(self, state: State, options: Options) -> None:
        self._state = state
        self._options = options
        known = {one.address for one in state.numbers.all()}
        for address in (*self.ours, *(one for one in options.numbers if one not in self.ours)):
            if address not in known:
                self.add(address)
        state.commit()

    @property
    def ours(self) -> list[str]:
        """The addresses that a bridge may name."""
        return list(dict.fromkeys([*self._options.addresses, *self._options.messaging]))

    def add(self, address: str) -> Number:
        """A new address of ours."""
        one = Number(sid=new_sid("PN"), parent=self._state.account_sid, address=address, friendly_name=address)
        self._state.save(one)
        return one

    def number(self, address: str) -> Number | None:
        """The record of an address, None where it isn't ours."""
        return next((one for one in self._state.numbers.all() if one.address == address), None)

    def road(self, address: str) -> str:
        """The road that was chosen for an address of ours."""
        default = "messaging" if address in self._options.messaging else "conversations"
        return str(self._state.configuration(SETTINGS).get(address, default))

    def hook(self, address: str) -> tuple[Target | None, str | None]:
        """The webhook for an inbound message, and the Messaging Service that the address is in; None for none.

        A service's own webhook goes before the number's, unless the service leaves it to the number. Where nothing is
        set the option `sms_url` counts.
        """
        pool = next((one for one in self._state.pools.all() if address in one.senders), None)
        service = pool.sid if pool is not None else None
        if pool is not None and not pool.use_inbound_webhook_on_number:
            url = pool.inbound_request_url
            target = Target(url, pool.inbound_method, pool.fallback_url or "", pool.fallback_method) if url else None
            return target, service
        number = self.number(address)
        if number is not None and number.sms_application_sid:
            return None, service  # an application takes the place of the URLs, and none is known here
        if number is not None and number.sms_url:
            fallback = number.sms_fallback_url, number.sms_fallback_method
            return Target(number.sms_url, number.sms_method, *fallback), service
        return (Target(self._options.sms_url) if self._options.sms_url else None), service

    # -- what an admin does ---

    def register(self, public_url: str, channel: str) -> None:
        """Account webhooks with every post-event; then each address's road, now that it is known where it leads."""
        root = f"{public_url.rstrip('/')}/webhooks/{channel}"
        values = {"post_webhook_url": f"{root}/conversations", "method": "POST", "filters": list(POST_EVENTS)}
        if self._state.configuration("webhooks") | values != self._state.configuration("webhooks"):
            self._state.configure("webhooks", values)
        if self._state.configuration(SETTINGS).get("") != f"{root}/messages":
            self._state.configure(SETTINGS, {"": f"{root}/messages"})
        for address in self.ours:
            road = self.road(address)
            if road != "messaging" and self._configuration(address) is None:
                self._autocreate(address, enabled=True)
            if road != "conversations":
                self._lead(address, f"{root}/messages")
        self._state.commit()

    def choose(self, address: str, road: str) -> None:
        """Another road for an address. The caller frees the pairs where Conversations is left.

        Raises ValueError for an unknown address or road, and where it is not known which URL takes the messages.
        """
        number = self.number(address)
        if number is None or address not in self.ours:
            raise ValueError(f"{address} is none of our addresses; they are {', '.join(self.ours)}")
        if road not in ROADS:
            raise ValueError(f"there is no road {road!r}; there are {', '.join(ROADS)}")
        url = str(self._state.configuration(SETTINGS).get("") or number.sms_url or self._options.sms_url)
        if road != "conversations" and not url:
            raise ValueError(f"no webhook for the messages to {address} is known yet: start the bridge first")
        self._autocreate(address, enabled=road != "messaging")
        self._lead(address, "" if road == "conversations" else url)
        self._state.configure(SETTINGS, {address: road})
        self._state.commit()

    def _configuration(self, address: str) -> AddressConfiguration | None:
        return next((one for one in self._state.addresses.all() if one.address == address), None)

    def _autocreate(self, address: str, *, enabled: bool) -> None:
        one = self._configuration(address)
        if one is not None:
            one.auto_creation = one.auto_creation | {"enabled": enabled}
            self._state.touch(one)
        elif enabled:
            auto = {"enabled": True, "type": "default"}
            kind, account = channel_of(address), self._state.account_sid
            self._state.save(
                AddressConfiguration(sid=new_sid("IG"), parent=account, type=kind, address=address, auto_creation=auto)
            )

    def _lead(self, address: str, url: str) -> None:
        number = self.number(address) or self.add(address)
        if number.sms_url != url:
            number.sms_url = url
            self._state.touch(number)
