"""`neuron-tui runs`: the runs there are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer

from neuron_tui.store.process import guarded, say
from neuron_tui.store.wording import clock, size_text
from neuron_tui.tui.cli.options import AsJson, RunsDirectory, runs_directory_of
from neuron_tui.tui.cli.tables import Column, print_table

if TYPE_CHECKING:
    from neuron_tui.store.runs.job import JobStatus

_COLUMNS = (
    Column("run", "left"),
    Column("state", "left"),
    Column("model", "left"),
    Column("tokens"),
    Column("layers"),
    Column("size"),
)


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("runs", epilog="Example:\n\n    neuron-tui runs --json")(guarded(runs))


def runs(context: typer.Context, as_json: AsJson = False, runs_dir: RunsDirectory = None) -> None:
    """List the runs and their state: complete, partial, running or damaged."""
    from neuron_tui.store.runs.catalog import list_runs
    from neuron_tui.store.wording import short_count

    directory = runs_directory_of(context, runs_dir)
    found = list_runs(directory)
    if as_json:
        data = [
            {
                "name": run.name,
                "path": str(run.path.absolute()),
                "state": run.state,
                "model": run.manifest.model.name if run.manifest else None,
                "tokens": run.manifest.tokens if run.manifest else None,
                "layers": len(run.manifest.options.layers) if run.manifest else None,
                "layers_done": len(run.manifest.layers) if run.manifest else None,
                "bytes": run.size,
                "problem": run.problem,
                "variant_of": str(run.variant_of.absolute()) if run.variant_of else None,
                "job": _as_data(run.job) if run.job else None,
            }
            for run in found
        ]
        print(json.dumps(data, indent=2))
        return
    if not found:
        say(f"no runs in {directory}\nMake one with: neuron-tui demo")
        return
    rows = []
    for run in found:
        made = run.manifest
        about = (
            [made.model.name, short_count(made.tokens), f"{len(made.layers)}/{len(made.options.layers)}"]
            if made
            else ["-", "-", "-"]
        )
        rows.append([run.name, run.state, *about, size_text(run.size)])
    print_table(_COLUMNS, rows)
    for run in found:
        if run.problem:
            say(f"{run.name}: {run.problem.splitlines()[0]}")
        elif run.job is not None and run.job.active:
            say(f"{run.name}: {_in_words(run.job)}")


def _as_data(status: JobStatus) -> dict[str, Any]:
    job = status.job
    return {
        "state": status.condition,
        "layer": job.layer,
        "done": job.done,
        "total": job.total,
        "place": job.place,
        "layers": job.layers,
        "left": job.left,
        "problem": job.problem,
    }


def _in_words(status: JobStatus) -> str:
    job = status.job
    share = f", {100 * job.done / job.total:.0f}%" if job.total and status.condition != "starting" else ""
    left = f", {clock(job.left)} left" if job.left is not None else ""
    return ("paused: " if status.condition == "paused" else "") + job.doing + share + left
