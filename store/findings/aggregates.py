"""Aggregates of a run: totals of each layer and a byte for each neuron. Figures and comparisons need nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from neuron_tui.store.arrays import Bools, Floats, Int64s
from neuron_tui.store.disk.schema import ORDERS

States = npt.NDArray[np.uint8]

Counts = dict[int, int]

ALIVE_BIT = 1
TYPE_SHIFT = 1
TYPE_BITS = 0b111
DETECTOR_BITS = {n: 8 << n for n in ORDERS}
"""What the bits of `RunAggregates.states` are."""


@dataclass(frozen=True, slots=True)
class LayerSummary:
    """One layer [§3-5]. Dictionaries are keyed by n of the n-grams, or by positional type, then strength.

    `covered`: distinct n-grams with a detector in the layer; `covered_cumulative`: in it or any below;
    `new_overall`: those no layer below detects; `new_to_previous`: those the layer just below does not detect,
    None if the run does not hold that layer.
    """

    layer: int
    neurons: int
    dead: int
    mean_frequency_alive: float | None
    detectors: Counts
    covered: Counts
    covered_cumulative: Counts
    new_overall: Counts
    new_to_previous: dict[int, int | None]
    covering_histogram: dict[int, tuple[int, ...]]
    suppressing: int
    positional: dict[str, dict[str, int]]

    def to_dict(self) -> dict[str, Any]:
        """The summary as `info --json` prints it."""
        keyed = (
            "detectors",
            "covered",
            "covered_cumulative",
            "new_overall",
            "new_to_previous",
            "covering_histogram",
        )
        return {
            name: {str(n): list(v) if isinstance(v, tuple) else v for n, v in getattr(self, name).items()}
            if name in keyed
            else getattr(self, name)
            for name in self.__slots__
        }


@dataclass(frozen=True, slots=True)
class Suppressors:
    """Token detectors that suppress their triggers, strongest first: (M,) each [§4.4]; `score` in logits."""

    layer: Int64s
    neuron: Int64s
    score: Floats


@dataclass(frozen=True, slots=True)
class Positional:
    """Positional neurons by layer, then neuron: (M,) each [§5]; `type` and `strength` are the schema's codes."""

    layer: Int64s
    neuron: Int64s
    type: Int64s
    strength: Int64s
    mutual_information: Floats


@dataclass(frozen=True, slots=True)
class RunAggregates:
    """All that figures and comparisons need of the L finished layers of a run.

    `detected` holds for each layer the ids of the tokens with a detector there, ascending int64 [Fig. 3b]. `growth`
    is (L, X) int64: neurons of the layer that are dead on each prefix of the corpus (`growth.GROWTH`). `sensitivity` is
    (L, Z, types, strengths) int64: its neurons of each positional type and strength, by code, under each of
    `sensitivity.SETTINGS`; Z is 0 where the run has no positional statistics. `states` is (L, N) uint8, what every
    neuron is: see `alive`, `types`, `detectors`. `strongest` holds the token that each token detector is most active
    on, by layer, then neuron, int64. `vocabulary` is the SHA-256 of the vocabulary: equal ones write all tokens alike.
    """

    summaries: tuple[LayerSummary, ...]
    suppressors: Suppressors
    positional: Positional
    detected: tuple[Int64s, ...]
    growth: Int64s
    sensitivity: Int64s
    states: States
    strongest: Int64s
    vocabulary: str


def mean_frequency(summaries: Sequence[LayerSummary]) -> float | None:
    """Mean frequency over the neurons of some layers that are not dead [Fig. 1b]; None if all are."""
    alive = sum(s.neurons - s.dead for s in summaries)
    total = sum((s.mean_frequency_alive or 0.0) * (s.neurons - s.dead) for s in summaries)
    return total / alive if alive else None


def state_of(alive: Bools, types: npt.NDArray[np.integer], detectors: Mapping[int, Bools]) -> States:
    """What neurons are, a byte each: whether alive [§3], their positional type by code [§5], what they detect [§4]."""
    states = alive * ALIVE_BIT | types.astype(np.uint8) << TYPE_SHIFT
    for n, detector in detectors.items():
        states |= detector * DETECTOR_BITS[n]
    return states.astype(np.uint8)


def alive(states: States) -> Bools:
    """Which neurons are not dead."""
    return (states & ALIVE_BIT) > 0


def types(states: States) -> States:
    """Positional types of neurons, by the codes of TYPES."""
    codes: States = states >> np.uint8(TYPE_SHIFT) & np.uint8(TYPE_BITS)
    return codes


def detectors(states: States, n: int) -> Bools:
    """Which neurons are detectors of n-grams."""
    return (states & DETECTOR_BITS[n]) > 0
