"""Counting one layer from its bits: everything that is known of its neurons but their effects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from neuron_tui.engine.corpus.order import NestedOrder
from neuron_tui.engine.counting.bits import WORD, Words
from neuron_tui.engine.counting.grams import GramWalk, count_grams, gram_walk
from neuron_tui.engine.counting.occasions import count_occasions
from neuron_tui.engine.counting.sampling import priorities
from neuron_tui.store.arrays import Int32s, Int64s
from neuron_tui.store.disk.schema import ORDERS, STORED_TRIGGERS
from neuron_tui.store.measures.thresholds import PAPER, Thresholds
from neuron_tui.store.neurons.trigger_tables import TriggerTables, covered_counts


@dataclass(frozen=True, slots=True)
class CountingPlan:
    """What counting needs of a corpus, made once for all layers.

    `walk`: the order as counting triggers takes it; `priority` (P,) int32: a fixed random order of the counted
    positions, a neuron's sample of contexts is its active ones of least priority; `sequence_start` (S+1,) and
    `sequence_domain` (S,);
    `full_blocks`: stretches of positions that hold full-length sequences one after the other,
    each of one domain: domain, start, stop; `context_length` T; `full_sequences` how many there are in all;
    `counted` (P,): which positions are; `domain_start` (D+1,): the position where each domain begins, then P;
    `thresholds` tell who is a detector.
    """

    order: NestedOrder
    walk: GramWalk
    priority: Int32s
    sequence_start: Int64s
    sequence_domain: Int32s
    full_blocks: tuple[tuple[int, int, int], ...]
    full_sequences: int
    context_length: int
    domains: int
    counted: npt.NDArray[np.bool_]
    domain_start: Int64s
    thresholds: Thresholds

    @property
    def domain_of_place(self) -> Int64s:
        """(M,) the domain of each place of the nested order."""
        return np.searchsorted(self.domain_start, self.order.positions, side="right").astype(np.int64) - 1


def counting_plan(
    order: NestedOrder,
    sequence_start: Int64s,
    sequence_domain: npt.NDArray[np.int32],
    context_length: int,
    domains: int,
    thresholds: Thresholds = PAPER,
) -> CountingPlan:
    """Prepare counting on a corpus of sequences; see CountingPlan for the shapes."""
    lengths = np.diff(sequence_start)
    full = lengths == context_length
    counted = np.zeros(int(sequence_start[-1]), dtype=bool)
    counted[order.positions] = True
    return CountingPlan(
        order=order,
        walk=gram_walk(order),
        priority=priorities(counted),
        sequence_start=sequence_start,
        sequence_domain=sequence_domain,
        full_blocks=tuple(_full_blocks(full, sequence_start, sequence_domain)),
        full_sequences=int(full.sum()),
        context_length=context_length,
        domains=domains,
        counted=counted,
        domain_start=sequence_start[np.searchsorted(sequence_domain, np.arange(domains + 1))],
        thresholds=thresholds,
    )


def _full_blocks(
    full: npt.NDArray[np.bool_], sequence_start: Int64s, sequence_domain: npt.NDArray[np.int32]
) -> Iterator[tuple[int, int, int]]:
    kind = np.where(full, sequence_domain, -1)
    edges = [0, *(np.flatnonzero(np.diff(kind)) + 1).tolist(), len(kind)]
    for first, last in pairwise(edges):
        if first < last and kind[first] >= 0:
            yield int(kind[first]), int(sequence_start[first]), int(sequence_start[last])


@dataclass(frozen=True, slots=True)
class LayerCounts:
    """Counts of one layer's N neurons, in the shapes of the layer file's schema.

    `count`, `first_active` (N, D); `bos_count` (N,); `position_active` (N, D, T-1) int32; `triggers` by n, with K = 50.
    """

    count: Int64s
    bos_count: Int64s
    first_active: Int64s
    position_active: npt.NDArray[np.int32]
    triggers: dict[int, TriggerTables]

    @classmethod
    def empty(cls, neurons: int, plan: CountingPlan) -> LayerCounts:
        """Room for a layer, all zero and padding."""

        def zeros(*shape: int) -> Int64s:
            return np.zeros((neurons, *shape), np.int64)

        return cls(
            count=zeros(plan.domains),
            bos_count=zeros(),
            first_active=zeros(plan.domains),
            position_active=np.zeros((neurons, plan.domains, plan.context_length - 1), np.int32),
            triggers={n: TriggerTables.empty(neurons, STORED_TRIGGERS) for n in ORDERS},
        )


def count_layer(
    words: Words, neurons: int, plan: CountingPlan, threads: int, progress: Callable[[int], None]
) -> LayerCounts:
    """Count every neuron of a layer.

    Parameters
    ----------
    words
        (W, P) bits as `ActiveBits` keeps them.
    progress
        Called with the number of neurons just finished, from any thread.
    """
    counts = LayerCounts.empty(neurons, plan)

    def count_word(index: int) -> None:
        first = index * WORD
        here, size = slice(first, min(first + WORD, neurons)), min(WORD, neurons - first)
        occasions = count_occasions(
            words[index], plan.sequence_start, plan.sequence_domain, plan.counted, plan.domains, plan.context_length
        )
        counts.count[here], counts.bos_count[here] = occasions.count[:size], occasions.bos_count[:size]
        counts.first_active[here] = occasions.first_active[:size]
        counts.position_active[here] = occasions.by_position[:size]
        for n, found in count_grams(words[index], plan.walk, plan.thresholds).items():
            tables = counts.triggers[n]
            tables.total[here], tables.covering[here] = found.total[:size], found.covering[:size]
            tables.top_gram[here], tables.top_active[here] = found.gram[:size], found.active[:size]
        progress(size)

    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(count_word, range(len(words))):
            pass
    for n, tables in counts.triggers.items():
        tables.covered[:] = covered_counts(n, tables, plan.order.grams[n].occurrences, plan.thresholds)
    return counts
