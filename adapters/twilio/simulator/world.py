"""The simulated account in one piece: what handlers and control routes work on."""

from __future__ import annotations

from dataclasses import dataclass

from .activity import Activity
from .carrier import Carrier
from .faults import Faults
from .fetching import Fetching
from .hooks import Hooks
from .inbound import Inbound
from .options import Options
from .optouts import OptOuts
from .people import People
from .phones import Phones
from .roads import Roads
from .sending import Sender
from .state import State
from .store import Store
from .texts import Texts
from .threads import Threads
from .trial import Trial
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
    roads: Roads
    texts: Texts
    trial: Trial

    async def close(self) -> None:
        """Ends all tasks and the store."""
        self.carrier.close()
        await self.texts.close()
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
    optouts, trial, roads = OptOuts(state), Trial(options, faults), Roads(state, options)
    carrier = Carrier(state, options, faults, hooks, phones, activity, optouts, trial)
    threads = Threads(state, options, faults, hooks, carrier)
    fetching = Fetching(state, sender)
    texts = Texts(state, options, faults, hooks, phones, activity, fetching, optouts, trial)
    inbound = Inbound(state, options, threads, hooks, phones, roads, texts, optouts, base_url)
    people = People(state, options, threads, inbound, phones, carrier, roads, texts)
    return World(
        base_url=base_url,
        options=options,
        activity=activity,
        state=state,
        faults=faults,
        wire=wire,
        sender=sender,
        hooks=hooks,
        carrier=carrier,
        threads=threads,
        phones=phones,
        inbound=inbound,
        people=people,
        roads=roads,
        texts=texts,
        trial=trial,
    )
