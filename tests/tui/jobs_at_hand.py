"""Jobs as their processes would have left them in the folders of runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from neuron_tui.store.disk.lock import writing
from neuron_tui.store.runs.job import LOG_FILE, Condition, Job, JobStatus, process_start, this_host, write_job

ARGUMENTS = ("pocket-opt", "--corpus", "builtin:prose", "--tokens", "600000", "--name", "demo")


def a_job(**said: Any) -> Job:
    """A job of this process; what is `said` replaces what it tells."""
    told: dict[str, Any] = {
        "pid": os.getpid(),
        "process_started": process_start(os.getpid()) or 0.0,
        "host": this_host(),
        "arguments": ARGUMENTS,
        "begun": "2026-11-20T08:00:00+00:00",
        "state": "running",
        "stage": "forward",
        "layer": 6,
        "done": 400_000,
        "total": 1_000_000,
        "place": 6,
        "layers": 24,
        "rate": 1.21e6,
        "elapsed": 72.0,
        "left": 170.0,
        "memory": 21_000_000_000,
        "device_memory": 9_100_000_000,
        "heartbeat": 4e9,  # never long ago
    }
    return Job.model_validate(told | said)


def a_status(condition: Condition = "running", **said: Any) -> JobStatus:
    """A job in a condition."""
    return JobStatus(a_job(state="running" if condition == "died" else condition, **said), condition)


def put_job(folder: Path, log: str = "", **said: Any) -> None:
    """Write job.json and job.log of a run: one at work that does not hold the lock of its run has died."""
    folder.mkdir(parents=True, exist_ok=True)
    write_job(folder, a_job(**said))
    if log:
        (folder / LOG_FILE).write_text(log, encoding="utf-8")


@contextmanager
def at_work(folder: Path, **said: Any) -> Iterator[None]:
    """A job that is at work on a run until the block ends; it then has died unless it wrote its end."""
    folder.mkdir(parents=True, exist_ok=True)
    with writing(folder):
        put_job(folder, **said)
        yield
