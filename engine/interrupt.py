"""Ctrl-C between two steps of the work."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from neuron_tui.engine.progress import Progress


@contextmanager
def interrupted_between_steps(progress: Callable[[Progress], None]) -> Iterator[Callable[[Progress], None]]:
    """Give `progress` with Ctrl-C taking effect at the next step; pressed again, it takes effect at once.

    Inside libraries written in C the exception that Python raises by itself can turn into another one, and what was
    an interruption would look like a fault.
    """
    pressed = False

    def press(_number: int, _frame: FrameType | None) -> None:
        nonlocal pressed
        if pressed:
            raise KeyboardInterrupt
        pressed = True

    def step(reached: Progress) -> None:
        progress(reached)
        if pressed:
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():  # only the main thread may listen to signals
        yield progress
        return
    before = signal.signal(signal.SIGINT, press)
    try:
        yield step
    finally:
        signal.signal(signal.SIGINT, before)
