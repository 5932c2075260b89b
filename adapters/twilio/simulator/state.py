"""The account's records in memory, with the few indexes that are asked often; every change goes to the store."""

from __future__ import annotations

import time
from typing import Any, Generic, TypeVar

from . import records
from .options import MESSAGING_SERVICE_SID, SERVICE_SID, Options
from .records import Json, Record
from .store import Store

R = TypeVar("R", bound=Record)


class Table(Generic[R]):
    """Records of one kind: by sid, and by parent in the order of their making."""

    def __init__(self) -> None:
        self._rows: dict[str, R] = {}
        self._groups: dict[str, dict[str, R]] = {}

    def put(self, row: R) -> None:
        """Adds one, or replaces the one of its sid in place."""
        self._rows[row.sid] = row
        self._groups.setdefault(row.parent, {})[row.sid] = row

    def drop(self, row: R) -> None:
        """Removes one; harmless twice."""
        self._rows.pop(row.sid, None)
        self._groups.get(row.parent, {}).pop(row.sid, None)

    def get(self, sid: str) -> R | None:
        """The one of this sid."""
        return self._rows.get(sid)

    def of(self, parent: str) -> list[R]:
        """Those of one parent, oldest first."""
        return list(self._groups.get(parent, {}).values())

    def all(self) -> list[R]:
        """All of them, oldest first."""
        return list(self._rows.values())


class State:
    """All records. Change one, then `save` it; `commit` makes what was saved durable, and comes before any answer."""

    def __init__(self, store: Store, options: Options) -> None:
        self.store = store
        self.account_sid = options.account_sid
        self.services: Table[records.Service] = Table()
        self.settings: Table[records.Settings] = Table()
        self.conversations: Table[records.Conversation] = Table()
        self.participants: Table[records.Participant] = Table()
        self.messages: Table[records.Message] = Table()
        self.receipts: Table[records.Receipt] = Table()
        self.scoped: Table[records.ScopedWebhook] = Table()
        self.addresses: Table[records.AddressConfiguration] = Table()
        self.media: Table[records.Media] = Table()
        self.accepted: Table[records.Accepted] = Table()
        self.people: Table[records.Person] = Table()
        self.bubbles: Table[records.Bubble] = Table()
        self.numbers: Table[records.Number] = Table()
        self.pools: Table[records.Pool] = Table()
        self.texts: Table[records.Text] = Table()
        self.optouts: Table[records.OptOut] = Table()
        self._tables: dict[type[Record], Table[Any]] = {
            records.Service: self.services,
            records.Settings: self.settings,
            records.Conversation: self.conversations,
            records.Participant: self.participants,
            records.Message: self.messages,
            records.Receipt: self.receipts,
            records.ScopedWebhook: self.scoped,
            records.AddressConfiguration: self.addresses,
            records.Media: self.media,
            records.Accepted: self.accepted,
            records.Person: self.people,
            records.Bubble: self.bubbles,
            records.Number: self.numbers,
            records.Pool: self.pools,
            records.Text: self.texts,
            records.OptOut: self.optouts,
        }
        self._pairs: dict[tuple[str, str], records.Participant] = {}
        self._unique: dict[tuple[str, str], records.Conversation] = {}
        self._dirty: dict[str, Record] = {}
        self._gone: dict[str, None] = {}
        self._seq = 0
        self._clock_offset = 0.0
        self._load()
        self._found()

    # -- time ---

    def now(self) -> float:
        """The account's clock in epoch seconds; `advance` moves it."""
        return time.time() + self._clock_offset

    def advance(self, seconds: float) -> None:
        """Lets time pass: timers run out, media links expire."""
        self._clock_offset += seconds

    # -- writing ---

    def save(self, row: Record) -> None:
        """Takes a new or changed record. The first time it gets its place in the order and its date."""
        if not row.seq:
            self._seq += 1
            row.seq = self._seq
            row.created = row.created or self.now()
            row.updated = row.updated or row.created
        self._tables[type(row)].put(row)
        self._dirty[row.sid] = row

    def touch(self, row: Record) -> None:
        """Saves a changed record with a new date."""
        row.updated = self.now()
        self.save(row)

    def drop(self, row: Record) -> None:
        """Removes a record."""
        self._tables[type(row)].drop(row)
        self._dirty.pop(row.sid, None)
        self._gone[row.sid] = None

    def commit(self) -> None:
        """Makes durable what was saved since the last time; cheap when that is nothing."""
        if self._dirty or self._gone:
            self.store.write([(row.sid, type(row).__name__, vars(row)) for row in self._dirty.values()], self._gone)
            self._dirty.clear()
            self._gone.clear()

    # -- indexes ---

    def holder(self, address: str, proxy: str) -> records.Participant | None:
        """Who holds this number pair: a participant of a conversation that is not closed."""
        return self._pairs.get((address, proxy))

    def hold(self, participant: records.Participant) -> None:
        """Gives the pair to this participant."""
        if participant.address and participant.proxy:
            self._pairs[participant.address, participant.proxy] = participant

    def release(self, participant: records.Participant) -> None:
        """Frees the pair: the participant left, or its conversation closed or went."""
        pair = (participant.address or "", participant.proxy or "")
        if self._pairs.get(pair) is participant:
            del self._pairs[pair]

    def conversation(self, service_sid: str, name: str) -> records.Conversation | None:
        """By sid or by unique name, within one service."""
        found = self.conversations.get(name) or self._unique.get((service_sid, name))
        return found if found is not None and found.parent == service_sid else None

    def rename(self, conversation: records.Conversation, unique_name: str | None) -> None:
        """Changes the unique name, in the record and in the index."""
        if conversation.unique_name:
            self._unique.pop((conversation.parent, conversation.unique_name), None)
        conversation.unique_name = unique_name
        if unique_name:
            self._unique[conversation.parent, unique_name] = conversation

    # -- configuration ---

    def configuration(self, name: str) -> Json:
        """The values of one configuration object, empty where it was never set; `configure` changes them."""
        row = self.settings.get(name)
        return row.values if row is not None else {}

    def configure(self, name: str, values: Json) -> None:
        """Replaces named values of a configuration object."""
        row = self.settings.get(name) or records.Settings(sid=name, parent=self.account_sid)
        row.values = {**row.values, **values}
        self.touch(row)

    @property
    def default_service(self) -> str:
        """The service behind paths that name none."""
        return str(self.configuration("configuration").get("default_chat_service_sid", SERVICE_SID))

    @property
    def default_messaging_service(self) -> str:
        """The messaging service of conversations that name none."""
        return str(self.configuration("configuration").get("default_messaging_service_sid", MESSAGING_SERVICE_SID))

    # -- starting ---

    def _load(self) -> None:
        kinds = {kind.__name__: kind for kind in self._tables}
        rows = [kinds[kind](**values) for kind, values in self.store.load()]
        for row in sorted(rows, key=lambda one: one.seq):
            self._tables[type(row)].put(row)
            self._seq = max(self._seq, row.seq)
        for conversation in self.conversations.all():
            self.rename(conversation, conversation.unique_name)
            if conversation.state != "closed":
                for participant in self.participants.of(conversation.sid):
                    self.hold(participant)

    def _found(self) -> None:
        """Every account has a default service from the first day."""
        if self.services.get(SERVICE_SID) is None:
            self.save(
                records.Service(sid=SERVICE_SID, parent=self.account_sid, friendly_name="Default Conversations Service")
            )
            self.commit()
