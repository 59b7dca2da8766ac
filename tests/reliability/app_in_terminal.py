"""The app in a pty of its own, forked from a warm process: what it writes, its terminal's modes, how it ends."""

from __future__ import annotations

import atexit
import contextlib
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from fcntl import ioctl
from pathlib import Path

import pyte

from neuron_tui.tui.cli.open_run import open_app

PATIENCE = 40.0
"""Seconds after which something is taken never to come."""

_COLUMNS, _LINES = 80, 24

_MODE = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")
_KEYBOARD = re.compile(rb"\x1b\[([<>])[0-9]*u")
_OFF = (1000, 1002, 1003, 1004, 1006, 1015, 1016, 1049, 2004, 2048)
"""Mouse, focus, alternate screen, bracketed paste, resizes in band."""
_ON = (7, 25)
"""Line wrap, and the cursor in sight."""


@dataclass
class Modes:
    """The modes that a terminal is in after what was written to it."""

    on: dict[int, bool] = field(default_factory=lambda: dict.fromkeys(_OFF, False) | dict.fromkeys(_ON, True))
    keyboards: int = 0

    def take(self, written: bytes) -> None:
        for numbers, letter in _MODE.findall(written):
            self.on.update(dict.fromkeys(map(int, numbers.split(b";")), letter == b"h"))
        for sign in _KEYBOARD.findall(written):
            self.keyboards = max(0, self.keyboards + (1 if sign == b">" else -1))

    def wrong(self, *, taken: bool) -> list[str]:
        """The modes that are not as they must be while the app has the terminal, or has not."""
        expected = {1049: taken, 25: not taken, 1003: taken, 2004: taken, 7: not taken} if taken else {}
        expected = expected or dict.fromkeys(_OFF, False) | dict.fromkeys(_ON, True)
        found = [f"mode {mode} is {self.on.get(mode)}" for mode, on in expected.items() if self.on.get(mode) != on]
        return found + ([f"{self.keyboards} keyboard modes left"] if not taken and self.keyboards else [])


class App:
    """An app forked from this process, in a pty of its own."""

    def __init__(self, runs: Path, prepare: Callable[[], None] | None = None) -> None:
        self.modes, self.sent, self.code = Modes(), b"", None
        self._screen = pyte.Screen(_COLUMNS, _LINES)
        self._stream = pyte.ByteStream(self._screen)
        self.line, other = pty.openpty()
        self.resize(_COLUMNS, _LINES)
        self.attributes = termios.tcgetattr(self.line)
        self.pid = os.fork()
        if self.pid == 0:
            _child(self.line, other, runs, prepare)
        os.close(other)

    def resize(self, columns: int, lines: int) -> None:
        """Give the terminal another size."""
        ioctl(self.line, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self._screen.resize(lines, columns)

    def read(self, seconds: float = 0.05) -> bool:
        """Read what comes; False at the end."""
        if not select.select([self.line], [], [], seconds)[0]:
            return True
        try:
            said = os.read(self.line, 1 << 16)
        except OSError:  # nobody has the other end any more
            return False
        self.sent += said
        self._stream.feed(said)
        self.modes.take(said)
        return bool(said)

    def until(self, condition: Callable[[], object], what: str) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(f"never came: {what}")
            if not self.read() and not condition():
                raise AssertionError(f"ended before: {what}")

    def shows(self, text: str) -> None:
        """Wait until a text stands in a line of the screen; what is written may leave out cells that stay."""
        self.until(lambda: any(text in line for line in self._lines()), text)

    def _lines(self) -> list[str]:
        # Not pyte's `display`: it fails where a wide character is half overwritten.
        screen = self._screen
        return ["".join(screen.buffer[y][x].data for x in range(screen.columns)) for y in range(screen.lines)]

    def forget(self) -> None:
        """Whatever is shown from now on is new."""
        self.sent = b""
        self._screen.reset()

    def state(self) -> str:
        """The system's letter for the state of the process: R, S, T (stopped), Z."""
        return Path(f"/proc/{self.pid}/stat").read_text().rpartition(") ")[2][0]

    def kill(self, number: int) -> None:
        os.kill(self.pid, number)

    def press(self, keys: bytes) -> None:
        os.write(self.line, keys)

    def ended(self) -> int:
        """Read to the end and give the exit code, that of a signal being negative."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            more = self.read()
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                while more and select.select([self.line], [], [], 0)[0]:
                    more = self.read()
                self.code = os.waitstatus_to_exitcode(status)
                return self.code
            if not more:
                time.sleep(0.01)
        raise AssertionError("did not end")

    def wrong(self) -> list[str]:
        """What is not as it was before the app began."""
        now = termios.tcgetattr(self.line)
        return self.modes.wrong(taken=False) + ([] if now == self.attributes else ["the line has other settings"])

    def close(self) -> None:
        with contextlib.suppress(OSError):
            os.close(self.line)
        if self.code is None:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)


def _child(line: int, other: int, runs: Path, prepare: Callable[[], None] | None) -> None:
    from neuron_tui.store.process import guard

    code = 70
    # What a shell starts in the background is started with these ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    try:
        os.close(line)
        name = os.ttyname(other)
        for _ in range(100):
            try:
                os.login_tty(other)
                break
            except OSError:  # the system hangs up the last app's terminal of the same number only now
                time.sleep(0.05)
                other = os.open(name, os.O_RDWR | os.O_NOCTTY)
        if prepare is not None:
            prepare()
        code = guard(lambda: open_app(runs, None))
        atexit._run_exitfuncs()
    finally:
        os._exit(code)
