"""Accept: events of one request, decided and committed in one transaction with all that follows from them."""

from __future__ import annotations

from collections.abc import Callable

from bridge.relay.context import Accepted
from bridge.relay.decide import decide
from bridge.relay.directory import Directory
from bridge.relay.jobs import Job, needs, needs_of_waiting
from bridge.store.statements import Steps
from bridge.store.world import flush, load


def accepting(
    directory: Directory, now: Callable[[], float], new_id: Callable[[], str]
) -> Callable[[list[Job]], Steps[list[Accepted]]]:
    """The question that the store is asked with a group of jobs."""

    def accept(jobs: list[Job]) -> Steps[list[Accepted]]:
        world = yield from load(needs(jobs), needs_of_waiting)
        accepted = decide(jobs, world, directory, now(), new_id)
        yield from flush(world)
        return accepted

    return accept
