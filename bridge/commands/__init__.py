"""The commands, one file each. Nothing heavy is imported before a command is known: `--version` and `check` stay instant."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

USAGE, UNAVAILABLE, CONFIG = 2, 69, 78
"""Exit codes, after sysexits.h: wrong arguments; the store or the port; the configuration."""


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object, **__: object) -> None:
        from importlib.metadata import version

        print(f"trunkline {version('trunkline')}")
        parser.exit(0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="trunkline", description="Customers text, agents answer from Telegram: one forum topic per customer."
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    init = commands.add_parser("init", help="ask a few questions, then write a config")
    init.add_argument("--config", type=Path, default=Path("trunkline.toml"), metavar="FILE")
    init.add_argument("--api-url", action="append", default=[], help=argparse.SUPPRESS)  # ADAPTER=URL, for stand-ins
    run = commands.add_parser("run", help="run the bridges of a config file")
    run.add_argument("--config", type=Path, required=True, metavar="FILE")
    run.add_argument("--while-stdin", action="store_true", help=argparse.SUPPRESS)  # the sandbox's: end with it
    check = commands.add_parser("check", help="validate a config file")
    what = check.add_mutually_exclusive_group(required=True)
    what.add_argument("--config", type=Path, metavar="FILE")
    what.add_argument("--schema", action="store_true", help="print the JSON Schema of the config")
    check.add_argument("--online", action="store_true", help="also ask the networks; changes nothing there")
    token = commands.add_parser("token", help="print a token for a client of a websocket channel")
    token.add_argument("--config", type=Path, required=True, metavar="FILE")
    token.add_argument("--channel", required=True, metavar="NAME")
    token.add_argument("--role", required=True, choices=["agent", "customer"])
    token.add_argument("--subject", required=True, metavar="ID", help="who it is: an id that stays the same")
    token.add_argument("--name", metavar="S", help="what others see")
    token.add_argument("--room", metavar="R", help="which room; may be left out where the role has one")
    token.add_argument("--ttl", default="1h", help="how long it is good: 90s, 15m, 1h, at most 30d (1h)")
    sandbox = commands.add_parser("sandbox", help="try it all without an account")
    sandbox.add_argument("--port", type=int, default=8300, metavar="N", help="the page's port (8300; 0: any free one)")
    sandbox.add_argument("--no-browser", action="store_true", help="don't open the page")
    sandbox.add_argument("--data", type=Path, default=Path(".trunkline/sandbox"), metavar="DIR")
    sandbox.add_argument("--fresh", action="store_true", help="start over")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """The entry point: 0, or one of sysexits' codes."""
    args = _parser().parse_args(argv)
    match args.command:
        case "init":
            from bridge.commands import init as command
        case "check":
            from bridge.commands import check as command  # type: ignore[no-redef]
        case "run":
            from bridge.commands import run as command  # type: ignore[no-redef]
        case "token":
            from bridge.commands import token as command  # type: ignore[no-redef]
        case "sandbox":
            from bridge.commands import sandbox as command  # type: ignore[no-redef]
    return command.run(args)
