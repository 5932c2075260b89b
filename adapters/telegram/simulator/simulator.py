"""The simulator as the sandbox knows it: builds the rooms, ties them together, and answers the sandbox's protocol."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

from .api import Api
from .app import App
from .clock import Clock
from .context import Context
from .control import Control
from .downloads import Downloads
from .faults import Faults
from .people import People
from .records import Json
from .state import State
from .store import Store
from .switches import Switches
from .updates import Updates
from .view import View
from .webhook import Delivery
from .wire import Wire
from .world import World

BOT_TOKEN = "700000000:AAF-simulated-telegram-bot-token-000"  # noqa: S105 (a stand-in's, worth nothing elsewhere)
WEBHOOK_SECRET = "simulated-telegram-webhook-secret"  # noqa: S105
CHAT = -1001234567890


class TelegramSimulator:
    """A loopback stand-in of the Bot API with one bot and its groups. All of it lives in one event loop."""

    name = "telegram"
    side: Literal["customers", "agents"] = "agents"

    def __init__(
        self,
        *,
        base_url: str,
        folder: Path | None,
        observe: Callable[[Json], None],
        bot_token: str = BOT_TOKEN,
        chat: int | Sequence[int] = CHAT,
        limit: bool = True,
    ) -> None:
        """`folder` None keeps everything in memory; `limit` False lets a group take any number of messages a minute."""
        self._base_url = base_url.rstrip("/")
        self._token = bot_token
        self._chats = [chat] if isinstance(chat, int) else list(chat)
        self._state = State(Store(folder), bot_token, self._chats)
        clock = Clock(self._state.meta.get("clock"), lambda anchor: self._state.keep("clock", anchor))
        wire = Wire(observe, bot_token)
        wire.hide(WEBHOOK_SECRET)
        switches = Switches(self._state, clock, limit)
        self._delivery = Delivery(self._state, clock, wire, switches)
        updates = Updates(self._state, clock, self._delivery.added)
        self._view = View(self._state, self._base_url)
        world = World(self._state, clock, updates, self._view, switches, observe)
        self._faults = Faults(switches, self._state, world, clock)
        context = Context(self._state, clock, world, updates, self._delivery, self._faults)
        self._people = People(context)
        control = Control(context, self._people, self._view, wire, self._everything())
        self.app: Any = App(Api(context, wire), Downloads(context, wire), control, self._resume, self.close)

    def settings(self) -> Json:
        """The keys of a ``[channels.NAME]`` table that lead here."""
        return {
            "bot_token": self._token,
            "api_url": self._base_url,
            "updates": "webhook",
            "webhook_secret": WEBHOOK_SECRET,
        }

    def endpoints(self) -> list[Json]:
        """The groups that a bridge may name."""
        return [{"chat": chat} for chat in self._chats]

    def _everything(self) -> Json:
        return {"settings": self.settings(), "endpoints": self.endpoints()}

    async def start(self, public_url: str, channel: str) -> None:
        """Goes on sending what is pending to the stored webhook; the bridge registers its webhook by itself."""
        await self._resume()

    async def _resume(self) -> None:
        self._delivery.resume()

    async def close(self) -> None:
        """Stops all tasks; everything is in the folder already."""
        await self._delivery.close()
        self._state.store.close()

    def snapshot(self) -> Json:
        """The whole view of the agents' side."""
        return self._view.snapshot()

    async def act(self, action: Json) -> Json:
        """What a person does; raises ValueError with words for a person where it can't be done."""
        try:
            return self._people.act(action)
        finally:
            self._state.store.flush()

    def faults(self) -> list[Json]:
        """The switches of the sandbox's page."""
        return self._faults.listing()

    async def fault(self, id: str, on: bool, value: Any = None) -> None:
        """Turns a switch, a listed one or any other."""
        self._faults.set(id, on, value)
        self._state.store.flush()
