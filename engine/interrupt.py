"""Signals to an extraction: cancelled, paused and let go on between two steps of the work."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType

from neuron_tui.engine.progress import Progress
from neuron_tui.store.process import INTERRUPTED, say

PAUSE, GO_ON = signal.SIGUSR1, signal.SIGUSR2
CANCEL = (signal.SIGINT, signal.SIGTERM)

ENDS_WITHIN = 10.0
"""Seconds after SIGTERM in which the step under way may come to its end; after that the process ends as it is."""

_LOOK_EVERY = 0.1
"""Seconds between two looks at whether a pause has ended. A handler may not set a threading.Event: the thread that it
breaks into may hold the event's own lock."""


def ready_for_signals() -> None:
    """Make a process ready to be an extraction; called before anything that takes long.

    A pause asked for too early or too late does no harm, and a job in a session of its own, without a terminal,
    outlives the one it was started from.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (PAUSE, GO_ON):
        signal.signal(number, signal.SIG_IGN)
    if os.getsid(0) == os.getpid() and not _has_terminal():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True


@contextmanager
def steered(progress: Callable[[Progress], None]) -> Iterator[Callable[[Progress], None]]:
    """Give `progress` with signals taking effect at the next step; it is called from one thread at a time.

    Ctrl-C and SIGTERM end the work with KeyboardInterrupt; a second one does so at once. Whoever sends SIGTERM may not
    wait: if the work has not ended within ENDS_WITHIN the process does, and what is finished stays. SIGUSR1 pauses: the
    step comes again as a paused one, and nothing follows until SIGUSR2 or an end.

    Inside libraries written in C the exception that Python raises by itself can turn into another one, and what was
    an interruption would look like a fault.
    """
    pressed = pressed_again = paused = False
    turn = threading.Lock()

    def press(_number: int, _frame: FrameType | None) -> None:
        nonlocal pressed, pressed_again
        if pressed:
            pressed_again = True
            raise KeyboardInterrupt
        pressed = True

    def pause(number: int, _frame: FrameType | None) -> None:
        nonlocal paused
        paused = number == PAUSE

    def waits() -> bool:
        return paused and not pressed

    def step(reached: Progress) -> None:
        with turn:
            progress(reached)
            if waits():
                progress(replace(reached, paused=True))
                while waits():
                    time.sleep(_LOOK_EVERY)
                progress(reached)
            if pressed:
                raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():  # only the main thread may listen to signals
        yield progress
        return
    with contextlib.ExitStack() as before:
        for handler, numbers in ((press, CANCEL), (pause, (PAUSE, GO_ON))):
            for number in numbers:
                before.callback(signal.signal, number, signal.signal(number, handler))
        before.enter_context(_ending_in_time())
        try:
            yield step
        except Exception as error:
            if pressed_again:  # what it became where it broke in
                raise KeyboardInterrupt from error
            raise


@contextmanager
def _ending_in_time() -> Iterator[None]:
    """End the process some time after SIGTERM, whatever it is at.

    A handler waits for the end of what runs in C. The system's part of it does not: it writes the signal's number down,
    and a thread reads it.
    """
    heard, told = os.pipe()
    os.set_blocking(told, False)
    before = signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    ended = threading.Event()

    def wait() -> None:
        while number := os.read(heard, 1):
            if number[0] == signal.SIGTERM and not ended.wait(ENDS_WITHIN):
                say(f"ended {ENDS_WITHIN:.0f} s after SIGTERM in the middle of a step; what is finished is kept")
                os._exit(INTERRUPTED)
        os.close(heard)

    threading.Thread(target=wait, daemon=True, name="end in time").start()
    try:
        yield
    finally:
        ended.set()
        signal.set_wakeup_fd(before)
        os.close(told)
