"""One claimed delivery -> one remote call -> what is to be written of it."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from bridge.channel.outbound import Binding, Edit, File, Lookup, Opened, Opening, Outbound, Sent
from bridge.core.capabilities import Form
from bridge.core.content import Side
from bridge.core.fitting import as_link, describe, linked, too_large
from bridge.core.ids import ChannelName, EndpointKey, attachment_id
from bridge.core.notices import TWICE_MARK
from bridge.core.outcomes import (
    BindingGone,
    FileAway,
    Misconfigured,
    RateLimited,
    Refused,
    Scope,
    SendError,
    Unavailable,
    Unsure,
)
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
from bridge.relay.media import MediaRoom
from bridge.relay.record import made
from bridge.store.log import record_parts
from bridge.store.outbox import Bind, Claimed, bind
from bridge.store.records import BindingRecord
from bridge.store.store import Store, StoreBusy

FILE_PATIENCE_S = 300.0
"""So long a file's source may be away before its message goes without it: others wait behind."""
LONGEST_SEND_S = 120.0
"""An upload may take its time; adapters cut each request much earlier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of an attempt. `hold` says whom else it concerns and until when; `error` is what was raised."""

    decision: Decision
    sent: Sent | None = None
    rest_until: float = 0.0
    """The lane's next may not be tried before, although this one is done with."""
    hold: tuple[ChannelName, EndpointKey | None, float] | None = None
    error: Exception | None = None
    remark: str = ""
    """What its author should know of a delivery that was sent."""


class Deliverer:
    """Sends what was claimed. It reads and writes bindings, and no delivery: its `Result` says what to write."""

    def __init__(
        self,
        store: Store,
        directory: Directory,
        channels: dict[ChannelName, Open],
        media: MediaRoom,
        now: Callable[[], float],
        rand: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._directory = directory
        self._channels = channels
        self._media = media
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
        except StoreBusy as busy:
            return self._failed(c, Unavailable(str(busy)))  # whatever is read is read before anything is sent
        except Exception as error:
            self._log.exception("a bug: delivery set back", extra={"delivery": c.id, "channel": to.name})
            return self._failed(c, error)

    def _failed(self, c: Claimed, error: Exception) -> Result:
        now, caps = self._now(), self._directory.capabilities(c.binding)
        if isinstance(error, Unsure) and (c.kind == "edit" or caps.send_once == "key"):
            error = Unavailable(error.words, code=error.code)  # once more does no harm
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
            since=c.created_at,
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
            harmless = c.kind == "edit" or not c.binding.key or caps.send_once == "key"
            return self._failed(c, Unavailable("interrupted") if harmless else Unsure("the connection was lost"))
        try:
            lookup = Lookup(
                delivery=c.id,
                binding=as_binding(c.binding),
                text=c.text,
                has_file=c.attachment is not None,
                since=c.first_tried,
            )
            sent = await to.finds.find(lookup)
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
        if self._directory.form(c.binding.channel) is Form.RECORDS:
            return await self._record(to, c)
        async with self._file(c) as fetched:
            text, file, remark = self._fits(c, fetched)
            binding = as_binding(c.binding)
            if binding.key is None:
                binding = await self._open(to, c, binding)
            try:
                sent = await to.channel.send(self._outbound(c, binding, text, file))
            except BindingGone as gone:
                if to.opens is None:
                    raise Refused(gone.words, code=gone.code) from gone
                self._log.warning("the binding is gone and is made anew", extra={"channel": to.name, "why": str(gone)})
                binding = await self._open(to, c, binding, closed=gone.closed)
                if file is not None:
                    file.body.seek(0)
                try:
                    sent = await to.channel.send(self._outbound(c, binding, text, file))
                except BindingGone as again:
                    raise Refused(again.words, code=again.code) from again  # made a moment ago: no third one
        return Result(decision=Decision(state=State.SENT, possibly_twice=c.possibly_twice), sent=sent, remark=remark)

    async def _record(self, to: Open, c: Claimed) -> Result:
        """What happened, with everything as it is now."""
        parts = await self._store.read(record_parts, (c.conversation, c.seq))
        record = made(c, parts, self._directory.bridges.get(c.bridge))
        if record is None:
            return Result(decision=Decision(state=State.SKIPPED, words="there is nothing left to tell"))
        out = Outbound(delivery=c.id, binding=as_binding(c.binding), author=self._author(c), record=record)
        return Result(decision=Decision(state=State.SENT), sent=await to.channel.send(out))

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

    def _outbound(self, c: Claimed, binding: Binding, text: str, file: File | None) -> Outbound:
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
        if not await self._patiently(Bind(binding=record, key=made.key, meta=made.meta)):
            raise Refused("the network’s conversation belongs to somebody else", code="foreign")

    async def _patiently(self, made: Bind) -> bool:
        """What the network made must be written down: else it is made once more."""
        while True:
            try:
                return await self._store.write(bind, made)
            except StoreBusy as error:
                self._log.error("the store can’t take what was opened; trying again: %s", error)
                await asyncio.sleep(0.5)

    @asynccontextmanager
    async def _file(self, c: Claimed) -> AsyncIterator[File | Refused | None]:
        """The attachment, from the media room, which fetches it from where it came."""
        if c.attachment is None or c.source is None:
            yield None
            return
        try:
            fetched = await self._media.file(c.source, c.attachment)
        except Refused as refused:
            if not c.text:
                raise
            yield refused  # its caption goes alone
            return
        except Unavailable as away:
            if self._now() - c.first_tried < FILE_PATIENCE_S:
                raise FileAway(away.words, code=away.code) from away
            gone = Refused(away.words, code=away.code)
            if not c.text:
                raise gone from away
            yield gone
            return
        with fetched as body:
            size = await asyncio.to_thread(body.seek, 0, 2)
            await asyncio.to_thread(body.seek, 0)
            yield File(attachment=c.attachment, body=body, size=size, link=self._link(c))

    def _link(self, c: Claimed) -> str:
        assert c.seq is not None  # noqa: S101 - only a message has files
        return self._media.link(attachment_id(c.conversation, c.seq, c.position or 0))

    def _fits(self, c: Claimed, file: File | Refused | None) -> tuple[str, File | None, str]:
        """Text and file as they can go, and a word to the author where a file proved too large: then it goes as a link."""
        if isinstance(file, Refused):
            assert c.attachment is not None  # noqa: S101 - what was refused
            words = f"{describe(c.attachment)} was not sent: {file.words}"
            return c.text if c.binding.side is Side.CUSTOMER else f"{c.text}\n({words})", None, words
        caps = self._directory.capabilities(c.binding)
        rule = caps.rule_for(file.attachment.content_type) if file else None
        if file is None or rule is None or file.size <= rule.max_bytes:
            return c.text, file, ""
        known = replace(file.attachment, size=file.size)
        text = "\n".join(line for line in (c.text, linked(known, file.link)) if line)
        return text, None, as_link(too_large(known, rule, caps))
