"""The way in: a customer's phone writes to one of our addresses (docs: inbound-autocreation, webhook-request)."""

from __future__ import annotations

from dataclasses import dataclass

from .events import POST_EVENTS
from .hooks import Hooks
from .options import Options
from .optouts import OptOuts
from .phones import Phones
from .records import Bubble, Conversation, Json, Media, Message, Participant, ScopedWebhook, Text, channel_of, new_sid
from .roads import Roads
from .segments import count
from .sending import Target
from .state import State
from .text_events import inbound_event
from .texts import Texts
from .threads import Origin, Settled, Threads

CREATED_HOOK_EVENTS = [name for name in POST_EVENTS if name != "onConversationAdded"]


@dataclass(frozen=True)
class File:
    """An attachment from a phone."""

    filename: str
    content_type: str
    data: bytes


@dataclass(frozen=True)
class Taken:
    """What a message from a phone became: one of a conversation, one of Programmable Messaging, or both."""

    conversation_sid: str
    message_sid: str
    index: int
    text_sid: str
    bubble: Bubble | None

    def shown(self) -> Json:
        """The answer of the control routes; `text_sid` only where the number's webhook was told."""
        sids = {"conversation_sid": self.conversation_sid, "message_sid": self.message_sid, "index": self.index}
        return sids | ({"text_sid": self.text_sid} if self.text_sid else {})


class Inbound:
    """Finds the conversation of a number pair or makes one, and adds the message there; or tells the number's webhook."""

    def __init__(
        self,
        state: State,
        options: Options,
        threads: Threads,
        hooks: Hooks,
        phones: Phones,
        roads: Roads,
        texts: Texts,
        optouts: OptOuts,
        base_url: str,
    ) -> None:
        self._state = state
        self._options = options
        self._threads = threads
        self._hooks = hooks
        self._phones = phones
        self._roads = roads
        self._texts = texts
        self._optouts = optouts
        self._media_root = f"{base_url}/api/2010-04-01/Accounts/{options.account_sid}/Messages"

    def receive(self, sender: str, ours: str, body: str, files: list[File], extra: Json | None = None) -> Taken:
        """Takes one message; it is durable and on its way to the webhooks when this returns, with the sender's bubble.

        `extra` is what only Programmable Messaging tells, see `inbound_event`. Raises ValueError when nobody holds the
        pair, no address configuration makes a conversation there, and there is no webhook for messages either.
        """
        origin = Origin(channel_of(sender).upper(), notify=True, reason="EVENT")
        hook, service = self._roads.hook(ours)
        thread = self._thread(sender, ours, origin, hook is not None)
        service_sid = thread.parent if thread is not None else self._state.default_service
        message = Message(sid=new_sid("IM"), parent=thread.sid if thread else "", author=sender, body=body or None)
        if thread is None:
            message.sid = new_sid("MM" if files else "SM")
        message.media = [self._keep(service_sid, message, file) for file in files]
        bubble, settled = self._bubble(message)
        if thread is not None:
            self._threads.say(thread, message, origin, settled)
        keyword, words = self._optouts.heard(ours, sender, body)
        text_sid = ""
        if hook is not None and (thread is None or self._options.bound_hook):
            extra = dict(extra or {})
            if keyword and service and self._options.advanced_opt_out:
                extra["opt_out"] = keyword
            text_sid = self._programmable(message, ours, service, hook, extra, settled if thread is None else None)
        person = self._phones.at(sender)
        if words and person is not None:
            self._phones.answered(person, ours, words)
        self._state.commit()
        return Taken(message.parent, message.sid, message.index, text_sid, bubble)

    def _thread(self, sender: str, ours: str, origin: Origin, hooked: bool) -> Conversation | None:
        """Where the message goes; None for the Programmable Messaging webhook alone."""
        holder = self._state.holder(sender, ours)
        if holder is not None:
            return self._state.conversations.get(holder.parent)
        configuration = next((one for one in self._state.addresses.all() if one.address == ours), None)
        if configuration is not None and configuration.auto_creation.get("enabled"):
            return self._autocreate(configuration.auto_creation, sender, ours, origin)
        if hooked:
            return None
        raise ValueError(f"nobody listens at {ours}: no address configuration creates conversations there")

    def _bubble(self, message: Message) -> tuple[Bubble | None, Settled | None]:
        """The message on the sender's phone, and who hears what becomes of it; both None without a phone."""
        person = self._phones.at(message.author)
        if person is None:
            return None, None
        bubble = self._phones.wrote(person, message.parent, message.sid, message.body or "", message.media)
        return bubble, lambda taken, words: self._phones.settle(bubble, taken, words)

    def _programmable(
        self, message: Message, ours: str, service: str | None, hook: Target, extra: Json, settled: Settled | None
    ) -> str:
        """Tells the webhook of the number or of its service; returns the message's own sid."""
        text = Text(
            sid=message.sid if not message.parent else new_sid("MM" if message.media else "SM"),
            parent=self._state.account_sid,
            direction="inbound",
            sender=message.author,
            to=ours,
            body=message.body or "",
            status="received",
            service=service,
            media=message.media,
            num_media=len(message.media),
            sent_at=self._state.now(),
        )
        text.segments = count(text.body) if channel_of(ours) == "sms" and not text.media else 1
        self._state.save(text)
        person = self._phones.at(message.author)
        name, known = (
            (person.name, person.sid) if person is not None else (str(extra.get("name") or ""), message.author)
        )
        event = inbound_event(self._state.account_sid, text, self._media_root, name, known, extra)
        event.conversation_sid = message.parent or event.conversation_sid
        event.settled = settled
        event.answered = lambda document: self._texts.answer(text, document)
        self._hooks.queue(event, [hook])
        return text.sid

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
