"""From answers to files: a config with comments, and each secret in a file of its own that the config names."""

from __future__ import annotations

import json
import os
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel

from bridge.channel.inspection import Draft
from bridge.config.urls import is_loopback
from bridge.core.content import Side

PORT = 8080
WIDTH = 118
SECRETS = "secrets"
HEAD = """\
# Trunkline's configuration, written by `trunkline init`. config.example.toml has every key there is.
# Look at a change with `trunkline check --config {file}`, and with --online too: that asks the networks.
#
# "file:{secrets}/…" is the content of a file beside this one. Whoever has it can write in your name: keep the folder out of
# version control and in your backups.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A network on one side of the bridge: its adapter's name, its keys, and what was answered."""

    adapter: str
    keys: type[BaseModel]
    side: Side
    draft: Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A bridge as it was asked together. `public_url` is empty where there is none."""

    title: str
    agent_name: str
    public_url: str
    chosen: Sequence[Chosen]


def slug(title: str) -> str:
    """A bridge's name from its title: what can stand in a URL.

    >>> slug("Müller & Sons: Support"), slug("!?")
    ('m-ller-sons-support', 'support')
    """
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:64].strip("-") or "support"


def secret_files(plan: Plan) -> dict[str, str]:
    """What is kept apart, by its path beside the config."""
    return {
        _secret_path(c.draft, key): str(value)
        for c in plan.chosen
        for key, value in c.draft.settings.items()
        if key in c.draft.secrets
    }


def toml(plan: Plan, file: str) -> str:
    """The config; `file` is what it will be called. None of the secrets is in it."""
    parts = [HEAD.format(file=file, secrets=SECRETS), _server(plan), '[store]\nurl = "sqlite:///trunkline.db"\n']
    parts += [_channel(c) for c in plan.chosen]
    return "\n".join([*parts, _bridge(plan)])


def save(file: Path, text: str, secrets: Mapping[str, str]) -> None:
    """Writes the secrets, then the config, each whole or not at all; what was there before is kept beside it as NAME.old.
    Raises `OSError`."""
    for path, secret in secrets.items():
        place = file.parent / path
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _put(place.parent / ".gitignore", "*\n", 0o600)
        _put(place, f"{secret}\n", 0o600, keep=True)
    _put(file, text, 0o644, keep=True)


def value(given: str | int | bool) -> str:
    """As TOML: JSON's escapes are its own, but for one character."""
    return json.dumps(given, ensure_ascii=False).replace("\x7f", "\\u007f")


def _server(plan: Plan) -> str:
    parts = urlsplit(plan.public_url)
    port = parts.port if parts.port and is_loopback(parts.hostname or "") else PORT
    lines = ["[server]", 'host = "127.0.0.1"', f"port = {port}"]
    if plan.public_url:
        lines.append("# What the networks call. It has to lead here, to the host and port above.")
        lines.append(f"public_url = {value(plan.public_url)}")
    return "\n".join(lines) + "\n"


def _channel(chosen: Chosen) -> str:
    draft = chosen.draft
    lines = [f"[channels.{draft.channel}]", f"adapter = {value(chosen.adapter)}"]
    for key, given in draft.settings.items():
        field = chosen.keys.model_fields.get(key)
        if field is not None and field.description:
            lines += [f"# {line}" for line in textwrap.wrap(field.description, WIDTH)]
        lines.append(f"{key} = {value('file:' + _secret_path(draft, key) if key in draft.secrets else given)}")
    return "\n".join(lines) + "\n"


def _bridge(plan: Plan) -> str:
    lines = [
        f"[bridges.{slug(plan.title)}]",
        f"title = {value(plan.title)}",
        f"agent_name = {value(plan.agent_name)} # whom customers see",
    ]
    for side, key in ((Side.CUSTOMER, "customers"), (Side.AGENT, "agents")):
        rows = [_endpoint(c.draft.channel, e) for c in plan.chosen if c.side is side for e in c.draft.endpoints]
        lines += [f"{key} = [", *(f"  {row}," for row in rows), "]"]
    return "\n".join(lines) + "\n"


def _endpoint(channel: str, endpoint: Mapping[str, str | int]) -> str:
    return "{ " + ", ".join(f"{k} = {value(v)}" for k, v in {"channel": channel, **endpoint}.items()) + " }"


def _secret_path(draft: Draft, key: str) -> str:
    return f"{SECRETS}/{draft.channel}_{key}"


def _put(place: Path, text: str, mode: int, *, keep: bool = False) -> None:
    """In one step, and never readable to others for a moment."""
    new = place.with_name(f".{place.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    if keep and place.exists():
        place.replace(place.with_name(f"{place.name}.old"))
    new.replace(place)
