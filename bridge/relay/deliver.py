"""One claimed delivery -> one remote call -> what is to be written of it."""

from __future__ import annotations

import asyncio
import logging
import random
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bridge.channel.outbound import Binding, Edit, File, Opened, Opening, Outbound, Sent
from bridge.core.content import Side
from bridge.core.fitting import too_large
from bridge.core.ids import ChannelName, EndpointKey
from bridge.core.notices import TWICE_MARK
from bridge.core.outcomes import BindingGone, Misconfigured, RateLimited, Refused, Scope, SendError, Unavailable, Unsure
from bridge.core.retry import (
    LONGEST_TOLD_S,
    PROBE_S,
    Decision,
    State,
    Tried,
    after_absence,
    after_failed_look,
    after_failure,
)
from bridge.core.routing import title
from bridge.relay.channels import Open, as_binding
from bridge.relay.directory import Directory
from bridge.store.outbox import Bind, Claimed, bind
from bridge.store.records import BindingRecord
from bridge.store.store import Store

LONGEST_SEND_S = 120.0
"""An upload may take its time; adapters cut each request much earlier."""
IN_MEMORY = 1024 * 1024
"""A larger file is spooled to disk on its way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of an attempt. `hold` says whom else it concerns and until when; `error` is what was raised."""

    decision: Decision
    sent: Sent | None = None
    rest_until: float = 0.0
    """The lane's next may not be tried before, although this one is done with."""
    hold: tuple[ChannelName, EndpointKey | None, float] | None = None
    error: Exception | None = None


