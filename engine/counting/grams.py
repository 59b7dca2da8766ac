"""Triggers of 64 neurons at once: one walk over the nested order counts, ranks and covers their n-grams [§4].

Runs of trigrams nest in those of bigrams, these in those of tokens: where a run ends, its counts go to the one around.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from neuron_tui.engine.compiled import Whole, compiled, keep_highest, lowest_bit
from neuron_tui.engine.corpus.order import NestedOrder
from neuron_tui.engine.counting.bits import WORD, Words
from neuron_tui.store.arrays import Array, Int64s
from neuron_tui.store.disk.schema import ORDERS, STORED_TRIGGERS
from neuron_tui.store.measures.thresholds import Thresholds

COMMON = 512
"""Counts below this are tallied, those from it on are listed: few n-grams occur so often."""


@dataclass(frozen=True, slots=True)
class GramWalk:
    """The nested order as the walk takes it, made once for a corpus.

    `positions` (M,): of the corpus; `ends` (M,) uint8: how many runs end after each place, 1 if only that of the
    trigram, 3 if that of the token too; by n: `seniority` (R,) of each run, `senior` (G,) the row of each seniority;
    `common`: how many n-grams of one n occur `COMMON` times or more, at most.
    """

    positions: Int64s
    ends: npt.NDArray[np.uint8]
    seniority: dict[int, Int64s]
    senior: dict[int, Int64s]
    common: int


def gram_walk(order: NestedOrder) -> GramWalk:
    """Prepare the walk over a corpus."""
    ends = np.zeros(len(order.positions), np.uint8)
    senior = {}
    for n in ORDERS:
        grams = order.grams[n]
        ends += np.append(grams.run[1:] != grams.run[:-1], np.ones(min(len(ends), 1), bool))
        senior[n] = np.zeros(len(grams.ids), np.int64)
        valid = grams.seniority >= 0
        senior[n][grams.seniority[valid]] = grams.row[valid]
    common = max(int((order.grams[n].occurrences >= COMMON).sum()) for n in ORDERS)
    return GramWalk(order.positions, ends, {n: order.grams[n].seniority for n in ORDERS}, senior, common)


@dataclass(frozen=True, slots=True)
class WordTriggers:
    """Triggers of the 64 neurons of a word for one n: `total`, `covering` (64,), and the ranking.

    `gram`, `active` (64, K) int64: rows of the n-gram table and positions where each neuron is active, best first; -1
    and 0 where there are no more.
    """

    total: Int64s
    covering: Int64s
    gram: Int64s
    active: Int64s


def count_grams(words: Words, walk: GramWalk, thresholds: Thresholds) -> dict[int, WordTriggers]:
    """Count the triggers of 64 neurons from their (P,) words, for n = 1, 2, 3."""
    total, covering = np.zeros((3, WORD), np.int64), np.zeros((3, WORD), np.int64)
    keys = np.full((3, WORD, STORED_TRIGGERS), -1, np.int64)
    tables = np.array([max(len(walk.senior[n]), 1) for n in ORDERS])
    share, whole = thresholds.coverage.as_integer_ratio()
    one, two, three = (walk.seniority[n] for n in ORDERS)
    _walk(words, walk.positions, walk.ends, one, two, three, tables, walk.common, share, whole, total, covering, keys)
    keys = np.sort(keys, axis=2)[:, :, ::-1]
    found = {}
    for at, n in enumerate(ORDERS):
        there = keys[at] >= 0
        gram = np.full(there.shape, -1, np.int64)
        gram[there] = walk.senior[n][keys[at][there] % tables[at]]
        found[n] = WordTriggers(total[at], covering[at], gram, np.where(there, keys[at] // tables[at], 0))
    return found


@compiled
def _walk(
    words: Array,
    positions: Array,
    ends: Array,
    seniority1: Array,
    seniority2: Array,
    seniority3: Array,
    tables: Array,
    common: Whole,
    share: Whole,
    whole: Whole,
    total: Array,
    covering: Array,
    keys: Array,
) -> None:
    # Counts of the runs that are open: of a trigram, of the bigram around it, of the token around that.
    in3, in2, in1, nowhere = (
        np.zeros(64, np.int64),
        np.zeros(64, np.int64),
        np.zeros(64, np.int64),
        np.zeros(64, np.int64),
    )
    some3 = some2 = some1 = np.uint64(0)
    run3 = run2 = run1 = 0
    # Neurons lie together for each count: most counts are small.
    tally = np.zeros((3, COMMON, 64), np.int32)
    listed = np.zeros((3, 64, common), np.int64)
    lists = np.zeros((3, 64), np.int64)
    limit = np.full((3, 64), -1, np.int64)
    total1, tally1, listed1, lists1, limit1, keys1 = total[0], tally[0], listed[0], lists[0], limit[0], keys[0]
    total2, tally2, listed2, lists2, limit2, keys2 = total[1], tally[1], listed[1], lists[1], limit[1], keys[1]
    total3, tally3, listed3, lists3, limit3, keys3 = total[2], tally[2], listed[2], lists[2], limit[2], keys[2]
    table1, table2, table3 = tables[0], tables[1], tables[2]
    one = np.uint64(1)
    before = 3
    for place in range(len(positions)):
        word = words[positions[place]]
        ended = ends[place]
        # Most trigrams occur once: so many of the runs that end here have no other place. What `_end_run` does is
        # written out for them, since a call with all these arrays would take longer than what it does.
        alone = min(before, ended)
        before = ended
        if alone >= 2:
            senior, elder = seniority3[run3], seniority2[run2]
            key, older = table3 + senior, table2 + elder
            some1 |= word
            while word:
                bit = lowest_bit(word)
                word &= word - one
                in1[bit] += 1
                if senior >= 0:
                    total3[bit] += 1
                    tally3[1, bit] += 1
                    if key > limit3[bit]:
                        limit3[bit] = keep_highest(keys3[bit], key)
                if elder >= 0:
                    total2[bit] += 1
                    tally2[1, bit] += 1
                    if older > limit2[bit]:
                        limit2[bit] = keep_highest(keys2[bit], older)
            run3 += 1
            run2 += 1
        else:
            if alone == 1:
                senior = seniority3[run3]
                key = table3 + senior
                some2 |= word
                while word:
                    bit = lowest_bit(word)
                    word &= word - one
                    in2[bit] += 1
                    if senior >= 0:
                        total3[bit] += 1
                        tally3[1, bit] += 1
                        if key > limit3[bit]:
                            limit3[bit] = keep_highest(keys3[bit], key)
            else:
                some3 |= word
                while word:
                    in3[lowest_bit(word)] += 1
                    word &= word - one
                if ended == 0:
                    continue
                senior = seniority3[run3]
                _end_run(some3, in3, in2, senior, table3, total3, tally3, listed3, lists3, limit3, keys3)
                some2 |= some3
                some3 = np.uint64(0)
            run3 += 1
            if ended == 1:
                continue
            senior = seniority2[run2]
            _end_run(some2, in2, in1, senior, table2, total2, tally2, listed2, lists2, limit2, keys2)
            some1 |= some2
            some2 = np.uint64(0)
            run2 += 1
        if ended == 2:
            continue
        senior = seniority1[run1]
        _end_run(some1, in1, nowhere, senior, table1, total1, tally1, listed1, lists1, limit1, keys1)
        some1 = np.uint64(0)
        run1 += 1
    for at in range(3):
        for bit in range(64):
            often = np.sort(listed[at, bit, : lists[at, bit]])
            covering[at, bit] = covering_length(often, tally[at, :, bit], total[at, bit], share, whole)


@compiled
def _end_run(
    some: np.uint64,
    inside: Array,
    around: Array,
    senior: Whole,
    table: Whole,
    total: Array,
    tally: Array,
    listed: Array,
    lists: Array,
    limit: Array,
    keys: Array,
) -> None:
    """Count the n-gram of a run for the neurons that are active `some`where in it."""
    one = np.uint64(1)
    while some:
        bit = lowest_bit(some)
        some &= some - one
        active = inside[bit]
        inside[bit] = 0
        around[bit] += active
        if senior < 0:  # these positions have no n-gram
            continue
        total[bit] += active
        if active < COMMON:
            tally[active, bit] += 1
        else:
            listed[bit, lists[bit]] = active
            lists[bit] += 1
        # Most active first, ties by seniority (fewest occurrences, then smallest ids): one integer says both.
        key = active * table + senior
        if key > limit[bit]:
            limit[bit] = keep_highest(keys[bit], key)


@compiled
def covering_length(often: Array, tally: Array, total: Whole, share: Whole, whole: Whole) -> Whole:
    """Length of the shortest prefix, most active first, that holds the share of the total; 0 for a total of 0.

    `often` are the listed counts, rising; `tally[c]` is how many n-grams have the count c.
    """
    if total == 0:
        return 0
    needed = -((-share * total) // whole)
    held: Whole = 0
    length: Whole = 0
    for place in range(len(often) - 1, -1, -1):
        held += often[place]
        length += 1
        if held >= needed:
            return length
    for count in range(len(tally) - 1, 0, -1):
        grams = tally[count]
        if held + grams * count >= needed:
            return length + (needed - held + count - 1) // count
        held += grams * count
        length += grams
    return length
