"""One trial in a process forked from this warm one: its exit code, its words, its time, the memory that it took."""

from __future__ import annotations

import os
import pickle
import re
import resource
import select
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FENCE = 6 << 30
"""Bytes of addresses above ours that a trial may ask for: the machine is spared what would be a failure anyway."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a trial ended.

    `code` is its exit code, minus the signal that ended it, or None where it was ended after the time it had; `said`
    what it wrote on stderr, `printed` on stdout; `seconds` of the clock; `memory` bytes resident at its peak above
    those at its beginning; `answer` what its function returned.
    """

    code: int | None
    said: str
    printed: str
    seconds: float
    memory: int
    answer: Any = None


def refusal_in(ended: Ended) -> list[str]:
    """The lines of a command's last words, without those on a run that had begun."""
    begun = ("After an interruption", "Peak memory", "Only ", "No sequence has", "layer ")
    lines = [line for line in ended.said.strip().splitlines() if line and not line.startswith(begun)]
    return [line for line in lines if not re.search(r" on [\d,]+ tokens, \d+ of \d+ layers, ", line)]


def forked(work: Callable[[], object], limit: float) -> Ended:
    """Run a function in a process of its own and wait for it, at most `limit` seconds."""
    with ExitStack() as closing:
        said, printed, answer, begun = (closing.enter_context(tempfile.TemporaryFile()) for _ in range(4))
        begin = time.monotonic()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if not pid:
            os.pwrite(begun.fileno(), str(_resident()).encode(), 0)
            os._exit(_work(work, said.fileno(), printed.fileno(), answer.fileno()))
        descriptor = os.pidfd_open(pid)
        ended = bool(select.select([descriptor], [], [], limit)[0])
        os.close(descriptor)
        if not ended:
            os.kill(pid, signal.SIGKILL)
        _, status, used = os.wait4(pid, 0)
        seconds = time.monotonic() - begin
        for file in (said, printed, answer, begun):
            file.seek(0)
        returned = answer.read()
        return Ended(
            os.waitstatus_to_exitcode(status) if ended else None,
            said.read().decode("utf-8", "replace"),
            printed.read().decode("utf-8", "replace"),
            seconds,
            max(0, used.ru_maxrss * 1024 - int(begun.read())),
            pickle.loads(returned) if returned else None,
        )


def command(arguments: Sequence[str]) -> int:
    """The engine's command in this process; gives its exit code. For `forked`."""
    from neuron_tui.engine.command import app

    try:
        app(list(arguments), prog_name="neuron-tui")
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def _work(work: Callable[[], object], said: int, printed: int, answer: int) -> int:
    try:
        os.dup2(printed, 1)
        os.dup2(said, 2)
        sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
        resource.setrlimit(resource.RLIMIT_AS, (_addresses() + _FENCE,) * 2)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        returned = work()
        if isinstance(returned, int):
            return returned
        os.write(answer, pickle.dumps(returned))
        return 0
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 99
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def _pages(column: int) -> int:
    return int(Path("/proc/self/statm").read_text().split()[column]) * resource.getpagesize()


def _addresses() -> int:
    return _pages(0)


def _resident() -> int:
    return _pages(1)
