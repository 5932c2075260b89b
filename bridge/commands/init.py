"""``trunkline init``: asks an admin for what a bridge needs, writes the config, and makes at the networks what they allow."""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

from bridge.channel import registry
from bridge.channel.inspection import Finding, Guides, SetsUp
from bridge.commands import CONFIG, UNAVAILABLE, USAGE
from bridge.config.load import load
from bridge.config.model import ChannelConfig, Config
from bridge.config.problems import ConfigProblems
from bridge.core.content import Side
from bridge.setup.online import ask, endpoints_of, reached_at
from bridge.setup.terminal import Terminal
from bridge.setup.writing import Chosen, Plan, save, secret_files, toml

OK, CANNOT_WRITE, INTERRUPTED = 0, 73, 130  # 73 is sysexits' EX_CANTCREAT
WELCOME = """This asks a few questions and writes {file}. Each answer that a network can judge is tried there. Nothing is \
written before the last one, and nothing is changed at a network before you agree. Ctrl+C ends it."""
THERE = "{file} is there already."
NEXT = """Next:
  trunkline run --config {file}
Then write to one of your addresses: a topic, or what your agents' network has for it, appears. How to keep it running, behind a \
proxy and with backups, stands in docs/going-live.md."""


def run(args: argparse.Namespace) -> int:
    """0; 2 where nobody is there to ask, 69 where no adapter knows what to ask, 73 where the files can't be written, 78 where
    the result isn't right, 130 after Ctrl+C."""
    file = Path(args.config)
    before = _stamp(file)
    signal.signal(signal.SIGINT, _interrupt)  # asyncio's own would wait for an answer first
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a letter, or sends half of one
    try:
        return _init(Terminal(sys.stdin, sys.stdout), file, api_urls(args))
    except EOFError:
        print("\ntrunkline init: the input has ended, and it asks questions: run it on a terminal", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        words = "Nothing was written." if _stamp(file) == before else f"{file} is written; nothing else is done."
        print(f"\n{words}", file=sys.stderr)
        return INTERRUPTED
    except OSError as error:
        print(f"trunkline init: {error.strerror}: {error.filename}; choose another --config", file=sys.stderr)
        return CANNOT_WRITE


def api_urls(args: argparse.Namespace) -> dict[str, str]:
    """The stand-ins that tests name in place of networks, by adapter."""
    return dict(pair.split("=", 1) for pair in args.api_url)


def _init(talk: Terminal, file: Path, urls: Mapping[str, str]) -> int:
    talk.say(WELCOME.format(file=file))
    if file.exists():
        talk.say(THERE.format(file=file))
        if not talk.confirm("Write it anew, and keep it as .old beside the new one?", default=False):
            talk.say("Nothing was written.")
            return OK
    choices = {side: _guides(side) for side in Side}
    if lacking := [side for side in Side if not choices[side]]:
        print(f"trunkline init: no adapter is installed that can be set up for {lacking[0]}s", file=sys.stderr)
        return UNAVAILABLE
    plan = asyncio.run(_asked(talk, choices, urls))
    secrets = secret_files(plan)
    save(file, toml(plan, str(file)), secrets)
    kept = f", and the secrets, which only you may read: {', '.join(secrets)}" if secrets else ""
    talk.say(f"Written: {file}{kept}.")
    try:
        config = load(file, os.environ)
    except ConfigProblems as problems:
        print(problems, file=sys.stderr)
        return CONFIG
    asyncio.run(_set_up(talk, config))
    talk.say(NEXT.format(file=file))
    return OK


async def _asked(talk: Terminal, choices: Mapping[Side, Mapping[str, Guides]], urls: Mapping[str, str]) -> Plan:
    title = talk.ask("What shall this bridge be called?", default="Support")
    agent_name = talk.ask("And whom do your customers talk with?", default=title)
    chosen: list[Chosen] = []
    for side, guides in choices.items():
        names = list(guides)
        place = talk.choose(f"Which network do your {side}s use?", [guides[name].label for name in names])
        name = names[place]
        draft = await guides[name].guide(talk, urls.get(name, ""))
        chosen.append(Chosen(adapter=name, keys=registry.load(name).Settings, side=side, draft=draft))
    return Plan(title=title, agent_name=agent_name, public_url=talk.reached_at, chosen=chosen)


def _guides(side: Side) -> dict[str, Guides]:
    """The installed adapters of a side that know what to ask. A broken one is left out: the others can do without it."""
    found: dict[str, Guides] = {}
    for name in sorted(registry.installed()):
        try:
            adapter = registry.load(name)
        except registry.BrokenAdapter as error:
            print(f"trunkline init: left out: {error}", file=sys.stderr)
            continue
        if side in adapter.sides and isinstance(adapter, Guides):
            found[name] = adapter
    return found


async def _set_up(talk: Terminal, config: Config) -> None:
    """What the networks say of it now; what they lack is made where it can be, once the admin agrees."""
    for answer in await ask(config):
        if answer.findings is None:
            continue
        channel = config.channels[answer.channel]
        talk.say(f"{channel.name}:\n{_told(answer.findings)}")
        if all(f.ok for f in answer.findings) or not isinstance(channel.adapter, SetsUp):
            continue
        if talk.confirm("Shall this be set right there now, as far as it can be from here?"):
            talk.say(f"{channel.name}:\n{_told(await _made(config, channel, channel.adapter))}")


async def _made(config: Config, channel: ChannelConfig, adapter: SetsUp) -> list[Finding]:
    endpoints = endpoints_of(config, channel.name)
    return await adapter.set_up(channel.settings, endpoints, reached_at(config), channel.name)


def _told(findings: list[Finding] | tuple[Finding, ...]) -> str:
    rows = [f"{'ok' if f.ok else '!!'}  {f.words}" + (f"; {f.mend}" if f.mend else "") for f in findings]
    return "\n".join(f"  {row}" for row in rows)


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
