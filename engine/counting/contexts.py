"""Sample contexts: active positions drawn over the whole corpus, the same on every machine, spread over domains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neuron_tui.store.arrays import Int32s, Int64s, Uint64s
from neuron_tui.store.disk.schema import CONTEXT_AFTER, CONTEXT_BEFORE, STORED_CONTEXTS

_SEED = 20230904
_PLENTY = 40


@dataclass(frozen=True, slots=True)
class ContextDraw:
    """What drawing needs of a corpus, over the M places of the nested order and the P positions.

    `priority` (M,) int32: a fixed random permutation, a neuron's sample is its active places of least priority;
    `domain` (M,) int64; `positions` (M,); `sequence` (P,) int32: the sequence of each position.
    """

    priority: Int32s
    domain: Int64s
    positions: Int64s
    sequence: Int32s
    domains: int


def context_draw(positions: Int64s, position_domain: Int32s, sequence: Int32s, domains: int) -> ContextDraw:
    """Prepare drawing: `position_domain` (P,) and `sequence` (P,) by position, `positions` (M,) in nested order."""
    # The permutation goes with the position in the corpus, not with its place, so it survives other orders.
    by_position = np.zeros(len(sequence), np.int32)
    corpus_order = np.sort(positions)
    by_position[corpus_order] = np.random.Generator(np.random.PCG64(_SEED)).permutation(len(positions))
    # int64 is what bincount counts without converting.
    domain = position_domain[positions].astype(np.int64)
    return ContextDraw(by_position[positions], domain, positions, sequence, domains)


def draw(active: Int64s, by_domain: Int64s, plan: ContextDraw) -> Int64s:
    """Positions of the corpus for a neuron's contexts, ascending.

    Every domain gets an equal share of the places, what one cannot fill goes to the others.

    Parameters
    ----------
    active
        (K,) active places of the nested order.
    by_domain
        (D,) how many of them lie in each domain.
    """
    quota = shares(by_domain, STORED_CONTEXTS)
    few = _few(active, quota, by_domain, plan)
    domain, priority = plan.domain[few], plan.priority[few]
    chosen = []
    for d in np.flatnonzero(quota).tolist():
        own = np.flatnonzero(domain == d)
        take = int(quota[d])
        chosen.append(own[np.argpartition(priority[own], take - 1)[:take]] if len(own) > take else own)
    picked = few[np.concatenate(chosen)] if chosen else few[:0]
    return np.sort(plan.positions[picked])


def _few(active: Int64s, quota: Int64s, by_domain: Int64s, plan: ContextDraw) -> Int64s:
    """A part of `active` sure to hold every domain's sample: those under a priority that leaves plenty."""
    if len(active) <= 50 * _PLENTY:
        return active
    few = active
    wanted = quota > 0
    # The rarest domain decides how far up the priorities one must look.
    share = float((_PLENTY + 2 * quota[wanted]).max() / by_domain[wanted].min())
    if share < 0.5:
        few = active[plan.priority.take(active) < share * len(plan.priority)]
        found = np.bincount(plan.domain[few], minlength=plan.domains)
        if (found < quota).any():
            few = active
    return few


def shares(available: Int64s, places: int) -> Int64s:
    """Split places as equally as the availability of each domain allows; earlier domains get what is left over."""
    quota = np.zeros_like(available)
    while places and (quota < available).any():
        open_ = np.flatnonzero(quota < available)
        each = max(places // len(open_), 1)
        for d in open_.tolist():
            add = min(each, int(available[d] - quota[d]), places)
            quota[d] += add
            places -= add
    return quota


def activity_around(words: Uint64s, bit: int, chosen: Int64s, plan: ContextDraw) -> Uint64s:
    """Activity from 40 positions before each chosen one to 23 after, as 64-bit masks; 0 outside its sequence.

    `words` (P,) are those of the neuron's group, `bit` its place in them.
    """
    window = np.arange(-CONTEXT_BEFORE, CONTEXT_AFTER + 1)
    around = chosen[:, None] + window
    inside = np.clip(around, 0, len(words) - 1)
    same = (inside == around) & (plan.sequence[inside] == plan.sequence[chosen][:, None])
    on = (words[inside] >> np.uint64(bit)) & np.uint64(1)
    masks: Uint64s = np.bitwise_or.reduce(np.where(same, on, np.uint64(0)) << np.arange(64, dtype=np.uint64), axis=1)
    return masks
