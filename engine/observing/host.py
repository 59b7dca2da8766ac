"""Seeing activations on a CPU: one compiled pass over each batch as it comes out of the layer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch

from neuron_tui.engine.compiled import Whole, compiled, keep_highest, lowest_bit
from neuron_tui.engine.counting.bits import WORD, ActiveBits
from neuron_tui.engine.counting.layer import CountingPlan
from neuron_tui.engine.model.activity import Activations
from neuron_tui.engine.model.forward import Batch
from neuron_tui.engine.observing.exact import add_exactly
from neuron_tui.engine.observing.observation import AROUND, EMPTY, LOW, Observation
from neuron_tui.store.arrays import Array
from neuron_tui.store.disk.schema import CONTEXT_BEFORE
from neuron_tui.store.measures.value_edges import LOWEST, STEPS, value_edges
from neuron_tui.store.runs.rule import Rule

_VALUE, _PRE, _POLES = range(3)
"""What makes a bit: the value above a threshold, what goes into the activation function, the signs of two halves."""

_KINDS = {"value": _VALUE, "threshold": _VALUE, "pre": _PRE, "gate": _PRE, "poles": _POLES}

_BLOCK = 64
"""Positions whose words are put in their places at a time."""

_BELOW = ((LOWEST + 127) << 1) - 1
"""A float's exponent and first digit, less this, is its place among the edges, which step by both."""


