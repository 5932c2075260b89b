"""Trial accounts, the older and the newer kind, as an option and as a switch of the page."""

from __future__ import annotations

import pytest

from tests.adapters.twilio.judge import OURS, Running, running

ANA = "+15550141"


def code(twilio: Running, to: str = ANA, body: str = "hello", sender: str = OURS) -> int | None:
    path = f"/2010-04-01/Accounts/{twilio.account_sid}/Messages.json"
    answer = twilio.rest("POST", path, "api", data={"To": to, "From": sender, "Body": body})
    assert answer.status_code in (201, 400)
    found: int | None = answer.json().get("code")
    return found


def receipt(twilio: Running, to: str = ANA, body: str = "hello") -> tuple[str, int]:
    conversations = twilio.client.conversations.v1.conversations
    thread = conversations(conversations.create().sid)
    member = thread.participants.create(messaging_binding_address=to, messaging_binding_proxy_address=OURS)
    made = thread.messages.create(author="Eve", body=body)
    twilio.settled()
    (one,) = thread.messages(made.sid).delivery_receipts.list()
    thread.participants(member.sid).delete()
    return one.status, one.error_code


def account_type(twilio: Running) -> str:
    found: str = twilio.client.api.v2010.accounts(twilio.account_sid).fetch().type
    return found


def test_a_full_account() -> None:
    with running() as twilio:
        assert (account_type(twilio), code(twilio)) == ("Full", None)


def test_the_older_kind() -> None:
    with running(trial="legacy", verified=[ANA]) as twilio:
        assert account_type(twilio) == "Trial"
        assert code(twilio, to="+15550177") == 21608
        assert code(twilio) is None
        twilio.settled()
        assert twilio.phone("ana")[0]["text"] == "Sent from your Twilio trial account - hello"
        assert twilio.client.messages.list()[0].body == "Sent from your Twilio trial account - hello"
        assert receipt(twilio, to="+15550177") == ("failed", 21608)
        assert receipt(twilio) == ("delivered", 0)


def test_the_newer_kind() -> None:
    with running(trial="2026", verified=[ANA], assigned={ANA: OURS}, messaging=["+15550101"]) as twilio:
        assert code(twilio, to="+15550177", body="sms_2fa") == 572005
        assert code(twilio) == 572006
        assert code(twilio, body="sms_2fa", sender="+15550101") == 572002
        assert code(twilio, body="sms_2fa") is None
        assert receipt(twilio) == ("failed", 572006)


def test_the_switch_on_the_page() -> None:
    with running() as twilio:
        listed = {one["id"]: one for one in twilio.control("faults")["faults"]}
        assert listed["trial"]["label"] == "The account is a trial account"
        twilio.fault("trial")
        assert (account_type(twilio), code(twilio)) == ("Trial", 572005)
        twilio.fault("trial", {"mode": "legacy", "verified": [ANA]})
        assert (code(twilio), code(twilio, to="+15550177")) == (None, 21608)
        twilio.fault("trial", on=False)
        assert (account_type(twilio), code(twilio)) == ("Full", None)


@pytest.mark.parametrize("status", ["suspended", "closed"])
def test_an_account_that_is_not_active(status: str) -> None:
    with running(account_status=status) as twilio:
        assert twilio.client.api.v2010.accounts(twilio.account_sid).fetch().status == status
