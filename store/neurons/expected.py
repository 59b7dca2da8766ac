"""What a run's trigger tables say of a text without its model: a guess, and marked as one (ours)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neuron_tui.store.arrays import Floats, Int64s
from neuron_tui.store.disk.schema import ORDERS
from neuron_tui.store.errors import InputError
from neuron_tui.store.neurons.lookup import stretch_of
from neuron_tui.store.neurons.run import Run

LIKELY = 0.5
"""A neuron is expected to fire where the n-gram that stands there makes it active at least this often."""

MOST_TOKENS = 64
"""Tokens of a text that is looked up."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Of L tokens `ids`: for each layer and position the rows expected to fire, and how often the n-gram has them."""

    ids: tuple[int, ...]
    layers: tuple[int, ...]
    rows: tuple[tuple[Int64s, ...], ...]
    shares: tuple[tuple[Floats, ...], ...]

    @property
    def counts(self) -> list[list[int]]:
        """(layers, L) how many rows are expected to fire."""
        return [[len(rows) for rows in layer] for layer in self.rows]


def expect(run: Run, text: str) -> Expected:
    """Which rows a text is expected to set off, from its tokens, bigrams and trigrams in the stored triggers.

    The text is cut into the fewest tokens of the run's vocabulary, which is not always as the model's tokeniser would.

    Raises
    ------
    InputError
        The text is empty or too long, or no token of the vocabulary writes any of it.
    RunDamagedError
        A file cannot be read.
    """
    ids = run.corpus.fewest_tokens(text)
    if not ids:
        raise InputError("the text is empty, or the run's vocabulary cannot write it\nType something else.")
    if len(ids) > MOST_TOKENS:
        raise InputError(f"without the model, texts of up to {MOST_TOKENS} tokens are looked up; this has {len(ids):,}")
    grams = [
        (position, n, row)
        for position in range(len(ids))
        for n in ORDERS
        if position + 1 >= n and (row := run.corpus.find_gram(ids[position + 1 - n : position + 1])) is not None
    ]
    occurrences = [run.corpus.occurrences(n, row) for _, n, row in grams]
    rows: list[tuple[Int64s, ...]] = []
    shares: list[tuple[Floats, ...]] = []
    for layer in run.layers.values():
        best: list[dict[int, float]] = [{} for _ in ids]
        with layer.open() as file:
            for (position, n, row), occurs in zip(grams, occurrences, strict=True):
                begin, end = stretch_of(file, n, row)
                if begin == end:
                    continue
                neurons = file.read(f"lookup/{n}/neuron", slice(begin, end)).tolist()
                active = file.read(f"lookup/{n}/active", slice(begin, end)).tolist()
                for neuron, times in zip(neurons, active, strict=True):
                    if times >= LIKELY * occurs:
                        best[position][neuron] = max(best[position].get(neuron, 0.0), times / occurs)
        rows.append(tuple(np.array(sorted(own), np.int64) for own in best))
        shares.append(tuple(np.array([own[row] for row in sorted(own)]) for own in best))
    return Expected(ids, tuple(run.layers), tuple(rows), tuple(shares))
