"""The way in: a customer's phone writes to one of our addresses (docs: inbound-autocreation)."""

from __future__ import annotations

from dataclasses import dataclass

from .events import POST_EVENTS, sms_event
from .hooks import Hooks
from .options import Options
from .phones import Phones
from .records import Bubble, Conversation, Json, Media, Message, Participant, ScopedWebhook, channel_of, new_sid
from .sending import Target
from .state import State
from .threads import Origin, Settled, Threads

CREATED_HOOK_EVENTS = [name for name in POST_EVENTS if name != "onConversationAdded"]


@dataclass(frozen=True)
class File:
    """An attachment from a phone."""

    filename: str
    content_type: str
    data: bytes


class Inbound:
    """Finds the conversation of a number pair or makes one, and adds the message there."""

    def __init__(
        self, state: State, options: Options, threads: Threads, hooks: Hooks, phones: Phones, base_url: str
    ) -> None:
        self._state = state
        self._options = options
        self._threads = threads
        self._hooks = hooks
        self._phones = phones
        self._media_root = f"{base_url}/api/2010-04-01/Accounts/{options.account_sid}/Messages"

    def receive(self, sender: str, ours: str, body: str, files: list[File]) -> tuple[Message, Bubble | None]:
        """Takes one message; it is durable and on its way to the webhooks when this returns, with the sender's bubble.

        Raises ValueError when nobody holds the pair, no address configuration makes a conversation there, and there is
        no Programmable Messaging webhook either.
        """
        origin = Origin(channel_of(sender).upper(), notify=True, reason="EVENT")
        thread = self._thread(sender, ours, origin)
        service_sid = thread.parent if thread is not None else self._state.default_service
        message = Message(sid=new_sid("IM"), parent=thread.sid if thread else "", author=sender, body=body or None)
        message.media = [self._keep(service_sid, message, file) for file in files]
        bubble, settled = self._bubble(message)
        if thread is not None:
            self._threads.say(thread, message, origin, settled)
        self._programmable(message, ours, settled if thread is None else None)
        self._state.commit()
        return message, bubble

    def _thread(self, sender: str, ours: str, origin: Origin) -> Conversation | None:
        """Where the message goes; None for the Programmable Messaging webhook alone."""
        holder = self._state.holder(sender, ours)
        if holder is not None:
            return self._state.conversations.get(holder.parent)
        configuration = next((one for one in self._state.addresses.all() if one.address == ours), None)
        if configuration is not None and configuration.auto_creation.get("enabled"):
            return self._autocreate(configuration.auto_creation, sender, ours, origin)
        if self._options.sms_url:
            return None
        raise ValueError(f"nobody listens at {ours}: no address configuration creates conversations there")

    def _bubble(self, message: Message) -> tuple[Bubble | None, Settled | None]:
        """The message on the sender's phone, and who hears what becomes of it; both None without a phone."""
        person = self._phones.at(message.author)
        if person is None:
            return None, None
        bubble = self._phones.wrote(person, message.parent, message.sid, message.body or "", message.media)
        return bubble, lambda taken, words: self._phones.settle(bubble, taken, words)

    def _programmable(self, message: Message, ours: str, settled: Settled | None) -> None:
        """Tells the number's own webhook, where there is one."""
        if self._options.sms_url:
            person = self._phones.at(message.author)
            name = person.name if person is not None else ""
            account, lane = self._state.account_sid, message.parent or message.author
            event = sms_event(account, message.author, ours, message, lane, self._media_root, name)
            event.settled = settled
            self._hooks.queue(event, [Target(self._options.sms_url)])

    def _autocreate(self, auto: Json, sender: str, ours: str, origin: Origin) -> Conversation:
        """Conversation and participant, with the webhooks in the documented order."""
        service_sid = auto.get("conversation_service_sid") or self._state.default_service
        member = Participant(sid=new_sid("MB"), parent="", address=sender, proxy=ours)
        thread = self._threads.create(
            service_sid, {"friendly_name": sender, "created_by": "autocreation"}, origin, member
        )
        if auto.get("type") == "webhook":
            self._attach(thread, auto)
        member.parent = thread.sid
        self._threads.join(thread, member, origin)
        return thread

    def _attach(self, thread: Conversation, auto: Json) -> None:
        """The address's webhook becomes one of the conversation, which is why it never hears onConversationAdded."""
        configuration = {
            "url": auto.get("webhook_url"),
            "method": str(auto.get("webhook_method") or "POST").lower(),
            "filters": auto.get("webhook_filters") or CREATED_HOOK_EVENTS,
        }
        self._state.save(
            ScopedWebhook(sid=new_sid("WH"), parent=thread.sid, target="webhook", configuration=configuration)
        )

    def _keep(self, service_sid: str, message: Message, file: File) -> Json:
        media = Media(
            sid=new_sid("ME"),
            parent=service_sid,
            content_type=file.content_type,
            filename=file.filename,
            size=len(file.data),
            author=message.author,
            message_sid=message.sid,
            conversation_sid=message.parent or None,
        )
        self._state.store.keep_blob(media.sid, file.data)
        self._state.save(media)
        return attached(media)


def attached(media: Media) -> Json:
    """A file as it stands in a message."""
    return {"sid": media.sid, "size": media.size, "content_type": media.content_type, "filename": media.filename}
