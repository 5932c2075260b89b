"""Conversations by the official SDK; every exchange is judged by Twilio's OpenAPI document on the way."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.adapters.twilio.judge import Running, running
from tests.openapi import check_exchange, spec


@pytest.fixture
def twilio() -> Iterator[Running]:
    with running() as one:
        yield one


def refused(error: pytest.ExceptionInfo[TwilioRestException], status: int, code: int) -> str:
    assert (error.value.status, error.value.code) == (status, code), error.value
    return str(error.value.msg)


def test_made_found_changed_and_removed(twilio: Running) -> None:
    conversations = twilio.client.conversations.v1.conversations
    made = conversations.create(friendly_name="desk", unique_name="desk-1", attributes=json.dumps({"a": 1}))
    assert made.sid.startswith("CH")
    assert made.state == "active"
    assert made.chat_service_sid.startswith("IS")
    assert conversations("desk-1").fetch().sid == made.sid
    changed = conversations(made.sid).update(friendly_name="other", unique_name="desk-2")
    assert (changed.friendly_name, changed.unique_name, json.loads(changed.attributes)) == ("other", "desk-2", {"a": 1})
    assert conversations("desk-2").delete()
    with pytest.raises(TwilioRestException) as error:
        conversations(made.sid).fetch()
    assert refused(error, 404, 20404) == (
        f"Unable to fetch record: The requested resource /Conversations/{made.sid} was not found"
    )


def test_a_unique_name_is_taken_once(twilio: Running) -> None:
    conversations = twilio.client.conversations.v1.conversations
    conversations.create(unique_name="desk")
    with pytest.raises(TwilioRestException) as error:
        conversations.create(unique_name="desk")
    refused(error, 409, 50353)
    with pytest.raises(TwilioRestException) as error:
        conversations.create(unique_name="CH" + "0" * 32)
    refused(error, 400, 50390)


def test_closed_is_final(twilio: Running) -> None:
    conversations = twilio.client.conversations.v1.conversations
    thread = conversations(conversations.create().sid)
    assert thread.update(state="inactive").state == "inactive"
    assert thread.update(state="active").state == "active"
    assert thread.update(state="closed").state == "closed"
    for use in (
        lambda: thread.update(state="active"),
        lambda: thread.update(friendly_name="x"),
        lambda: thread.messages.create(body="x"),
        lambda: thread.participants.create(identity="eve"),
    ):
        with pytest.raises(TwilioRestException) as error:
            use()
        refused(error, 400, 50377)
    assert thread.fetch().state == "closed"


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"State": "closed"}, 50384),
        ({"State": "weird"}, 50378),
        ({"State": ""}, 50374),
        ({"State": "active", "Timers.Inactive": "PT59S"}, 50375),
        ({"State": "active", "Timers.Closed": "PT9M"}, 50376),
        ({"State": "active", "Timers.Inactive": "soon"}, 50379),
        ({"State": "active", "Timers.Closed": "10"}, 50380),
        ({"Timers.Inactive": "PT1M"}, 50382),
        ({"Attributes": "{"}, 50304),
        ({"Attributes": json.dumps("x" * 17000)}, 50303),
        ({"MessagingServiceSid": "MG1"}, 50341),
    ],
)
def test_creation_is_checked(twilio: Running, form: dict[str, str], code: int) -> None:
    answer = twilio.rest("POST", "/v1/Conversations", data=form)
    assert answer.status_code == 400
    assert answer.json()["code"] == code
    assert answer.json()["more_info"] == f"https://www.twilio.com/docs/errors/{code}"


def test_timers_take_durations_show_dates_and_run_out(twilio: Running) -> None:
    conversations = twilio.client.conversations.v1.conversations
    made = conversations.create(state="active", timers_inactive="PT1M", timers_closed="P1D")
    assert set(made.timers) == {"date_inactive", "date_closed"}
    twilio.control("clock", {"advance": 61})
    assert conversations(made.sid).fetch().state == "inactive"
    twilio.control("clock", {"advance": 86400})
    assert conversations(made.sid).fetch().state == "closed"


def test_pages_follow_their_links_and_lose_none(twilio: Running) -> None:
    conversations = twilio.client.conversations.v1.conversations
    sids = [conversations.create().sid for _ in range(7)]
    assert [one.sid for one in conversations.list(page_size=3)] == sids
    first = conversations.page(page_size=3)
    next_url = first.next_page_url
    assert next_url is not None
    assert next_url.startswith(f"{twilio.base_url}/conversations/v1/Conversations?PageSize=3&Page=1&PageToken=PA")
    conversations(sids[2]).delete()
    second = conversations.get_page(next_url)
    assert [one.sid for one in second] == sids[3:6], "a record removed between two pages shifts nothing"
    back = second.previous_page()
    assert back is not None
    assert [one.sid for one in back] == sids[:2]


def test_pages_have_their_largest_size(twilio: Running) -> None:
    for path, largest in (("/Conversations", 100), ("/Configuration/Addresses", 50), ("/Services", 100)):
        meta = twilio.rest("GET", f"/v1{path}?PageSize=5000").json()["meta"]
        assert meta["page_size"] == largest
        assert meta["next_page_url"] is None
    assert twilio.rest("GET", "/v1/Conversations").json()["meta"]["page_size"] == 50


def test_lists_are_filtered(twilio: Running) -> None:
    conversations = twilio.client.conversations.v1.conversations
    open_one, closed_one = conversations.create(), conversations.create()
    conversations(closed_one.sid).update(state="closed")
    assert [one.sid for one in conversations.list(state="closed")] == [closed_one.sid]
    assert [one.sid for one in conversations.list(state="active")] == [open_one.sid]
    assert conversations.list(start_date="2999-01-01") == []
    assert len(conversations.list(end_date="2999-01-01")) == 2


def test_every_service_is_a_world_of_its_own(twilio: Running) -> None:
    services = twilio.client.conversations.v1.services
    service = services.create(friendly_name="second")
    inside = services(service.sid).conversations.create(unique_name="desk")
    assert inside.chat_service_sid == service.sid
    assert f"/Services/{service.sid}/" in inside.url
    assert services(service.sid).conversations("desk").fetch().sid == inside.sid
    with pytest.raises(TwilioRestException) as error:
        twilio.client.conversations.v1.conversations(inside.sid).fetch()
    refused(error, 404, 20404)
    assert {one.friendly_name for one in services.list()} == {"Default Conversations Service", "second"}
    assert services(service.sid).delete()
    assert twilio.rest("GET", f"/v1/Services/{service.sid}/Conversations").status_code == 404


def test_the_default_service_can_be_another(twilio: Running) -> None:
    v1 = twilio.client.conversations.v1
    service = v1.services.create(friendly_name="second")
    configuration = v1.configuration().update(default_chat_service_sid=service.sid, default_inactive_timer="PT5M")
    assert configuration.default_chat_service_sid == service.sid
    made = v1.conversations.create()
    assert made.chat_service_sid == service.sid
    assert "date_inactive" in made.timers
    role = v1.services(service.sid).configuration().fetch().default_conversation_role_sid
    assert role.startswith("RL")


def test_conversation_with_participants(twilio: Running) -> None:
    one = json.dumps({"messaging_binding": {"address": "+15550141", "proxy_address": "+15550100"}})
    two, three = json.dumps({"identity": "eve"}), json.dumps({"identity": "adam"})
    v1 = twilio.client.conversations.v1
    made = v1.conversation_with_participants.create(friendly_name="all", participant=[one, two, three])
    assert made.state == "initializing"
    assert v1.conversations(made.sid).fetch().state == "active"
    assert len(v1.conversations(made.sid).participants.list()) == 3
    with pytest.raises(TwilioRestException) as error:
        v1.conversation_with_participants.create(participant=[two, two, three])
    refused(error, 409, 50433)
    assert len(v1.conversations.list()) == 1, "a request that failed leaves nothing behind"


def test_credentials(twilio: Running) -> None:
    wrong = twilio.rest("GET", "/v1/Conversations", auth=("AC" + "0" * 32, "x"))
    assert (wrong.status_code, wrong.json()["code"]) == (401, 20003)
    assert wrong.json()["message"] == "Authentication Error - invalid username"
    assert twilio.rest("GET", "/v1/Conversations", auth=(twilio.account_sid, "x")).json()["message"] == "Authenticate"
    assert twilio.rest("GET", "/v1/Conversations", auth=None).status_code == 401
    account = twilio.rest("GET", f"/2010-04-01/Accounts/{twilio.account_sid}.json", product="api")
    assert account.json()["status"] == "active"


def test_an_api_key_signs_in_too() -> None:
    with running(api_keys=[("SK" + "1" * 32, "secret")]) as twilio:
        assert twilio.rest("GET", "/v1/Conversations", auth=("SK" + "1" * 32, "secret")).status_code == 200
        assert twilio.rest("GET", "/v1/Conversations", auth=("SK" + "1" * 32, "other")).status_code == 401


def test_what_is_not_there(twilio: Running) -> None:
    for product, path in (("verify", "/v2/Services"), ("conversations", "/v1/Nothing"), ("conversations", "/v9/Users")):
        answer = twilio.rest("GET", path, product=product)
        assert (answer.status_code, answer.json()["code"]) == (404, 20404)
    assert twilio.rest("DELETE", "/v1/Configuration").status_code == 405
    headers = twilio.rest("GET", "/v1/Conversations").headers
    assert headers["twilio-request-id"].startswith("RQ")
    assert headers["twilio-concurrent-requests"] == "1"


def test_the_judge_sees_what_is_wrong() -> None:
    document = spec("twilio/conversations_v1.json")
    if document is None:
        pytest.skip("Twilio's OpenAPI document is not here")
    for form, words in (({"Boody": "x"}, "unknown Boody"), ({"MediaSid": "ME1"}, "MediaSid")):
        with pytest.raises(AssertionError, match=words):
            check_exchange(document, "POST", f"/v1/Conversations/CH{'1' * 32}/Messages", form, 201, {})
    with pytest.raises(AssertionError, match="is missing"):
        check_exchange(document, "GET", "/v1/Configuration/Webhooks", None, 200, {"method": "POST"})
    with pytest.raises(AssertionError, match="no such path"):
        check_exchange(document, "GET", "/v1/Nothing", None, 200, {})
    with pytest.raises(AssertionError, match="lacks Type"):
        check_exchange(document, "POST", "/v1/Configuration/Addresses", {"Address": "+1"}, 201, {})
    with pytest.raises(AssertionError, match="the error lacks more_info"):
        check_exchange(document, "GET", "/v1/Conversations/x", None, 404, {"code": 1, "message": "x", "status": 404})
