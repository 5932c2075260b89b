"""``trunkline run``: the bridges of a config file, until a signal."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator

import uvicorn

from bridge.app import App
from bridge.commands import CONFIG, UNAVAILABLE
from bridge.config.load import load
from bridge.config.model import Config
from bridge.config.problems import ConfigProblems
from bridge.server.asgi import application
from bridge.server.limits import LimitedProtocol
from bridge.store.store import StoreError
from bridge.telemetry.logs import set_up


class Server(uvicorn.Server):
    """uvicorn, less its signal handlers: it would end the process by the signal, before anything was drained."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def run(args: argparse.Namespace) -> int:
    """0 after a drain, 78 for the configuration, 69 for the store or the port."""
    try:
        config = load(args.config, os.environ)
    except ConfigProblems as problems:
        print(problems, file=sys.stderr)
        return CONFIG
    set_up()
    try:
        sock = _bind(config.server.host, config.server.port)
    except OSError as error:
        words = f"trunkline: can’t listen on {config.server.host}:{config.server.port}: {error.strerror}"
        print(f"{words}; choose another [server] port, or stop who has it", file=sys.stderr)
        return UNAVAILABLE
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(serve(config, sock))
    except StoreError as error:
        print(f"trunkline: {error}", file=sys.stderr)
        return UNAVAILABLE


async def serve(config: Config, sock: socket.socket) -> int:
    host, port = config.server.host, sock.getsockname()[1]
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    app = App(config, url)
    await app.start()
    server = Server(
        uvicorn.Config(
            application(app),
            http=LimitedProtocol,
            ws="websockets-sansio",
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            forwarded_allow_ips=[str(n) for n in config.server.trusted_proxies],
            timeout_graceful_shutdown=5,
        )
    )
    stop = _stop_on_signals()
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    await server.listening.wait()
    print(f"ready: {url}", flush=True)
    app.go()
    await stop.wait()
    app.draining = True
    server.should_exit = True
    await asyncio.gather(serving, app.stop())
    return 0


def _bind(host: str, port: int) -> socket.socket:
    """Bound before anything else is done: a port that is taken must not touch the store."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock


def _stop_on_signals() -> asyncio.Event:
    """The first signal drains, a second one ends at once."""
    stop = asyncio.Event()

    def received(number: int) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, received, number)
    return stop


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # no wheel for this platform
        return None
    return uvloop.new_event_loop
