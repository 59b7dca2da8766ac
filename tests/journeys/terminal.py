"""A real terminal for a program: a pty of a given size, its screen read back by an emulator."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pexpect
import pyte

PROGRAM = str(Path(sys.executable).with_name("neuron-tui"))
PATIENCE = 60.0
"""Seconds after which a condition is taken never to come; no test waits for as long as this in passing."""


class Terminal:
    """One program in one terminal."""

    def __init__(
        self, arguments: list[str], columns: int, rows: int, environment: Mapping[str, str] | None = None
    ) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        variables = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor"} | dict(environment or {})
        self.child = pexpect.spawn(PROGRAM, arguments, dimensions=(rows, columns), env=variables, timeout=PATIENCE)

    def screen(self) -> list[str]:
        """The lines on the screen now."""
        return list(self._screen.display)

    def text(self) -> str:
        """The screen as one text."""
        return "\n".join(self.screen())

    def press(self, keys: str) -> None:
        """Type keys, as the bytes that a terminal sends."""
        self.child.send(keys)

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size."""
        self._screen.resize(rows, columns)
        self._screen.reset()  # what is seen from now on was drawn for the new size
        self.child.setwinsize(rows, columns)

    def wait_for(self, condition: str | Callable[[str], bool]) -> str:
        """Read what the program prints until the screen shows a text or meets a condition; returns the screen."""
        met = condition if callable(condition) else lambda screen: condition in screen
        deadline = time.monotonic() + PATIENCE
        while not met(self.text()):
            if time.monotonic() > deadline:
                raise AssertionError(f"never came: {condition}\n{self.text()}")
            try:
                self._stream.feed(self.child.read_nonblocking(1 << 16, timeout=1))
            except pexpect.TIMEOUT:
                continue
            except pexpect.EOF as ended:
                raise AssertionError(f"the program ended before: {condition}\n{self.text()}") from ended
        return self.text()

    def wait_for_end(self) -> int:
        """Read to the end of the program; returns its exit code."""
        self.child.expect(pexpect.EOF)
        self.child.close()
        return int(self.child.exitstatus if self.child.exitstatus is not None else -self.child.signalstatus)
