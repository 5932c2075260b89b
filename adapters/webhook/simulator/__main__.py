"""The simulator as a process of its own: ``python -m adapters.webhook.simulator --port 0 --folder DIR``."""

from __future__ import annotations

import argparse
import socket
import sys
from pathlib import Path
from typing import Any

from . import create

BACKLOG = 2048


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="python -m adapters.webhook.simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--folder", type=Path, help="keeps the state there; in memory without it")
    parser.add_argument("--side", choices=["agents", "customers"])
    parser.add_argument("--title", help="its name for people")
    parser.add_argument("--secret", help="whsec_…")
    return parser.parse_args()


def main() -> None:
    """Binds, says where, and serves until a signal."""
    import uvicorn

    given = arguments()
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((given.host, given.port))
        listener.listen(BACKLOG)
        url = f"http://{given.host}:{listener.getsockname()[1]}"
        named: dict[str, Any] = {"side": given.side, "title": given.title, "secret": given.secret}
        options = {name: value for name, value in named.items() if value is not None}
        simulator = create(base_url=url, folder=given.folder, observe=lambda event: None, **options)
        config = uvicorn.Config(simulator.app, log_level="critical", access_log=False, ws="none", lifespan="on")
        sys.stdout.write(f"ready: {url}\n")
        sys.stdout.flush()
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
