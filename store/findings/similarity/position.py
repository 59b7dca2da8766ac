"""Similarity by position: Pearson's correlation of two curves of frequency by position [§5] (ours)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from neuron_tui.store.arrays import Floats, Int64s
from neuron_tui.store.errors import InputError
from neuron_tui.store.findings.similarity.measure import By
from neuron_tui.store.neurons.run import Run

_BLOCK = 1 << 22
"""Points of curves that are held at a time."""


class PositionMeasure:
    """Profiles are curves fr(1) to fr(T-1) less their mean, of length 1: (q, T-1) float64, NaN for a flat curve."""

    by: By = "position"
    sampled = 1 << 14
    held = 1 << 14

    def __init__(self, source: Run, target: Run) -> None:
        """Raise InputError for runs whose curves cannot be compared."""
        self.source, self.target = source, target
        lengths = [run.manifest.options.context_length for run in (source, target)]
        if lengths[0] != lengths[1]:
            raise InputError(
                f"{source.name} has sequences of {lengths[0]:,} positions and {target.name} of {lengths[1]:,}: "
                "their curves cannot be compared\nCompare by triggers, or extract with the same --context-length."
            )
        for run in (source, target):
            if run.manifest.corpus is None or not run.manifest.corpus.full_sequences:
                raise InputError(
                    f"the run {run.name} has no full-length sequence, so no curves by position\n"
                    "Compare by triggers, or extract more text or a shorter --context-length."
                )

    def profiles(self, layer: int, rows: Int64s) -> Floats:
        """See `Measure`."""
        return _standardised(self.source.layer(layer).frequencies(rows))

    def blocks(self, layer: int) -> Iterator[Floats]:
        """See `Measure`."""
        found = self.target.layer(layer)
        step = max(1, _BLOCK // self.target.manifest.options.context_length)
        for first in range(0, found.neurons, step):
            yield _standardised(found.frequencies(np.arange(first, min(first + step, found.neurons))))

    def size(self, block: Floats) -> int:
        """See `Measure`."""
        return len(block)

    def chosen(self, block: Floats, places: Int64s) -> Floats:
        """See `Measure`."""
        return block[places]

    def similarities(self, profiles: Floats, block: Floats) -> Floats:
        """See `Measure`."""
        found: Floats = np.clip(profiles @ block.T, -1.0, 1.0)
        return found

    def permuted(self, profiles: Floats, random: np.random.Generator) -> Floats:
        """Each curve shifted round by a sixteenth of its length at least: its shape stays, its place goes."""
        length = profiles.shape[1]
        least = max(1, length // 16)
        shifts = random.integers(least, max(least + 1, length - least + 1), len(profiles))
        shifted: Floats = np.take_along_axis(profiles, (np.arange(length) - shifts[:, None]) % length, axis=1)
        return shifted


def _standardised(curves: Floats) -> Floats:
    centred = curves - curves.mean(axis=1, keepdims=True)
    norms = np.sqrt((centred**2).sum(axis=1, keepdims=True))
    found: Floats = np.divide(centred, norms, out=np.full_like(centred, np.nan), where=norms > 1e-12)
    return found
