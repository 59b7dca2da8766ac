"""`neuron-tui figures RUN...`: the paper's figures, of one run or several side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from neuron_tui.store.errors import UsageError
from neuron_tui.store.process import guarded, say
from neuron_tui.tui.cli.options import Output, RunsDirectory, format_option, runs_argument, runs_directory_of
from neuron_tui.tui.cli.reading import read_runs
from neuron_tui.tui.cli.writing import refuse_unknown_format, text_width, write

if TYPE_CHECKING:
    from neuron_tui.store.findings.figures import Figure

FORMATS = ("table", "json", "csv", "chart", "svg")

_EXAMPLES = """Examples:

    neuron-tui figures opt-125m opt-350m --figure 1a --format chart

    neuron-tui figures opt-125m --figure 9 --layer 1 --format svg --output team.svg

    neuron-tui figures opt-125m opt-350m --format csv --output figures.csv"""

_CHART_WIDTH = 80
_CHART_HEIGHT = 20


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

    refuse_unknown_format(format_, FORMATS)
    if figure is not None and figure not in NAMES:
        raise UsageError(f"there is no figure {figure}\nUse one of: {', '.join(NAMES)}.")
    if format_ == "svg" and figure is None:
        raise UsageError("one SVG holds one figure\nName it with --figure.")
    if layer is not None and figure not in (None, WITH_LAYER):
        raise UsageError(f"figure {figure} is not of one layer\nLeave --layer away, or ask for --figure {WITH_LAYER}.")
    facts = read_runs(runs, runs_directory_of(context, runs_dir))
    made = [build_figure(name, facts, layer) for name in ([figure] if figure else NAMES)]
    text = _text(made, format_, text_width(output), all_layers, alone=figure is not None)
    if format_ in ("csv", "svg"):  # which have no place for notes
        for note in dict.fromkeys(note for one in made for note in one.notes):
            say(note)
    write(text, output)


def _text(made: Sequence[Figure], format_: str, width: int | None, all_layers: bool, *, alone: bool) -> str:
    """Figures in a format; `width` None leaves tables whole and gives charts their usual width."""
    from neuron_tui.tui.drawing.figure_text import charted, tabled
    from neuron_tui.tui.drawing.spans import text_of
    from neuron_tui.tui.reports.figures import figure_csv, figure_svg, figures_csv, figures_json

    match format_:
        case "json":
            return figures_json(made)
        case "csv":
            return figure_csv(made[0]) if alone else figures_csv(made)
        case "svg":
            return figure_svg(made[0], all_layers=all_layers) + "\n"
        case "chart":
            blocks = [charted(one, width or _CHART_WIDTH, _CHART_HEIGHT, all_layers=all_layers) for one in made]
        case _:
            blocks = [tabled(one, width) for one in made]
    return "\n".join(map(text_of, blocks))
