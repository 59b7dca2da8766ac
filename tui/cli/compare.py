"""`neuron-tui compare RUN RUN...`: what tells runs apart, side by side."""

from __future__ import annotations

from typing import Annotated

import typer

from neuron_tui.store.errors import UsageError
from neuron_tui.store.process import guarded, say
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

FORMATS = ("table", "json", "csv", "chart", "html", "txt", "svg", "pdf", "png")
_PRINTED = ("svg", "pdf", "png")

_EXAMPLES = """Examples:

    neuron-tui compare opt-125m opt-350m

    neuron-tui compare step-1000 step-2000 step-4000 --part became

    neuron-tui compare opt-125m my-opt --tokens --format html --output compared.html"""


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("compare", epilog=_EXAMPLES)(guarded(compare))


def compare(
    context: typer.Context,
    runs: Annotated[list[str], runs_argument("RUN RUN...")],
    part: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Only one: totals overlap 1a 1b 3a 3b 14a suppressing positional dead-by-tokens 8 became tokens.",
            show_default=False,
        ),
    ] = None,
    tokens: Annotated[
        bool, typer.Option("--tokens", help="List the tokens that every two runs share, and those of each alone.")
    ] = False,
    format_: Annotated[str, format_option(FORMATS, "csv without --part: a line for each value.")] = "table",
    as_json: JsonFormat = False,
    output: Output = None,
    runs_dir: RunsDirectory = None,
) -> None:
    """Compare runs: totals, shared tokens, layers by relative depth, and what became of a model's neurons."""
    from neuron_tui.store.findings.comparison.report import PARTS, make_report
    from neuron_tui.tui.reports.renderer import COMPARISONS, ComparisonPart

    format_ = chosen_format(format_, as_json, "table")
    refuse_unknown_format(format_, FORMATS)
    if part is not None and part not in PARTS:
        raise UsageError(f"a comparison has no part {part!r}\nUse one of: {', '.join(PARTS)}.")
    if part is not None and format_ in ("json", "html"):
        raise UsageError(f"{format_} holds the whole comparison\nLeave --part away, or use table, chart or csv.")
    if part is None and format_ in _PRINTED:
        raise UsageError(f"one {format_.upper()} holds one part\nName it with --part.")
    if len(runs) < 2:
        raise UsageError(
            f"there is nothing to compare {runs[0]} with\nName another run: neuron-tui compare RUN RUN ..."
        )
    report = make_report(read_runs(runs, runs_directory_of(context, runs_dir)), tokens=tokens or part == "tokens")
    if part == "became" and not report.transitions:
        raise UsageError("no two of these runs are of models of the same shape\nTheir neurons are not the same ones.")
    chosen = COMPARISONS[format_]
    for note in () if chosen.holds_notes else report.comparison.notes:
        say(note)
    write(chosen, ComparisonPart(report, part), output)
