"""Similarity by activity: the phi coefficient of two neurons' bits over the counted positions (ours).

Phi is Pearson's correlation of two bits: (n11 P - n1 m1) / sqrt(n1 (P - n1) m1 (P - m1)), with n1 and m1 positions
where the one and the other are active, n11 where both are, of P counted ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neuron_tui.store.arrays import Bools, Floats, Int64s, Uint64s
from neuron_tui.store.errors import InputError
from neuron_tui.store.findings.similarity.measure import By
from neuron_tui.store.neurons.run import Run

_WORD = 64
_SAMPLED_WORDS = 1 << 10
"""Words of positions, 65,536 of them, that a baseline looks at."""

_TILE = 1 << 15
"""Words that are looked at in one go: they stay in the processor's cache."""

_BLOCK = 1 << 26
"""Bytes of a block of rows."""

_MANY = 8
"""Rows from which on products of matrices are quicker than looking at pairs of rows."""

_CHUNK = 1 << 8
"""Words whose bits are multiplied in one go: 16,384 positions, whose sums float32 holds exactly."""


@dataclass(frozen=True, slots=True)
class Bits:
    """Activity of rows at the counted positions: `words` (r, W) uint64, a bit a position, 0 where not counted.

    `positions` is how many are counted, `active` (r,) at how many of them each row is active.
    """

    words: Uint64s
    positions: int
    active: Int64s

    @classmethod
    def of(cls, words: Uint64s, positions: int) -> Bits:
        """Bits with their sums."""
        sums = [np.bitwise_count(row).sum(dtype=np.int64) for row in words]
        return cls(words, positions, np.array(sums, np.int64))


