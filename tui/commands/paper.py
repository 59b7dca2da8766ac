"""`neuron-tui paper RUN...`: the paper's claims, checked against runs."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from neuron_tui.store.errors import UsageError
from neuron_tui.store.exits import guarded
from neuron_tui.tui.commands.options import RunsDirectory, runs_directory_of
from neuron_tui.tui.commands.reading import read_runs

FORMATS = ("table", "json", "md")

_EXAMPLES = """Examples:

    neuron-tui paper opt-125m

    neuron-tui paper opt-125m opt-1.3b opt-6.7b --format md --output claims.md"""


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("paper", epilog=_EXAMPLES)(guarded(paper))


def paper(
    context: typer.Context,
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN...",
            help="Runs: names in the runs directory, or paths. Several of one family are compared by size too.",
            show_default=False,
        ),
    ],
    format_: Annotated[
        str, typer.Option("--format", metavar="|".join(FORMATS), help="Format of the report.")
    ] = "table",
    enough: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            help="Take N tokens for enough. Default: the paper's 5,000,000, and 20,000,000 for dead neurons.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="PATH", help="File to write, replaced as a whole. Default: stdout.")
    ] = None,
    runs_dir: RunsDirectory = None,
) -> None:
    """Check the paper's claims against runs: each holds, does not hold, or cannot be said, and why."""
    if format_ not in FORMATS:
        raise UsageError(f"unknown format {format_!r}\nUse one of: {', '.join(FORMATS)}.")
    from neuron_tui.store.output import opened_output, standard_output
    from neuron_tui.store.paper import PAPERS, Enough, check_paper, preface
    from neuron_tui.tui.browsing.paper_files import paper_text

    facts = read_runs(runs, runs_directory_of(context, runs_dir))
    amount = PAPERS if enough is None else Enough(enough, enough)
    to_stdout = output is None or str(output) == "-"
    width = shutil.get_terminal_size().columns if to_stdout and sys.stdout.isatty() else None
    text = paper_text(facts, preface(facts, amount), check_paper(facts, amount), format_, width)
    if to_stdout or output is None:
        standard_output().write(text)
        return
    with opened_output(output) as stream:
        stream.write(text)
