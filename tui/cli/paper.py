"""`neuron-tui paper RUN...`: the paper's claims, checked against runs."""

from __future__ import annotations

from typing import Annotated

import typer

from neuron_tui.store.process import guarded
from neuron_tui.tui.cli.options import (
    JsonFormat,
    Output,
    RunsDirectory,
    chosen_format,
    format_option,
    runs_argument,
    runs_directory_of,
)
from neuron_tui.tui.cli.reading import read_runs
from neuron_tui.tui.cli.writing import refuse_unknown_format, write

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
        list[str], runs_argument("RUN...", " Several of one family are compared by size, checkpoints by step.")
    ],
    format_: Annotated[str, format_option(FORMATS, "Format of the report.")] = "table",
    as_json: JsonFormat = False,
    enough: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            help="Take N tokens for enough. Default: the paper's 5,000,000, and 20,000,000 for dead neurons.",
            show_default=False,
        ),
    ] = None,
    output: Output = None,
    runs_dir: RunsDirectory = None,
) -> None:
    """Check the paper's claims against runs: each holds, does not hold, or cannot be said, and why."""
    format_ = chosen_format(format_, as_json, "table")
    refuse_unknown_format(format_, FORMATS)
    from neuron_tui.store.findings.paper import PAPERS, Enough, check_paper, preface
    from neuron_tui.tui.reports.renderer import FINDINGS, FindingSet

    labelled = read_runs(runs, runs_directory_of(context, runs_dir))
    amount = PAPERS if enough is None else Enough(enough, enough)
    notes, findings = preface(labelled, amount), check_paper(labelled, amount)
    write(FINDINGS[format_], FindingSet(labelled, notes, findings), output)
