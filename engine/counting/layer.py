"""Counting one layer from its bits: everything that is known of its neurons but their effects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from neuron_tui.engine.corpus.order import NestedOrder
from neuron_tui.engine.counting.bits import WORD, Words, byte_plane
from neuron_tui.engine.counting.contexts import ContextDraw, activity_around, context_draw, draw
from neuron_tui.engine.counting.triggers import TriggerCount, count_triggers
from neuron_tui.store.arrays import Int64s
from neuron_tui.store.disk.schema import ORDERS, STORED_CONTEXTS, STORED_TRIGGERS
from neuron_tui.store.measures.thresholds import PAPER, Thresholds
from neuron_tui.store.neurons.trigger_tables import TriggerTables

_FIRST_LOOK = 4096
"""Positions among which a neuron's first active one is looked for first."""


@dataclass(frozen=True, slots=True)
class CountingPlan:
    """What counting needs of a corpus, made once for all layers.

    `sequence_start` (S+1,); `full_blocks`: stretches of positions that hold full-length sequences one after the other,
    each of one domain: domain, start, stop; `context_length` T; `full_sequences` how many there are in all;
    `counted` (P,): which positions are; `domain_start` (D+1,): the position where each domain begins, then P;
    `thresholds` tell who is a detector.
    """

    order: NestedOrder
    draw: ContextDraw
    sequence_start: Int64s
    full_blocks: tuple[tuple[int, int, int], ...]
    full_sequences: int
    context_length: int
    domains: int
    counted: npt.NDArray[np.bool_]
    domain_start: Int64s
    thresholds: Thresholds


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
    sequence = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
    full = lengths == context_length
    counted = np.zeros(len(sequence), dtype=bool)
    counted[order.positions] = True
    return CountingPlan(
        order=order,
        draw=context_draw(order.positions, sequence_domain[sequence], sequence, domains),
        sequence_start=sequence_start,
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

    `count`, `first_active` (N, D); `bos_count` (N,); `position_active` (N, D, T-1) int32; `triggers` by n, with
    K = 50; `context_position` (N, 20) int64, padded with -1; `context_active` (N, 20) uint64.
    """

    count: Int64s
    bos_count: Int64s
    first_active: Int64s
    position_active: npt.NDArray[np.int32]
    triggers: dict[int, TriggerTables]
    context_position: Int64s
    context_active: npt.NDArray[np.uint64]

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
            context_position=zeros(STORED_CONTEXTS) - 1,
            context_active=np.zeros((neurons, STORED_CONTEXTS), np.uint64),
        )

    def put_triggers(self, neuron: int, n: int, found: TriggerCount) -> None:
        """Store what was found of one neuron."""
        tables = self.triggers[n]
        tables.total[neuron] = found.total
        tables.covering[neuron] = found.covering
        tables.covered[neuron] = found.covered
        tables.top_gram[neuron, : len(found.gram)] = found.gram
        tables.top_active[neuron, : len(found.active)] = found.active


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
    # Eight neurons share a byte; numpy lets go of the interpreter in nearly all of the work on them.
    groups = [(word, byte) for word in range(len(words)) for byte in range(8) if word * WORD + byte * 8 < neurons]

    def work(group: tuple[int, int]) -> None:
        word, byte = group
        done = _count_eight(words[word], word * WORD, byte, neurons, plan, counts)
        progress(done)

    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(work, groups):
            pass
    return counts


def _count_eight(words: Words, base: int, byte: int, neurons: int, plan: CountingPlan, counts: LayerCounts) -> int:
    """Count the neurons that share a byte; returns how many they are."""
    first = base + 8 * byte
    last = min(first + 8, neurons)
    plane = byte_plane(words, byte)
    bos = plane[plan.sequence_start[:-1]]
    nested = plane.take(plan.order.positions)
    # Most neurons are seldom active: places where all eight are off are passed over once for all of them.
    somewhere = np.flatnonzero(nested != 0)
    nested = nested[somewhere]
    for neuron in range(first, last):
        mask = np.uint8(1 << (neuron - first))
        counts.bos_count[neuron] = np.count_nonzero(bos & mask)
        _count_positions((plane & mask) != 0, plan, counts.position_active[neuron])
        active = somewhere[np.flatnonzero((nested & mask) != 0)]
        by_domain = np.bincount(plan.draw.domain.take(active), minlength=plan.domains)
        counts.count[neuron] = by_domain
        for domain in np.flatnonzero(by_domain).tolist():
            counts.first_active[neuron, domain] = _first_active(plane, mask, plan, domain)
        for n, found in count_triggers(active, plan.order.grams, plan.thresholds).items():
            counts.put_triggers(neuron, n, found)
        chosen = draw(active, by_domain, plan.draw)
        counts.context_position[neuron, : len(chosen)] = chosen
        counts.context_active[neuron, : len(chosen)] = activity_around(words, neuron - base, chosen, plan.draw)
    return last - first


def _first_active(plane: npt.NDArray[np.uint8], mask: np.uint8, plan: CountingPlan, domain: int) -> int:
    """Counted tokens of a domain up to the first active one, of a neuron that is active on one of them."""
    at, stop = plan.domain_start[domain : domain + 2].tolist()
    before, length = 0, _FIRST_LOOK
    while at < stop:
        # Most neurons are active soon, and a look that finds nothing is followed by a longer one.
        counted = plan.counted[at : min(at + length, stop)]
        found = counted & ((plane[at : at + len(counted)] & mask) != 0)
        place = int(found.argmax())
        if found[place]:
            return before + int(np.count_nonzero(counted[: place + 1]))
        before += int(np.count_nonzero(counted))
        at, length = at + len(counted), 4 * length
    raise AssertionError(f"no active position in domain {domain}")


def _count_positions(active: npt.NDArray[np.bool_], plan: CountingPlan, into: npt.NDArray[np.int32]) -> None:
    """Add to `into` (D, T-1) how many full-length sequences are active at positions 1 to T-1."""
    for domain, start, stop in plan.full_blocks:
        sequences = active[start:stop].view(np.uint8).reshape(-1, plan.context_length)
        for part in range(0, len(sequences), 255):  # 255 ones are the most that a byte's sum can hold
            into[domain] += sequences[part : part + 255].sum(axis=0, dtype=np.uint8)[1:]
