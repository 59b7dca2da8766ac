"""Counting on a GPU: tiles of neurons at once, segment sums from trigrams to bigrams to tokens.

Gives bit for bit what `neuron_tui.engine.counting.layer` gives; there neurons are taken one by one over their active
positions, here 64 at a time over all of them, which is what a GPU is good at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from neuron_tui.engine.corpus.order import GramOrder
from neuron_tui.engine.counting.bits import WORD, Words
from neuron_tui.engine.counting.layer import CountingPlan, LayerCounts
from neuron_tui.store.arrays import Int64s
from neuron_tui.store.disk.schema import STORED_TRIGGERS
from neuron_tui.store.measures.thresholds import Thresholds

_BYTES_PER_BIT = 40
"""Device memory that a position and a neuron of a tile take at the peak, counted generously."""

_FIRST_LOOK = 1 << 16
"""Counted tokens among which the first active one of a tile's neurons is looked for first."""


@dataclass(frozen=True, slots=True)
class _Level:
    """Runs of one n on the device.

    `parent`: the run of each run of the n above, or of each place for n = 3; `senior` (G,): rows by seniority;
    `table`: G.
    """

    parent: torch.Tensor
    seniority: torch.Tensor
    senior: torch.Tensor
    occurrences: torch.Tensor
    table: int


