"""What a message holds, whichever network it came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Side(StrEnum):
    """Which side of a bridge an endpoint stands on."""

    CUSTOMER = "customer"
    AGENT = "agent"

    @property
    def other(self) -> Side:
        return Side.AGENT if self is Side.CUSTOMER else Side.CUSTOMER


class Role(StrEnum):
    """Who speaks: a customer, an agent, or a system (a program at the network, the bridge itself)."""

    CUSTOMER = "customer"
    AGENT = "agent"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who wrote a message: `id` is the network's (an address, a user id); `name` is empty where it says none."""

    id: str
    role: Role
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file by reference: it is fetched from its channel when it is sent, never before.

    `ref` is understood by the channel that it came from alone. `size` is in bytes, None where the network doesn't say;
    `kind` is one of ``image video audio voice file`` and says how the author meant it.
    """

    ref: str
    content_type: str
    kind: str = "file"
    filename: str = ""
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Text, files, and `sentences` for what this version can't carry ("sent a poll"): nothing is dropped in silence."""

    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    sentences: tuple[str, ...] = field(default=())

    @property
    def words(self) -> str:
        """The text as it is relayed.

        >>> Content(text="Hi", sentences=("sent a poll",)).words
        'Hi\\n(sent a poll)'
        >>> Content().words
        '(sent an empty message)'
        """
        lines = [self.text] if self.text.strip() else []
        lines += [f"({s})" for s in self.sentences]
        if not lines and not self.attachments:
            return "(sent an empty message)"
        return "\n".join(lines)


def kind_of(content_type: str) -> str:
    """
    >>> kind_of("image/png"), kind_of("application/pdf")
    ('image', 'file')
    """
    family = content_type.partition("/")[0]
    return family if family in ("image", "video", "audio") else "file"
