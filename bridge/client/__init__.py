"""A small client of our own websocket protocol (``docs/protocol.md``): it comes back by itself, and shows nothing twice."""

from bridge.client.client import Client, Declined, Refused
from bridge.client.events import (
    Ack,
    Author,
    Conversation,
    Deleted,
    Event,
    File,
    Message,
    Receipt,
    Typing,
    Welcome,
)

__all__ = [
    "Ack",
    "Author",
    "Client",
    "Conversation",
    "Declined",
    "Deleted",
    "Event",
    "File",
    "Message",
    "Receipt",
    "Refused",
    "Typing",
    "Welcome",
]
