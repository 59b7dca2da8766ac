"""`neuron-tui export RUN`: reports of neurons."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from neuron_tui.store.errors import RunPartialError, UsageError
from neuron_tui.store.exits import guarded, say
from neuron_tui.store.run import Run
from neuron_tui.tui.commands.options import RunArgument, RunsDirectory, runs_directory_of

_EXAMPLES = """Examples:

    neuron-tui export demo --neuron 3:117 --neuron 3:118 --format md --output neurons.md

    neuron-tui export demo --where 'type:token layer:0-5 freq<0.01' --format csv

    neuron-tui export demo --all --format jsonl"""


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("export", epilog=_EXAMPLES)(guarded(export))


def export(
    context: typer.Context,
    run: RunArgument,
    format_: Annotated[str, typer.Option("--format", metavar="md|html|json|jsonl|csv", help="Format of the report.")],
    neuron: Annotated[
        list[str] | None, typer.Option("--neuron", metavar="L:I", help="A neuron by layer and index. Repeatable.")
    ] = None,
    where: Annotated[
        str | None, typer.Option(metavar="QUERY", help="The neurons that a filter matches, as in the app.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every neuron of the run.")] = False,
    output: Annotated[
        Path | None, typer.Option(metavar="PATH", help="File to write, replaced as a whole. Default: stdout.")
    ] = None,
    runs_dir: RunsDirectory = None,
) -> None:
    """Write reports of neurons, in order of layer, then neuron."""
    if sum((bool(neuron), where is not None, all_)) != 1:
        raise UsageError("which neurons?\nGive exactly one of --neuron L:I (repeatable), --where QUERY, --all.")
    named = [parse_neuron(text) for text in neuron or []]
    from neuron_tui.store import open_run
    from neuron_tui.store.report import write_report

    if where is not None:
        from neuron_tui.store.query import parse_query

        parse_query(where)
    opened = open_run(run, runs_directory_of(context, runs_dir))
    if not neuron:
        _tell_if_partial(opened)
    chosen = named if neuron else _matching(opened, where) if where is not None else None
    if output is not None and str(output) != "-":
        write_report(opened, chosen, format_, output)
        return
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8")  # data, whatever the terminal's own encoding is
    write_report(opened, chosen, format_, sys.stdout)


def parse_neuron(text: str) -> tuple[int, int]:
    """Layer and neuron named as `3:117`; raises UsageError."""
    match = re.fullmatch(r"([0-9]{1,9}):([0-9]{1,9})", text.strip())
    if match is None:
        raise UsageError(f"{text!r} names no neuron\nWrite layer and neuron, both from 0, such as 3:117.")
    return int(match[1]), int(match[2])


def _matching(run: Run, query: str) -> list[tuple[int, int]]:
    from neuron_tui.store.query import matching
    from neuron_tui.store.table import read_table

    table = read_table(run)
    keep = matching(run, table, query)
    if not keep.any():
        say(f"no neuron of {run.name} matches {query}")
    return list(zip(table.layer[keep].tolist(), table.neuron[keep].tolist(), strict=True))


def _tell_if_partial(run: Run) -> None:
    done, asked = len(run.layers), len(run.manifest.options.layers)
    if run.manifest.complete:
        return
    if not done:
        raise RunPartialError(
            f"the run {run.name} has no finished layer yet\nGo on with its extraction: run the same command again."
        )
    say(f"the run {run.name} is partial: {done} of {asked} layers are finished, and only these are exported")
