"""What a list of matches says of each neuron: its place, what it is, its first trigger."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from neuron_tui.store.neurons.places import Address, place_text
from neuron_tui.store.neurons.record import NeuronRecord
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.tokens import gram_text
from neuron_tui.tui.reports.neuron_text import label


@dataclass(frozen=True, slots=True)
class Sketch:
    """A neuron in a few words: `trigger` is its first n-gram as people are shown it, with the share it has of all."""

    place: str
    what: str
    trigger: str
    share: float


def sketches(run: Run, neurons: Iterable[Address], n: int = 1) -> list[Sketch]:
    """A sketch of each neuron, with its first n-gram of n tokens; raises RunDamagedError."""
    return [_sketch(run, run.layer(layer).neuron(row), (layer, row), n) for layer, row in neurons]


def label_of(record: NeuronRecord) -> str:
    """Short label of a neuron, as lists have it; may be empty."""
    detects = [n for n, triggers in record.triggers.items() if triggers.detector]
    kind = record.position.type if record.position is not None else None
    return label(record.dead, detects, bool(record.effect.suppresses_triggers), kind)


def _sketch(run: Run, record: NeuronRecord, address: Address, n: int) -> Sketch:
    triggers = record.triggers[n]
    first = triggers.top[0] if triggers.top else None
    return Sketch(
        place_text(run.manifest.rule, address),
        label_of(record),
        gram_text(first.forms, run.corpus.spelling) if first is not None else "",
        first.active / triggers.total if first is not None and triggers.total else 0.0,
    )
