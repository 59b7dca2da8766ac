"""What a model made of one text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from neuron_tui.store.arrays import Floats, Int64s

Float32s = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LayerReading:
    """The active rows of a layer, by position: neurons, or their poles + and − in turn.

    `begins` (L + 1,): of position k the rows are `rows[begins[k] : begins[k + 1]]`, ascending, with their `values`,
    float32, that of a pole − turned round.
    """

    begins: Int64s
    rows: npt.NDArray[np.int32]
    values: Float32s

    def at(self, position: int) -> tuple[npt.NDArray[np.int32], Float32s]:
        """The active rows at a position, and their values."""
        own = slice(self.begins[position], self.begins[position + 1])
        return self.rows[own], self.values[own]

    @property
    def counts(self) -> Int64s:
        """(L,) how many rows are active at each position."""
        return np.diff(self.begins)


@dataclass(frozen=True, slots=True)
class Reading:
    """A model's pass over a sequence of L tokens.

    `ids` (L,), the model's BOS first where it has one. `layers`: what fired, of each layer. `log_probabilities` of the
    `likeliest` (L, n) tokens to come after each position, likeliest first; `losses` (L - 1,) in nats of the tokens
    that come.
    """

    ids: Int64s
    layers: tuple[LayerReading, ...]
    likeliest: Int64s
    log_probabilities: Float32s
    losses: Floats

    @property
    def loss(self) -> float:
        """Nats a predicted token; NaN where nothing is predicted."""
        return float(self.losses.mean()) if len(self.losses) else float("nan")
