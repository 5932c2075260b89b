"""Serves the app on a loopback port with uvicorn; for the program and for tests alike."""

from __future__ import annotations

import socket
from typing import Any

import uvicorn

BACKLOG = 2048


def listen(host: str, port: int) -> tuple[socket.socket, str]:
    """A listening socket and its URL; port 0 takes any free one. Connections wait in its backlog until it is served."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(BACKLOG)
    return listener, f"http://{host}:{listener.getsockname()[1]}"


def server_for(app: Any) -> uvicorn.Server:
    """A quiet server that doesn't wait for long polls when it is told to stop."""
    return uvicorn.Server(
        uvicorn.Config(app, log_level="critical", access_log=False, lifespan="on", timeout_graceful_shutdown=1)
    )
