"""What an adapter says of itself is so, and costs little to ask."""

# ruff: noqa: S101 - rules assert

from __future__ import annotations

import asyncio
import inspect
import json
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from bridge.channel.adapter import (
    DescribesBindings,
    EditsMessages,
    FetchesHistory,
    FetchesMedia,
    FindsDeliveries,
    FollowsLog,
    KnowsAddresses,
    OpensBindings,
    Runs,
    ServesSockets,
    Warms,
)
from bridge.channel.conformance.bench import Bench
from bridge.channel.conformance.needs import ADDRESSES, cold, needs
from bridge.channel.conformance.quiet import quietly
from bridge.channel.outbound import Binding
from bridge.core.capabilities import Form, Support

HEAVY = (
    "aiogram aiohttp boto3 botocore curl_cffi discord fastapi grpc httpx matrix_nio numpy pandas requests "
    "slack_sdk sqlalchemy sqlmodel starlette telegram telethon twilio urllib3 uvicorn websockets"
).split()
"""Nobody who doesn't use an adapter should pay for what it brings; who does, pays in `warm`."""
LONGEST_IMPORT_S = 1.0
_IMPORT = """
import json, sys, time
import bridge.channel
began = time.process_time()
__import__(sys.argv[1])
print(json.dumps([time.process_time() - began, sorted(m for m in sys.modules if "." not in m)]))
"""
COROUTINES = {
    OpensBindings: "open_binding", EditsMessages: "edit", FindsDeliveries: "find", DescribesBindings: "describe",
    FetchesHistory: "history", Warms: "warm", Runs: "run", ServesSockets: "serve",
}  # fmt: skip
FUNCTIONS = {FollowsLog: "heard", KnowsAddresses: "addressed", FetchesMedia: "open_media"}


class Declared:
    @cold
    async def test_what_is_declared_is_implemented(self, bench: Bench) -> None:
        for key in bench.keys:
            caps = bench.channel.capabilities(Binding(endpoint=key))
            assert (caps.form is Form.LOG) == isinstance(bench.channel, FollowsLog), "form LOG and heard() go together"
            assert (caps.send_once == "lookup") == isinstance(bench.channel, FindsDeliveries), "lookup and find()"
            if caps.form is Form.PARTS:
                assert (caps.edit >= Support.PARTIAL) == isinstance(bench.channel, EditsMessages), "edit and edit()"
            if caps.form is Form.LOG:
                assert isinstance(bench.channel, ServesSockets), "a log is followed by sockets"
        for ability, name in COROUTINES.items():
            if isinstance(bench.channel, ability):
                assert inspect.iscoroutinefunction(getattr(bench.channel, name)), f"{name} is to be async"
        for ability, name in FUNCTIONS.items():
            if isinstance(bench.channel, ability):
                assert not inspect.iscoroutinefunction(getattr(bench.channel, name)), f"{name} is not async"

    @cold
    async def test_capabilities_are_plain_and_stable(self, bench: Bench) -> None:
        binding = bench.unopened
        caps = bench.channel.capabilities(binding)
        with quietly():
            assert bench.channel.capabilities(binding) == caps
        assert await asyncio.to_thread(bench.channel.capabilities, binding) == caps
        assert isinstance(hash(caps), int)
        assert caps.noun.strip()
        assert caps.max_text >= 1
        assert caps.max_in_flight >= 1
        assert caps.settle_s >= 0
        assert all(rule.types and rule.max_bytes > 0 for rule in caps.media)
        assert caps.max_caption <= caps.max_text

    @cold
    async def test_importing_is_light(self, bench: Bench) -> None:
        module = type(bench.adapter).__module__
        ran = subprocess.run(  # noqa: S603, ASYNC221 - our own interpreter; nothing else happens meanwhile
            [sys.executable, "-c", _IMPORT, module], capture_output=True, text=True, timeout=60, check=False
        )
        assert ran.returncode == 0, ran.stderr
        seconds, modules = json.loads(ran.stdout)
        assert not set(HEAVY) & set(modules), "import it in warm(), in a thread"
        assert seconds < LONGEST_IMPORT_S, f"importing {module} takes {seconds:.2f} s of the processor"

    @cold
    async def test_opening_does_no_io(self, bench: Bench) -> None:
        tasks = asyncio.all_tasks()
        with quietly():
            channel = bench.adapter.open(bench.settings, bench.endpoints, bench.port)
        assert asyncio.all_tasks() == tasks, "tasks begin in run()"
        await channel.close()

    @cold
    async def test_an_endpoint_is_the_same_endpoint(self, bench: Bench) -> None:
        for raw, key in zip(bench.network.endpoints, bench.keys, strict=True):
            again = bench.adapter.Endpoint.model_validate(raw)
            assert bench.adapter.endpoint_key(again) == key
            assert isinstance(key, str)
        assert len(set(bench.keys)) == len(bench.keys), "two endpoints have the same key"
        assert bench.network.side in bench.adapter.sides

    @cold
    @needs(ADDRESSES)
    async def test_any_text_is_an_address_or_none(self, bench: Bench) -> None:
        channel, known = bench.channel, bench.unopened.address
        assert isinstance(channel, KnowsAddresses)

        @given(st.text(max_size=80))
        def check(text: str) -> None:
            found = channel.addressed(bench.keys[0], text)
            assert found == channel.addressed(bench.keys[0], text)
            assert found is None or found.endpoint == bench.keys[0]

        check()
        found = channel.addressed(bench.keys[0], known)
        assert found is not None, f"{known} writes to us, and can’t be written to"
        assert found.address == known
        assert found.person
        assert found.label
        assert found.network
