"""Sentences that the bridge itself writes to agents, each at one place."""

from __future__ import annotations

DELETED_MARK = "(deleted by the customer)"
AGENT_DELETED_MARK = "(deleted)"
EDIT_STAYS = (
    "Your edit did not go out: what was sent to the customer can’t be changed there. Write again to correct it."
)
TWICE_MARK = "(this message may be here twice: it was sent again after a network fault)"


def not_delivered(words: str, code: str) -> str:
    """
    >>> not_delivered("the handset is unreachable", "30003")
    'Not delivered: the handset is unreachable (30003).'
    """
    told = words.rstrip(".")
    return f"Not delivered: {told} ({code})." if code and code not in told else f"Not delivered: {told}."


def not_on(channel: str, words: str, code: str) -> str:
    """Told where an agent wrote what another agents' leg didn't get; the customer is another matter.

    >>> not_on("crm", "the receiver answers 500", "500")
    'Not shown on crm: the receiver answers 500.'
    """
    tail = f" ({code})" if code and code not in words else ""
    return f"Not shown on {channel}: {words.rstrip('.')}{tail}."


def not_shown(words: str, code: str) -> str:
    """Told in the topic where a customer's message could not be put."""
    tail = f" ({code})" if code and code not in words else ""
    return f"A message of the customer could not be shown here: {words.rstrip('.')}{tail}."


def lost(sentences: tuple[str, ...]) -> str:
    """
    >>> lost(("the file (a/b) was not sent: an SMS can’t carry this type",))
    'The file (a/b) was not sent: an SMS can’t carry this type.'
    """
    return "\n".join(s[:1].upper() + s[1:].rstrip(".") + "." for s in sentences)


def deleted(text: str, *, by_customer: bool = True) -> str:
    mark = DELETED_MARK if by_customer else AGENT_DELETED_MARK
    return f"{text}\n{mark}" if text else mark


def crowded(label: str) -> str:
    """Told in the topic when a thread with one customer got another one."""
    return f"Somebody else was added to the conversation with {label}: what is written there is no longer relayed."


def goes_on(title: str) -> str:
    """Told where a conversation ends because its customer turned out to be one that is known."""
    return (
        f"This customer is known: the conversation goes on in “{title}”. What you write here is sent, and shown there."
    )


def took_over(title: str) -> str:
    """Told where such a conversation goes on."""
    return f"The customer of “{title}” is this one: what they write there comes here now."


def left(label: str) -> str:
    """Told where one of several addresses turned out to be somebody else's."""
    return f"{label} is somebody else: what they write comes in a conversation of its own now."


def no_way(label: str) -> str:
    """
    >>> no_way("+15550199")
    'Not delivered: the configuration no longer has the number or account that +15550199 wrote to.'
    """
    return not_delivered(f"the configuration no longer has the number or account that {label} wrote to", "")


def edited_anew(text: str) -> str:
    """A customer's edit that can't be shown in place."""
    return f"Edited: {text}"