class HostObserver:
    """Sees a layer's batches in the order of the corpus and puts their bits where counting finds them."""

    def __init__(self, rule: Rule, bits: ActiveBits, plan: CountingPlan) -> None:
        """For layers of as many rows as `bits` holds."""
        self._rule, self._bits, self._plan = rule, bits, plan
        self._pool = ThreadPoolExecutor(torch.get_num_threads())
        self._share = -(-len(bits.words) // torch.get_num_threads())
        self.seen = Observation.nothing(bits.neurons, plan.domains, value_edges(rule.signed))
        self._limits = np.full(self.seen.keys.shape[:2], EMPTY, np.int64)
        self._fresh = np.zeros(self.seen.keys.shape[:2], bool)

    def begin(self) -> None:
        """Forget what was seen: a layer begins. What `seen` holds is overwritten."""
        self.seen.sums[:] = 0
        self.seen.histogram[:] = 0
        self.seen.active[:] = 0
        self.seen.keys[:] = self._limits[:] = EMPTY

    def see(self, batch: Batch, activations: Activations) -> None:
        """Take in a batch, (B, N) activations each."""
        kind, seen, plan = _KINDS[self._rule.kind], self.seen, self._plan
        value = _plain(activations.value)
        pre = value if kind == _VALUE else _plain(activations.pre)
        linear = _plain(activations.linear) if kind == _POLES and activations.linear is not None else value
        first = int(np.searchsorted(plan.sequence_start, batch.start))
        domains = plan.sequence_domain[first : first + batch.sequences]
        words, first_position = self._bits.words, self._bits.first

        threshold, signed = np.float32(self._rule.threshold), self._rule.signed
        start, length, rows = batch.start, batch.length, self._bits.neurons

        def see_words(begin: int) -> None:
            end = min(begin + self._share, len(words))
            _see(
                kind,
                threshold,
                signed,
                pre,
                linear,
                value,
                start,
                length,
                domains,
                plan.counted,
                plan.priority,
                begin,
                end,
                words,
                first_position,
                seen.sums,
                seen.histogram,
                seen.keys,
                self._limits,
                self._fresh,
            )
            first, last = begin * WORD, min(end * WORD, rows)
            _copy_around(
                self._rule.poles,
                value,
                start,
                length,
                first,
                last,
                words,
                first_position,
                seen.keys,
                self._fresh,
                seen.active,
                seen.around,
            )

        for _ in self._pool.map(see_words, range(0, len(words), self._share)):
            pass


def _plain(values: torch.Tensor) -> Array:
    plain: Array = values.float().contiguous().numpy()
    return plain


@compiled
def _see(
    kind: Whole,
    threshold: np.float32,
    signed: bool,
    pre: Array,
    linear: Array,
    value: Array,
    start: Whole,
    length: Whole,
    domains: Array,
    counted: Array,
    priority: Array,
    first_word: Whole,
    last_word: Whole,
    words: Array,
    first_position: Whole,
    sums: Array,
    histogram: Array,
    keys: Array,
    limits: Array,
    fresh: Array,
) -> None:
    one, zero = np.uint64(1), np.float32(0)
    per_word = 32 if kind == _POLES else 64
    neurons = value.shape[1]
    # A row of words is far from the next one: words are put there a few positions at a time.
    block = np.empty((last_word - first_word, _BLOCK), np.uint64)
    here = np.empty(1, np.float32)
    bits = here.view(np.int32)
    for place in range(len(value)):
        position = start + place
        domain = 1 + domains[place // length]
        counts = counted[position]
        reversed_position = LOW - position
        draw = ((np.int64(0x7FFF_FFFF) - priority[position]) << 32) | reversed_position
        for word_index in range(first_word, last_word):
            first = word_index * per_word
            many = min(per_word, neurons - first)
            word = np.uint64(0)
            # Without branches, and places that cannot be negative: a processor then takes many at once.
            if kind == _VALUE:
                own = value[place, first : first + many]
                for at in range(len(own)):
                    word |= np.uint64(own[at] > threshold) << np.uint64(at)
            elif kind == _PRE:
                own = pre[place, first : first + many]
                for at in range(len(own)):
                    word |= np.uint64(own[at] > zero) << np.uint64(at)
            else:
                own, others = pre[place, first : first + many], linear[place, first : first + many]
                for at in range(len(own)):
                    on, other = own[at] > zero, others[at]
                    pair = np.uint64(on & (other > zero)) | np.uint64(on & (other < zero)) << one
                    word |= pair << np.uint64(2 * at)
            block[word_index - first_word, place % _BLOCK] = word
            while word and counts:
                row = word_index * 64 + lowest_bit(word)
                word &= word - one
                if kind == _POLES:
                    amount = value[place, row >> 1]
                    here[0] = (-amount if row & 1 else amount) + zero
                else:
                    here[0] = value[place, row] + zero
                pattern = bits[0]
                add_exactly(sums[row], pattern)
                step = ((pattern & 0x7FFF_FFFF) >> 22) - _BELOW
                step = 0 if step < 0 else min(step, STEPS + 1)
                if signed:
                    step = STEPS + 1 - step if pattern < 0 else STEPS + 1 + step
                histogram[row, step] += 1
                # Floats rise as their bits do, negative ones after turning them round.
                key = (np.int64(pattern ^ ((pattern >> 31) & 0x7FFF_FFFF)) << 32) | reversed_position
                if key > limits[0, row]:
                    limits[0, row] = keep_highest(keys[0, row], key)
                    fresh[0, row] = True
                if draw > limits[domain, row]:
                    limits[domain, row] = keep_highest(keys[domain, row], draw)
                    fresh[domain, row] = True
        if place % _BLOCK == _BLOCK - 1 or place == len(value) - 1:
            begin = position - place % _BLOCK - first_position
            for word_index in range(first_word, last_word):
                for at in range(position - first_position + 1 - begin):
                    words[word_index, begin + at] = block[word_index - first_word, at]


@compiled
def _copy_around(
    poles: Whole,
    value: Array,
    start: Whole,
    length: Whole,
    first_row: Whole,
    last_row: Whole,
    words: Array,
    first_position: Whole,
    keys: Array,
    fresh: Array,
    active: Array,
    around: Array,
) -> None:
    """Copy bits and values around the contexts that this batch brought to `fresh` rows: now they are there."""
    one = np.uint64(1)
    for group in range(len(keys)):
        for row in range(first_row, last_row):
            if not fresh[group, row]:
                continue
            fresh[group, row] = False
            for place in range(keys.shape[2]):
                key = keys[group, row, place]
                position = LOW - (key & LOW)
                if key == EMPTY or position < start:
                    continue
                begin = start + (position - start) // length * length
                before = position - CONTEXT_BEFORE
                mask = np.uint64(0)
                for other in range(max(before, begin), min(before + AROUND, begin + length)):
                    word = words[row >> 6, other - first_position]
                    mask |= (word >> np.uint64(row & 63) & one) << np.uint64(other - before)
                active[group, row, place] = mask
                around[group, row, place] = 0
                while mask:
                    bit = lowest_bit(mask)
                    mask &= mask - one
                    amount = value[before + bit - start, row // poles]
                    around[group, row, place, bit] = -amount if poles == 2 and row & 1 else amount
