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
from .roads import Roads
from .state import State
from .texts import Texts
from .threads import Origin, Threads

DEFAULT_PEOPLE = (("Ana", "+15550141"), ("Bo", "whatsapp:+15550142"), ("Cy", "whatsapp:US.CY7Q2"))
FIRST_FREE_NUMBER = 15550143
EXTRAS = ("location", "button", "forwarded", "fields")
"""What a message may have besides text and files, where it comes by Programmable Messaging."""


class People:
    """The customers. Every action raises ValueError, with words for a person, where it can't be done."""

    def __init__(
        self,
        state: State,
        options: Options,
        threads: Threads,
        inbound: Inbound,
        phones: Phones,
        carrier: Carrier,
        roads: Roads,
        texts: Texts,
    ) -> None:
        self._state = state
        self._threads = threads
        self._inbound = inbound
        self._phones = phones
        self._carrier = carrier
        self._roads = roads
        self._texts = texts
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
            "rename": self._rename,
            "road": self._road,
        }
        verb = verbs.get(str(action.get("do")))
        if verb is None:
            raise ValueError(f"a phone can't {action.get('do')!r}; it can {', '.join(verbs)}")
        return verb(action)

    def _say(self, action: Json) -> Json:
        person = self._person(action)
        text, attachments = str(action.get("text") or ""), files(action)
        extra = {name: action[name] for name in EXTRAS if action.get(name)}
        if not text and not attachments and not extra:
            raise ValueError("there is nothing to send: write a text or add a file")
        if isinstance(action.get("reply_to"), str):
            extra["reply_to"] = self._replied(person, str(action["reply_to"]))
        ours = str(action.get("to") or person.ours)
        taken = self._inbound.receive(person.address, ours, text, attachments, extra)
        shown = self._phones.show(taken.bubble) if taken.bubble is not None else None
        return {**taken.shown(), "message": shown}

    def _replied(self, person: Person, id: str) -> Json:
        """The message on the phone that is answered, as its sender named it."""
        bubble = self._state.bubbles.get(id)
        if bubble is None or bubble.parent != person.sid:
            raise ValueError(f"{person.name}'s phone has no message {id!r} to reply to")
        receipt = self._state.receipts.get(bubble.receipt_sid or "")
        sid = receipt.channel_message_sid if receipt is not None else bubble.message_sid
        return {"sid": sid, "sender": person.address if bubble.mine else person.ours}

    def _add(self, action: Json) -> Json:
        name = str(action.get("name") or "").strip()
        if not name:
            raise ValueError("a person needs a name")
        network = str(action.get("network") or "SMS")
        channel = next((key for key, word in NETWORKS.items() if word.lower() == network.lower()), None)
        if channel not in ("sms", "whatsapp", "messenger"):
            raise ValueError(f"there are no {network} phones here; there are SMS, WhatsApp and Messenger")
        address = str(action.get("address") or self._free_address(channel))
        if self._phones.at(address) is not None:
            raise ValueError(f"somebody has {address} already")
        return {"person": self.introduce(name, address).sid}

    def _read(self, action: Json) -> Json:
        """Opens the chat: everything received is read."""
        for bubble in self._state.bubbles.of(self._person(action).sid):
            if bubble.receipt_sid is not None:
                self._carrier.read(bubble.receipt_sid)
            elif not bubble.mine:
                self._texts.read(bubble.message_sid)
        self._state.commit()
        return {}

    def _rename(self, action: Json) -> Json:
        """Another `name`, another `address`; without either a WhatsApp number gives way to a username.

        The conversation goes on: its participant has the new address from now on, under the same sid.
        """
        person = self._person(action)
        name, address = str(action.get("name") or person.name), str(action.get("address") or person.address)
        if not action.get("name") and not action.get("address"):
            address = f"whatsapp:US.{re.sub('[^A-Z0-9]', '', person.sid.upper())}{100000 + person.seq}"
        if address != person.address:
            self._check_new(person, address)
            self._move(person, address)
        self._phones.moved(person, name, address)
        return {"person": person.sid, "name": name, "address": address}

    def _check_new(self, person: Person, address: str) -> None:
        if channel_of(address) != "whatsapp" or channel_of(person.address) != "whatsapp":
            raise ValueError("only on WhatsApp does an address change")
        if self._phones.at(address) is not None:
            raise ValueError(f"somebody has {address} already")

    def _move(self, person: Person, address: str) -> None:
        """Every participant with the person's address gets the new one; webhooks tell so."""
        origin = Origin("WHATSAPP", notify=True)
        for member in self._state.participants.all():
            thread = self._state.conversations.get(member.parent)
            if member.address == person.address and thread is not None:
                self._threads.change_member(thread, member, {"address": address}, origin)

    def _road(self, action: Json) -> Json:
        """An address of ours leaves Conversations, joins it, or does both: as an admin sets it up.

        Who leaves takes the participants along that hold its pairs, in silence as every change by REST.
        """
        address, road = str(action.get("address")), str(action.get("road"))
        self._roads.choose(address, road)
        for member in self._state.participants.all() if road == "messaging" else ():
            thread = self._state.conversations.get(member.parent)
            if member.proxy == address and thread is not None and thread.state != "closed":
                self._threads.leave(thread, member, Origin())
        self._state.commit()
        return {"address": address, "road": road}

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
        ours = self._roads.ours
        return next((one for one in ours if channel_of(one) == channel_of(address)), (*ours, OUR_NUMBER)[0])

    def _free_address(self, channel: str) -> str:
        """A number; on Messenger, where people have none, the digits of one."""
        prefix = "" if channel == "sms" else f"{channel}:"
        taken = {person.address.rpartition(":")[2] for person in self._state.people.all()}
        return next(
            prefix + number
            for n in range(FIRST_FREE_NUMBER, FIRST_FREE_NUMBER + 10000)
            if (number := f"{'' if channel == 'messenger' else '+'}{n}") not in taken
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
