"""The command `neuron-tui analyze`."""

from __future__ import annotations

from typing import Annotated

import typer

from neuron_tui.engine.interrupt import ready_for_signals
from neuron_tui.engine.resumable import RunsDirectory, told_how_to_go_on
from neuron_tui.store.process import say
from neuron_tui.store.runs.catalog import runs_directory

EXAMPLE = """Example:

    neuron-tui analyze demo --name loose --coverage 0.9 --max-covering 10,50,50

Run the same command again to go on with an interrupted one. Then: neuron-tui open demo@loose"""


def _threshold(metavar: str, meaning: str, default: str) -> object:
    return typer.Option(metavar=metavar, help=f"{meaning} (default: {default})", show_default=False)


def analyze(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="A finished run: its name in the runs directory, or a path.")
    ],
    name: Annotated[str, typer.Option(help="Name of the variant: RUN@NAME stands for it from then on.")],
    coverage: Annotated[
        str | None,
        _threshold(
            "SHARE",
            "Of a neuron's activations, held by its covering n-grams, and by the covered ones alone; needs kept bits.",
            "0.95",
        ),
    ] = None,
    max_covering: Annotated[
        str | None,
        _threshold("N|N,N,N", "Covering n-grams of a detector at most, for all n or for n = 1, 2, 3.", "5,50,50"),
    ] = None,
    precision: Annotated[
        str | None,
        _threshold("SHARE", "Of an n-gram's occurrences with the neuron active, for it to be covered.", "0.95"),
    ] = None,
    positional: Annotated[
        str | None, _threshold("NATS", "Mutual information above which a neuron is positional.", "0.05")
    ] = None,
    near: Annotated[
        str | None, _threshold("NUMBER", "How far from 0 and 1 a frequency counts as 0 and as 1.", "0.05")
    ] = None,
    range_: Annotated[
        str | None,
        typer.Option(
            "--range",
            metavar="NUMBER",
            help="Highest less lowest frequency of an oscillatory neuron at least. (default: 0.3)",
            show_default=False,
        ),
    ] = None,
    changes: Annotated[
        str | None, _threshold("N", "Changes between high and low of an oscillatory neuron at least.", "4")
    ] = None,
    interval: Annotated[
        str | None, _threshold("SHARE", "Length of a zero or one interval, of the context length.", "0.0625")
    ] = None,
    extremes: Annotated[
        str | None, _threshold("SHARE", "Positions near 0 or 1 of a strong oscillatory neuron at least.", "0.9")
    ] = None,
    thin: Annotated[
        str | None, _threshold("NUMBER", "Root mean square off its smoothed curve, for other to be strong.", "0.05")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a variant of that name.")] = False,
    runs_dir: RunsDirectory = None,
) -> None:
    """Count a finished run again with other thresholds, without its model: the variant RUN@NAME."""
    ready_for_signals()
    from neuron_tui.engine.analysis import AnalysisRequest
    from neuron_tui.engine.analysis import analyze as run_analysis
    from neuron_tui.engine.progress_bar import showing
    from neuron_tui.store.measures.thresholds import parse_thresholds
    from neuron_tui.store.runs.variants import name_of

    typed = {
        "coverage": coverage,
        "max_covering": max_covering,
        "precision": precision,
        "positional": positional,
        "near": near,
        "range": range_,
        "changes": changes,
        "interval": interval,
        "extremes": extremes,
        "thin": thin,
    }
    thresholds = parse_thresholds({key: text for key, text in typed.items() if text is not None})
    request = AnalysisRequest(run, name, runs_directory(runs_dir), thresholds, overwrite)
    with told_how_to_go_on(), showing() as progress:
        folder = run_analysis(request, progress, say)
    say(f"Done: {name_of(folder)} in {folder}")
