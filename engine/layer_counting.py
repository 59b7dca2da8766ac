"""From the bits of a layer to all that is known of its neurons; several processes count a share of its rows each."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import torch

from neuron_tui.engine.counting.bits import ActiveBits, DeviceBits, Words, words_of
from neuron_tui.engine.counting.layer import LayerCounts, count_layer
from neuron_tui.engine.counting.tiles import TileCounter
from neuron_tui.engine.effects import LayerEffects, TokenFrequency, layer_effects
from neuron_tui.engine.observing.observation import Observation
from neuron_tui.engine.ranks.exchange import exchange_bits, exchange_seen, gather_rows, gather_seen, gather_words
from neuron_tui.engine.ranks.shares import RowShare, share_of_batches, stretch_of
from neuron_tui.engine.stopwatch import Stopwatch

if TYPE_CHECKING:
    from neuron_tui.engine.layers import Pass

Tick = Callable[[int], None]
Bits = ActiveBits | DeviceBits


class LayerCounting:
    """Counts layers, one after the other; made once for a pass."""

    def __init__(self, work: Pass, watch: Stopwatch) -> None:
        self._work, self._watch = work, watch
        ranks = work.ranks
        self._shares = [RowShare.of(work.rows, ranks.count, rank) for rank in range(ranks.count)]
        self._stretches = [stretch_of(share_of_batches(work.batches, ranks.count, r)) for r in range(ranks.count)]
        self._tiles = TileCounter(work.plan, work.device, work.resources.working) if work.resources.by_tensors else None
        self._unembedding: torch.Tensor | None = None
        # Rows of the table of single tokens lead to their ids.
        self._grams = work.plan.order.grams[1]
        self._ids = self._grams.ids[:, 0].astype(np.int64)

    def counted(
        self, layer: int, held: dict[str, torch.Tensor], bits: Bits, seen: Observation, tick: Tick
    ) -> tuple[LayerCounts, Observation, LayerEffects, Bits] | None:
        """All of a layer; None where another process puts it together.

        Parameters
        ----------
        held
            The layer's weights as the checkpoint has them.
        bits, seen
            What this process has of its stretch of the corpus.
        tick
            Told of the rows that are counted, out of all.
        """
        share = self._shares[self._work.ranks.rank]
        if self._work.ranks.alone:
            return self._count(layer, held, bits, seen, share, tick)
        with self._watch.lap("exchange"):
            bits, seen = self._exchanged(bits, seen, share)
        with self._work.ranks.together():
            counts, seen, effects, bits = self._count(layer, held, bits, seen, share, tick)
        with self._watch.lap("exchange"):
            return self._gathered(counts, seen, effects, bits)

    def _count(
        self, layer: int, held: dict[str, torch.Tensor], bits: Bits, seen: Observation, share: RowShare, tick: Tick
    ) -> tuple[LayerCounts, Observation, LayerEffects, Bits]:
        def passed(rows: int) -> None:
            bits.touched(self._work.corpus.positions * words_of(rows))
            tick(rows)

        with self._watch.lap("count"):
            counts = self._counts(bits.words, len(share), passed)
        with self._watch.lap("effects"):
            effects = self._effects(layer, held, counts, share)
        return counts, seen, effects, bits

    def _counts(self, words: Words | torch.Tensor, rows: int, tick: Tick) -> LayerCounts:
        if self._tiles is not None:
            return self._tiles.count(words, rows, tick)
        assert isinstance(words, np.ndarray)
        return count_layer(words, rows, self._work.plan, torch.get_num_threads(), tick)

    def _effects(self, layer: int, held: dict[str, torch.Tensor], counts: LayerCounts, share: RowShare) -> LayerEffects:
        """Effects of a share of the rows; the unembedding is read once, or for each layer where memory is short."""
        model, device, rows = self._work.model, self._work.device, counts.triggers[1].top_gram
        if not len(share):
            return LayerEffects.nothing()
        unembedding = model.unembedding(device) if self._unembedding is None else self._unembedding
        if self._work.resources.holds_unembedding:
            self._unembedding = unembedding
        poles = self._work.rule.poles
        neurons = slice(share.rows.start // poles, share.rows.stop // poles)
        return layer_effects(
            model.update_directions(layer, device, held),
            model.read_directions(layer, device, held),
            unembedding,
            np.where(rows >= 0, self._ids[rows], -1),
            TokenFrequency(self._ids, self._grams.occurrences),
            neurons,
        )

    def _exchanged(self, bits: Bits, seen: Observation, share: RowShare) -> tuple[Bits, Observation]:
        """All positions of a share of the rows, for what this process has of all rows on its positions."""
        ranks, held = self._work.ranks, bits.words
        words = held if isinstance(held, torch.Tensor) else torch.from_numpy(held.view(np.int64))
        whole = exchange_bits(words, ranks, self._shares, self._stretches)
        exchanged: Bits
        if isinstance(bits, DeviceBits):
            exchanged = DeviceBits.of(whole, len(share))
        else:
            exchanged = ActiveBits.of(whole.numpy().view("<u8"), len(share))
        return exchanged, exchange_seen(seen, ranks, self._shares)

    def _gathered(
        self, counts: LayerCounts, seen: Observation, effects: LayerEffects, bits: Bits
    ) -> tuple[LayerCounts, Observation, LayerEffects, Bits] | None:
        ranks, shares = self._work.ranks, self._shares
        counts, effects = gather_rows(counts, ranks, shares), gather_rows(effects, ranks, shares)
        seen = gather_seen(seen, ranks, shares)
        if self._work.keep_activations:
            bits = ActiveBits.of(gather_words(bits.here(), ranks, shares), self._work.rows)
        return (counts, seen, effects, bits) if ranks.leads else None
