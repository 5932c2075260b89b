"""Lines of IRC -> events. Pure; `id` names what IRC has no name for."""

from __future__ import annotations

from dataclasses import replace

from bridge.core.content import Author, Content, Role
from bridge.core.events import BindingSeen, Event, MessageReceived
from bridge.core.ids import BindingKey, ChannelName, EndpointKey, EventKey, RemoteId
from trunkline_irc.lines import Line, fold, plain


def said(line: Line, endpoint: EndpointKey, channel: ChannelName, at: float, id: str) -> list[Event]:
    """What somebody wrote to our nick; nothing where it is said in a room, by the server, or by a program to ours (CTCP)."""
    if not line.nick or len(line.params) < 2 or fold(line.params[0]) != fold(endpoint):
        return []
    text = _words(line.nick, line.params[1])
    if not text.strip():
        return []
    seen = who(line.nick, endpoint, channel, at)
    message = MessageReceived(
        key=EventKey(f"message:{id}"),
        binding=seen.binding,
        at=at,
        remote=RemoteId(id),
        author=Author(id=line.nick, role=Role.CUSTOMER, name=line.nick),
        content=Content(text=text),
    )
    return [seen, message]


def who(nick: str, endpoint: EndpointKey, channel: ChannelName, at: float) -> BindingSeen:
    """A query is a conversation, and its nick is its name. The event's key is always the same: known is known."""
    return BindingSeen(
        key=EventKey(f"seen:{fold(nick)}"),
        binding=BindingKey(fold(nick)),
        at=at,
        endpoint=endpoint,
        address=nick,
        person=f"{channel}:{fold(nick)}",
        label=nick,
        network="IRC",
        name=nick,
    )


def renamed(old: str, new: str, endpoint: EndpointKey, channel: ChannelName, at: float, id: str) -> BindingSeen:
    """The conversation of `old` goes on under another nick: what is written from now on goes there."""
    seen = who(new, endpoint, channel, at)
    return replace(seen, key=EventKey(f"nick:{id}"), binding=BindingKey(fold(old)), renamed=True)


def _words(nick: str, text: str) -> str:
    """``/me waves`` comes as a CTCP; other CTCPs are questions to our program."""
    if not text.startswith("\x01"):
        return plain(text)
    kind, _, rest = text.strip("\x01").partition(" ")
    return f"* {nick} {plain(rest)}" if kind == "ACTION" else ""
