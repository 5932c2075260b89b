"""The keys of a channel: none unknown, no secret shown."""

# ruff: noqa: S101 - rules assert

from __future__ import annotations

import asyncio
import re
from typing import get_args

import pytest
from pydantic import BaseModel, SecretStr, ValidationError

from bridge.channel.conformance.bench import Bench
from bridge.channel.conformance.needs import INSPECTS, NETWORK, cold, needs
from bridge.channel.conformance.network import Network
from bridge.channel.inspection import Finding, Inspects

SECRET = re.compile(r"secret|token|passw|passphrase|private_key|credential")
CANARY = "canary-4711-and-more"


class SettingsRules:
    @cold
    async def test_unknown_keys_are_refused(self, bench: Bench) -> None:
        pairs: list[tuple[type[BaseModel], dict[str, object]]] = [
            (bench.adapter.Settings, dict(bench.network.settings)),
            (bench.adapter.Endpoint, dict(bench.network.endpoints[0])),
        ]
        for model, given in pairs:
            with pytest.raises(ValidationError) as caught:
                model.model_validate({**given, "an_unknown_key": CANARY})
            assert "an_unknown_key" in str(caught.value)
            assert CANARY not in str(caught.value), "hide_input_in_errors: what stands in a file may be a secret"

    @cold
    async def test_secrets_are_hidden(self, bench: Bench) -> None:
        for name, field in bench.adapter.Settings.model_fields.items():
            if SECRET.search(name):
                assert _is_secret(field.annotation), f"{name}: right is SecretStr"
        shown = f"{bench.settings!r} {bench.settings} {bench.settings.model_dump()} {bench.settings.model_dump_json()}"
        shown += f" {bench.channel!r} {bench.channel}"
        assert not [i for i, secret in enumerate(bench.secrets) if secret in shown], "a secret is shown"

    @cold
    async def test_offline_checks_find_nothing_wrong_here(self, bench: Bench) -> None:
        assert bench.adapter.problems(bench.settings) == []
        assert isinstance(bench.adapter.needs_public_url(bench.settings), bool)
        assert bench.adapter.Settings.model_json_schema()["type"] == "object"

    @cold
    @needs(NETWORK, INSPECTS)
    async def test_inspecting_never_raises(self, bench: Bench) -> None:
        """Neither where the network answers nor where nobody does; and it shows no secret."""
        assert isinstance(bench.adapter, Inspects)
        name, url = bench.port.name, bench.network.public_url
        found = list(await bench.adapter.inspect(bench.settings, bench.endpoints, url, name))
        away = Network(bench.subject)
        away.open()
        settings = bench.adapter.Settings.model_validate(away.settings)
        await asyncio.to_thread(away.close)
        missed = await bench.adapter.inspect(settings, bench.endpoints, url, name)
        assert not all(f.ok for f in missed), "nobody was there"
        assert all(isinstance(f, Finding) and f.words for f in [*found, *missed])
        assert not [f for f in [*found, *missed] for s in bench.secrets if s in f"{f.words} {f.mend}"]


def _is_secret(annotation: object) -> bool:
    return annotation is SecretStr or any(_is_secret(a) for a in get_args(annotation))