class TileCounter:
    """Counts tiles of neurons of any layer on a device; made once for a corpus."""

    def __init__(self, plan: CountingPlan, device: torch.device) -> None:
        """Put what counting needs of the corpus on the device."""
        self._plan, self._device = plan, device
        self._positions = self._there(plan.order.positions)
        self._domain = self._there(plan.domain_of_place)
        # Places or runs of the level before lead to runs of this one: 3 from places, 2 from 3, 1 from 2.
        self._levels: dict[int, _Level] = {}
        firsts = np.arange(len(plan.order.positions))
        for n in (3, 2, 1):
            order = plan.order.grams[n]
            runs = order.run[firsts]
            self._levels[n] = self._level(order, runs)
            firsts = firsts[np.flatnonzero(np.diff(runs, prepend=-1))]
        # The counted positions of each domain as the corpus has them.
        in_order = np.flatnonzero(plan.counted)
        self._reading = [
            self._there(part) for part in np.split(in_order, np.searchsorted(in_order, plan.domain_start[1:-1]))
        ]

    def count(self, words: Words, neurons: int, progress: Callable[[int], None]) -> LayerCounts:
        """Count every neuron of a layer; arguments and result as `count_layer`'s."""
        counts = LayerCounts.empty(neurons, self._plan)
        width = self._tile_width()
        for word, row in enumerate(words):
            there = self._there(np.ascontiguousarray(row).view(np.int64))
            for first in range(word * WORD, min((word + 1) * WORD, neurons), width):
                last = min(first + width, (word + 1) * WORD, neurons)
                self._count_tile(there, first, last, counts)
                progress(last - first)
        return counts

    def _count_tile(self, there: torch.Tensor, first: int, last: int, counts: LayerCounts) -> None:
        plan, tile = self._plan, slice(first, last)
        shifts = torch.arange(first % WORD, first % WORD + last - first, device=self._device)

        def bits(words: torch.Tensor) -> torch.Tensor:
            return ((words[:, None] >> shifts) & 1).to(torch.int32)  # (M, tile)

        starts = self._there(plan.sequence_start[:-1])
        counts.bos_count[tile] = bits(there[starts]).sum(dim=0).cpu().numpy()
        active = bits(there[self._positions])
        counts.count[tile] = self._sum_into(active, self._domain, plan.domains).T.cpu().numpy()
        for domain, positions in enumerate(self._reading):
            counts.first_active[tile, domain] = _first_active(there, positions, bits, counts.count[tile, domain])
        for domain, begin, end in plan.full_blocks:
            block = max(1, (1 << 22) // plan.context_length) * plan.context_length
            for at in range(begin, end, block):
                part = bits(there[at : min(at + block, end)]).view(-1, plan.context_length, last - first)
                counts.position_active[tile, domain] += part.sum(dim=0)[1:].T.cpu().numpy()
        for n in (3, 2, 1):
            level = self._levels[n]
            active = self._sum_into(active, level.parent, len(level.seniority))
            self._put_triggers(n, level, active, tile, counts)

    def _put_triggers(self, n: int, level: _Level, runs: torch.Tensor, tile: slice, counts: LayerCounts) -> None:
        told = self._plan.thresholds
        active = torch.where((level.seniority >= 0)[:, None], runs, 0)  # (R, tile)
        total = active.sum(dim=0, dtype=torch.int64)
        covering = _covering(active, total, told)
        if not level.table:
            return
        key = torch.where(active > 0, active.to(torch.int64) * level.table + level.seniority[:, None], -1)
        best = key.topk(min(STORED_TRIGGERS, len(key)), dim=0).values  # (K, tile), best first
        held = best >= 0
        rows = torch.where(held, level.senior[best.clamp(min=0) % level.table], -1)
        top = torch.where(held, best // level.table, 0)
        within = torch.arange(len(best), device=self._device)[:, None] < covering
        covered = held & within & told.covered(top, level.occurrences[rows.clamp(min=0)])
        detector = (covering >= 1) & (covering <= told.most_covering(n))
        detector &= told.holds(torch.where(covered, top, 0).sum(dim=0), total)
        tables = counts.triggers[n]
        tables.total[tile] = total.cpu().numpy()
        tables.covering[tile] = covering.cpu().numpy()
        tables.covered[tile] = torch.where(detector, covered.sum(dim=0), 0).cpu().numpy()
        tables.top_gram[tile, : len(best)] = rows.T.cpu().numpy()
        tables.top_active[tile, : len(best)] = top.T.cpu().numpy()

    def _level(self, order: GramOrder, runs: npt.NDArray[np.int32]) -> _Level:
        senior = np.zeros(len(order.ids), np.int64)
        valid = order.seniority >= 0
        senior[order.seniority[valid]] = order.row[valid]
        return _Level(
            self._there(runs),
            self._there(order.seniority),
            self._there(senior),
            self._there(order.occurrences),
            len(order.ids),
        )

    def _sum_into(self, values: torch.Tensor, index: torch.Tensor, length: int) -> torch.Tensor:
        """Add up rows that share an index: (M, tile) into (length, tile)."""
        return torch.zeros((length, values.shape[1]), dtype=values.dtype, device=self._device).index_add_(
            0, index, values
        )

    def _there(self, values: npt.NDArray[np.integer[Any]]) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(self._device)

    def _tile_width(self) -> int:
        if self._device.type != "cuda":
            return WORD
        free = torch.cuda.mem_get_info(self._device)[0] + torch.cuda.memory_reserved(self._device)
        fits = free // (_BYTES_PER_BIT * max(len(self._positions), 1))
        return next((width for width in (64, 32, 16, 8, 4, 2) if width <= fits), 1)


def _first_active(
    there: torch.Tensor, positions: torch.Tensor, bits: Callable[[torch.Tensor], torch.Tensor], count: Int64s
) -> Int64s:
    """Counted tokens of a domain up to the first active one, for each neuron of a tile; 0 where `count` is."""
    first = np.zeros_like(count)
    at, length = 0, _FIRST_LOOK
    while (waiting := (first == 0) & (count > 0)).any():
        best = bits(there[positions[at : at + length]]).max(dim=0)  # of equal values the index is the first
        on, place = best.values.cpu().numpy(), best.indices.cpu().numpy()
        first = np.where(waiting & (on > 0), at + place + 1, first)
        at, length = at + length, 4 * length
    return first


def _covering(active: torch.Tensor, total: torch.Tensor, thresholds: Thresholds) -> torch.Tensor:
    """`covering_length` of every column of (R, tile) counts, as int64."""
    tile = active.shape[1]
    most = int(active.max()) if active.numel() else 0
    if not most:
        return torch.zeros_like(total)
    columns = torch.arange(tile, device=active.device) * (most + 1)
    histogram = torch.bincount((active + columns).flatten(), minlength=tile * (most + 1)).view(tile, most + 1)
    values = torch.arange(most, 0, -1, device=active.device)
    grams = histogram[:, 1:].flip(1)  # by value, falling
    sums = (grams * values).cumsum(dim=1)
    needed = thresholds.needed(total)
    last = (sums < needed[:, None]).sum(dim=1)
    last = last.clamp(max=most - 1)  # only for a total of 0
    before = torch.where(last > 0, sums.gather(1, (last - 1).clamp(min=0)[:, None])[:, 0], 0)
    earlier = grams.cumsum(dim=1)
    earlier = torch.where(last > 0, earlier.gather(1, (last - 1).clamp(min=0)[:, None])[:, 0], 0)
    length = earlier + -(-(needed - before) // values[last])
    return torch.where(total > 0, length, 0)
