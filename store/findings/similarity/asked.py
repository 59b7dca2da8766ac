"""Similarity as commands and the app ask for it: a measure by its name, a neuron and layers by their texts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from neuron_tui.store.errors import UsageError
from neuron_tui.store.findings.similarity.activity import ActivityMeasure
from neuron_tui.store.findings.similarity.measure import MEASURES, By, Measure
from neuron_tui.store.findings.similarity.position import PositionMeasure
from neuron_tui.store.findings.similarity.triggers import TriggerMeasure
from neuron_tui.store.neurons.naming import parse_neuron, rows_named
from neuron_tui.store.neurons.places import Address
from neuron_tui.store.neurons.run import Run, open_run
from neuron_tui.store.wording import read_layers


def stored_measure(by: By, source: Run, target: Run, n: int = 1) -> Measure[Any, Any]:
    """The measure of that name, of those that a run answers without its model; `n` of the n-grams of triggers.

    Raises
    ------
    InputError
        The runs do not have what it takes.
    RunDamagedError
        A corpus cannot be read.
    """
    match by:
        case "triggers":
            return TriggerMeasure(source, target, n)
        case "position":
            return PositionMeasure(source, target)
        case "activity":
            return ActivityMeasure(source, target)
    raise ValueError(f"similarity by {by} takes the model")


def pair_named(run: str, other: str | None, directory: Path) -> tuple[Run, Run]:
    """A run and the one to search, which is the same if `other` is None or names it; raises as `open_run`."""
    source = open_run(run, directory)
    target = source if other is None else open_run(other, directory)
    return source, source if source.path.resolve() == target.path.resolve() else target


def measure_name(text: str) -> By:
    """The measure that a text names; raises UsageError."""
    for by in MEASURES:
        if by == text:
            return by
    raise UsageError(f"--by {text}: no such similarity\nUse one of: {', '.join(MEASURES)}.")


def neuron_named(run: Run, text: str) -> Address:
    """The neuron that `3:117`, `3:117+` or `3:117-` names; of one with poles `3:117` is the pole +.

    Raises
    ------
    UsageError
        That names no neuron, or a pole where there are none.
    NeuronNotFoundError, RunPartialError
        The run has no such neuron, or not yet.
    """
    layer, neuron, pole = parse_neuron(text)
    _, row = rows_named(run, layer, neuron, pole)[0]
    if row >= run.manifest.rows:
        run.layer(layer).neuron(row)  # says that there is none
    run.layer(layer)
    return layer, row


def layers_asked(text: str | None) -> tuple[int, ...] | None:
    """The layers that `0-5,8` names, None for all; raises UsageError."""
    layers = read_layers(text or "")
    if isinstance(layers, str):
        raise UsageError(f"--layer {text}: {layers}")
    return layers


def layers_named(run: Run, text: str | None) -> list[int]:
    """The finished layers of a run that `0-5,8` names, all for None.

    Raises UsageError, RunPartialError or NeuronNotFoundError.
    """
    layers = layers_asked(text)
    return list(run.layers) if layers is None else [run.layer(layer).index for layer in layers]


def pairs_of(runs: Sequence[Run]) -> list[tuple[Run, Run]]:
    """The first of some runs with each of the others; raises UsageError for fewer than two, or for one twice."""
    folders = [run.path.resolve() for run in runs]
    if len(runs) < 2:
        raise UsageError("one run has nothing in common with others\nName others: neuron-tui universal RUN RUN2 ...")
    if len(set(folders)) < len(folders):
        raise UsageError("a run is named twice\nName each run once.")
    return [(runs[0], other) for other in runs[1:]]
