"""A program in a pseudo-terminal of its own, typed to as a person would."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 30.0
IN_A_TERMINAL = """\
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


class Screen:
    """What the program shows; `said` is all of it so far."""

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process = process
        self.said = ""
        self._master = master
        self._read = 0

    def expects(self, words: str) -> str:
        """Waits until `words` appear after what was expected last; what stood before them. Line breaks count as blanks."""
        end = time.monotonic() + PATIENCE
        while (at := self._flat().find(words, self._read)) < 0:
            left = end - time.monotonic()
            assert left > 0, f"{words!r} did not appear within {PATIENCE:g} s after:\n{self.said[-2000:]}"
            assert self._more(left) or words in self._flat()[self._read :], f"it ended without {words!r}:\n{self.said}"
        before = self._flat()[self._read : at]
        self._read = at + len(words)
        return before

    def types(self, line: str) -> None:
        os.write(self._master, f"{line}\n".encode())

    def presses(self, key: bytes) -> None:
        os.write(self._master, key)

    def answers(self, words: str, line: str) -> None:
        self.expects(words)
        self.types(line)

    def ends(self) -> int:
        """Its exit status, once all that it said was read."""
        while self._more(PATIENCE):
            pass
        return self.process.wait(PATIENCE)

    def _more(self, within: float) -> bool:
        """False at the end: closed by the program, which Linux tells as an error."""
        if not select.select([self._master], [], [], within)[0]:
            return True
        try:
            found = os.read(self._master, 65536)
        except OSError:
            return False
        self.said += found.decode("utf-8", "replace")
        return bool(found)

    def _flat(self) -> str:
        return self.said.replace("\r\n", " ")


@contextmanager
def terminal(args: list[str], folder: Path) -> Iterator[Screen]:
    """``python ARGS`` in `folder`, with a controlling terminal, so that Ctrl+C is a signal and /dev/tty is there."""
    master, slave = pty.openpty()
    command = [sys.executable, "-c", IN_A_TERMINAL, *args]
    with subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, cwd=folder, start_new_session=True
    ) as process:
        os.close(slave)
        try:
            yield Screen(process, master)
        finally:
            process.kill()
            os.close(master)
