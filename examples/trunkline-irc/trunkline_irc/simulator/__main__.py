"""The simulator as a process of its own: ``python -m trunkline_irc.simulator --port 0``."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

import uvicorn

from trunkline_irc.simulator import create


async def serve(port: int, folder: Path | None) -> None:
    """Says where its control routes are, and serves until a signal; where IRC is, its settings say."""
    simulator = create(base_url="", folder=folder, observe=lambda event: None)
    config = uvicorn.Config(simulator.app, port=port, log_level="warning", lifespan="off", interface="asgi3")
    listener = config.bind_socket()
    await simulator.start("", "irc")
    sys.stdout.write(f"ready: http://127.0.0.1:{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    await uvicorn.Server(config).serve(sockets=[listener])
    await simulator.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m trunkline_irc.simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--folder", type=Path, help="keeps the people there; in memory without it")
    given = parser.parse_args()
    asyncio.run(serve(given.port, given.folder))
