"""The figures there are, by name, in the order of the paper; those without a number are ours."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from neuron_tui.store.errors import UsageError
from neuron_tui.store.findings.figures.by_layer import BY_LAYER
from neuron_tui.store.findings.figures.covering import COVERING
from neuron_tui.store.findings.figures.figure import Figure
from neuron_tui.store.findings.figures.growth import dead_by_tokens
from neuron_tui.store.findings.figures.positions import positional_neurons, team_figure
from neuron_tui.store.findings.figures.sensitivity import positional_types_by_setting
from neuron_tui.store.findings.figures.suppression import strongest_suppressors
from neuron_tui.store.findings.labelled_run import LabelledRun

Builder = Callable[[Sequence[LabelledRun], int | None], Figure]

_BUILDERS: dict[str, Builder] = {
    **{figure.name: figure for figure in BY_LAYER},
    **{figure.name: figure for figure in COVERING},
    "5": strongest_suppressors,
    "8": positional_neurons,
    "9": team_figure,
    "dead-by-tokens": dead_by_tokens,
    "sensitivity": positional_types_by_setting,
}

NAMES = (
    *("1a", "1b", "2", "3a", "3b", "4", "5", "8", "9", "12", "13", "14a", "14b", "15"),
    *("suppressing", "positional", "dead-by-tokens", "sensitivity"),
)
"""Names of all figures."""

WITH_LAYER = "9"
"""The figure of a single layer."""


def build_figure(name: str, runs: Sequence[LabelledRun], layer: int | None = None) -> Figure:
    """One figure of one or more runs.

    Parameters
    ----------
    name
        One of `NAMES`.
    runs
        The runs, each with a label of its own.
    layer
        For figure 9, the layer whose team it shows; None for each run's lowest that has one.

    Raises
    ------
    UsageError
        There is no such figure.
    RunPartialError, NeuronNotFoundError
        A run does not hold that layer.
    RunDamagedError
        A file of a run cannot be read.
    """
    if name not in _BUILDERS:
        raise UsageError(f"there is no figure {name}\nUse one of: {', '.join(NAMES)}.")
    return _BUILDERS[name](runs, layer)
