"""When 64 neurons are active: by domain, at the beginning of sequences, by position, and for the first time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from neuron_tui.engine.compiled import compiled, lowest_bit
from neuron_tui.engine.counting.bits import WORD, Words
from neuron_tui.store.arrays import Array, Bools, Int32s, Int64s


@dataclass(frozen=True, slots=True)
class Occasions:
    """Counts of the 64 neurons of a word.

    `count`, `first_active` (64, D) and `bos_count` (64,) int64; `by_position` (64, D, T-1) int32.
    """

    count: Int64s
    bos_count: Int64s
    first_active: Int64s
    by_position: npt.NDArray[np.int32]


def count_occasions(
    words: Words, sequence_start: Int64s, sequence_domain: Int32s, counted: Bools, domains: int, context_length: int
) -> Occasions:
    """Count when each of 64 neurons is active, from their (P,) words.

    Parameters
    ----------
    sequence_start, sequence_domain, counted
        (S+1,), (S,) and (P,), as CountingPlan has them.
    """
    count, first = np.zeros((WORD, domains), np.int64), np.zeros((WORD, domains), np.int64)
    bos = np.zeros(WORD, np.int64)
    # The neurons of a position lie together while they are counted.
    positions = np.zeros((domains, context_length, WORD), np.int32)
    _count(words, sequence_start, sequence_domain, counted, context_length, count, first, bos, positions)
    return Occasions(count, bos, first, np.ascontiguousarray(positions[:, 1:].transpose(2, 0, 1)))


@compiled
def _count(
    words: Array,
    sequence_start: Array,
    sequence_domain: Array,
    counted: Array,
    context_length: int,
    count: Array,
    first: Array,
    bos: Array,
    positions: Array,
) -> None:
    one = np.uint64(1)
    tokens = np.zeros(count.shape[1], np.int64)
    for sequence in range(len(sequence_domain)):
        domain, begin = sequence_domain[sequence], sequence_start[sequence]
        length = sequence_start[sequence + 1] - begin
        full = length == context_length
        for place in range(length):
            word, counts = words[begin + place], counted[begin + place]
            tokens[domain] += counts
            while word:
                bit = lowest_bit(word)
                word &= word - one
                if place == 0:
                    bos[bit] += 1
                elif full:
                    positions[domain, place, bit] += 1
                if counts:
                    count[bit, domain] += 1
                    if first[bit, domain] == 0:
                        first[bit, domain] = tokens[domain]
