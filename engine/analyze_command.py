"""The command `neuron-tui analyze`."""

from __future__ import annotations

from typing import Annotated

import typer

from neuron_tui.engine.command_options import RunsDirectory, option, saying_how_to_resume, taking
from neuron_tui.engine.interrupt import ready_for_signals
from neuron_tui.store.measures.threshold_wording import parse_thresholds
from neuron_tui.store.measures.thresholds import PAPER, THRESHOLDS, text_of
from neuron_tui.store.process import say
from neuron_tui.store.runs.catalog import runs_directory

EXAMPLE = """Example:

    neuron-tui analyze demo --name loose --coverage 0.9 --max-covering 10,50,50

Run the same command again to go on with an interrupted one. Then: neuron-tui open demo@loose"""


@taking(option(name, one.help, one.metavar, default=text_of(PAPER, name)) for name, one in THRESHOLDS.items())
def analyze(
    typed: dict[str, str],
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="A finished run: its name in the runs directory, or a path.")
    ],
    name: Annotated[str, typer.Option(help="Name of the variant: RUN@NAME stands for it from then on.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a variant of that name.")] = False,
    runs_dir: RunsDirectory = None,
) -> None:
    """Count a finished run again with other thresholds, without its model: the variant RUN@NAME."""
    ready_for_signals()
    from neuron_tui.engine.analysis import AnalysisRequest
    from neuron_tui.engine.analysis import analyze as run_analysis
    from neuron_tui.engine.progress_bar import showing
    from neuron_tui.store.runs.variants import name_of

    request = AnalysisRequest(run, name, runs_directory(runs_dir), parse_thresholds(typed), overwrite)
    with saying_how_to_resume(), showing() as progress:
        folder = run_analysis(request, progress, say)
    say(f"Done: {name_of(folder)} in {folder}")
