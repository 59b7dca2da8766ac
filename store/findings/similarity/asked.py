"""Similarity as commands and the app ask for it: a measure by its name, a neuron and layers by their texts."""

from __future__ import annotations

from typing import Any

from neuron_tui.store.errors import NeuronNotFoundError, UsageError
from neuron_tui.store.findings.similarity.activity import ActivityMeasure
from neuron_tui.store.findings.similarity.measure import MEASURES, By, Measure
from neuron_tui.store.findings.similarity.position import PositionMeasure
from neuron_tui.store.findings.similarity.triggers import TriggerMeasure
from neuron_tui.store.neurons.places import Address, find_place
from neuron_tui.store.neurons.run import Run
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


def measure_name(text: str) -> By:
    """The measure that a text names; raises UsageError."""
    for by in MEASURES:
        if by == text:
            return by
    raise UsageError(f"--by {text}: no such similarity\nUse one of: {', '.join(MEASURES)}.")


def neuron_named(run: Run, text: str) -> Address:
    """The neuron that `3:117`, `3:117+` or `3:117-` names.

    Raises
    ------
    UsageError
        That is no place.
    NeuronNotFoundError
        The run has no such neuron.
    """
    layers, rows = list(run.layers), run.manifest.rows
    if ":" not in text:
        raise UsageError(f"{text!r} names no neuron\nWrite layer and neuron, such as 3:117.")
    found = find_place(text, layers, rows, layers[0] if layers else 0, run.manifest.rule) if layers else "it is empty"
    if isinstance(found, str):
        raise NeuronNotFoundError(f"the run {run.name} has no neuron {text}: {found}\nName layer and neuron: 3:117.")
    place, row = divmod(found, rows)
    return layers[place], row


def layers_named(run: Run, text: str | None) -> list[int]:
    """The finished layers that `0-5,8` names, all for None; raises UsageError, RunPartialError, NeuronNotFoundError."""
    layers = read_layers(text or "")
    if isinstance(layers, str):
        raise UsageError(f"--layer {text}: {layers}")
    return list(run.layers) if layers is None else [run.layer(layer).index for layer in layers]
