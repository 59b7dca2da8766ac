"""Extractions and countings as processes of their own: started, paused, let go on, cancelled.

A job outlives the app: it has its own session, and all that is known of it lies in the folder of its run
(`store.job`). Every function here waits for files or processes: call them from threads.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from neuron_tui.store.disk import changes
from neuron_tui.store.disk.files import disk_full_named
from neuron_tui.store.disk.lock import writing
from neuron_tui.store.disk.stream import text_written
from neuron_tui.store.errors import (
    InputError,
    NeuronTuiError,
    RunBusyError,
    RunConflictError,
    RunDamagedError,
    RunError,
    RunNotFoundError,
    UsageError,
)
from neuron_tui.store.process import OUR_FAULT, UNUSABLE_INPUT, UNUSABLE_RUN, WRONG_USAGE
from neuron_tui.store.runs.catalog import run_folder
from neuron_tui.store.runs.folder import forget_job, refuse_foreign_folder
from neuron_tui.store.runs.job import LOG_FILE, Job, is_process, is_taken, job_status, read_job, this_host
from neuron_tui.store.runs.manifest import MANIFEST, Manifest, read_manifest
from neuron_tui.store.runs.option_texts import from_arguments
from neuron_tui.store.runs.variants import name_of, run_of, variant_folder
from neuron_tui.tui.jobs.engine_process import engine_command
from neuron_tui.tui.jobs.estimate import in_words

_NICENESS = 5
"""A job gives way to whoever is at the keys, the app among them, where it uses every core."""

_LOOK_EVERY = 0.05
_BEGINS_WITHIN = 120.0
"""Seconds: a job that by then has neither written its record nor ended is left to itself."""

_ERRORS: dict[int, type[NeuronTuiError]] = {
    WRONG_USAGE: UsageError,
    UNUSABLE_INPUT: InputError,
    UNUSABLE_RUN: RunError,
    OUR_FAULT: NeuronTuiError,
}


def start_job(runs_dir: Path, arguments: Sequence[str]) -> Path:
    """Start an extraction that outlives this process; returns its run's folder once the job tells of itself.

    Parameters
    ----------
    arguments
        Those of the engine's `extract`, `--name NAME` among them and `--runs-dir` not. Paths must be absolute: what
        is relative would be looked for in the folder that the app was started from.

    Raises
    ------
    RunBusyError
        Another process is writing the run.
    NeuronTuiError
        The extraction ended at once with an error, whose message this is; of a run that was new nothing is left.
    """
    folder = run_folder(runs_dir, _name_in(arguments))
    return _start(folder, ("extract", *arguments), ("--runs-dir", str(runs_dir.absolute())))


def start_analysis(run: Path, arguments: Sequence[str]) -> Path:
    """Start counting the run in a folder again with other thresholds; returns the variant's folder as `start_job` does.

    Parameters
    ----------
    arguments
        Those of the engine's `analyze` but for the run, `--name NAME` among them.

    Raises
    ------
    RunBusyError
        Another process is counting the variant.
    NeuronTuiError
        What `start_job` raises.
    """
    folder = variant_folder(run, _name_in(arguments))
    return _start(folder, ("analyze", str(run.absolute()), *arguments), ())


def _start(folder: Path, logged: Sequence[str], unlogged: Sequence[str]) -> Path:
    """Start the engine on a folder; the log begins with the arguments that are `logged`."""
    refuse_foreign_folder(folder)
    command = engine_command(*logged, *unlogged)
    if is_taken(folder):
        doing = "extracted" if run_of(folder) is None else "counted"
        raise RunBusyError(f"the run {name_of(folder)} is being {doing} already\nWatch it, or cancel it first.")
    log = folder / LOG_FILE
    with disk_full_named(log):
        changes.make_folders(folder)
        with text_written(changes.open_file(log, append=True), errors="backslashreplace") as stream:
            begun = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC  {shlex.join(logged)}"
            stream.write(f"\n{begun}\n")
            stream.flush()
            begin = stream.buffer.tell()
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )
    with contextlib.suppress(OSError):  # it may have ended already
        os.setpriority(os.PRIO_PROCESS, process.pid, _NICENESS)
    # Whenever it ends, somebody takes note: no process of the table is left over.
    threading.Thread(target=process.wait, name=f"job {folder.name}", daemon=True).start()
    if _begins(process, folder):
        return folder
    error = _why(process, folder, begin)
    _leave_nothing_new(folder)
    raise error


def _begins(process: subprocess.Popen[bytes], folder: Path) -> bool:
    """Wait until a job writes its record or ends; False if it ended badly, whatever it wrote."""
    end = time.monotonic() + _BEGINS_WITHIN
    while time.monotonic() < end:
        if process.poll() is not None:
            return process.returncode == 0
        status = job_status(folder)
        if status is not None and status.job.pid == process.pid and status.active:
            return True
        time.sleep(_LOOK_EVERY)
    return True


def _why(process: subprocess.Popen[bytes], folder: Path, begin: int) -> NeuronTuiError:
    """Why a job ended badly: by its record if it came so far, else by its log from `begin` on."""
    code = process.returncode
    if code < 0:
        work = "extraction" if run_of(folder) is None else "counting"
        return NeuronTuiError(f"the {work} was ended by {signal.Signals(-code).name}\nStart it again.")
    status = job_status(folder)
    if status is not None and status.job.pid == process.pid and status.job.problem:
        problem = status.job.problem
    else:
        with (folder / LOG_FILE).open("rb") as file:
            file.seek(begin)
            problem = in_words(file.read().decode("utf-8", "replace"))
    return _ERRORS.get(code, RunError)(problem or f"the job ended with code {code}")


def _leave_nothing_new(folder: Path) -> None:
    with contextlib.suppress(NeuronTuiError, OSError), writing(folder):  # or another job has begun there meanwhile
        if not (folder / MANIFEST).exists():
            forget_job(folder)


def _name_in(arguments: Sequence[str]) -> str:
    return from_arguments(arguments).typed.get("name", "")


def resume_job(folder: Path) -> Path:
    """Go on with a partial run or variant, with the arguments of its last job or, if it had none, of its manifest.

    Raises
    ------
    RunNotFoundError
        There is neither a run nor a job.
    RunConflictError
        The run is complete.
    NeuronTuiError
        What `start_job` raises.
    """
    manifest = read_manifest(folder) if (folder / MANIFEST).exists() else None
    if manifest is not None and manifest.complete:
        raise RunConflictError(f"the run {name_of(folder)} is complete: there is nothing to go on with")
    if (run := run_of(folder)) is not None:
        return start_analysis(run, _analysis_of(folder, manifest))
    try:
        arguments = read_job(folder).arguments
    except (RunNotFoundError, RunDamagedError):
        if manifest is None:
            raise
        arguments = manifest.extraction(folder.name).arguments()
    if _name_in(arguments) != folder.name:  # it was renamed, or the manifest names none: the last counts
        arguments = (*arguments, "--name", folder.name)
    return start_job(folder.parent, arguments)


def _analysis_of(folder: Path, manifest: Manifest | None) -> tuple[str, ...]:
    """Arguments of `analyze`, but for the run, that go on with a variant; it and its run may have been renamed."""
    if manifest is not None:
        return ("--name", folder.name, *manifest.thresholds.options())
    _, *arguments = read_job(folder).arguments
    return (*arguments, "--name", folder.name)


def pause_job(folder: Path) -> None:
    """Let a job pause at its next step; raises RunError if there is none under way here."""
    _signal(folder, signal.SIGUSR1)


def continue_job(folder: Path) -> None:
    """Let a paused job go on; raises RunError if there is none under way here."""
    _signal(folder, signal.SIGUSR2)


def cancel_job(folder: Path) -> None:
    """Let a job end at its next step, finished layers kept; a second time it ends at once.

    Raises RunError if there is none under way here.
    """
    _signal(folder, signal.SIGINT)


def _signal(folder: Path, number: signal.Signals) -> None:
    status = job_status(folder)
    work = "extraction" if run_of(folder) is None else "counting"
    if status is None:
        raise RunError(f"the run {name_of(folder)} has no {work} that could be reached")
    if not status.active:
        raise RunError(f"the {work} of {name_of(folder)} is not under way: {_ENDS[status.condition]}")
    if status.job.host != this_host():
        raise RunError(f"the {work} of {name_of(folder)} runs on {status.job.host}: reach it from there")
    try:
        _send(status.job, number)
    except (ProcessLookupError, PermissionError) as error:
        raise RunError(f"the {work} of {name_of(folder)} cannot be reached: {error.strerror}") from error


_ENDS = {
    "done": "it is done",
    "cancelled": "it was cancelled",
    "failed": "it failed",
    "died": "its process is gone",
}


def _send(job: Job, number: signal.Signals) -> None:
    if not hasattr(os, "pidfd_open"):
        os.kill(job.pid, number)
        return
    # What stands behind the number cannot change once it is open: first open, then look who it is.
    descriptor = os.pidfd_open(job.pid)
    try:
        if is_process(job.pid, job.process_started) is False:
            raise ProcessLookupError(3, "its process is gone")
        signal.pidfd_send_signal(descriptor, number)
    finally:
        os.close(descriptor)
