"""The simulator as a process of its own: ``python -m adapters.twilio.simulator --port 0 --folder DIR``."""

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
    parser = argparse.ArgumentParser(prog="python -m adapters.twilio.simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--folder", type=Path, help="keeps the state there; in memory without it")
    parser.add_argument("--account-sid")
    parser.add_argument("--auth-token")
    parser.add_argument("--receipt-delay", type=float, help="seconds between the steps of a receipt")
    parser.add_argument("--messaging", action="append", help="an address of ours that does without Conversations")
    parser.add_argument("--trial", choices=("legacy", "2026"), help="the account is a trial account of this kind")
    return parser.parse_args()


def main() -> None:
    """Binds, says where, and serves until a signal."""
    import uvicorn

    given = arguments()
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((given.host, given.port))
    base_url = f"http://{given.host}:{listener.getsockname()[1]}"
    named = {"account_sid": given.account_sid, "auth_token": given.auth_token, "receipt_delay": given.receipt_delay}
    named |= {"messaging": given.messaging, "trial": given.trial}
    options: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
    simulator = create(base_url=base_url, folder=given.folder, observe=lambda event: None, **options)
    config = uvicorn.Config(
        simulator.app, log_level="warning", access_log=False, backlog=BACKLOG, ws="none", lifespan="on"
    )
    listener.listen(BACKLOG)
    sys.stdout.write(f"ready: {base_url}\n")
    sys.stdout.flush()
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
