"""The position team of a layer: strong oscillatory neurons that share the positions out among them [§5, Fig. 9]."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from neuron_tui.store.arrays import Bools, Floats, Int64s
from neuron_tui.store.disk.schema import STRENGTHS, TYPES
from neuron_tui.store.neurons.run import Run


@dataclass(frozen=True, slots=True)
class Team:
    """The M strong oscillatory neurons of a layer, ordered by phase; M may be 0.

    `mask` is (M, T-1) bool: where each has fr > 0.5, positions 1 to T-1. `redundant` are the neurons whose removal
    would uncover no position, each by itself; two of them may still need one another.
    """

    layer: int
    neurons: Int64s
    mask: Bools

    @property
    def covered(self) -> float:
        """Share of the positions at which at least one neuron is on."""
        return float(self.mask.any(axis=0).mean()) if self.mask.size else 0.0

    @property
    def redundant(self) -> tuple[int, ...]:
        """Neurons that cover no position alone, ascending."""
        alone = self.mask & (self.mask.sum(axis=0) == 1)
        return tuple(sorted(self.neurons[~alone.any(axis=1)].tolist()))


def position_team(run: Run, layer: int) -> Team:
    """The position team of a layer [Fig. 9].

    Raises
    ------
    RunPartialError, NeuronNotFoundError
        The layer is not finished, or the run was not to hold it.
    RunDamagedError
        The layer's file cannot be read.
    """
    where = run.layer(layer)
    members = strong_oscillatory(where.columns("position/type", "position/strength"))
    curves = where.frequencies(members)
    order = np.lexsort((members, phases(curves)))
    return Team(layer, members[order], curves[order] > 0.5)


def team_layers(run: Run) -> tuple[int, ...]:
    """Finished layers that have a strong oscillatory neuron, ascending; raises RunDamagedError."""
    names = ("position/type", "position/strength")
    return tuple(index for index, layer in run.layers.items() if len(strong_oscillatory(layer.columns(*names))))


def strong_oscillatory(columns: Mapping[str, npt.NDArray[np.uint8]]) -> Int64s:
    """(M,) neurons of a layer whose `position/type` and `position/strength` say so, ascending."""
    if "position/type" not in columns:
        return np.empty(0, np.int64)
    types, strengths = columns["position/type"], columns["position/strength"]
    return np.flatnonzero((types == TYPES.index("oscillatory")) & (strengths == STRENGTHS.index("strong")))


def phases(curves: Floats) -> Floats:
    """Phase of each curve, in turns from 0 to 1 (ours).

    All are measured at one frequency, so that they compare: the one that holds most of the team's power, means left
    aside. The phase is where the wave of that frequency in a curve has its crest, counted from position 1.

    Parameters
    ----------
    curves
        (M, T-1) frequency by position.

    Returns
    -------
    (M,) float64.
    """
    if not curves.size:
        return np.zeros(len(curves))
    spectra = np.fft.rfft(curves - curves.mean(axis=1, keepdims=True), axis=1)
    strongest = int((np.abs(spectra) ** 2).sum(axis=0).argmax())
    turns: Floats = (-np.angle(spectra[:, strongest]) / (2 * np.pi)) % 1.0
    # A crest right at position 1 may come out a hair below a whole turn.
    return np.where(turns > 1 - 1e-9, 0.0, turns)