class ActivityMeasure:
    """Profiles are `Bits`. Two runs must have read the same token ids."""

    by: By = "activity"
    sampled = 1 << 9

    def __init__(self, source: Run, target: Run) -> None:
        """Raise InputError for runs whose bits are not kept, or are of different texts."""
        self.source, self.target = source, target
        for run in dict.fromkeys((source, target)):
            if not all(layer.keeps_activations for layer in run.layers.values()):
                raise InputError(
                    f"the run {run.name} keeps no activations, which similarity by activity is counted from\n"
                    "Extract it with --keep-activations always, or compare by triggers."
                )
        if source is not target and not source.corpus.same_positions(target.corpus):
            raise InputError(
                f"{source.name} and {target.name} have not read the same tokens, so their bits have no common "
                "positions\nCompare by triggers, or extract both on the same corpus with the same tokeniser."
            )

    @property
    def held(self) -> int:
        """See `Measure`."""
        return max(_WORD, 4 * _BLOCK // (len(self._counted) // 8 + 1))

    @cached_property
    def _counted(self) -> Bools:
        return self.source.corpus.counted()

    @cached_property
    def _positions(self) -> int:
        return int(self._counted.sum())

    @cached_property
    def _sample(self) -> Int64s:
        """Words that a baseline looks at: stretches of 64 words spread evenly over the corpus, ascending."""
        words = -(-len(self._counted) // _WORD)
        stretches = -(-words // _WORD)
        wanted = min(stretches, _SAMPLED_WORDS // _WORD)
        first = np.unique(np.linspace(0, stretches - 1, wanted).astype(np.int64)) * _WORD
        places: Int64s = (first[:, None] + np.arange(_WORD)).ravel()
        return places[places < words]

    @cached_property
    def _sampled_positions(self) -> int:
        counted = np.concatenate([self._counted, np.zeros(-len(self._counted) % _WORD, bool)])
        return int(counted.reshape(-1, _WORD)[self._sample].sum())

    def profiles(self, layer: int, rows: Int64s) -> Bits:
        """See `Measure`."""
        words = self._words(self.source, layer, rows)
        parts = [block[rows[rows // _WORD == word] % _WORD] for word, block in words]
        return Bits.of(np.concatenate(parts), self._positions)

    def blocks(self, layer: int) -> Iterator[Bits]:
        """See `Measure`."""
        rows = np.arange(self.target.manifest.rows)
        parts: list[Uint64s] = []
        for word, part in self._words(self.target, layer, rows):
            parts.append(part[: len(rows) - word * _WORD])
            if sum(one.nbytes for one in parts) >= _BLOCK:
                yield Bits.of(np.concatenate(parts), self._positions)
                parts = []
        if parts:
            yield Bits.of(np.concatenate(parts), self._positions)

    def _words(self, run: Run, layer: int, rows: Int64s) -> Iterator[tuple[int, Uint64s]]:
        """The bits (64, W) of each 64 rows that some of these are of."""
        with run.layer(layer).activations() as kept:
            assert kept is not None
            for word in np.unique(rows // _WORD).tolist():
                by_position = kept.read("activations", (word, slice(0, len(self._counted))))
                yield word, _transposed(np.where(self._counted, by_position, np.uint64(0)))

    def size(self, block: Bits) -> int:
        """See `Measure`."""
        return len(block.words)

    def chosen(self, block: Bits, places: Int64s) -> Bits:
        """See `Measure`: of positions too, only some are kept."""
        return Bits.of(block.words[places][:, self._sample], self._sampled_positions)

    def similarities(self, profiles: Bits, block: Bits) -> Floats:
        """See `Measure`."""
        # Dead rows have no phi, and are many: only the others are looked at.
        own, other = (np.flatnonzero(bits.active) for bits in (profiles, block))
        both = np.zeros((len(profiles.active), len(block.active)), np.int64)
        both[np.ix_(own, other)] = _together(profiles.words[own], block.words[other])
        return phi(both, profiles.active, block.active, block.positions)

    def permuted(self, profiles: Bits, random: np.random.Generator) -> Bits:
        """The sampled positions shifted round, by a sixteenth of them at least and by whole words: bursts stay."""
        sampled = profiles.words[:, self._sample]
        length = sampled.shape[1]
        least = max(1, length // 16)
        shifts = random.integers(least, max(least + 1, length - least + 1), len(sampled))
        places = (np.arange(length) - shifts[:, None]) % length
        return Bits.of(np.take_along_axis(sampled, places, axis=1), self._sampled_positions)


def phi(both: Int64s, first: Int64s, second: Int64s, positions: int) -> Floats:
    """Phi of counts: `both` (q, r) positions where both are active, `first` (q,), `second` (r,); NaN if undefined."""
    n1, m1 = first[:, None].astype(np.float64), second[None, :].astype(np.float64)
    spread = np.sqrt(n1 * (positions - n1)) * np.sqrt(m1 * (positions - m1))
    above = both * float(positions) - n1 * m1
    found: Floats = np.divide(above, spread, out=np.full(both.shape, np.nan), where=spread > 0)
    return found


def _together(first: Uint64s, second: Uint64s) -> Int64s:
    """(q, r) positions where both rows are active."""
    if min(len(first), len(second)) >= _MANY:
        return _by_products(first, second)
    found = np.empty((len(first), len(second)), np.int64)
    step = max(1, _TILE // max(1, second.shape[1]))
    for begin in range(0, len(second), step):
        tile = second[begin : begin + step]
        for place, row in enumerate(first):
            found[place, begin : begin + step] = np.bitwise_count(row & tile).sum(axis=1, dtype=np.int64)
    return found


def _by_products(first: Uint64s, second: Uint64s) -> Int64s:
    """The same by products of bits as float32, which holds every sum of a chunk exactly."""
    found = np.zeros((len(first), len(second)), np.int64)
    for begin in range(0, first.shape[1], _CHUNK):
        one, other = (
            np.unpackbits(np.ascontiguousarray(words[:, begin : begin + _CHUNK]).view(np.uint8), axis=1)
            for words in (first, second)
        )
        found += (one.astype(np.float32) @ other.astype(np.float32).T).astype(np.int64)
    return found


def _transposed(words: Uint64s) -> Uint64s:
    """Bits by row, (64, W), of words by position (P,): squares of 64 by 64 bits, halves of which change places."""
    square = np.zeros((-(-len(words) // _WORD), _WORD), np.uint64)
    square.ravel()[: len(words)] = words
    square = np.ascontiguousarray(square.T)  # (64, W): row k has the words of the positions 64 w + k
    half = _WORD // 2
    low = np.uint64(0xFFFFFFFF)
    while half:
        shift = np.uint64(half)
        pairs = square.reshape(_WORD // (2 * half), 2, half, -1)
        above, below = pairs[:, 0], pairs[:, 1]
        swapped = (above >> shift ^ below) & low
        below ^= swapped
        above ^= swapped << shift
        half //= 2
        low ^= low << np.uint64(half)
    return square
