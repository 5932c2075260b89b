"""What the customers' phones show."""

from __future__ import annotations

from .records import Bubble, Json, Message, Person, Receipt, Text, channel_of, new_sid
from .state import State
from .wire import Wire

NETWORKS = {"sms": "SMS", "whatsapp": "WhatsApp", "messenger": "Messenger", "rcs": "RCS"}
STYLES = {"sms": "sms", "whatsapp": "whatsapp"}


class Phones:
    """The bubbles of every person with a phone; tells the wire of each new or changed one."""

    def __init__(self, state: State, wire: Wire, base_url: str) -> None:
        self._state = state
        self._wire = wire
        self._base_url = base_url
        self._by_address = {person.address: person for person in state.people.all()}

    def at(self, address: str) -> Person | None:
        """Who has this address."""
        return self._by_address.get(address)

    def join(self, person: Person) -> None:
        """A new person."""
        self._state.save(person)
        self._state.commit()
        self._by_address[person.address] = person
        self._wire.tell({"type": "person", "person": card(person)})

    def moved(self, person: Person, name: str, address: str) -> None:
        """The person has another name or another address from now on."""
        self._by_address.pop(person.address, None)
        person.name, person.address = name, address
        self._by_address[address] = person
        self._state.touch(person)
        self._state.commit()
        self._wire.tell({"type": "person", "person": card(person)})

    def received(self, person: Person, message: Message, receipt: Receipt, text: str, media: list[Json]) -> None:
        """A message of ours reached the phone."""
        self._put(
            Bubble(
                sid=f"bubble-{receipt.sid}",
                parent=person.sid,
                message_sid=message.sid,
                conversation_sid=message.parent,
                receipt_sid=receipt.sid,
                author=message.author,
                text=text,
                media=media,
                created=self._state.now(),
            )
        )

    def texted(self, person: Person, text: Text) -> None:
        """A message of Programmable Messaging reached the phone."""
        bubble = Bubble(sid=f"bubble-{text.sid}", parent=person.sid, message_sid=text.sid, created=self._state.now())
        bubble.author, bubble.text, bubble.media = text.sender or "", text.body, text.media
        self._put(bubble)

    def answered(self, person: Person, ours: str, words: str) -> None:
        """The network itself answered a keyword."""
        bubble = Bubble(sid=f"bubble-{new_sid('SM')}", parent=person.sid, author=ours, text=words)
        bubble.created = self._state.now()
        self._put(bubble)

    def wrote(self, person: Person, conversation_sid: str, message_sid: str, text: str, media: list[Json]) -> Bubble:
        """The person sent a message; what became of it comes with `settle`."""
        bubble = Bubble(
            sid=f"bubble-{message_sid}",
            parent=person.sid,
            message_sid=message_sid,
            conversation_sid=conversation_sid,
            mine=True,
            author=person.name,
            text=text,
            media=media,
            created=self._state.now(),
        )
        self._put(bubble)
        return bubble

    def settle(self, bubble: Bubble, taken: bool, words: str) -> None:
        """The bridge took the person's message, or didn't."""
        bubble.status, bubble.error = ("sent", "") if taken else ("failed", words)
        self._put(bubble)

    def change(self, bubble: Bubble, text: str | None) -> None:
        """The person edited a message, or removed it (None)."""
        if text is None:
            bubble.deleted = True
        else:
            bubble.text, bubble.edited = text, True
        self._put(bubble)

    def view(self) -> Json:
        """Everybody, with all that their phones show."""
        return {
            "people": [
                card(person) | {"messages": [self.show(bubble) for bubble in self._state.bubbles.of(person.sid)]}
                for person in self._state.people.all()
            ]
        }

    def show(self, bubble: Bubble) -> Json:
        """One bubble as a MESSAGE."""
        media = [
            {
                "url": f"{self._base_url}/_sim/media/{one['sid']}",
                "content_type": one["content_type"],
                "filename": one["filename"] or "",
                "size": one["size"],
            }
            for one in bubble.media
        ]
        return {
            "id": bubble.sid,
            "mine": bubble.mine,
            "author": bubble.author,
            "text": bubble.text,
            "media": media,
            "at": bubble.created,
            "status": bubble.status,
            "error": bubble.error,
            "reply_to": None,
            "edited": bubble.edited,
            "deleted": bubble.deleted,
        }

    def _put(self, bubble: Bubble) -> None:
        self._state.touch(bubble)
        self._state.commit()
        self._wire.tell({"type": "message", "person": bubble.parent, "message": self.show(bubble)})


def card(person: Person) -> Json:
    """A person without messages."""
    channel = channel_of(person.address)
    return {
        "id": person.sid,
        "name": person.name,
        "network": NETWORKS.get(channel, channel),
        "style": STYLES.get(channel, "plain"),
        "address": person.address,
    }
