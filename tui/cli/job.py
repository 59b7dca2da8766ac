"""`neuron-tui job RUN`: the last job on a run, what it printed, and what can be done with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neuron_tui.store.errors import UsageError
from neuron_tui.store.process import guarded, say
from neuron_tui.store.wording import clock
from neuron_tui.tui.cli.options import AsJson, RunArgument, RunsDirectory, runs_directory_of

if TYPE_CHECKING:
    from neuron_tui.store.runs.job import JobStatus

_EXAMPLES = """Examples:

    neuron-tui job demo

    neuron-tui job demo --lines 100 --json

    neuron-tui job demo --pause"""


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("job", epilog=_EXAMPLES)(guarded(job))


def job(
    context: typer.Context,
    run: RunArgument,
    pause: Annotated[bool, typer.Option("--pause", help="Let it pause at its next step.")] = False,
    go_on: Annotated[bool, typer.Option("--continue", help="Let a paused one go on.")] = False,
    cancel: Annotated[
        bool, typer.Option("--cancel", help="Let it end at its next step; finished layers stay. Twice: at once.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a partial run or variant, in the background.")
    ] = False,
    lines: Annotated[int, typer.Option(metavar="N", min=0, help="Lines of its log, the last ones.")] = 12,
    as_json: AsJson = False,
    runs_dir: RunsDirectory = None,
) -> None:
    """Show the last job on a run: how far it is, and what it printed if the app started it."""
    from neuron_tui.store.runs.catalog import find_job
    from neuron_tui.store.runs.job import job_status, log_tail, read_job
    from neuron_tui.store.runs.variants import name_of

    if sum((pause, go_on, cancel, resume)) > 1:
        raise UsageError("one thing at a time\nGive one of --pause, --continue, --cancel, --resume.")
    folder = find_job(runs_directory_of(context, runs_dir), run)
    name = name_of(folder.resolve())
    _act(folder, name, pause, go_on, cancel, resume)
    read_job(folder)  # says why there is none
    status, log = job_status(folder), log_tail(folder, lines)
    assert status is not None
    if as_json:
        data = {"run": name, "path": str(folder.absolute()), "state": status.condition}
        print(json.dumps({**data, "job": status.job.model_dump(mode="json"), "log": log}, indent=2))
    elif not (pause or go_on or cancel or resume):
        _print(name, status, log)


def _act(folder: Path, name: str, pause: bool, go_on: bool, cancel: bool, resume: bool) -> None:
    from neuron_tui.tui.jobs import jobs

    if pause:
        jobs.pause_job(folder)
        say(f"{name} pauses at its next step")
    elif go_on:
        jobs.continue_job(folder)
        say(f"{name} goes on")
    elif cancel:
        jobs.cancel_job(folder)
        say(f"{name} ends at its next step; again ends it at once")
    elif resume:
        jobs.resume_job(folder)
        say(f"{name} is at work again")


def _print(name: str, status: JobStatus, log: list[str]) -> None:
    from neuron_tui.store.tokens import printable

    told = status.job
    print(f"run      {printable(name)}")
    print(f"state    {status.condition}, {told.place} of {told.layers} layers finished")
    if status.active:
        print(f"doing    {told.doing}{f', {100 * told.done / told.total:.0f}%' if told.total else ''}")
    left = f", {clock(told.left)} left" if status.active and told.left is not None else ""
    print(f"at work  {clock(told.elapsed)}{left}, process {told.pid} on {printable(told.host)}")
    if told.problem:
        print(f"problem  {printable(told.problem.splitlines()[0])}")
    print("".join(f"\n{printable(line)}" for line in log).removeprefix("\n"), end="\n" if log else "")
