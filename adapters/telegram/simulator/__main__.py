"""``python -m adapters.telegram.simulator``: the stand-in as a process of its own, for tests and for trying things out."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from . import create
from .serving import listen, server_for


def main() -> None:
    """Binds, says ``ready: URL`` on standard output, and serves until it is told to stop."""
    asked = _arguments()
    options: dict[str, Any] = {"limit": not asked.no_limit}
    if asked.bot_token:
        options["bot_token"] = asked.bot_token
    if asked.chat:
        options["chat"] = asked.chat
    listener, url = listen(asked.host, asked.port)
    with listener:
        simulator = create(base_url=url, folder=asked.folder, observe=lambda event: None, **options)
        print(f"ready: {url}", flush=True)  # noqa: T201 (what a starter waits for)
        server_for(simulator.app).run(sockets=[listener])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m adapters.telegram.simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 (the default): any free one")
    parser.add_argument("--folder", type=Path, help="where the state is kept; in memory without it")
    parser.add_argument("--bot-token")
    parser.add_argument("--chat", type=int, action="append", help="a group's id; may be given several times")
    parser.add_argument("--no-limit", action="store_true", help="no 20 messages a minute")
    return parser.parse_args()


if __name__ == "__main__":
    main()
