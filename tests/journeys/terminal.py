"""A real terminal for a program: a pty of a given size, its screen read back by an emulator."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pexpect
import pyte
from wcwidth import wcwidth

PROGRAM = str(Path(sys.executable).with_name("neuron-tui"))
PATIENCE = 60.0
"""Seconds after which a condition is taken never to come; no test waits for as long as this in passing."""

ENTER, ESCAPE, TAB, CLEAR = "\r", "\x1b", "\t", "\x15"
UP, DOWN, RIGHT, LEFT, F1 = "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1bOP"
"""What a terminal sends for keys with a name; `CLEAR` is ctrl+u, which empties a line to type in."""

MOUSE = (b"\x1b[?1000h", b"\x1b[?1002h", b"\x1b[?1003h", b"\x1b[?1006h", b"\x1b[?1015h")
"""What a program sends to be told of the mouse."""

_NO_BOXES = dict.fromkeys(map(ord, "│┃"), " ")


class _Screen(pyte.Screen):
    """An emulator's screen that takes note of lines wider than itself."""

    def __init__(self, columns: int, lines: int) -> None:
        self.too_wide: list[tuple[int, str]] = []
        super().__init__(columns, lines)

    def draw(self, data: str) -> None:
        for character in data:
            width = wcwidth(character)
            if width > 0 and self.cursor.x + width > self.columns:
                self.too_wide.append((self.cursor.y, character))
            super().draw(character)


class Terminal:
    """One program in one terminal."""

    def __init__(
        self,
        arguments: Sequence[str],
        columns: int,
        rows: int,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        self.columns, self.rows = columns, rows
        self._screen = _Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._text: str | None = None
        """The screen as text, if nothing has changed since it was read."""
        variables = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor"} | dict(environment or {})
        self.sent = b""
        """All that the program printed."""
        self.child = pexpect.spawn(
            PROGRAM, list(arguments), dimensions=(rows, columns), env=variables, timeout=PATIENCE, cwd=folder
        )

    def screen(self) -> list[str]:
        """The lines on the screen now."""
        # Not pyte's `display`: it fails where a wide character is half overwritten, as between two reads it may be.
        buffer = self._screen.buffer
        return ["".join(buffer[y][x].data for x in range(self.columns)) for y in range(self.rows)]

    def text(self) -> str:
        """The screen as one text."""
        if self._text is None:
            self._text = "\n".join(self.screen())
        return self._text

    def colours(self) -> set[str]:
        """Every colour on the screen: `default`, a name, or six hexadecimal digits."""
        cells = [cell for line in self._screen.buffer.values() for cell in line.values()]
        return {colour for cell in cells for colour in (cell.fg, cell.bg)}

    def press(self, *keys: str) -> None:
        """Type keys, as the bytes that a terminal sends."""
        self.child.send("".join(keys))

    def retype(self, text: str) -> None:
        """Empty the line that has the keys and type another text."""
        self.press(CLEAR, text)

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size; of the one it has the program is not told, and draws nothing anew."""
        if (columns, rows) == (self.columns, self.rows):
            return
        self.columns, self.rows = columns, rows
        self._screen.resize(rows, columns)
        self._text = None
        self._screen.reset()  # what is seen from now on was drawn for the new size
        self.child.setwinsize(rows, columns)

    def too_wide(self) -> list[tuple[int, str]]:
        """What was drawn beyond the right edge since this was last asked: lines, from 0, and characters."""
        found, self._screen.too_wide = self._screen.too_wide, []
        return found

    def wait_for(self, condition: str | Callable[[str], object]) -> str:
        """Read what the program prints until the screen shows a text or meets a condition; returns the screen."""
        met = condition if callable(condition) else lambda screen: condition in screen
        deadline = time.monotonic() + PATIENCE
        while not met(self.text()):
            if time.monotonic() > deadline:
                raise AssertionError(f"never came: {condition}\n{self.text()}")
            try:
                self._read(0.05)
            except pexpect.TIMEOUT:
                continue
            except pexpect.EOF as ended:
                raise AssertionError(f"the program ended before: {condition}\n{self.text()}") from ended
        return self.text()

    def reads(self, text: str) -> str:
        """Wait until the screen says a text, however it is wrapped, in a box or not."""
        return self.wait_for(lambda screen: text in " ".join(screen.translate(_NO_BOXES).split()))

    def footer(self, *texts: str) -> str:
        """Wait until the last line, where the keys are, says these."""
        return self.wait_for(lambda screen: all(text in screen.splitlines()[-1] for text in texts))

    def wait_for_end(self) -> int:
        """Read to the end of the program; returns its exit code."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                self._read(1.0)
            except pexpect.TIMEOUT:
                continue
            except pexpect.EOF:
                self.child.close()
                return int(self.child.exitstatus if self.child.exitstatus is not None else -self.child.signalstatus)
        raise AssertionError(f"did not end\n{self.text()}")

    def _read(self, timeout: float) -> None:
        said = self.child.read_nonblocking(1 << 16, timeout=timeout)
        self.sent += said
        self._text = None
        self._stream.feed(said)
