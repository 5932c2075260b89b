"""``trunkline sandbox``: the real bridge between simulators, on a page. Needs no account."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import socket
import sys
import webbrowser

import uvicorn

from bridge.commands import UNAVAILABLE
from bridge.commands.serving import Server, bind, stop_on_signals
from bridge.sandbox.server import application
from bridge.sandbox.stage import Stage
from bridge.telemetry.logs import set_up

HOST = "127.0.0.1"
WELCOME = """
  Trunkline sandbox: {url}

  Type on Ana's phone, and answer in the Telegram group. Ctrl+C ends it; what was said is kept in {folder}.
"""


def run(args: argparse.Namespace) -> int:
    """0 after Ctrl+C, 69 where the port or the folder can't be had."""
    set_up()
    try:
        sock = bind(HOST, args.port)
        if args.fresh:
            shutil.rmtree(args.data, ignore_errors=True)
        args.data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        print(
            f"trunkline: {error.strerror}: {error.filename or f'port {args.port}'}; try --port 0 or --data DIR",
            file=sys.stderr,
        )
        return UNAVAILABLE
    return asyncio.run(serve(args, sock))


async def serve(args: argparse.Namespace, sock: socket.socket) -> int:
    """The page answers first; simulators and bridge come up behind it."""
    url = f"http://{HOST}:{sock.getsockname()[1]}"
    stage = Stage(args.data.resolve(), url)
    stage.open()
    server = Server(
        uvicorn.Config(
            application(stage), lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=1
        )
    )
    stop = stop_on_signals()
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    await server.listening.wait()
    print(WELCOME.format(url=url, folder=args.data), file=sys.stderr, flush=True)
    await stage.start()
    if not args.no_browser and sys.stdout.isatty() and (os.environ.get("DISPLAY") or sys.platform == "darwin"):
        webbrowser.open(url)
    await _first(stage.bridge.ready, stop)
    if not stop.is_set():
        print(f"ready: {url}", flush=True)
        await stop.wait()
    server.should_exit = True
    await asyncio.gather(serving, stage.stop())
    return 0


async def _first(*events: asyncio.Event) -> None:
    waits = [asyncio.create_task(e.wait()) for e in events]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
