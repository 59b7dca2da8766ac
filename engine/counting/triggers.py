"""Triggers of one neuron: counting its n-grams, ranking them, and what covers its activations [§4]."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from neuron_tui.engine.corpus.order import GramOrder
from neuron_tui.store.arrays import Int64s
from neuron_tui.store.disk.schema import STORED_TRIGGERS
from neuron_tui.store.measures.thresholds import PAPER, Thresholds


@dataclass(frozen=True, slots=True)
class TriggerCount:
    """Triggers of a neuron for one n.

    `covering` is the length of the shortest prefix of the ranking that holds `coverage` of `total`; `covered` how many
    of these are covered if the neuron is a detector, else 0; `gram` (k,) and `active` (k,) the first k <= 50 of the
    ranking: rows of the n-gram table, and positions where the neuron is active.
    """

    total: int
    covering: int
    covered: int
    gram: Int64s
    active: Int64s


def count_triggers(
    active: Int64s, grams: dict[int, GramOrder], thresholds: Thresholds = PAPER
) -> dict[int, TriggerCount]:
    """Count a neuron's triggers for n = 1, 2, 3.

    Parameters
    ----------
    active
        (K,) places of the nested order where the neuron is active, ascending.
    grams
        The runs of the nested order, by n.
    """
    # Runs of trigrams nest in those of bigrams, these in those of tokens: each level adds up the one before.
    places = active
    weights: Int64s | None = None
    counts: dict[int, TriggerCount] = {}
    for n in (3, 2, 1):
        order = grams[n]
        runs = order.run.take(places)
        firsts = _firsts(runs)
        if weights is None:
            weights = np.diff(firsts, append=len(runs))
        elif len(firsts):
            weights = np.add.reduceat(weights, firsts)
        places, runs = places.take(firsts), runs.take(firsts)
        counts[n] = rank(n, runs, weights, order, thresholds)
    return dict(sorted(counts.items()))


def rank(
    n: int, runs: npt.NDArray[np.int32], active: Int64s, order: GramOrder, thresholds: Thresholds = PAPER
) -> TriggerCount:
    """Rank n-grams and see what covers them.

    Parameters
    ----------
    runs, active
        (R,) distinct runs of the nested order and, for each, the positions where the neuron is active (> 0).
    """
    seniority = order.seniority.take(runs)
    valid = seniority >= 0
    if not valid.all():
        runs, active, seniority = runs[valid], active[valid], seniority[valid]
    total = int(active.sum())
    covering = covering_length(active, total, thresholds)
    # Most active first, ties by seniority (fewest occurrences, then smallest ids): one integer says both.
    key = active * len(order.ids) + seniority
    best = np.arange(len(key))
    if len(key) > STORED_TRIGGERS:
        best = np.argpartition(key, len(key) - STORED_TRIGGERS)[-STORED_TRIGGERS:]
    best = best[np.argsort(key[best])[::-1]]
    rows, active = order.row[runs[best]], active[best]
    covered = covered_length(n, rows, active, total, covering, order.occurrences, thresholds)
    return TriggerCount(total, covering, covered, rows, active)


def _firsts(runs: npt.NDArray[np.int32]) -> Int64s:
    """Where each run begins in a never-falling array."""
    if not len(runs):
        return np.empty(0, np.int64)
    return np.concatenate([[0], np.flatnonzero(runs[1:] != runs[:-1]) + 1])


def covering_length(active: Int64s, total: int, thresholds: Thresholds = PAPER) -> int:
    """Length of the shortest prefix, most active first, that holds `coverage` of the total; 0 for a total of 0.

    Counting how often each value occurs is enough; nothing is sorted.
    """
    if total == 0:
        return 0
    histogram = np.bincount(active)
    values = np.flatnonzero(histogram)[::-1]
    grams = histogram[values]
    sums = np.cumsum(values * grams)
    needed = thresholds.needed(total)
    last = int(np.searchsorted(sums, needed))
    before = int(sums[last - 1]) if last else 0
    return int(grams[:last].sum()) + -(-(needed - before) // int(values[last]))


def covered_length(
    n: int, rows: Int64s, active: Int64s, total: int, covering: int, occurrences: Int64s, thresholds: Thresholds = PAPER
) -> int:
    """How many of the covering n-grams are covered, 0 unless the neuron is a detector [§4].

    `rows` and `active` are the beginning of the ranking, at least as much as may cover a detector.
    """
    if not 1 <= covering <= thresholds.most_covering(n):
        return 0
    covered: npt.NDArray[np.bool_] = thresholds.covered(active[:covering], occurrences[rows[:covering]])
    return int(covered.sum()) if thresholds.holds(int(active[:covering][covered].sum()), total) else 0
