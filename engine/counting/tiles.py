"""Counting on a GPU: only the active positions of as many neurons as there is room for.

Gives bit for bit what `neuron_tui.engine.counting.layer` gives. Bits stay packed until a tile of neurons is looked at,
and are a byte each for no longer than it takes to find the active ones. By the operations' own reads and writes, not
measured on a GPU: about 4 bytes are moved for each bit, and some 150 for each active one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from neuron_tui.engine.corpus.order import GramOrder
from neuron_tui.engine.counting.bits import WORD, Words, unpack_rows
from neuron_tui.engine.counting.layer import CountingPlan, LayerCounts
from neuron_tui.engine.counting.segments import Segments, Tally, highest
from neuron_tui.store.arrays import Int64s
from neuron_tui.store.disk.schema import STORED_TRIGGERS

_BYTES_PER_BIT = 3
_BYTES_PER_ACTIVE = 100
"""Device memory that a bit and an active one take at the peak, counted generously."""

_LEAST = 1 << 20
"""Bytes to work with under which nothing more is divided."""

_Numbers = npt.NDArray[np.integer[Any]]


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


@dataclass(frozen=True, slots=True)
class _Slots:
    """Where positions are counted, on the device: (L,) `positions`, and for each its `slot` among those of a neuron.

    The slots of a neuron: T for each domain, of which the positions of full-length sequences use all but the first,
    then one for each domain, for what else is counted.
    """

    positions: torch.Tensor
    slot: torch.Tensor


class TileCounter:
    """Counts tiles of neurons of any layer on a device; made once for a corpus."""

    def __init__(self, plan: CountingPlan, device: torch.device, working: int) -> None:
        """Put what counting needs of the corpus on the device; `working` bytes are there to count with."""
        self._plan, self._device, self._working = plan, device, working
        # Places or runs of the level before lead to runs of this one: 3 from places, 2 from 3, 1 from 2.
        self._levels: dict[int, _Level] = {}
        firsts = np.arange(len(plan.order.positions))
        for n in (3, 2, 1):
            order = plan.order.grams[n]
            runs = order.run[firsts]
            self._levels[n] = self._level(order, runs)
            firsts = firsts[np.flatnonzero(np.diff(runs, prepend=-1))]
        self._starts = self._there(plan.sequence_start[:-1])
        slot, reading = _slots(plan), _reading(plan)
        nested = plan.order.positions
        uncounted = np.flatnonzero(~plan.counted & (slot < plan.domains * plan.context_length))
        self._nested = _Slots(self._there(nested), self._there(slot[nested]))
        self._uncounted = _Slots(self._there(uncounted), self._there(slot[uncounted]))
        self._reading = self._there(reading[nested])
        self._domain = self._there(plan.domain_of_place)

    def count(self, words: Words | torch.Tensor, neurons: int, progress: Callable[[int], None]) -> LayerCounts:
        """Count every neuron of a layer; arguments and result as `count_layer`'s, the words here or on the device."""
        counts = LayerCounts.empty(neurons, self._plan)
        a_word = _BYTES_PER_BIT * WORD * max(len(self._nested.positions), 1)
        at = 0
        while at < len(words):
            last = min(at + max(1, self._working // a_word), len(words))
            try:
                self._count_words(words[at:last], slice(at * WORD, min(last * WORD, neurons)), counts)
            except torch.OutOfMemoryError:
                if last - at == 1 and self._working <= _LEAST:
                    raise
            else:
                progress(min(last * WORD, neurons) - at * WORD)
                at = last
                continue
            self._working = min(self._working, (last - at) * a_word) // 2
            if self._device.type == "cuda":
                torch.cuda.empty_cache()
        return counts

    def _count_words(self, words: Words | torch.Tensor, rows: slice, counts: LayerCounts) -> None:
        held = words if isinstance(words, torch.Tensor) else torch.from_numpy(words.view(np.int64)).to(self._device)
        neurons = rows.stop - rows.start
        counts.bos_count[rows] = _host((unpack_rows(held[:, self._starts]) != 0).sum(dim=1)[:neurons])
        active = unpack_rows(held[:, self._nested.positions])[:neurons]
        uncounted = unpack_rows(held[:, self._uncounted.positions])[:neurons]
        for first, last in self._parts(active):
            part = slice(rows.start + first, rows.start + last)
            self._count_rows(active[first:last], uncounted[first:last], part, counts)

    def _parts(self, active: torch.Tensor) -> Iterator[tuple[int, int]]:
        """Cut a tile where the active ones of its neurons are as many as there is room for."""
        most = self._working // _BYTES_PER_ACTIVE
        first = held = 0
        for at, many in enumerate(torch.count_nonzero(active, dim=1).tolist()):
            if at > first and held + many > most:
                yield first, at
                first, held = at, 0
            held += many
        yield first, len(active)

    def _count_rows(self, active: torch.Tensor, uncounted: torch.Tensor, rows: slice, counts: LayerCounts) -> None:
        plan, neurons = self._plan, len(active)
        neuron, place = _pairs(active)
        by_slot = self._by_slot(neuron, self._nested.slot[place], neurons)
        domain = neuron * plan.domains + self._domain[place]
        first = torch.full((neurons * plan.domains,), len(plan.counted) + 1, dtype=torch.int64, device=self._device)
        first.scatter_reduce_(0, domain, self._reading[place], "amin")
        del domain
        counts.first_active[rows] = _host(torch.where(first > len(plan.counted), 0, first).view(neurons, -1))
        by_domain = by_slot[:, : plan.domains * plan.context_length].view(neurons, plan.domains, plan.context_length)
        rest = by_slot[:, plan.domains * plan.context_length :]
        counts.count[rows] = _host(by_domain.sum(dim=2) + rest)
        apart, at = _pairs(uncounted)
        by_domain = by_domain + self._by_slot(apart, self._uncounted.slot[at], neurons)[
            :, : plan.domains * plan.context_length
        ].view_as(by_domain)
        counts.position_active[rows] = _host(by_domain[:, :, 1:])
        del by_slot, by_domain
        segments = Segments.of_pairs(neuron, self._levels[3].parent[place])
        del neuron, place
        for n in (3, 2, 1):
            segments = segments if n == 3 else segments.around(self._levels[n].parent)
            self._put_triggers(n, segments, neurons, rows, counts)

    def _by_slot(self, neuron: torch.Tensor, slot: torch.Tensor, neurons: int) -> torch.Tensor:
        slots = self._plan.domains * (self._plan.context_length + 1)
        return torch.bincount(neuron * slots + slot, minlength=neurons * slots).view(neurons, slots)

    def _put_triggers(self, n: int, segments: Segments, neurons: int, rows: slice, counts: LayerCounts) -> None:
        told, level, tables = self._plan.thresholds, self._levels[n], counts.triggers[n]
        if not level.table:
            return
        seniority = level.seniority[segments.run]
        whole = (seniority >= 0).nonzero().squeeze(1)  # other positions have no n-gram
        neuron, active, seniority = segments.neuron[whole], segments.counts()[whole], seniority[whole]
        tally = Tally.of(neuron, active, neurons)
        covering = tally.covering(told.needed(tally.total))
        # Only what can be among the stored: of most neurons that is little more than these.
        best = (active >= tally.count_of(STORED_TRIGGERS)[neuron]).nonzero().squeeze(1)
        keys = active[best] * level.table + seniority[best]
        top_keys = highest(neuron[best], keys, neurons, STORED_TRIGGERS, self._working // 16)
        held = top_keys >= 0
        gram = torch.where(held, level.senior[top_keys.clamp(min=0) % level.table], -1)
        top = torch.where(held, top_keys // level.table, 0)
        within = torch.arange(STORED_TRIGGERS, device=self._device) < covering[:, None]
        covered = held & within & told.covered(top, level.occurrences[gram.clamp(min=0)])
        detector = (covering >= 1) & (covering <= told.most_covering(n))
        detector &= told.holds(torch.where(covered, top, 0).sum(dim=1), tally.total)
        tables.total[rows] = _host(tally.total)
        tables.covering[rows] = _host(covering)
        tables.covered[rows] = _host(torch.where(detector, covered.sum(dim=1), 0))
        tables.top_gram[rows] = _host(gram)
        tables.top_active[rows] = _host(top)

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

    def _there(self, values: _Numbers) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(self._device)


def _pairs(active: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Row and column of each that is not 0 in (R, C), row after row."""
    if not active.numel():
        nothing = torch.zeros(0, dtype=torch.int64, device=active.device)
        return nothing, nothing
    flat = active.reshape(-1).nonzero().squeeze(1)
    row = flat // active.shape[1]
    return row, flat - row * active.shape[1]


def _slots(plan: CountingPlan) -> npt.NDArray[np.int32]:
    """(P,) the slot of each position; see _Slots."""
    lengths = np.diff(plan.sequence_start)
    domain = np.repeat(plan.sequence_domain, lengths)
    slot = plan.domains * plan.context_length + domain
    for own, begin, end in plan.full_blocks:
        slot[begin:end] = own * plan.context_length + np.arange(end - begin) % plan.context_length
    starts = plan.sequence_start[:-1]
    slot[starts] = plan.domains * plan.context_length + plan.sequence_domain
    return slot.astype(np.int32)


def _reading(plan: CountingPlan) -> Int64s:
    """(P,) the how manieth counted token of its domain each position is, from 1."""
    reached = np.cumsum(plan.counted)
    before = np.concatenate(([0], reached))[plan.domain_start[:-1]]
    reading: Int64s = reached - np.repeat(before, np.diff(plan.domain_start))
    return reading


def _host(values: torch.Tensor) -> _Numbers:
    numbers: _Numbers = values.cpu().numpy()
    return numbers
