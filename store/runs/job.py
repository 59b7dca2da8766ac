"""job.json and job.log: the process that extracts or counts a run, how far it is, and whether it lives."""

from __future__ import annotations

import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from neuron_tui.store.disk import changes
from neuron_tui.store.disk.files import TEMPORARY_SUFFIX
from neuron_tui.store.disk.lock import is_being_written
from neuron_tui.store.disk.own_files import open_own, read_own
from neuron_tui.store.disk.stream import write_bytes
from neuron_tui.store.errors import RunDamagedError, RunNotFoundError

JOB_FILE = "job.json"
LOG_FILE = "job.log"
JOB_FILES = (JOB_FILE, JOB_FILE + TEMPORARY_SUFFIX, LOG_FILE)
"""Every name that a job's own files can have in the folder of its run."""

Command = Literal["extract", "analyze"]
JobState = Literal["starting", "running", "paused", "done", "cancelled", "failed"]
Condition = Literal["starting", "running", "paused", "done", "cancelled", "failed", "died"]

_ACTIVE = ("starting", "running", "paused")
_ENDED = ("done", "cancelled", "failed")
_STAGES = {
    "": "starting",
    "verify": "verifying files",
    "open": "opening the model",
    "tokenise": "tokenising",
    "sort": "sorting n-grams",
    "embed": "embedding",
    "silence": "silencing neurons",
}
_TAIL_BYTES = 1 << 16
_LARGEST = 8 << 20
"""Bytes of job.json that are still read: its arguments may name many sources."""


_ENDS_WITHIN, _LOOK_EVERY = 5.0, 0.05
"""How long a process that has told its end may take to go, in seconds, and how often it is looked for."""

_BEATS_WITHIN = 60.0
"""Seconds by which the heartbeat of a job on another machine, and its clock, may differ from now."""

Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0)]


class Job(BaseModel):
    """The whole of job.json: one process at work on a run, as it last told.

    `arguments` are those of the engine's `command`, without `--runs-dir` and with absolute paths: given again they go
    on with the run, or with the variant, whose run is the first of them. `process_started` is the process's start in
    seconds since the machine's, 0 where the system does not tell; `host` the machine; `begun` and `heartbeat` are UTC
    as ISO text and as seconds of the epoch.

    `done` of `total` units of the stage: tokens (`tok`) or `neurons` are the `unit`, `rate` is in units a second;
    `place` of the `layers` asked for are finished. `elapsed` and `left` are seconds at work: pauses do not count.
    `memory` and `device_memory` are peaks in bytes. `problem` says why it failed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    pid: Annotated[int, Field(ge=1)]
    process_started: Seconds
    host: str = ""
    command: Command = "extract"
    arguments: tuple[str, ...]
    begun: str
    state: JobState = "starting"
    stage: str = ""
    layer: int | None = None
    done: Count = 0
    total: Count | None = None
    place: Count = 0
    layers: Count = 0
    rate: Seconds | None = None
    unit: str = "tok"
    elapsed: Seconds = 0.0
    left: Seconds | None = None
    memory: Count = 0
    device_memory: Count | None = None
    heartbeat: float = 0.0
    problem: str | None = None

    @property
    def doing(self) -> str:
        """What it does, in words: `layer 7 (8 of 24) forward`, `tokenising`."""
        return stage_words(self.stage, self.layer, self.place, self.layers)


def stage_words(stage: str, layer: int | None, place: int, layers: int) -> str:
    """A stage of an extraction in words; `place` of the `layers` asked for are finished."""
    if stage in _STAGES:
        return _STAGES[stage]
    if stage == "pass":
        return f"passing through layer {layer}"
    what = {"count": "counting", "recount": "counting again"}.get(stage, stage)
    return f"layer {layer} ({min(place + 1, layers)} of {layers}) {what}"


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A job, and what has become of it: its own word, or "died" if its process is gone and never said so."""

    job: Job
    condition: Condition

    @property
    def active(self) -> bool:
        """Whether its process is at work, or waits in a pause."""
        return self.condition in _ACTIVE


def read_job(folder: Path) -> Job:
    """Read job.json of a run.

    Raises
    ------
    RunNotFoundError
        There is none.
    RunDamagedError
        It cannot be read or understood.
    """
    path = folder / JOB_FILE
    try:
        text = read_own(path, _LARGEST)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise RunNotFoundError(f"no job at {folder}: it has no {JOB_FILE}") from error
    except OSError as error:
        raise RunDamagedError(f"{path}: cannot be read ({error.strerror})\nMake it a readable file.") from error
    try:
        return Job.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise RunDamagedError(f"{path}: {where}: {first['msg']}\nDelete the file; the run does not need it.") from error


def write_job(folder: Path, job: Job) -> None:
    """Replace job.json as a whole, without waiting for the disk: after a power cut nothing in it holds anyway.

    One thread at a time. Raises OSError.
    """
    temporary = folder / (JOB_FILE + TEMPORARY_SUFFIX)
    if temporary.is_symlink():  # of somebody else's run: it may lead anywhere
        changes.remove(temporary)
    write_bytes(temporary, f"{job.model_dump_json(indent=1)}\n".encode())
    changes.rename(temporary, folder / JOB_FILE)


def job_status(folder: Path) -> JobStatus | None:
    """The last job of a run and what has become of it; None if there is none, or none that can be understood."""
    try:
        job = read_job(folder)
    except (RunNotFoundError, RunDamagedError, ValueError):
        return None
    return JobStatus(job, job.state if job.state not in _ACTIVE or _lives(folder, job) else "died")


def _lives(folder: Path, job: Job) -> bool:
    held = is_being_written(folder)
    if held is False:
        return False
    lives = is_process(job.pid, job.process_started) if job.host == this_host() else None
    if held:  # the lock goes with its owner, however that ends; but a later process may hold it by now
        return lives is not False
    return lives if lives is not None else abs(time.time() - job.heartbeat) < _BEATS_WITHIN


def is_at_work(folder: Path) -> bool:
    """Whether a process is writing the run: by its lock, or where there are none by what its job says."""
    held = is_being_written(folder)
    if held is not None:
        return held
    status = job_status(folder)
    return status is not None and status.active


def is_taken(folder: Path) -> bool:
    """Whether a process is writing the run; one that has told its end is waited for while it takes its last steps."""
    end = time.monotonic() + _ENDS_WITHIN
    while is_at_work(folder):
        status = job_status(folder)
        if status is None or status.condition not in _ENDED or time.monotonic() > end:
            return True
        time.sleep(_LOOK_EVERY)
    return False


def log_tail(folder: Path, lines: int = 12) -> list[str]:
    """The last lines of job.log, as they stand there: make them visible before showing them."""
    try:
        with open_own(folder / LOG_FILE) as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return []
    return [line for line in text.splitlines() if line.strip()][-lines:] if lines > 0 else []


def this_host() -> str:
    """Name of this machine, as a job bears it."""
    return platform.node()


def process_start(pid: int) -> float | None:
    """When a process started, in seconds since the machine did; None if there is none, or the system does not tell."""
    try:
        # The second field, the program's name in brackets, may hold anything: read from the last bracket.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19]) / os.sysconf("SC_CLK_TCK")


def is_process(pid: int, started: float) -> bool | None:
    """Whether the process that started then still lives; None where the system does not tell."""
    if not Path("/proc/self/stat").exists():
        return None
    return process_start(pid) == started
