"""All neurons of a run as columns: what lists, filters and summaries work on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from neuron_tui.store.errors import RunDamagedError
from neuron_tui.store.run import Run
from neuron_tui.store.schema import ORDERS, STRENGTHS, TYPES

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class NeuronTable:
    """Columns over the R neurons of a run's finished layers, by layer, then neuron.

    `mutual_information` is NaN where the run has no positional statistics, `trigger_score` unless the neuron
    is a token detector. The columns by n-gram order are dictionaries keyed 1, 2, 3; `first` is the row of the
    best trigger in the corpus's n-gram table, -1 if there is none.
    """

    layer: Ints
    neuron: Ints
    count: Ints
    frequency: Floats
    bos_count: Ints
    mutual_information: Floats
    type: npt.NDArray[np.uint8]
    strength: npt.NDArray[np.uint8]
    trigger_score: Floats
    total: dict[int, Ints]
    covering: dict[int, Ints]
    covered: dict[int, Ints]
    first: dict[int, Ints]

    def __len__(self) -> int:
        return len(self.layer)

    @property
    def dead(self) -> Bools:
        """Never active on a counted position [§3]."""
        mask: Bools = self.count == 0
        return mask

    def detector(self, n: int) -> Bools:
        """Detectors of n-grams [§4]."""
        return self.covered[n] > 0

    @property
    def suppressing(self) -> Bools:
        """Token detectors with a negative trigger score [§4.4]."""
        return self.trigger_score < 0  # NaN compares false

    @property
    def positional(self) -> Bools:
        """Neurons with a positional type [§5]."""
        return self.type > 0


def read_table(run: Run) -> NeuronTable:
    """Read the columns of all finished layers; raises RunDamagedError."""
    neurons, tokens = run.manifest.model.neurons, run.manifest.tokens
    names = ["count", "bos_count", "effect/trigger_score"]
    names += [f"position/{name}" for name in ("mutual_information", "type", "strength")]
    names += [f"triggers/{n}/{name}" for n in ORDERS for name in ("total", "covering", "covered", "first")]
    layers = [layer.columns(*names) for layer in run.layers.values()]

    def column(name: str, missing: float = 0) -> npt.NDArray[np.generic]:
        parts = [data[name] if name in data else np.full(neurons, missing) for data in layers]
        return np.concatenate(parts) if parts else np.empty(0)

    def by_order(name: str) -> dict[int, Ints]:
        return {n: column(f"triggers/{n}/{name}").astype(np.int64) for n in ORDERS}

    for layer, data in zip(run.layers.values(), layers, strict=True):
        for name, words in (("position/type", TYPES), ("position/strength", STRENGTHS)):
            if name in data and data[name].max(initial=0) >= len(words):
                raise RunDamagedError(f"{layer.path}: `{name}` holds an unknown code\nExtract the run again.")

    count = np.concatenate([d["count"].sum(axis=1) for d in layers]) if layers else np.empty(0, np.int64)
    return NeuronTable(
        layer=np.repeat(np.array(list(run.layers), np.int64), neurons),
        neuron=np.tile(np.arange(neurons), len(layers)),
        count=count,
        frequency=count / max(tokens, 1),
        bos_count=column("bos_count").astype(np.int64),
        mutual_information=column("position/mutual_information", np.nan).astype(np.float64),
        type=column("position/type").astype(np.uint8),
        strength=column("position/strength").astype(np.uint8),
        trigger_score=column("effect/trigger_score").astype(np.float64),
        total=by_order("total"),
        covering=by_order("covering"),
        covered=by_order("covered"),
        first=by_order("first"),
    )
