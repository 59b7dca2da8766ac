"""A trial in a process of its own: forked from a warm one, limited in memory and time, and watched step by step."""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import resource
import select
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NoReturn

GIB = 1 << 30
SECONDS = 10.0
"""What a step may compute, or wait for something."""

_STACK_AFTER = 0.9
"""Share of that time after which a step that goes on has its stack written down."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing done in a trial: how it ended, what it wrote, seconds computed, memory in bytes over the start."""

    name: str
    code: int
    out: str
    err: str
    seconds: float
    memory: int


@dataclass(slots=True)
class Ended:
    """A trial that is over: its steps, and how the process ended if it did not by itself."""

    steps: list[Step] = field(default_factory=list)
    begun: str = ""
    fate: str = ""
    """Empty; or `signal 11`, `hang`, or the traceback of a fault of the trial itself."""

    stack: str = ""


Tell = Callable[[Step], None]
Work = Callable[[Callable[[str], None], Tell], None]
"""What a trial does: told by it before each step, by name, and after."""


def run_limited(work: Work, log: Path, *, memory: int = GIB) -> Ended:
    """Do some work in a forked process that may map `memory` bytes more than it has, and end it if a step hangs.

    `log` is a file that the stack of a step that hangs, or dies, is written to.
    """
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of a fork with threads: none of ours holds a lock
        pid = os.fork()
    if pid == 0:
        os.close(reading)
        _work(work, writing, log, memory)
    os.close(writing)
    ended = Ended()
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        _listen(pipe, pid, ended)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status) and not ended.fate:
        ended.fate = f"signal {os.WTERMSIG(status)}"
    if ended.fate and log.exists():
        ended.stack = log.read_text(errors="replace")
    return ended


def _listen(pipe: IO[bytes], pid: int, ended: Ended) -> None:
    rest, since, spent = b"", time.monotonic(), 0.0
    while True:
        if not select.select([pipe], [], [], 1)[0]:
            waits, now = _state(pid)
            # Of a process that only waits for its turn on a busy machine, what it has computed counts.
            if time.monotonic() - since > SECONDS and (waits or now - spent > SECONDS):
                ended.fate = "hang"
                os.kill(pid, signal.SIGKILL)
                return
            continue
        data = pipe.read(1 << 16)
        if not data:
            return
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            since, spent = time.monotonic(), _state(pid)[1]
            told = json.loads(line)
            if "begun" in told:
                ended.begun = told["begun"]
            elif "fault" in told:
                ended.fate = told["fault"]
            else:
                ended.begun = ""
                ended.steps.append(Step(**told))


def _state(pid: int) -> tuple[bool, float]:
    """Whether a process sleeps, and the seconds it has computed."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return fields[0] in "SD", (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _work(work: Work, writing: int, log: Path, memory: int) -> NoReturn:
    """The forked process, which ends here."""

    def send(**told: Any) -> None:
        data = json.dumps(told).encode() + b"\n"
        while data:
            data = data[os.write(writing, data) :]

    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        mapped = _pages(0) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (mapped + memory, mapped + memory))
        with log.open("w") as stacks:
            faulthandler.enable(stacks)

            def begin(name: str) -> None:
                faulthandler.dump_traceback_later(SECONDS * _STACK_AFTER, file=stacks)
                send(begun=name)

            work(begin, lambda step: send(**{name: getattr(step, name) for name in Step.__slots__}))
            faulthandler.cancel_dump_traceback_later()
    except BaseException:
        with contextlib.suppress(BaseException):
            send(fault=traceback.format_exc())
    finally:
        os._exit(0)
    raise AssertionError


def _pages(field_: int) -> int:
    """0: pages mapped, 1: pages resident."""
    return int(Path("/proc/self/statm").read_text().split()[field_])


def resident() -> int:
    """Bytes of this process that are in memory now."""
    return _pages(1) * resource.getpagesize()


def highest() -> int:
    """The most bytes of this process that were in memory at once since it was forked."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


@contextlib.contextmanager
def catching() -> Iterator[Callable[[], tuple[str, str]]]:
    """Catch stdout and stderr, with buffers below; gives what reads them."""
    from io import BytesIO, TextIOWrapper

    raw = BytesIO(), BytesIO()
    streams = [TextIOWrapper(one, encoding="utf-8", errors="surrogateescape", write_through=True) for one in raw]
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = streams
    try:
        yield lambda: (raw[0].getvalue().decode("latin-1"), raw[1].getvalue().decode("utf-8", "replace"))
    finally:
        sys.stdout, sys.stderr = before
