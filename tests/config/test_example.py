"""config.example.toml is complete: every key that there is stands in it, commented out where it has no default."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bridge.config.model import BridgeTable, Server, Store
from bridge.config.schema import schema

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "config.example.toml").read_text(encoding="utf-8")
DATA = tomllib.loads(TEXT)


def written(table: str) -> set[str]:
    """The keys of a table of the example, those commented out too."""
    _, _, rest = TEXT.partition(f"\n[{table}]\n")
    body = re.split(r"^\[", rest, maxsplit=1, flags=re.MULTILINE)[0]
    return set(re.findall(r"^(?:# )?([a-z_]+) = ", body, re.MULTILINE))


def keys(model: Any) -> set[str]:
    return set(model.model_fields)


@pytest.mark.parametrize(("table", "model"), [("server", Server), ("store", Store), ("bridges.support", BridgeTable)])
def test_has_every_key_of_ours(table: str, model: Any) -> None:
    assert written(table) == keys(model)


@pytest.mark.parametrize("channel", ["phone", "telegram", "web", "crm"])
def test_has_every_key_of_a_channel(folder: Any, channel: str) -> None:
    adapter = folder.adapters(DATA["channels"][channel]["adapter"])
    assert written(f"channels.{channel}") == keys(adapter.Settings) | {"adapter"}


def test_has_every_key_of_an_endpoint(folder: Any) -> None:
    support = DATA["bridges"]["support"]
    for endpoint in support["customers"] + support["agents"]:
        adapter = folder.adapters(DATA["channels"][endpoint["channel"]]["adapter"])
        assert set(endpoint) == keys(adapter.Endpoint) | {"channel"}


def test_what_has_a_default_stands_there_with_it(folder: Any) -> None:
    tables = [(DATA["server"], Server), (DATA["store"], Store), (DATA["bridges"]["support"], BridgeTable)]
    tables += [(c, folder.adapters(c["adapter"]).Settings) for c in DATA["channels"].values()]
    for table, model in tables:
        for name, field in model.model_fields.items():
            default = list(field.default) if isinstance(field.default, tuple) else field.default
            if not field.is_required() and default is not None and name != "origins":
                assert table[name] == default, name


def test_says_what_every_key_is_for(folder: Any) -> None:
    adapters = [folder.adapters(name) for name in ("telegram", "twilio", "webhook", "websocket")]
    models = [Server, Store, BridgeTable, *(m for a in adapters for m in (a.Settings, a.Endpoint))]
    assert [f"{m}.{name}" for m in models for name, f in m.model_fields.items() if not f.description] == []


class TestSchema:
    @pytest.fixture
    def validator(self, folder: Any) -> Any:
        made = schema({name: folder.adapters(name) for name in ("telegram", "twilio", "webhook", "websocket")})
        jsonschema.Draft202012Validator.check_schema(made)
        return jsonschema.Draft202012Validator(made)

    def test_takes_the_example(self, validator: Any) -> None:
        validator.validate(DATA)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            '[server]\nport = "env:PORT"\nhost = "file:x"\npublic_url = "env:URL"',
            '[channels.a]\nadapter = "twilio"\naccount_sid = "env:SID"\nauth_token = ["env:A", "file:b"]\napi_key = "env:K"',
            '[channels.a]\nadapter = "telegram"\nbot_token = "file:t"\npace = "env:PACE"\ntopics_per_minute = "env:N"',
            '[channels.a]\nadapter = "webhook"\nurl = "env:U"\nsecret = "whsec_x"\nallow_private = true',
            '[bridges.a]\ngive_up_after = "env:T"\ncustomers = [{ channel = "a" }]\nagents = [{ channel = "b", chat = "env:C" }]',
        ],
    )
    def test_takes_references_everywhere(self, validator: Any, text: str) -> None:
        validator.validate(tomllib.loads(text))

    @pytest.mark.parametrize(
        "text",
        [
            "[x]",
            "[server]\nprot = 1",
            '[server]\nport = "80"',
            "[server]\nport = 65536",
            "[server]\nhost = 1",
            '[channels."a b"]\nadapter = "telegram"\nbot_token = "1:x"',
            "[channels.a]",
            '[channels.a]\nadapter = "telegran"',
            '[channels.a]\nadapter = "telegram"',
            '[channels.a]\nadapter = "telegram"\nbot_token = "1:x"\nroom = "x"',
            '[channels.a]\nadapter = "telegram"\nbot_token = "1:x"\npace = "lerned"',
            '[channels.a]\nadapter = "twilio"\naccount_sid = "AC"\nauth_token = "x"',
            '[channels.a]\nadapter = "twilio"\naccount_sid = "env:X"\nauth_token = 1',
            "[bridges.a]",
            "[bridges.a]\nagents = []\ncustomers = []",
            '[bridges.a]\ncustomers = [{ channel = "a", chat = -1 }]\nagents = [{ channel = "b" }]',
            '[bridges.a]\ngive_up_after = "a day"\ncustomers = [{ channel = "a" }]\nagents = [{ channel = "b" }]',
        ],
    )
    def test_refuses_mistakes(self, validator: Any, text: str) -> None:
        assert not validator.is_valid(tomllib.loads(text))
