"""An adapter that isn't ours, written with plain pydantic: its users get the same words at the same places."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Annotated, Any, Literal

import pytest
from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field, SecretStr, model_validator

from bridge.channel.problems import Problem
from bridge.channel.registry import BrokenAdapter, UnknownAdapter
from bridge.config.load import load
from bridge.config.problems import ConfigProblems
from bridge.config.schema import schema
from bridge.core.content import Side


class Limits(BaseModel):
    model_config = ConfigDict(extra="forbid")

    burst: int = Field(1, gt=0, lt=10)
    per: Literal["second", "minute"] = "second"


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, Field(min_length=2, max_length=4, description="the code from the box. It is on its back.")]
    limits: Limits = Limits()
    many: list[Limits] | int = 0
    pin: SecretStr | None = Field(None, min_length=4)
    home: AnyHttpUrl | None = None
    from_: str = Field("", alias="from")

    @model_validator(mode="after")
    def _both(self) -> Settings:
        if self.code == "none":
            raise ValueError("none of it fits together; right is another code")
        return self


class Endpoint(BaseModel):
    model_config = ConfigDict(extra="forbid")


FOREIGN: Any = SimpleNamespace(
    name="pigeon",
    Settings=Settings,
    Endpoint=Endpoint,
    sides=frozenset(Side),
    endpoint_key=lambda endpoint: "",
    needs_public_url=lambda settings: settings.from_ == "us",
    problems=lambda settings: [Problem(("limits", "burst"), "too many for now")] if settings.limits.burst == 9 else [],
)


def adapters(name: str) -> Any:
    if name == "broken":
        raise BrokenAdapter("adapter 'broken' (no.such:thing) can't be loaded: No module named 'no'")
    if name != "pigeon":
        raise UnknownAdapter(name, ["pigeon"])
    return FOREIGN


def problems(folder: Any, keys: str) -> list[str]:
    folder.file.write_text(f'[channels.p]\nadapter = "pigeon"\n{keys}\n')
    with pytest.raises(ConfigProblems) as raised:
        load(folder.file, folder.environ, adapters)
    return [p.render("").removeprefix(":") for p in raised.value.problems]


CHOICE = 'is not one of the choices; right is "second" or "minute"'


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ("", "1:1: error: channels.p.code: missing; right is the code from the box"),
        ("code = 'a'", "3:1: error: channels.p.code: too short; right is 2 characters or more"),
        ("code = 'abcde'", "3:1: error: channels.p.code: too long; right is 4 characters or fewer"),
        ("code = 'none'", "1:1: error: channels.p: none of it fits together; right is another code"),
        (
            "code = 'ab'\nlimits = { burst = 0 }",
            "4:12: error: channels.p.limits.burst: too small; right is more than 0",
        ),
        (
            "code = 'ab'\n[channels.p.limits]\nburst = 10",
            "5:1: error: channels.p.limits.burst: too large; right is less than 10",
        ),
        ("code = 'ab'\nlimits.per = 'sec'", f'4:8: error: channels.p.limits.per: "sec" {CHOICE}'),
        (
            "code = 'ab'\n[channels.p.limits]\nx = 1",
            "5:1: error: channels.p.limits.x: unknown key; there is none like it here",
        ),
        ("code = 'ab'\nlimits = 1", "4:1: error: channels.p.limits: a number stands here; right is a table in { }"),
        ("code = 'ab'\npin = '1'", "4:1: error: channels.p.pin: too short; right is 4 characters or more"),
        ("code = 'ab'\nhome = 'x'", "4:1: error: channels.p.home: not right; right is a value that it takes"),
        ("code = 'ab'\nform = 'x'", '4:1: error: channels.p.form: unknown key; did you mean "from"?'),
        ("code = 'ab'\nlimits = { burst = 9 }", "4:12: error: channels.p.limits.burst: too many for now"),
    ],
)
def test_its_mistakes(folder: Any, keys: str, line: str) -> None:
    assert problems(folder, keys) == [line]


def test_it_says_itself_whether_it_is_called(folder: Any) -> None:
    [words] = problems(folder, "code = 'ab'\nfrom = 'us'")
    assert words.startswith("1:1: error: server.public_url: missing, and channels.p can't be called without it; ")


def test_a_mistake_in_a_union_stands_at_its_key(folder: Any) -> None:
    said = problems(folder, "code = 'ab'\nmany = [{ burst = 1 }, { burst = 0 }]")
    assert said
    assert all(words.startswith("4:") and "channels.p.many" in words for words in said)


def test_one_that_can_not_be_loaded(folder: Any) -> None:
    folder.file.write_text('[channels.p]\nadapter = "broken"')
    with pytest.raises(
        ConfigProblems, match=r"toml:2:1: error: channels.p.adapter: adapter 'broken' .* can't be loaded"
    ):
        load(folder.file, {}, adapters)


def test_it_stands_in_the_schema() -> None:
    made = schema({"pigeon": FOREIGN})
    assert made["$defs"]["pigeon-channel"]["required"] == ["adapter", "code"]
    assert made["$defs"]["pigeon-channel"]["properties"]["limits"]["$ref"] == "#/$defs/pigeon-channel-Limits"
    assert "$ref" in str(made["$defs"]["pigeon-channel-Limits"]["properties"]["burst"]["anyOf"])
