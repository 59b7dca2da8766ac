"""Seeing activations on a CPU: one compiled pass over each batch as it comes out of the layer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch

from neuron_tui.engine.compiled import Whole, compiled, keep_highest
from neuron_tui.engine.counting.bits import WORD, ActiveBits
from neuron_tui.engine.counting.layer import CountingPlan
from neuron_tui.engine.model.activity import Activations
from neuron_tui.engine.model.forward import Batch
from neuron_tui.engine.observing.observation import AROUND, EMPTY, LOW, Observation
from neuron_tui.store.arrays import Array
from neuron_tui.store.disk.schema import CONTEXT_BEFORE
from neuron_tui.store.measures.value_edges import LOWEST, STEPS, value_edges
from neuron_tui.store.runs.rule import Rule

_VALUE, _PRE, _POLES = range(3)
"""What makes a bit: the value above a threshold, what goes into the activation function, the signs of two halves."""

_KINDS = {"value": _VALUE, "threshold": _VALUE, "pre": _PRE, "gate": _PRE, "poles": _POLES}

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

    def begin(self) -> None:
        """Forget what was seen: a layer begins. What `seen` holds is overwritten."""
        self.seen.total[:] = 0
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
        words = self._bits.words

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
                seen.total,
                seen.histogram,
                seen.keys,
                self._limits,
            )
            first, last = begin * WORD, min(end * WORD, rows)
            _copy_around(
                self._rule.poles,
                value,
                start,
                length,
                domains,
                first,
                last,
                words,
                seen.keys,
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
    total: Array,
    histogram: Array,
    keys: Array,
    limits: Array,
) -> None:
    per_word = 32 if kind == _POLES else 64
    neurons = value.shape[1]
    rows = np.empty(64, np.int64)
    here = np.empty(64, np.float32)
    bits = here.view(np.int32)
    zero = np.float32(0)
    for place in range(len(value)):
        position = start + place
        domain = 1 + domains[place // length]
        counts = counted[position]
        reversed_position = LOW - position
        draw = ((np.int64(0x7FFF_FFFF) - priority[position]) << 32) | reversed_position
        for word_index in range(first_word, last_word):
            first = word_index * per_word
            last = min(first + per_word, neurons)
            word = np.uint64(0)
            found = 0
            # Without branches: which neurons are active is what a processor cannot guess.
            if kind == _VALUE:
                for neuron in range(first, last):
                    amount = value[place, neuron]
                    on = amount > threshold
                    word |= np.uint64(on) << np.uint64(neuron - first)
                    rows[found] = neuron
                    here[found] = amount
                    found += on
            elif kind == _PRE:
                for neuron in range(first, last):
                    on = pre[place, neuron] > zero
                    word |= np.uint64(on) << np.uint64(neuron - first)
                    rows[found] = neuron
                    here[found] = value[place, neuron] + zero
                    found += on
            else:
                for neuron in range(first, last):
                    other = linear[place, neuron]
                    below = other < zero
                    on = (pre[place, neuron] > zero) & (below | (other > zero))
                    row = 2 * neuron + below
                    amount = value[place, neuron]
                    word |= np.uint64(on) << np.uint64(row - 2 * first)
                    rows[found] = row
                    here[found] = (-amount if below else amount) + zero
                    found += on
            words[word_index, position] = word
            if not counts:
                continue
            for index in range(found):
                row = rows[index]
                total[row] += here[index]
                pattern = bits[index]
                step = ((pattern & 0x7FFF_FFFF) >> 22) - _BELOW
                step = 0 if step < 0 else min(step, STEPS + 1)
                if signed:
                    step = STEPS + 1 - step if pattern < 0 else STEPS + 1 + step
                histogram[row, step] += 1
                # Floats rise as their bits do, negative ones after turning them round.
                key = (np.int64(pattern ^ ((pattern >> 31) & 0x7FFF_FFFF)) << 32) | reversed_position
                if key > limits[0, row]:
                    limits[0, row] = keep_highest(keys[0, row], key)
                if draw > limits[domain, row]:
                    limits[domain, row] = keep_highest(keys[domain, row], draw)


@compiled
def _copy_around(
    poles: Whole,
    value: Array,
    start: Whole,
    length: Whole,
    domains: Array,
    first_row: Whole,
    last_row: Whole,
    words: Array,
    keys: Array,
    active: Array,
    around: Array,
) -> None:
    """Copy bits and values around the contexts that this batch brought: now they are there."""
    for group in range(len(keys)):
        if group != 0 and not (domains[0] <= group - 1 <= domains[-1]):
            continue
        for row in range(first_row, last_row):
            for place in range(keys.shape[2]):
                key = keys[group, row, place]
                position = LOW - (key & LOW)
                if key == EMPTY or position < start:
                    continue
                begin = (position - start) // length * length
                mask = np.uint64(0)
                for bit in range(AROUND):
                    other = position - start - CONTEXT_BEFORE + bit
                    amount = np.float32(0)
                    if begin <= other < begin + length:
                        on = (words[row >> 6, start + other] >> np.uint64(row & 63)) & np.uint64(1)
                        if on:
                            mask |= np.uint64(1) << np.uint64(bit)
                            amount = value[other, row // poles]
                            if poles == 2 and row & 1:
                                amount = -amount
                    around[group, row, place, bit] = amount
                active[group, row, place] = mask
