"""``trunkline run``: the bridges of a config file, until a signal."""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import sys
from collections.abc import Callable

import uvicorn

from bridge.app import App
from bridge.commands import CONFIG, UNAVAILABLE
from bridge.commands.serving import Server, bind, stop_on_signals
from bridge.config.load import load
from bridge.config.model import Config
from bridge.config.problems import ConfigProblems
from bridge.server import media
from bridge.server.asgi import application
from bridge.server.limits import LimitedProtocol
from bridge.server.sockets import HEARTBEAT_S, MOST_BYTES, SocketProtocol, Sockets
from bridge.store.store import StoreError
from bridge.telemetry.logs import set_up


def run(args: argparse.Namespace) -> int:
    """0 after a drain, 78 for the configuration, 69 for the store or the port."""
    try:
        config = load(args.config, os.environ)
    except ConfigProblems as problems:
        print(problems, file=sys.stderr)
        return CONFIG
    set_up()
    try:
        sock = bind(config.server.host, config.server.port)
    except OSError as error:
        words = f"trunkline: can’t listen on {config.server.host}:{config.server.port}: {error.strerror}"
        print(f"{words}; choose another [server] port, or stop who has it", file=sys.stderr)
        return UNAVAILABLE
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(serve(config, sock, while_stdin=args.while_stdin))
    except StoreError as error:
        print(f"trunkline: {error}", file=sys.stderr)
        return UNAVAILABLE


async def serve(config: Config, sock: socket.socket, *, while_stdin: bool = False) -> int:
    host, port = config.server.host, sock.getsockname()[1]
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    app = App(config, url)
    await app.start()
    sockets = Sockets(app)
    server = Server(
        uvicorn.Config(
            application(app, media.routes(app.media), sockets.routes()),
            http=LimitedProtocol,
            ws=SocketProtocol,
            ws_max_size=MOST_BYTES,
            ws_ping_interval=HEARTBEAT_S,
            ws_ping_timeout=HEARTBEAT_S,
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            forwarded_allow_ips=[str(n) for n in config.server.trusted_proxies],
            timeout_graceful_shutdown=5,
        )
    )
    stop = stop_on_signals()
    if while_stdin:
        await _end_with_parent()
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    await server.listening.wait()
    print(f"ready: {url}", flush=True)
    app.go()
    await stop.wait()
    app.draining = True
    server.should_exit = True
    await asyncio.gather(serving, sockets.close_all(), app.stop())
    return 0


async def _end_with_parent() -> None:
    """The sandbox holds our standard input; when it ends, by whatever means, so do we, at once."""

    class Ends(asyncio.Protocol):
        def connection_lost(self, exc: Exception | None) -> None:
            os._exit(0)

    await asyncio.get_running_loop().connect_read_pipe(Ends, sys.stdin)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # no wheel for this platform
        return None
    return uvloop.new_event_loop
