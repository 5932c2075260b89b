"""Sends pending updates to the bot's webhook: one at a time in each line, lines side by side, again until a 2xx.

Sources: WebhookActor.cpp of tdlib/telegram-bot-api; facts: telegram.md 5.2. Waits are simulated seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections import deque
from http import HTTPStatus
from typing import TYPE_CHECKING

from .clock import Clock
from .records import Json, Update, Webhook
from .state import State
from .switches import Switches
from .updates import expired
from .view import topic_reference
from .wire import Wire

if TYPE_CHECKING:
    import httpx

ANSWER_WITHIN = 60.0
LONGEST_WAIT = 60.0
LONGEST_RETRY_AFTER = 3600.0


class Delivery:
    """The lines of updates and the tasks that work them off."""

    def __init__(self, state: State, clock: Clock, wire: Wire, switches: Switches) -> None:
        self._switches = switches
        self._state = state
        self._clock = clock
        self._wire = wire
        self._lines: dict[str, deque[int]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(40)
        self._client: httpx.AsyncClient | None = None

    def resume(self) -> None:
        """Begins anew with everything that is pending: after a start, and when the webhook was changed."""
        self.stop()
        self._lines.clear()
        if not self._state.webhook.url:
            return
        self._wire.hide(self._state.webhook.secret)
        self._slots = asyncio.Semaphore(self._state.webhook.max_connections)
        for update in self._state.updates.values():
            update.attempt = 0
            self._lines.setdefault(update.queue, deque()).append(update.update_id)
        for queue in self._lines:
            self._work_off(queue)

    def added(self, queue: str) -> None:
        """A new update stands in that line (the newest one of all)."""
        if self._state.webhook.url:
            self._lines.setdefault(queue, deque()).append(next(reversed(self._state.updates)))
            self._work_off(queue)

    def stop(self) -> None:
        """Ends all tasks; what they were sending stays pending."""
        for task in self._tasks.values():
            task.cancel()
        self._tasks.clear()

    async def close(self) -> None:
        """Stops, waits for the tasks' end, and closes the connections."""
        tasks = list(self._tasks.values())
        self.stop()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def _work_off(self, queue: str) -> None:
        task = self._tasks.get(queue)
        if task is None or task.done():
            self._tasks[queue] = asyncio.create_task(self._run(self._lines[queue]), name=f"telegram webhook {queue}")

    async def _run(self, line: deque[int]) -> None:
        """Works one line off, in order; the head blocks the rest until it is confirmed or too old."""
        while line:
            update = self._state.updates.get(line[0])
            if update is None:
                line.popleft()
                continue
            wait = await self._attempt(update)
            due = self._clock.now() + wait
            if wait < 0 or expired(update, due):
                line.popleft()
                self._state.forget_update(update.update_id)
                self._state.store.flush()
            elif wait:
                await self._clock.sleep_until(due)

    async def _attempt(self, update: Update) -> float:
        """Sends an update once. Returns the seconds until the next attempt, negative where it was confirmed."""
        await self._switches.up.wait()
        update.attempt += 1
        async with self._slots:
            error, retry_after = await self._send(update)
        if not error:
            return -1.0
        hook = self._state.webhook
        hook.last_error_date, hook.last_error_message = int(self._clock.now()), error
        self._state.save(hook)
        self._state.store.flush()
        if retry_after:
            return min(retry_after, LONGEST_RETRY_AFTER)
        # At once, then 2, 4, 8 … and in the end somewhere between one and two minutes.
        wait = 0.0 if update.attempt == 1 else 2.0 ** min(update.attempt - 1, 10)
        return wait if wait < LONGEST_WAIT else LONGEST_WAIT * (1 + random.random())  # noqa: S311

    async def _send(self, update: Update) -> tuple[str, float]:
        """One request; its error ("" for a 2xx that was heard) and the receiver's own Retry-After."""
        hook = self._state.webhook
        headers = {"content-type": "application/json"}
        if hook.secret:
            headers["x-telegram-bot-api-secret-token"] = hook.secret
        call = self._begin(update, hook, headers)
        try:
            answer = await self._http().post(hook.url, content=update.body.encode(), headers=headers)
        except asyncio.CancelledError:
            self._wire.end(call, None, {}, "", error="given up: the webhook was changed, or we stop")
            raise
        except Exception as problem:
            error = _words(problem)
            self._wire.end(call, None, {}, "", error=error)
            return error, 0.0
        status = answer.status_code
        verdict = "none" if not hook.secret else "refused" if status in (401, 403) else "ok"
        self._wire.end(call, status, dict(answer.headers), answer.text, signature=verdict)
        return self._judge(status), _retry_after(answer.headers.get("retry-after", ""))

    def _judge(self, status: int) -> str:
        if not 200 <= status < 300:
            reason = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Unknown"
            return f"Wrong response from the webhook: {status} {reason}"
        return "Read timeout expired" if self._switches.take("webhook_lost_answer") else ""

    def _begin(self, update: Update, hook: Webhook, headers: Json) -> Json:
        payload = json.loads(update.body)[update.kind]
        message = payload.get("message", payload)
        group = self._state.group(message.get("chat", {}).get("id", 0))
        thread = message.get("message_thread_id", 1) if message.get("is_topic_message") else 1
        return self._wire.begin(
            "webhook",
            "POST",
            hook.url,
            update.kind,
            headers,
            update.body,
            attempt=update.attempt,
            ref=topic_reference(group, thread) if group else "",
            text=message.get("text") or message.get("caption") or "",
        )

    def _http(self) -> httpx.AsyncClient:
        """The client, made when first needed: its import costs more than the rest of the simulator."""
        if self._client is None:
            from httpx_aiohttp import HttpxAiohttpClient

            # A proxy of the environment has no business between two loopback ends.
            self._client = HttpxAiohttpClient(timeout=ANSWER_WITHIN, trust_env=False)
        return self._client


def _words(problem: Exception) -> str:
    """The error as getWebhookInfo words it."""
    name = type(problem).__name__
    # httpx-aiohttp tells a refused connection as a ConnectTimeout.
    if "Connect" in name:
        return "Connection refused"
    return "Read timeout expired" if "Timeout" in name else f"Connection closed: {name}"


def _retry_after(text: str) -> float:
    with contextlib.suppress(ValueError):
        return max(float(text), 0.0)
    return 0.0
