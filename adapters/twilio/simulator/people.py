"""What people do with their phones."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable

from .carrier import Carrier
from .inbound import File, Inbound
from .options import OUR_NUMBER, Options
from .phones import NETWORKS, Phones
from .records import Bubble, Json, Person, channel_of
from .state import State
from .threads import Origin, Threads

DEFAULT_PEOPLE = (("Ana", "+15550141"), ("Bo", "whatsapp:+15550142"), ("Cy", "whatsapp:US.CY7Q2"))
FIRST_FREE_NUMBER = 15550143


class People:
    """The customers. Every action raises ValueError, with words for a person, where it can't be done."""

    def __init__(
        self, state: State, options: Options, threads: Threads, inbound: Inbound, phones: Phones, carrier: Carrier
    ) -> None:
        self._state = state
        self._threads = threads
        self._inbound = inbound
        self._phones = phones
        self._carrier = carrier
        self._ours = options.addresses
        if options.default_people and not state.people.all():
            for name, address in DEFAULT_PEOPLE:
                self.introduce(name, address)

    def introduce(self, name: str, address: str) -> Person:
        """A person with a phone at this address; the known one where there is one."""
        known = self._phones.at(address)
        if known is not None:
            return known
        slug = re.sub(r"\W+", "-", name.lower()).strip("-") or "person"
        taken = {one.sid for one in self._state.people.all()}
        sid = next(one for one in (slug, *(f"{slug}-{n}" for n in range(2, 10000))) if one not in taken)
        person = Person(
            sid=sid, parent=self._state.account_sid, name=name, address=address, ours=self._writes_to(address)
        )
        self._phones.join(person)
        return person

    def act(self, action: Json) -> Json:
        """One action of the sandbox's page, as `bridge.sandbox` documents it."""
        verbs: dict[str, Callable[[Json], Json]] = {
            "say": self._say,
            "add": self._add,
            "read": self._read,
            "edit": self._edit,
            "remove": self._remove,
        }
        verb = verbs.get(str(action.get("do")))
        if verb is None:
            raise ValueError(f"a phone can't {action.get('do')!r}; it can {', '.join(verbs)}")
        return verb(action)

    def _say(self, action: Json) -> Json:
        person = self._person(action)
        text, attachments = str(action.get("text") or ""), files(action)
        if not text and not attachments:
            raise ValueError("there is nothing to send: write a text or add a file")
        message, bubble = self._inbound.receive(person.address, str(action.get("to") or person.ours), text, attachments)
        return {
            "conversation_sid": message.parent,
            "message_sid": message.sid,
            "index": message.index,
            "message": self._phones.show(bubble) if bubble is not None else None,
        }

    def _add(self, action: Json) -> Json:
        name = str(action.get("name") or "").strip()
        if not name:
            raise ValueError("a person needs a name")
        network = str(action.get("network") or "SMS")
        channel = next((key for key, word in NETWORKS.items() if word.lower() == network.lower()), None)
        if channel not in ("sms", "whatsapp"):
            raise ValueError(f"there are no {network} phones here; there are SMS and WhatsApp")
        address = str(action.get("address") or self._free_address(channel))
        if self._phones.at(address) is not None:
            raise ValueError(f"somebody has {address} already")
        return {"person": self.introduce(name, address).sid}

    def _read(self, action: Json) -> Json:
        """Opens the chat: everything received is read."""
        for bubble in self._state.bubbles.of(self._person(action).sid):
            if bubble.receipt_sid is not None:
                self._carrier.read(bubble.receipt_sid)
        return {}

    def _edit(self, action: Json) -> Json:
        text = str(action.get("text") or "")
        if not text:
            raise ValueError("an edited message needs a text")
        self._alter(self._own(action), text)
        return {}

    def _remove(self, action: Json) -> Json:
        self._alter(self._own(action), None)
        return {}

    def _alter(self, bubble: Bubble, text: str | None) -> None:
        """Edits (a text) or removes (None) the message, in its thread as its author and on the phone."""
        message = self._state.messages.get(bubble.message_sid)
        thread = self._state.conversations.get(bubble.conversation_sid)
        if message is None or thread is None:
            raise ValueError("Twilio does not have this message in a conversation")
        origin = Origin(channel_of(message.author).upper(), notify=True)
        if text is None:
            self._threads.unsay(thread, message, origin)
        else:
            self._threads.edit(thread, message, {"body": text}, origin)
        self._phones.change(bubble, text)

    def _person(self, action: Json) -> Person:
        person = self._state.people.get(str(action.get("person")))
        if person is None:
            raise ValueError(f"there is no person {action.get('person')!r}")
        return person

    def _own(self, action: Json) -> Bubble:
        person = self._person(action)
        bubble = self._state.bubbles.get(str(action.get("message")))
        if bubble is None or bubble.parent != person.sid:
            raise ValueError(f"{person.name}'s phone has no such message")
        if not bubble.mine or bubble.deleted:
            raise ValueError("only an own message that is still there can be changed")
        return bubble

    def _writes_to(self, address: str) -> str:
        """Our address on the same network; the first one of all where there is none."""
        same = [ours for ours in self._ours if channel_of(ours) == channel_of(address)]
        return (same or self._ours or [OUR_NUMBER])[0]

    def _free_address(self, channel: str) -> str:
        prefix = "" if channel == "sms" else f"{channel}:"
        taken = {person.address.rpartition(":")[2] for person in self._state.people.all()}
        return next(
            f"{prefix}+{n}" for n in range(FIRST_FREE_NUMBER, FIRST_FREE_NUMBER + 10000) if f"+{n}" not in taken
        )


def files(action: Json) -> list[File]:
    """The files of an action: base64 in JSON; raises ValueError where it is none."""
    found = []
    for one in action.get("files") or ():
        try:
            data = base64.b64decode(one["data"], validate=True)
        except (KeyError, TypeError, binascii.Error):
            raise ValueError("a file needs its data in base64") from None
        found.append(
            File(str(one.get("filename") or "file"), str(one.get("content_type") or "application/octet-stream"), data)
        )
    return found
