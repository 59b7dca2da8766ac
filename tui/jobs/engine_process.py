"""The engine as a process: how it is started, interrupted with us, and never left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from types import FrameType

from neuron_tui.store.errors import InputError
from neuron_tui.store.process import ASKED_BY, INTERRUPTED, OUR_FAULT, say


def engine_command(*arguments: str) -> list[str]:
    """Command line of the engine. -P: no module of the working directory may stand in for one of ours.

    Raises InputError for an argument that no process can be given.
    """
    if wrong := next((argument for argument in arguments if "\0" in argument), None):
        raise InputError(f"{wrong!r} holds a NUL character, which no file and no model has in its name\nLeave it out.")
    return [sys.executable, "-P", "-m", "neuron_tui.engine", *arguments]


def ending_with_us() -> dict[str, str]:
    """The environment of an engine that ends when this process does; a job's is another, for it outlives us.

    Whoever starts it with that has to wait for it in the same thread: its system may tell of the thread's end.
    """
    return os.environ | {ASKED_BY: str(os.getpid())}


def run_engine(arguments: Sequence[str]) -> int:
    """Run the engine to its end and give its exit code; its messages go to our stderr.

    Ctrl-C is passed on once each time it is pressed, and what the engine then does is waited for. Ctrl-Z stops both.
    If this process is killed the engine is told to end.
    """
    # A process group of its own: a terminal's Ctrl-C reaches it through us alone, and so exactly once.
    with (
        subprocess.Popen(
            engine_command(*arguments),
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            process_group=0,
            env=ending_with_us(),
        ) as process,
        _stopping_together(process),
    ):
        while True:
            try:
                code = process.wait()
                break
            except KeyboardInterrupt:
                process.send_signal(signal.SIGINT)
    if code == -signal.SIGINT:
        return INTERRUPTED
    if code < 0:
        say(f"the engine was ended by {signal.Signals(-code).name}\nRun the same command again to go on.")
        return OUR_FAULT
    return code


@contextlib.contextmanager
def _stopping_together(process: subprocess.Popen[bytes]) -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        process.send_signal(signal.SIGSTOP)
        os.kill(os.getpid(), signal.SIGSTOP)
        process.send_signal(signal.SIGCONT)  # reached once somebody lets us go on

    before = signal.signal(signal.SIGTSTP, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTSTP, before)
