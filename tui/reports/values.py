"""How strongly a neuron is active, and what its weights say: numbers and a histogram that cards and reports share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neuron_tui.store.arrays import Int64s
from neuron_tui.store.neurons.record import NeuronRecord, Values, Weights
from neuron_tui.store.wording import value_text
from neuron_tui.tui.drawing.spans import short_score

_BLOCKS = " ▁▂▃▄▅▆▇█"

NOT_KEPT = "This run keeps no values: extract it again to have them."


@dataclass(frozen=True, slots=True)
class Histogram:
    """The occupied range of a histogram of values: `counts` (B,) from the value `low` to `high`, as they are shown."""

    counts: Int64s
    low: str
    high: str

    @property
    def most(self) -> int:
        """Positions in the highest bin."""
        return int(self.counts.max())

    def merged(self, most: int) -> Int64s:
        """The counts in at most `most` bins: neighbours together, each bin of as many."""
        size = -(-len(self.counts) // max(1, most))
        return np.add.reduceat(self.counts, np.arange(0, len(self.counts), size))

    def rows(self, width: int, height: int) -> list[str]:
        """Columns of blocks, `height` rows of at most `width` cells from the top; whatever is above 0 shows."""
        counts = self.merged(width)
        each = max(1, width // len(counts))
        eighths = np.ceil(counts / max(1, int(counts.max())) * 8 * height).astype(int)
        return [
            "".join(_BLOCKS[min(8, max(0, level - 8 * row))] * each for level in eighths.tolist())
            for row in range(height - 1, -1, -1)
        ]


def histogram_of(values: Values) -> Histogram | None:
    """The histogram from the lowest bin that holds a value to the highest; None if there is no value."""
    occupied = np.flatnonzero(values.counts)
    if not len(occupied):
        return None
    first, last = int(occupied[0]), int(occupied[-1])
    edges = values.edges.tolist()
    low = value_text(edges[first - 1]) if first else f"<{value_text(edges[0])}"
    high = value_text(edges[last]) if last < len(edges) else f"≥{value_text(edges[-1])}"
    return Histogram(values.counts[first : last + 1], low, high)


def weight_words(weights: Weights) -> tuple[tuple[str, str], ...]:
    """The numbers of the weights, each under its word; "–" where one is not defined."""

    def correlation(value: float | None) -> str:
        return "–" if value is None else short_score(value)

    kurtosis = "–" if weights.kurtosis is None else value_text(weights.kurtosis)
    return (
        ("norm", value_text(weights.norm)),
        ("cosine", correlation(weights.cosine)),
        ("kurtosis", kurtosis),
        ("tokenfreq", correlation(weights.token_frequency)),
    )


def value_sentence(record: NeuronRecord) -> str:
    """`Highest value 5.05, mean 1.02.`; why there is none otherwise."""
    values = record.values
    if values is None:
        return NOT_KEPT
    if values.max is None or values.mean is None:
        return "No values: never active."
    return f"Highest value {value_text(values.max)}, mean where active {value_text(values.mean)}."
