"""`neuron-tui compare RUN RUN...`: what tells runs apart, side by side."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neuron_tui.store.errors import UsageError
from neuron_tui.store.exits import guarded, say
from neuron_tui.tui.commands.options import RunsDirectory, runs_directory_of
from neuron_tui.tui.commands.reading import read_runs

if TYPE_CHECKING:
    from neuron_tui.store.comparison.report import Report

FORMATS = ("table", "json", "csv", "chart", "html")

_EXAMPLES = """Examples:

    neuron-tui compare opt-125m opt-350m

    neuron-tui compare step-1000 step-2000 step-4000 --part became

    neuron-tui compare opt-125m my-opt --tokens --format html --output compared.html"""


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("compare", epilog=_EXAMPLES)(guarded(compare))


def compare(
    context: typer.Context,
    runs: Annotated[
        list[str],
        typer.Argument(metavar="RUN RUN...", help="Runs: names in the runs directory, or paths.", show_default=False),
    ],
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
    format_: Annotated[
        str, typer.Option("--format", metavar="|".join(FORMATS), help="csv without --part: a line for each value.")
    ] = "table",
    output: Annotated[
        Path | None, typer.Option(metavar="PATH", help="File to write, replaced as a whole. Default: stdout.")
    ] = None,
    runs_dir: RunsDirectory = None,
) -> None:
    """Compare runs: totals, shared tokens, layers by relative depth, and what became of a model's neurons."""
    from neuron_tui.store.comparison.report import PARTS, make_report
    from neuron_tui.store.output import opened_output, standard_output

    if format_ not in FORMATS:
        raise UsageError(f"unknown format {format_!r}\nUse one of: {', '.join(FORMATS)}.")
    if part is not None and part not in PARTS:
        raise UsageError(f"a comparison has no part {part!r}\nUse one of: {', '.join(PARTS)}.")
    if part is not None and format_ in ("json", "html"):
        raise UsageError(f"{format_} holds the whole comparison\nLeave --part away, or use table, chart or csv.")
    if len(runs) < 2:
        raise UsageError(
            f"there is nothing to compare {runs[0]} with\nName another run: neuron-tui compare RUN RUN ..."
        )
    report = make_report(read_runs(runs, runs_directory_of(context, runs_dir)), tokens=tokens or part == "tokens")
    if part == "became" and not report.became:
        raise UsageError("no two of these runs are of models of the same shape\nTheir neurons are not the same ones.")
    to_stdout = output is None or str(output) == "-"
    width = shutil.get_terminal_size().columns if to_stdout and sys.stdout.isatty() else None
    text = _text(report, part, format_, width)
    if format_ == "csv":  # which has no place for notes
        for note in report.comparison.notes:
            say(note)
    if to_stdout or output is None:
        standard_output().write(text)
        return
    with opened_output(output) as stream:
        stream.write(text)


def _text(report: Report, part: str | None, format_: str, width: int | None) -> str:
    """The comparison, or a part of it, in a format; `width` None leaves tables whole, and charts as wide as usual."""
    from neuron_tui.store.comparison.export import report_json, tables_csv
    from neuron_tui.store.comparison.html import report_html
    from neuron_tui.store.figures.export import figure_csv
    from neuron_tui.tui.drawing.comparison_parts import printed
    from neuron_tui.tui.drawing.spans import plain

    match format_:
        case "json":
            return report_json(report)
        case "html":
            return report_html(report)
        case "csv" if part is not None:
            return figure_csv(next(table for table in report.tables if table.name == part))
        case "csv":
            return tables_csv(report.tables)
    blocks = printed(report, part, width, as_charts=format_ == "chart")
    return "\n".join("\n".join(plain(line).rstrip() for line in block) + "\n" for block in blocks)
