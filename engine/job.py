"""What an extraction, or a counting again, tells of itself in job.json, for whoever watches from outside."""

from __future__ import annotations

import contextlib
import os
import resource
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from neuron_tui.engine.pace import Pace
from neuron_tui.engine.progress import Progress, ProgressSink
from neuron_tui.store.disk.files import disk_full_named
from neuron_tui.store.process import problem_of
from neuron_tui.store.runs.job import JOB_FILE, Command, Job, JobState, process_start, this_host, write_job

_BEAT = 1.0
_AT_MOST_EVERY = 0.1
"""Seconds between two heartbeats, and between two turns that are told."""


class JobRecord:
    """Keeps a run's job.json up to date, from a thread of its own: once a second and at every turn.

    Until `begin` nothing is written, and `see` and `end` do nothing.
    """

    def __init__(
        self, folder: Path, command: Command, arguments: tuple[str, ...], device_memory: Callable[[], int | None]
    ) -> None:
        self._folder, self._device_memory = folder, device_memory
        self._job = Job(
            pid=os.getpid(),
            process_started=process_start(os.getpid()) or 0.0,
            host=this_host(),
            command=command,
            arguments=arguments,
            begun=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        self._pace = Pace()
        self._step: Progress | None = None
        self._guard = threading.Lock()
        self._turn, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._beat, name="job.json", daemon=True)
        self._begun = False

    def begin(self) -> None:
        """Write job.json and keep it up to date from now on.

        Raises
        ------
        InputError, DiskFullError
            It cannot be written.
        """
        if not self._begun:
            with disk_full_named(self._folder / JOB_FILE):
                write_job(self._folder, self._present())
            self._begun = True
            self._thread.start()

    def goes_on_with(self, arguments: tuple[str, ...]) -> None:
        """Let the job bear other arguments from now on: those that go on with the run as it is now."""
        with self._guard:
            self._job = self._job.model_copy(update={"arguments": arguments})
        self._turn.set()

    def see(self, step: Progress) -> None:
        """Take note of a step."""
        with self._guard:
            before, self._step = self._step, step
            self._pace.see(step)
        if before is None or (before.stage, before.layer, before.paused) != (step.stage, step.layer, step.paused):
            self._turn.set()

    def telling(self, progress: ProgressSink) -> ProgressSink:
        """A sink for steps: the record takes note of each, then `progress` hears it."""

        def tell(step: Progress) -> None:
            self.see(step)
            progress(step)

        return tell

    def end(self, state: JobState, problem: str | None = None) -> None:
        """Write the last word on the job."""
        if not self._begun:
            return
        self._over.set()
        self._turn.set()
        self._thread.join()
        last = self._present()
        finished = {"place": last.layers} if state == "done" else {}
        self._write(last.model_copy(update={"state": state, "problem": problem, "rate": None, "left": None} | finished))

    def _present(self) -> Job:
        with self._guard:
            job, step, pace = self._job, self._step, self._pace
            told = {} if step is None else _told(step, pace)
            told["elapsed"] = round(pace.elapsed(), 3)
        told |= {"memory": peak_memory(), "device_memory": self._device_memory(), "heartbeat": time.time()}
        return job.model_copy(update=told)

    def _write(self, job: Job) -> None:
        # A disk that is full or gone ends the extraction where it matters, not here.
        with contextlib.suppress(OSError):
            write_job(self._folder, job)

    def _beat(self) -> None:
        while not self._over.is_set():
            self._turn.wait(_BEAT)
            self._turn.clear()
            if not self._over.is_set():
                self._write(self._present())
                self._over.wait(_AT_MOST_EVERY)


def _told(step: Progress, pace: Pace) -> dict[str, object]:
    state: JobState = "paused" if step.paused else "starting" if step.stage == "open" else "running"
    rate, left = pace.rate(step), pace.left(step)
    return {
        "state": state,
        "stage": step.stage,
        "layer": step.layer,
        "done": step.done,
        "total": step.total,
        "place": step.place,
        "layers": step.layers,
        "rate": None if rate is None else round(rate, 1),
        "unit": step.unit,
        "left": None if left is None else round(max(0.0, left), 1),
    }


@contextmanager
def recording(
    folder: Path,
    arguments: tuple[str, ...],
    device_memory: Callable[[], int | None] = lambda: None,
    command: Command = "extract",
) -> Iterator[JobRecord]:
    """Give the record of a job on a run; how the block ends becomes its last word. The caller holds the run's lock."""
    record = JobRecord(folder, command, arguments, device_memory)
    try:
        yield record
    except KeyboardInterrupt:
        record.end("cancelled")
        raise
    except BaseException as error:
        # What is wrong may hold bytes that are no text, and job.json is UTF-8.
        record.end("failed", problem_of(error).encode("utf-8", "backslashreplace").decode())
        raise
    record.end("done")


def peak_memory() -> int:
    """The most bytes of memory this process has had resident."""
    try:
        for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
