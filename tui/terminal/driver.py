"""The terminal we draw on: left as it was found, whatever ends or stops the app, and let go of once it is gone.

Textual's own driver restores the terminal when the app is left by itself. Added here are ends from outside (signals,
a terminal that goes away), a stop and going on from outside, and a terminal that cannot be written to any more. Like
`textual_internals`, this uses names that Textual does not promise.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from textual.drivers.linux_driver import LinuxDriver

from neuron_tui.store.process import INTERRUPTED

ENDS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)
"""Signals that end the app, as leaving it does."""

_ENDS_WITHIN = 5.0
"""Seconds in which the app may end by itself after such a signal; after that the process is ended as it is."""

_LOOK_EVERY = 500
"""Milliseconds between two looks at whether the terminal is still there."""

_RESTORED = (
    b"\x1b[?2004l\x1b[?7h\x1b[?2048l"  # bracketed paste, line wrap, resizes told in band
    b"\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"  # the mouse
    b"\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"  # keyboard protocol, alternate screen, cursor, focus
)
"""What `LinuxDriver.stop_application_mode` writes."""


class _Output:
    """A terminal's file that takes everything once the terminal is gone: who writes must not wait for it for ever."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._file.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._file.flush()

    def fileno(self) -> int:
        return self._file.fileno()


class OwnDriver(LinuxDriver):
    """Textual's driver for Linux and macOS, with a terminal that may be stopped, taken away or closed."""

    drawn_on: OwnDriver | None = None
    """The driver whose terminal is in the app's hands now."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - Textual's own
        super().__init__(*arguments, **options)
        # Textual draws on stderr, which may lead to a file.
        file = next(file for file in (sys.__stderr__, sys.__stdout__) if file is not None and file.isatty())
        self._file: Any = _Output(file)

    def start_application_mode(self) -> None:
        """Take the terminal."""
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._writer_thread is not None and self._writer_thread.is_alive():  # not while we are in the background
            OwnDriver.drawn_on = self

    def stop_application_mode(self) -> None:
        """Give the terminal back."""
        super().stop_application_mode()
        if self._mouse_pixels:
            self.write("\x1b[?1016l")
        OwnDriver.drawn_on = None

    # A handler breaks in anywhere and may find the lock of what is written to the terminal taken; the loop comes later.

    def _sigtstp_application(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop)

    def _sigcont_application(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._go_on)

    def _stop(self) -> None:
        if OwnDriver.drawn_on is self:
            super()._sigtstp_application()
        else:
            os.kill(os.getpid(), signal.SIGSTOP)

    def _go_on(self) -> None:
        # Stopped from outside, nobody gave the terminal back, and a shell has used it since: begin from the beginning.
        if self._auto_restart and OwnDriver.drawn_on is self:
            self.suspend_application_mode()
        super()._sigcont_application()

    @property
    def is_gone(self) -> bool:
        """Whether there is no terminal any more; waits for that a moment."""
        looked = select.poll()
        looked.register(self.fileno, 0)
        return bool(looked.poll(_LOOK_EVERY))

    def restore(self) -> None:
        """Give the terminal back from any thread, without waiting for anything."""
        with contextlib.suppress(OSError, ValueError):
            os.set_blocking(self._file.fileno(), False)
            os.write(self._file.fileno(), _RESTORED)
        with contextlib.suppress(OSError, ValueError, termios.error):
            if self.attrs_before is not None:
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
        with contextlib.suppress(OSError, ValueError):
            os.set_blocking(self._file.fileno(), True)


@contextmanager
def terminal_given_back(end: Callable[[int], None]) -> Iterator[None]:
    """Have the terminal as it was after the block, and the app ended by signals and with its terminal.

    `end` is called from a thread with the exit code that the app is to end with. What does not end then within seconds,
    a process that computes in C or a terminal that takes nothing, is ended as it is, the terminal restored.
    """
    heard, told = os.pipe()
    os.set_blocking(told, False)
    over = threading.Event()
    ending = threading.Event()

    def end_now(code: int) -> None:
        if ending.is_set():
            return
        ending.set()

        def last() -> None:
            if not over.wait(_ENDS_WITHIN):
                if OwnDriver.drawn_on is not None:
                    OwnDriver.drawn_on.restore()
                os._exit(code)

        threading.Thread(target=last, daemon=True, name="end in time").start()
        end(code)

    def listen() -> None:
        while number := os.read(heard, 1):
            if number[0] in ENDS:
                end_now(INTERRUPTED if number[0] == signal.SIGINT else 128 + number[0])
        os.close(heard)

    def look() -> None:
        while not over.is_set():
            driver = OwnDriver.drawn_on
            if driver is None:
                over.wait(_LOOK_EVERY / 1000)
            elif driver.is_gone:
                end_now(128 + signal.SIGHUP)
                return

    for work in (listen, look):
        threading.Thread(target=work, daemon=True, name=work.__name__).start()
    wakes = signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    # Last: a signal that has a handler and wakes nobody would be lost.
    before = {number: signal.signal(number, lambda *_: None) for number in ENDS}
    try:
        yield
    finally:
        if OwnDriver.drawn_on is not None:
            OwnDriver.drawn_on.restore()
            OwnDriver.drawn_on = None
        over.set()
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(wakes)
        os.close(told)
