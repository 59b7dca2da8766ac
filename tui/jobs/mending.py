"""Mending a run by the engine: what is damaged, asked before; and the job that makes it again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from neuron_tui.store.errors import RunBusyError, RunDamagedError, RunNotFoundError
from neuron_tui.store.runs.job import is_taken, read_job
from neuron_tui.store.runs.option_texts import from_arguments
from neuron_tui.store.runs.variants import name_of, run_of
from neuron_tui.tui.jobs.engine_answer import EngineAnswer
from neuron_tui.tui.jobs.jobs import start_mend


@dataclass(frozen=True, slots=True)
class MendPlan:
    """What of a run is damaged, by file, those of its variants too; and why it cannot be made again, if it cannot."""

    run: str
    files: tuple[str, ...]
    refused: str | None


def plan_mending(folder: Path) -> MendPlan:
    """In a thread: what is damaged of a run, or of the run of a variant; the engine looks, and nothing is written.

    Raises
    ------
    RunBusyError
        It is being written.
    NeuronTuiError
        The engine's own message.
    """
    run = _whole(folder)
    if is_taken(run):
        raise RunBusyError(f"the run {name_of(run)} is being written\nWait until its job has ended.")
    answer = EngineAnswer(("mend", str(run.absolute()), *_how(run), "--dry-run", "--json")).run(lambda *_: None)
    of_variants = (f"variants/{name}/{file}" for name, files in answer["variants"].items() for file in files)
    return MendPlan(answer["run"], (*answer["damaged"], *of_variants), answer["refused"])


def start_mending(folder: Path) -> Path:
    """In a thread: start mending a run and its variants; returns its folder once the job tells of itself.

    Raises
    ------
    NeuronTuiError
        As `start_job`.
    """
    run = _whole(folder)
    return start_mend(run, _how(run))


def _whole(folder: Path) -> Path:
    return run_of(folder) or folder


def _how(run: Path) -> tuple[str, ...]:
    """How the model of a run was run the last time, as arguments of `mend`."""
    try:
        job = read_job(run)
    except (RunNotFoundError, RunDamagedError):
        return ()
    typed = from_arguments(job.arguments).typed if job.command == "extract" else {}
    given = [part for name in ("device", "memory") if typed.get(name) for part in (f"--{name}", typed[name])]
    return (*given, *(("--allow-pickle",) if typed.get("allow_pickle") else ()))
