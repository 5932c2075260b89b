"""The config that the sandbox writes: whatever simulators say of themselves, the bridge can read it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.telegram.simulator import create as telegram
from adapters.twilio.simulator import create as twilio
from adapters.webhook.simulator import create as webhook
from bridge.config.load import load
from bridge.sandbox import toml
from bridge.sandbox.config import config
from bridge.sandbox.web import WebLegs

URL = "http://127.0.0.1:8080"
SECRET = "a secret of these tests that is long enough"
VALUES = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


class Fax:
    """A simulator of somebody else's, with settings and endpoints of its own."""

    name = "fax"
    app = None

    def __init__(self, side: Literal["customers", "agents"]) -> None:
        self.side = side

    def settings(self) -> dict[str, Any]:
        return {
            "line": "ISDN",
            "retries": 3,
            "tones": [1.5, 2],
            "header": {"from": 'a "quoted" name', "page no": True},
            "api_url": None,
        }

    def endpoints(self) -> list[dict[str, Any]]:
        return [{"extension": 7, "pages": {"most": 20}}, {}]


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_whatever_is_written_is_read_the_same(keys: dict[str, Any]) -> None:
    assert tomllib.loads(toml.table("t", keys)) == {"t": keys}


def test_what_toml_has_no_form_for_is_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        toml.value(object())


@pytest.mark.parametrize("side", ["customers", "agents"])
def test_an_outsiders_simulator_joins_on_its_side(side: Literal["customers", "agents"]) -> None:
    simulator: Any = Fax(side)
    found = tomllib.loads(config(8080, URL, {"fax": simulator}, {"secret": SECRET}))
    assert found["channels"]["fax"] == {
        "adapter": "fax",
        "line": "ISDN",
        "retries": 3,
        "tones": [1.5, 2],
        "header": {"from": 'a "quoted" name', "page no": True},
    }
    here = [e for e in found["bridges"]["support"][side] if e["channel"] == "fax"]
    assert here == [{"channel": "fax", "extension": 7, "pages": {"most": 20}}, {"channel": "fax"}]


async def test_the_bridge_takes_the_sandboxs_own_config(tmp_path: Path) -> None:
    makers: dict[str, Any] = {"telegram": telegram, "twilio": twilio, "webhook": webhook}
    there = {
        name: make(base_url=f"http://127.0.0.1:8000/sim/{name}", folder=None, observe=lambda _: None)
        for name, make in makers.items()
    }
    web = WebLegs(tmp_path / "web.json", "http://127.0.0.1:8000")
    (tmp_path / "t.toml").write_text(config(8080, URL, there, web.settings()))
    for simulator in there.values():
        await simulator.close()
    read = load(tmp_path / "t.toml", {})
    legs = [(e.channel, e.side.value, e.key) for e in read.bridges["support"].endpoints if e.channel == "web"]
    assert legs == [("web", "customer", "shop"), ("web", "agent", "desk")]


def test_visitors_and_secret_stay_over_a_restart(tmp_path: Path) -> None:
    first = WebLegs(tmp_path / "web.json", URL)
    assert [p["name"] for p in first.view()["people"]] == ["Vera"]
    assert first.add("Vera")["id"] == "vera-2"
    second = WebLegs(tmp_path / "web.json", URL)
    assert second.settings() == first.settings()
    assert second.born == first.born
    assert [p["id"] for p in second.view()["people"]] == ["vera", "vera-2"]
    assert WebLegs(tmp_path / "other.json", URL).settings() != first.settings()


def test_only_who_is_here_gets_a_token(tmp_path: Path) -> None:
    web = WebLegs(tmp_path / "web.json", URL)
    assert web.token("customer", "vera")["token"].count(".") == 2
    assert web.token("agent", "mia")["lifetime_s"] > 0
    for role, subject in (("customer", "mia"), ("agent", "vera"), ("system", "mia"), ("customer", "")):
        with pytest.raises(ValueError, match="is called"):
            web.token(role, subject)
    with pytest.raises(ValueError, match="name"):
        web.add("  ")
