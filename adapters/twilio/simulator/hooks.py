"""Which webhooks an event has, and their order: one lane for each conversation."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

from .activity import Activity
from .events import Event
from .faults import Faults
from .options import Options
from .records import Json
from .sending import Sender, Target
from .state import State


@dataclass
class Lane:
    """The events of one conversation that wait for their turn."""

    waiting: deque[tuple[Event, list[Target]]] = field(default_factory=deque)
    more: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


class Hooks:
    """Hands events to the sender: within a conversation in order, each awaited; conversations beside each other."""

    def __init__(self, state: State, options: Options, faults: Faults, sender: Sender, activity: Activity) -> None:
        self._state = state
        self._options = options
        self._faults = faults
        self._sender = sender
        self._activity = activity
        self._lanes: dict[str, Lane] = {}

    def emit(self, event: Event) -> None:
        """Queues an event for the targets that it has now: a webhook attached later does not hear of it."""
        self.queue(event, self.targets(event))

    def queue(self, event: Event, targets: list[Target]) -> None:
        """Queues an event for these targets, in the lane of its conversation."""
        if not targets:
            if event.settled is not None:
                event.settled(True, "")
            return
        lane = self._lanes.get(event.conversation_sid)
        if lane is None:
            lane = self._lanes[event.conversation_sid] = Lane()
            self._activity.begin()
        lane.waiting.append((event, targets))
        lane.more.set()
        if lane.task is None:
            lane.task = asyncio.get_running_loop().create_task(self._run(event.conversation_sid, lane))

    def targets(self, event: Event) -> list[Target]:
        """Account, then service, then the conversation's own webhooks, where their filters name the event."""
        levels = [self._state.configuration("webhooks"), self._state.configuration(f"webhooks/{event.service_sid}")]
        found = [
            Target(level["post_webhook_url"], level.get("method") or "POST")
            for level in levels
            if level.get("post_webhook_url") and event.name in (level.get("filters") or ())
        ]
        if not self._options.both_levels:
            found = found[-1:]
        for scoped in self._state.scoped.of(event.conversation_sid):
            if wanted(scoped.target, scoped.configuration, event):
                found.append(
                    Target(scoped.configuration["url"], str(scoped.configuration.get("method") or "POST").upper())
                )
        return found

    async def close(self) -> None:
        """Stops the lanes; what was not sent is lost, as at Twilio."""
        tasks = [lane.task for lane in self._lanes.values() if lane.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for _ in self._lanes:  # those whose task had not begun
            self._activity.end()
        self._lanes.clear()

    async def _run(self, conversation_sid: str, lane: Lane) -> None:
        try:
            await self._drain(lane)
        finally:
            del self._lanes[conversation_sid]
            self._activity.end()

    async def _drain(self, lane: Lane) -> None:
        while lane.waiting:
            batch = await self._reordered(lane) if self._faults.get("reorder") else [lane.waiting.popleft()]
            for event, targets in batch:
                words = [await self._sender.send(target, event) for target in targets]
                refused = next((one for one in words if one), "")
                if event.settled is not None:
                    event.settled(not refused, refused)

    async def _reordered(self, lane: Lane) -> list[tuple[Event, list[Target]]]:
        """Collects a few events of the lane, for a limited time, and turns them round."""
        fault = self._faults.get("reorder")
        count, wait = (int(fault.setting("count", 2)), float(fault.setting("wait", 1.0))) if fault else (1, 0.0)
        try:
            async with asyncio.timeout(wait):
                while len(lane.waiting) < count:
                    lane.more.clear()
                    await lane.more.wait()
        except TimeoutError:
            pass
        return [lane.waiting.popleft() for _ in range(min(count, len(lane.waiting)))][::-1]


def wanted(target: str, configuration: Json, event: Event) -> bool:
    """Does a conversation's own webhook take this event: by its filters; a `trigger` by a keyword in a new message."""
    if not configuration.get("url"):
        return False
    if target == "trigger":
        words = [word.lower() for word in configuration.get("triggers") or ()]
        return event.name == "onMessageAdded" and any(word in event.text.lower() for word in words)
    return target == "webhook" and event.name in (configuration.get("filters") or ())
