"""Files that are kept, and the key that signs links to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert as upsert

from bridge.core.content import Attachment
from bridge.core.ids import ChannelName, ConversationId
from bridge.store import tables as t
from bridge.store.records import full
from bridge.store.statements import Statement, Steps, any_of, ask, columns, write
from bridge.store.world_sql import inserting_new

file, attachment, secret = columns(t.StoredFile), columns(t.Attachment), columns(t.Secret)
FILES = Statement(select(*file).where(any_of(file.id, "ids")), "ids")
ATTACHMENT = Statement(
    select(*attachment).where(
        attachment.conversation_id == bindparam("conversation"),
        attachment.seq == bindparam("seq"),
        attachment.position == bindparam("position"),
    )
)
_new: Any = upsert(t.StoredFile).values({c.name: bindparam(c.name) for c in file})
KEEP = Statement(
    _new.on_conflict_do_update(index_elements=[file.id], set_={"hash": _new.excluded.hash, "size": _new.excluded.size})
)
SECRETS = Statement(select(secret.value).where(secret.name == bindparam("name")))
NEW_SECRET = inserting_new(t.Secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A file by its channel and its ref there; `hash` is None until its bytes are here."""

    channel: ChannelName
    ref: str
    owner: str
    content_type: str
    filename: str
    size: int
    hash: str | None
    at: float

    @property
    def id(self) -> str:
        return full(self.channel, self.ref)


def kept(refs: list[tuple[ChannelName, str]]) -> Steps[list[Kept | None]]:
    """What is known of some files."""
    ids = [full(channel, ref) for channel, ref in refs]
    rows = {row.id: row for row in (yield from ask(FILES, ids=ids))}
    return [_kept(channel, ref, rows.get(full(channel, ref))) for channel, ref in refs]


def keep(files: list[Kept]) -> Steps[list[None]]:
    """Remembers files; one that is known already gets its hash and size."""
    yield from write(KEEP, [_row(f) for f in files])
    return [None for _ in files]


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """The bytes of a place that was made for them have come."""

    channel: ChannelName
    ref: str
    hash: str
    size: int


def put(puts: list[Put]) -> Steps[list[tuple[str, int] | None]]:
    """The hash and size that stand there now: what came first stays. None where there is no such place."""
    found: list[tuple[str, int] | None] = []
    for p in puts:
        rows = yield from ask(FILES, ids=[full(p.channel, p.ref)])
        if not rows:
            found.append(None)
        elif rows[0].hash is not None:
            found.append((rows[0].hash, rows[0].size))
        else:
            yield from write(KEEP, [dict(rows[0]._asdict()) | {"hash": p.hash, "size": p.size}])
            found.append((p.hash, p.size))
    return found


def place(places: list[tuple[ConversationId, int, int]]) -> Steps[list[tuple[ChannelName, Attachment] | None]]:
    """The attachment at (conversation, seq, position), with the channel that it came by."""
    found: list[tuple[ChannelName, Attachment] | None] = []
    for conversation, seq, position in places:
        rows = yield from ask(ATTACHMENT, conversation=conversation, seq=seq, position=position)
        found.append((rows[0].channel, _attachment(rows[0])) if rows else None)
    return found


def secret_of(wishes: list[tuple[str, str]]) -> Steps[list[str]]:
    """The secret of a name, made of the given value where there is none yet."""
    found = []
    for name, fresh in wishes:
        yield from write(NEW_SECRET, [{"name": name, "value": fresh}])
        found.append((yield from ask(SECRETS, name=name))[0].value)
    return found


def _kept(channel: ChannelName, ref: str, row: Any) -> Kept | None:
    if row is None:
        return None
    return Kept(
        channel=channel,
        ref=ref,
        owner=row.owner,
        content_type=row.content_type,
        filename=row.filename,
        size=row.size,
        hash=row.hash,
        at=row.at,
    )


def _row(f: Kept) -> dict[str, Any]:
    values = {"owner": f.owner, "content_type": f.content_type, "filename": f.filename, "size": f.size}
    return values | {"id": f.id, "hash": f.hash, "at": f.at}


def _attachment(a: Any) -> Attachment:
    return Attachment(ref=a.ref, content_type=a.content_type, kind=a.kind, filename=a.filename, size=a.size)
