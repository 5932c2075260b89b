"""STOP, START and HELP: Twilio answers them by itself and keeps to them (docs: opt-out keywords; the matching is assumed)."""

from __future__ import annotations

from .records import OptOut, channel_of
from .state import State

STOP = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}
START = {"START", "UNSTOP", "YES"}
HELP = {"HELP", "INFO"}
ANSWERS = {
    "STOP": "You are unsubscribed and get no more messages from here. Text START to get them again.",
    "START": "You are subscribed again. Text HELP for help, STOP to end it.",
    "HELP": "Text STOP to get no more messages from here.",
}
OPTED_OUT = 21610


class OptOuts:
    """Who wants no messages from which sender, or Messaging Service where the sender is in one.

    SMS, MMS and RCS of one sender are one; WhatsApp stands apart; Messenger knows no keywords.
    """

    def __init__(self, state: State) -> None:
        self._state = state

    def heard(self, ours: str, customer: str, text: str) -> tuple[str, str]:
        """Takes a customer's message: (keyword, automatic answer), each empty where it is none. Commit is the caller's.

        A keyword is the whole message, in any case of letters. What changes nothing is not answered, but for HELP.
        """
        word = keyword(text)
        if not word or channel_of(customer) == "messenger":
            return "", ""
        sid = self._sid(ours, customer)
        known = self._state.optouts.get(sid)
        if word == "STOP" and known is None:
            self._state.save(OptOut(sid=sid, parent=self.scope(ours), customer=customer))
        elif word == "START" and known is not None:
            self._state.drop(known)
        elif word != "HELP":
            return word, ""
        return word, ANSWERS[word]

    def blocks(self, ours: str, customer: str) -> bool:
        """Has the customer opted out of what `ours` sends."""
        return self._state.optouts.get(self._sid(ours, customer)) is not None

    def scope(self, ours: str) -> str:
        """The Messaging Service of the sender, else the sender."""
        pool = next((one for one in self._state.pools.all() if ours in one.senders), None)
        return pool.sid if pool is not None else _plain(ours)

    def _sid(self, ours: str, customer: str) -> str:
        kind = "whatsapp" if channel_of(customer) == "whatsapp" else "text"
        return f"stop:{kind}:{self.scope(ours)}:{_plain(customer)}"


def keyword(text: str) -> str:
    """STOP, START or HELP where the whole message is one of their words, else empty."""
    word = text.strip().upper()
    return "STOP" if word in STOP else "START" if word in START else "HELP" if word in HELP else ""


def _plain(address: str) -> str:
    return address.rpartition(":")[2]
