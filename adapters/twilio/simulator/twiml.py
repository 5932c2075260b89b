"""What a webhook answers an inbound message: TwiML, of which `<Message>` alone counts here (docs: messaging/twiml)."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Reply:
    """One message to send back. `to` and `sender` are empty where the answer does not say."""

    to: str = ""
    sender: str = ""
    callback: str = ""
    body: str = ""
    media: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    """Lenient, and it knows no entities but the usual ones: an answer is text from outside."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.replies: list[Reply] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open.append(tag)
        if tag == "message" and self._open[:1] == ["response"]:
            given = {name: value or "" for name, value in attrs}
            callback = given.get("statuscallback") or given.get("action") or ""
            self.replies.append(Reply(given.get("to", ""), given.get("from", ""), callback))
        elif tag == "media" and "message" in self._open and self.replies:
            self.replies[-1].media.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if "message" not in self._open or not self.replies:
            return
        if self._open[-1] == "media":
            self.replies[-1].media[-1] += data.strip()
        else:
            self.replies[-1].body += data


def replies(document: str) -> list[Reply]:
    """The messages of a TwiML document; none of anything else, nor of an empty answer."""
    reader = _Reader()
    reader.feed(document)
    reader.close()
    for one in reader.replies:
        one.body = one.body.strip()
        one.media = [url for url in one.media if url]
    return [one for one in reader.replies if one.body or one.media]