class Deliverer:
    """Sends what was claimed. It reads and writes bindings, and no delivery: its `Result` says what to write."""

    def __init__(
        self,
        store: Store,
        directory: Directory,
        channels: dict[ChannelName, Open],
        now: Callable[[], float],
        rand: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._directory = directory
        self._channels = channels
        self._now = now
        self._rand = rand
        self._log = logging.getLogger("trunkline.deliver")

    async def attempt(self, c: Claimed) -> Result:
        """Never raises but for cancellation."""
        to = self._channels[c.binding.channel]
        try:
            async with asyncio.timeout(LONGEST_SEND_S):
                return await (self._look(to, c) if c.unsure else self._send(to, c))
        except TimeoutError:
            return self._failed(c, Unsure("no answer in time"))
        except SendError as error:
            return self._failed(c, error)
        except Exception as error:
            self._log.exception("a bug: delivery set back", extra={"delivery": c.id, "channel": to.name})
            return self._failed(c, error)

    def _failed(self, c: Claimed, error: Exception) -> Result:
        now, caps = self._now(), self._directory.capabilities(c.binding)
        if c.kind == "edit" and isinstance(error, Unsure):
            error = Unavailable(error.words, code=error.code)  # to change it once more does no harm
        decision = after_failure(error, self._tried(c), caps, now, self._rand())
        return self._with_pause(c, decision, error, now)

    def _with_pause(self, c: Claimed, decision: Decision, error: Exception, now: float) -> Result:
        """Whom else a failure concerns; also where the delivery itself is given up."""
        until = decision.due
        if not until and isinstance(error, RateLimited) and error.retry_at is not None:
            until = min(max(error.retry_at, now), now + LONGEST_TOLD_S)
        if not isinstance(error, RateLimited | Misconfigured):
            return Result(decision=decision, error=error)
        if error.scope is Scope.BINDING:
            return Result(decision=decision, error=error, rest_until=until)
        endpoint = c.binding.endpoint if error.scope is Scope.ENDPOINT else None
        hold = (c.binding.channel, endpoint, until or now + PROBE_S)
        return Result(decision=decision, hold=hold, error=error)

    def _tried(self, c: Claimed) -> Tried:
        bridge = self._directory.bridges.get(c.bridge)
        return Tried(
            attempt=c.attempt,
            first_tried=c.first_tried,
            claimed_at=c.claimed_at,
            give_up_after_s=bridge.give_up_after_s if bridge else 86400.0,
            possibly_twice=c.possibly_twice,
        )

    # ---- looking

    async def _look(self, to: Open, c: Claimed) -> Result:
        """An earlier attempt may have arrived."""
        caps = self._directory.capabilities(c.binding)
        if to.finds is None or c.binding.key is None or c.kind == "edit":
            # Nobody can be asked, or nothing can have been sent twice: as if that attempt had just failed.
            error = (
                Unsure("the connection was lost") if c.kind != "edit" and c.binding.key else Unavailable("interrupted")
            )
            return self._failed(c, error)
        try:
            sent = await to.finds.find(c.id, as_binding(c.binding))
        except Exception as error:
            if not isinstance(error, SendError):
                self._log.exception("a bug: it can’t be looked for", extra={"delivery": c.id, "channel": to.name})
            now = self._now()
            return self._with_pause(c, after_failed_look(error, self._tried(c), now, self._rand()), error, now)
        if sent is not None:
            return Result(decision=Decision(state=State.SENT, possibly_twice=c.possibly_twice), sent=sent)
        return Result(decision=after_absence(self._tried(c), caps, self._now()))

    # ---- sending

    async def _send(self, to: Open, c: Claimed) -> Result:
        if c.kind == "edit":
            return await self._edit(to, c)
        async with self._file(c) as file:
            binding = as_binding(c.binding)
            if binding.key is None:
                binding = await self._open(to, c, binding)
            try:
                sent = await to.channel.send(self._outbound(c, binding, file))
            except BindingGone as gone:
                if to.opens is None:
                    raise Refused(gone.words, code=gone.code) from gone
                self._log.warning("the binding is gone and is made anew", extra={"channel": to.name, "why": str(gone)})
                binding = await self._open(to, c, binding, closed=gone.closed)
                if file is not None:
                    file.body.seek(0)
                try:
                    sent = await to.channel.send(self._outbound(c, binding, file))
                except BindingGone as again:
                    raise Refused(again.words, code=again.code) from again  # made a moment ago: no third one
        return Result(decision=Decision(state=State.SENT, possibly_twice=c.possibly_twice), sent=sent)

    async def _edit(self, to: Open, c: Claimed) -> Result:
        if to.edits is None or c.remote is None or c.binding.key is None:
            return Result(decision=Decision(state=State.SKIPPED, words="there is nothing to edit"))
        caption = c.attachment is not None
        binding = as_binding(c.binding)
        edit = Edit(delivery=c.id, binding=binding, remote=c.remote, text=c.text, caption=caption)
        try:
            await to.edits.edit(edit)
        except BindingGone as gone:
            return Result(decision=Decision(state=State.SKIPPED, code=gone.code, words=gone.words))
        return Result(decision=Decision(state=State.SENT))

    def _outbound(self, c: Claimed, binding: Binding, file: File | None) -> Outbound:
        text = c.text
        if c.possibly_twice and c.binding.side is Side.AGENT:
            text = f"{text}\n{TWICE_MARK}" if text else TWICE_MARK
        return Outbound(
            delivery=c.id, binding=binding, author=self._author(c), text=text, file=file, reply_to=c.reply_to
        )

    def _author(self, c: Claimed) -> str:
        bridge = self._directory.bridges.get(c.bridge)
        return bridge.agent_name if bridge else c.bridge

    async def _open(self, to: Open, c: Claimed, binding: Binding, *, closed: bool = False) -> Binding:
        """Makes the counterpart and remembers it before anything is sent there."""
        if to.opens is None:
            raise Refused("the conversation has ended there and can’t be opened from here")
        opening = Opening(
            binding=binding, title=title(c.name, c.label, c.network), author=self._author(c), closed=closed
        )
        try:
            made = await to.opens.open_binding(opening)
        except (Unsure, BindingGone) as error:
            raise Unavailable(error.words, code=error.code) from error  # the message itself was not sent
        await self._bind(c.binding, made)
        return Binding(
            endpoint=binding.endpoint, key=made.key, address=binding.address, network=binding.network, meta=made.meta
        )

    async def _bind(self, record: BindingRecord, made: Opened) -> None:
        if (record.key, record.meta) == (made.key, made.meta):
            return
        if not await self._store.write(bind, Bind(binding=record, key=made.key, meta=made.meta)):
            raise Refused("the network’s conversation belongs to somebody else", code="foreign")

    @asynccontextmanager
    async def _file(self, c: Claimed) -> AsyncIterator[File | None]:
        """The attachment, fetched from where it came; a temporary file for as long as it is sent."""
        if c.attachment is None or c.source is None:
            yield None
            return
        source = self._channels.get(c.source)
        if source is None or source.media is None:
            raise Unavailable(f"the channel {c.source} is away, and the file is there")
        rule = self._directory.capabilities(c.binding).rule_for(c.attachment.content_type)
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as body:
            size = 0
            try:
                async with source.media.open_media(c.attachment) as chunks:
                    async for chunk in chunks:
                        size += len(chunk)
                        if rule is not None and size > rule.max_bytes:
                            words = too_large(c.attachment, rule, self._directory.capabilities(c.binding))
                            raise Refused(words, code="too_large")
                        body.write(chunk)
            except Refused:
                raise
            except RateLimited as error:  # the source's limits are none of the target's
                raise RateLimited(error.words, retry_at=error.retry_at, code=error.code) from error
            except SendError as error:  # reading is safe to repeat, whatever happened
                raise Unavailable(error.words, code=error.code) from error
            body.seek(0)
            yield File(attachment=c.attachment, body=body, size=size)
