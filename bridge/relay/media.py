"""The media room's counter: what a message's file is, where its bytes are, and who may fetch or leave one."""

from __future__ import annotations

import asyncio
import base64
import secrets
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import IO

from bridge.channel.port import StoreUnavailable
from bridge.core.content import Attachment, kind_of
from bridge.core.fitting import MAX_FILE, megabytes
from bridge.core.ids import ChannelName, ConversationId, parse_attachment_id
from bridge.core.log import LogLeg
from bridge.core.outcomes import RateLimited, Refused, SendError, Unavailable
from bridge.media.blobs import Blob, Blobs, Missing, StorageUnavailable, TooLarge
from bridge.media.found import Found, MediaAway
from bridge.media.links import KEY_BYTES, sign
from bridge.media.names import safe_name
from bridge.media.sniff import essence
from bridge.relay.channels import Open
from bridge.store import files, log
from bridge.store.files import Kept, Put
from bridge.store.store import Store, StoreBusy

LINK_S = 7 * 86400
"""So long a link to a file is good."""
UPLOAD_S = 3600
"""So long a place for an upload waits for its bytes."""
UPLOADS = ChannelName("")
"""What was put here itself came by no channel."""
PREFIX = "upload:"
IN_MEMORY = 1024 * 1024


class MediaRoom:
    """Files by what a message calls them. Implements what the server's media routes ask (`MediaDesk`)."""

    def __init__(
        self,
        store: Store,
        blobs: Blobs,
        channels: Mapping[ChannelName, Open],
        url: str,
        now: Callable[[], float],
    ) -> None:
        """`url` is the public one of ``/media``, `now` in epoch seconds."""
        self.blobs = blobs
        self._store = store
        self._channels = channels
        self._url = url
        self._now = now
        self._key = b""
        self._fetching: dict[tuple[ChannelName, str], asyncio.Task[Blob]] = {}

    async def start(self) -> None:
        """The key that signs links is the store's: every process has the same, and a restart spoils no link."""
        fresh = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
        kept: str = await self._store.write(files.secret_of, ("media", fresh))
        self._key = base64.b64decode(kept)

    async def close(self) -> None:
        """Nothing is fetched any more."""
        tasks = list(self._fetching.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def keys(self) -> Sequence[bytes]:
        return [self._key]

    def link(self, id: str) -> str:
        """The signed URL of a message's file by its public id."""
        # To the hour: the same file has the same link for a while, and a browser's cache knows it.
        expires = int(self._now() + LINK_S) // 3600 * 3600
        return f"{self._url}/{id}?{sign(self._key, 'GET', id, expires)}"

    # ---- for who sends

    async def file(self, channel: ChannelName, attachment: Attachment) -> IO[bytes]:
        """The bytes of an attachment that came by `channel`, open at their start; who asked closes it. Raises `SendError`."""
        try:
            blob = await self._blob(channel, attachment)
            return await self.blobs.open(blob.hash)
        except Missing as error:
            raise Unavailable("the file was removed a moment ago") from error
        except TooLarge as error:
            raise Refused(f"the file is larger than {megabytes(error.limit)}", code="too_large") from error
        except StorageUnavailable:
            return await self._spooled(channel, attachment)  # what can't be kept may go through all the same
        except StoreBusy as error:
            raise Unavailable(str(error)) from error

    async def _blob(self, channel: ChannelName, attachment: Attachment) -> Blob:
        place = UPLOADS if attachment.ref.startswith(PREFIX) else channel
        known = await self._store.read(files.kept, (place, attachment.ref))
        if known is not None and known.hash is not None and await self.blobs.exists(known.hash):
            return Blob(hash=known.hash, size=known.size)
        if place is UPLOADS:
            raise Refused("the file was never put here", code="media")
        task = self._fetching.get((channel, attachment.ref))
        if task is None:
            task = self._fetching[channel, attachment.ref] = asyncio.create_task(self._fetch(channel, attachment))
            task.add_done_callback(lambda t: self._fetched(channel, attachment.ref, t))
        return await asyncio.shield(task)

    def _fetched(self, channel: ChannelName, ref: str, task: asyncio.Task[Blob]) -> None:
        del self._fetching[channel, ref]
        if not task.cancelled():
            task.exception()  # who waits has it; nobody may wait any more

    async def _fetch(self, channel: ChannelName, attachment: Attachment) -> Blob:
        async with self._source(channel, attachment) as chunks:
            blob = await self.blobs.put(chunks, MAX_FILE)
        kept = Kept(
            channel=channel,
            ref=attachment.ref,
            owner="",
            content_type=attachment.content_type,
            filename=attachment.filename,
            size=blob.size,
            hash=blob.hash,
            at=self._now(),
        )
        await self._store.write(files.keep, kept)
        return blob

    async def _spooled(self, channel: ChannelName, attachment: Attachment) -> IO[bytes]:
        body: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - who asked closes it
        try:
            async with self._source(channel, attachment) as chunks:
                async for chunk in chunks:
                    await asyncio.to_thread(body.write, chunk)
        except BaseException:
            body.close()
            raise
        body.seek(0)
        return body

    @asynccontextmanager
    async def _source(self, channel: ChannelName, attachment: Attachment) -> AsyncIterator[AsyncIterator[bytes]]:
        source = self._channels.get(channel)
        if source is None or source.media is None:
            raise Unavailable(f"the channel {channel} is away, and the file is there")
        try:
            async with source.media.open_media(attachment) as chunks:
                yield chunks
        except (Refused, Unavailable):
            raise
        except RateLimited as error:  # the source's limits are none of the target's
            raise RateLimited(error.words, retry_at=error.retry_at, code=error.code) from error
        except SendError as error:  # reading is safe to repeat, whatever happened
            raise Unavailable(error.words, code=error.code) from error

    # ---- for the server

    async def find(self, id: str) -> Found | None:
        """The file of a message or an upload; None where there is none, or its message was deleted."""
        try:
            place = parse_attachment_id(id)
            return await self._of_message(*place) if place else await self._of_upload(id)
        except StoreBusy as busy:
            raise MediaAway("the store can’t be asked now") from busy
        except Refused as refused:
            raise MediaAway(refused.words, retry_after_s=None) from refused
        except SendError as error:
            raise MediaAway("the file can’t be had from its network now") from error

    async def _of_message(self, conversation: ConversationId, seq: int, position: int) -> Found | None:
        found = await self._store.read(files.place, (conversation, seq, position))
        message = await self._store.read(log.message, (conversation, seq))
        if found is None or message is None or message.deleted_at is not None:
            return None
        channel, attachment = found
        blob = await self._blob(channel, attachment)
        return Found(blob=blob, content_type=attachment.content_type, filename=attachment.filename)

    async def _of_upload(self, id: str) -> Found | None:
        known = await self._store.read(files.kept, (UPLOADS, PREFIX + id))
        if known is None or known.hash is None:
            return None
        blob = Blob(hash=known.hash, size=known.size)
        return Found(blob=blob, content_type=known.content_type, filename=known.filename)

    async def stored(self, id: str, blob: Blob) -> Blob | None:
        """The bytes of an upload are here; what came first stays."""
        try:
            stands = await self._store.write(
                files.put, Put(channel=UPLOADS, ref=PREFIX + id, hash=blob.hash, size=blob.size)
            )
        except StoreBusy as busy:
            raise MediaAway("the store can’t take it now") from busy
        return Blob(hash=stands[0], size=stands[1]) if stands else None

    # ---- for who uploads

    async def place(
        self, channel: ChannelName, owner: str, filename: str, content_type: str, size: int
    ) -> tuple[str, str]:
        """A place for a file that `owner` may attach on `channel`: its id and the URL to PUT it to."""
        if size > MAX_FILE:
            raise Refused(f"a file may have at most {megabytes(MAX_FILE)}", code="too_large")
        id, now = secrets.token_urlsafe(24), self._now()
        filename, content_type = safe_name(filename), essence(content_type)
        kept = Kept(
            channel=UPLOADS,
            ref=PREFIX + id,
            owner=f"{channel}:{owner}",
            content_type=content_type,
            filename=filename,
            size=size,
            hash=None,
            at=now,
        )
        try:
            await self._store.write(files.keep, kept)
        except StoreBusy as busy:
            raise StoreUnavailable(str(busy)) from busy
        query = sign(self._key, "PUT", id, int(now) + UPLOAD_S, size=size, content_type=content_type)
        return id, f"{self._url}/{id}?{query}"

    async def left(self, channel: ChannelName, owner: str, id: str) -> Attachment | None:
        """The file that `owner` has put at a place of theirs."""
        try:
            known = await self._store.read(files.kept, (UPLOADS, PREFIX + id))
        except StoreBusy as busy:
            raise StoreUnavailable(str(busy)) from busy
        if known is None or known.hash is None or known.owner != f"{channel}:{owner}":
            return None
        return Attachment(
            ref=known.ref,
            content_type=known.content_type,
            kind=kind_of(known.content_type),
            filename=known.filename,
            size=known.size,
        )


class ChannelFiles:
    """The media room as one channel may use it (`bridge.channel.Files`)."""

    def __init__(self, room: MediaRoom, channel: ChannelName) -> None:
        self._room = room
        self._channel = channel

    def link(self, file: str) -> str:
        return self._room.link(file)

    async def upload(self, leg: LogLeg, owner: str, filename: str, content_type: str, size: int) -> tuple[str, str]:
        return await self._room.place(self._channel, owner, filename, content_type, size)

    async def uploaded(self, owner: str, id: str) -> Attachment | None:
        return await self._room.left(self._channel, owner, id)
