"""`neuron-tui figures RUN...`: the paper's figures, of one run or several side by side."""

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

FORMATS = ("table", "json", "csv", "chart", "txt", "svg", "pdf", "png")
_PRINTED = ("svg", "pdf", "png")

_EXAMPLES = """Examples:

    neuron-tui figures opt-125m opt-350m --figure 1a --format chart

    neuron-tui figures opt-125m --figure 9 --layer 1 --format svg --output team.svg

    neuron-tui figures opt-125m opt-350m --format csv --output figures.csv"""


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("figures", epilog=_EXAMPLES)(guarded(figures))


def figures(
    context: typer.Context,
    runs: Annotated[list[str], runs_argument("RUN...")],
    figure: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Which: 1a 1b 2 3a 3b 4 5 8 9 12 13 14a 14b 15 suppressing positional dead-by-tokens sensitivity.",
        ),
    ] = None,
    format_: Annotated[str, format_option(FORMATS, "csv without --figure: a line for each value.")] = "table",
    as_json: JsonFormat = False,
    layer: Annotated[
        int | None,
        typer.Option(metavar="L", help="The layer of figure 9. Default: the lowest with a team.", show_default=False),
    ] = None,
    all_layers: Annotated[
        bool, typer.Option("--all-layers", help="Draw histograms of all layers, not of the bottom half.")
    ] = False,
    output: Output = None,
    runs_dir: RunsDirectory = None,
) -> None:
    """Make the paper's figures from runs, all of them or one, as tables, data or charts."""
    from neuron_tui.store.findings.figures import NAMES, build_figure
    from neuron_tui.store.findings.figures.registry import WITH_LAYER
    from neuron_tui.tui.reports.renderer import FIGURES, FigureSet

    format_ = chosen_format(format_, as_json, "table")
    refuse_unknown_format(format_, FORMATS)
    if figure is not None and figure not in NAMES:
        raise UsageError(f"there is no figure {figure}\nUse one of: {', '.join(NAMES)}.")
    if format_ in _PRINTED and figure is None:
        raise UsageError(f"one {format_.upper()} holds one figure\nName it with --figure.")
    if layer is not None and figure not in (None, WITH_LAYER):
        raise UsageError(f"figure {figure} is not of one layer\nLeave --layer away, or ask for --figure {WITH_LAYER}.")
    labelled = read_runs(runs, runs_directory_of(context, runs_dir))
    made = [build_figure(name, labelled, layer) for name in ([figure] if figure else NAMES)]
    chosen = FIGURES[format_]
    for note in () if chosen.holds_notes else dict.fromkeys(note for one in made for note in one.notes):
        say(note)
    write(chosen, FigureSet(made, figure is not None, all_layers), output)
