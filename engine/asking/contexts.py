"""Stretches of a run's corpus that end with a trigger, or anywhere: what neurons are silenced on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neuron_tui.store.arrays import Int64s
from neuron_tui.store.neurons.run import Run


@dataclass(frozen=True, slots=True)
class Contexts:
    """M stretches, each of its own length: `ids` with the model's BOS first, and the token that `follows`, (M,)."""

    ids: tuple[Int64s, ...]
    follows: Int64s

    def __len__(self) -> int:
        return len(self.ids)

    def by_length(self) -> Iterator[tuple[Int64s, Int64s]]:
        """Their places, (m,), and tokens, (m, length), for each length that there is."""
        lengths = np.array([len(one) for one in self.ids], np.int64)
        for length in np.unique(lengths).tolist():
            places = np.flatnonzero(lengths == length)
            yield places, np.stack([self.ids[place] for place in places.tolist()])


class CorpusContexts:
    """Draws contexts from a run's corpus (ours).

    A context is up to `window` positions of one sequence: the model's BOS, where it has one, the counted tokens before,
    and its last token, which another counted token follows.
    """

    def __init__(self, run: Run, window: int) -> None:
        self._window = window
        self._bos = run.manifest.corpus.bos if run.manifest.corpus else None
        self._corpus = run.corpus
        self._tokens, self._starts = run.corpus.tokens(), run.corpus.sequence_starts()

    @cached_property
    def _last(self) -> Int64s:
        """Positions that a context may end at, ascending: counted, and so is the one that follows in the sequence."""
        counted = self._corpus.counted()
        follows = np.append(counted[1:], False)
        positions: Int64s = np.flatnonzero(counted & follows)
        return positions

    @cached_property
    def _by_token(self) -> tuple[Int64s, Int64s]:
        """These positions by their token, and where each token's begin."""
        own = self._tokens[self._last]
        order = np.argsort(own, kind="stable")
        edges = np.searchsorted(own[order], np.arange(int(own.max(initial=0)) + 2))
        return self._last[order], edges

    def on(self, tokens: tuple[int, ...], most: int, draw: np.random.Generator) -> Contexts:
        """Contexts that end with one of some tokens, drawn from all there are."""
        positions, edges = self._by_token
        parts = [positions[edges[t] : edges[t + 1]] for t in tokens if t + 1 < len(edges)]
        return self._drawn(np.concatenate(parts) if parts else np.empty(0, np.int64), most, draw)

    def stands(self, tokens: Iterable[int]) -> bool:
        """Whether one of some tokens stands where a context could end."""
        _, edges = self._by_token
        return any(t + 1 < len(edges) and edges[t] < edges[t + 1] for t in tokens)

    def anywhere(self, most: int, draw: np.random.Generator) -> Contexts:
        """Contexts drawn from the whole corpus."""
        return self._drawn(self._last, most, draw)

    def _drawn(self, positions: Int64s, most: int, draw: np.random.Generator) -> Contexts:
        chosen = positions if len(positions) <= most else draw.choice(positions, most, replace=False)
        chosen = np.sort(chosen)
        begins = self._starts[np.searchsorted(self._starts, chosen, side="right") - 1]
        ids = tuple(
            self._ending_at(begin, end) for begin, end in zip(begins.tolist(), (chosen + 1).tolist(), strict=True)
        )
        return Contexts(ids, self._tokens[chosen + 1].astype(np.int64))

    def _ending_at(self, begin: int, end: int) -> Int64s:
        first = max(begin + (self._bos is not None), end - self._window + (self._bos is not None))
        own = self._tokens[first:end].astype(np.int64)
        return own if self._bos is None else np.concatenate(([self._bos], own))
