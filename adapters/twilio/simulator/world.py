"""The simulated account in one piece: what handlers and control routes work on."""

from __future__ import annotations

from dataclasses import dataclass

from .activity import Activity
from .carrier import Carrier
from .faults import Faults
from .hooks import Hooks
from .inbound import Inbound
from .options import Options
from .people import People
from .phones import Phones
from .sending import Sender
from .state import State
from .store import Store
from .threads import Threads
from .wire import Wire


@dataclass
class World:
    """Built by `build`; its parts know each other only as far as they need."""

    base_url: str
    options: Options
    activity: Activity
    state: State
    faults: Faults
    wire: Wire
    sender: Sender
    hooks: Hooks
    carrier: Carrier
    threads: Threads
    phones: Phones
    inbound: Inbound
    people: People

    async def close(self) -> None:
        """Ends all tasks and the store."""
        self.carrier.close()
        await self.hooks.close()
        await self.sender.close()
        self.state.commit()
        self.state.store.close()


def build(base_url: str, store: Store, options: Options, wire: Wire) -> World:
    """Puts the parts together over a store."""
    state, faults, activity = State(store, options), Faults(), Activity()
    sender = Sender(options, faults, wire)
    hooks = Hooks(state, options, faults, sender, activity)
    phones = Phones(state, wire, base_url)
    carrier = Carrier(state, options, faults, hooks, phones, activity)
    threads = Threads(state, options, faults, hooks, carrier)
    inbound = Inbound(state, options, threads, hooks, phones, base_url)
    people = People(state, options, threads, inbound, phones, carrier)
    return World(
        base_url, options, activity, state, faults, wire, sender, hooks, carrier, threads, phones, inbound, people
    )
