"""Logs on standard error: for people on a terminal, JSON lines elsewhere. No message bodies; numbers and tokens masked."""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from typing import Any

_PHONE = re.compile(r"\+(\d{1,4})\d{3,}(\d{2})")
_BOT_TOKEN = re.compile(r"(\d{5,}):[A-Za-z0-9_-]{20,}")
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def masked(text: str) -> str:
    """
    >>> masked("to +15550199123 by 123456:AAAAAAAAAAAAAAAAAAAAAAAAAA")
    'to +1555***23 by 123456:***'
    """
    return _PHONE.sub(r"+\1***\2", _BOT_TOKEN.sub(r"\1:***", text))


def fields(record: logging.LogRecord) -> dict[str, Any]:
    """What was given as ``extra``, masked."""
    return {k: masked(str(v)) for k, v in vars(record).items() if k not in _OWN}


class Pretty(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        clock = time.strftime("%H:%M:%S", time.localtime(record.created))
        extra = "".join(f" {k}={v}" for k, v in fields(record).items())
        line = f"{clock} {record.levelname.lower():7} {record.name}: {masked(record.getMessage())}{extra}"
        return f"{line}\n{masked(self.formatException(record.exc_info))}" if record.exc_info else line


class Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": masked(record.getMessage()),
            **fields(record),
        }
        if record.exc_info:
            line["trace"] = masked(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def set_up(level: int = logging.INFO) -> None:
    """The process's own logs; libraries speak from warnings on. Their info lines hold URLs with tokens in them."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Pretty() if sys.stderr.isatty() else Json())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("trunkline").setLevel(level)
