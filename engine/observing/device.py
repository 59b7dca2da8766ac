"""Seeing activations where they are computed, on a GPU: what `host` does, in tensors. Gives the same bit for bit.

Only the active ones are looked at: of the others, no more is made than their bit. By the operations' own reads and
writes, not measured on a GPU: some 12 bytes are moved for each activation, and 200 for each active one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from neuron_tui.engine.counting.bits import ActiveBits, DeviceBits, pack_rows
from neuron_tui.engine.counting.layer import CountingPlan
from neuron_tui.engine.model.activity import Activations, active
from neuron_tui.engine.model.forward import Batch
from neuron_tui.engine.observing.contenders import Contenders, Kept
from neuron_tui.engine.observing.exact import BINS
from neuron_tui.engine.observing.observation import LOW, Observation
from neuron_tui.store.arrays import Array
from neuron_tui.store.measures.value_edges import LOWEST, STEPS, value_edges
from neuron_tui.store.runs.rule import Rule

_BYTES_PER_ACTIVE = 160
"""Device memory that an active one takes at the peak, counted generously."""

_LANES = 8
"""Neighbours are added up in places of their own: on a GPU additions to one place wait for each other."""

_BELOW = ((LOWEST + 127) << 1) - 1
"""A float's exponent and first digit, less this, is its place among the edges, which step by both."""


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Active counted positions of some rows of a batch, (L,) each, row after row; values are float32."""

    row: torch.Tensor
    column: torch.Tensor
    value: torch.Tensor


class DeviceObserver:
    """Sees a layer's batches in the order of the corpus and puts their bits where counting finds them."""

    def __init__(
        self, rule: Rule, bits: ActiveBits | DeviceBits, plan: CountingPlan, device: torch.device, working: int
    ) -> None:
        """For layers of as many rows as `bits` holds; `working` bytes are there to look at a batch with."""
        self._rule, self._bits, self._plan, self._device, self._working = rule, bits, plan, device, working
        rows = bits.neurons
        self._counted = torch.from_numpy(plan.counted).to(device)
        self._draws = 0x7FFF_FFFF - torch.from_numpy(plan.priority).to(device, torch.int64)
        self._edges = value_edges(rule.signed)
        self._sums = torch.zeros((rows, BINS), dtype=torch.int64, device=device)
        self._histogram = torch.zeros((rows, len(self._edges) + 1), dtype=torch.int64, device=device)
        self._kept = Kept.nothing(1 + plan.domains, rows, device)

    def begin(self) -> None:
        """Forget what was seen: a layer begins."""
        self._sums.zero_()
        self._histogram.zero_()
        self._kept.clear()

    @property
    def seen(self) -> Observation:
        """What was seen since the layer began, in host memory: another layer does not touch it."""
        return Observation(
            sums=_copy(self._sums),
            edges=self._edges,
            histogram=_copy(self._histogram),
            keys=_copy(self._kept.keys),
            active=_copy(self._kept.active).view(np.uint64),
            around=_copy(self._kept.around),
        )

    def see(self, batch: Batch, activations: Activations) -> None:
        """Take in a batch, (B, N) activations each.

        Raises
        ------
        torch.OutOfMemoryError
            Nothing was counted.
        MemoryError
            There is no memory for one row.
        """
        on = active(self._rule, activations)
        by_row = on.T.contiguous()
        if isinstance(self._bits, DeviceBits):
            self._bits.put(batch.start, pack_rows(by_row))
        else:
            self._bits.put(batch.start, pack_rows(by_row).cpu().numpy().view("<u8"))
        by_row &= self._counted[batch.start : batch.start + batch.tokens]
        waiting = list(self._parts(by_row))[::-1]
        while waiting:
            first, last = waiting.pop()
            try:
                self._see_rows(batch, activations, on, by_row, first, last)
            except torch.OutOfMemoryError:
                if last - first == 1:  # other rows are counted: the batch cannot be taken in again
                    raise MemoryError from None
            else:
                continue
            middle = (first + last) // 2
            waiting += [(middle, last), (first, middle)]
            self._working = max(self._working // 2, 1)
            if self._device.type == "cuda":
                torch.cuda.empty_cache()

    def _parts(self, by_row: torch.Tensor) -> Iterator[tuple[int, int]]:
        """Cut the rows where the active ones are as many as there is room for."""
        most = self._working // _BYTES_PER_ACTIVE
        first = held = 0
        for at, many in enumerate(by_row.sum(dim=1).tolist()):
            if at > first and held + many > most:
                yield first, at
                first, held = at, 0
            held += many
        yield first, len(by_row)

    def _see_rows(
        self, batch: Batch, activations: Activations, on: torch.Tensor, by_row: torch.Tensor, first: int, last: int
    ) -> None:
        """Take in some rows: all is computed before any of it is added, so that what fails can be done again."""
        flat = by_row[first:last].reshape(-1).nonzero().squeeze(1)
        row = flat // batch.tokens
        column = flat - row * batch.tokens
        row += first
        value = _values(self._rule, activations, column, row)
        sums = self._exact_sums(row - first, value, last - first)
        steps = len(self._edges) + 1
        histogram = torch.bincount((row - first) * steps + self._steps(value), minlength=(last - first) * steps)
        contenders = Contenders(
            batch, on, lambda columns, rows: _values(self._rule, activations, columns, rows), self._working // 32
        )
        changes = contenders.changes(self._kept, *self._candidates(batch, _Pairs(row, column, value)))
        self._sums[first:last] += sums
        self._histogram[first:last] += histogram.view(last - first, steps)
        for change in changes:
            self._kept.take(change)

    def _candidates(self, batch: Batch, pairs: _Pairs) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Groups and rows as one number, keys and columns of what is above the lowest that its group has kept."""
        rows = self._bits.neurons
        reversed_position = LOW - batch.start - pairs.column
        pattern = pairs.value.view(torch.int32)
        # Floats rise as their bits do, negative ones after turning them round.
        rising = (pattern ^ ((pattern >> 31) & 0x7FFF_FFFF)).to(torch.int64)
        highest = (rising << 32) | reversed_position
        first = int(np.searchsorted(self._plan.sequence_start, batch.start))
        domains = self._plan.sequence_domain[first : first + batch.sequences]
        group = 1 + torch.from_numpy(domains.repeat(batch.length).astype(np.int64)).to(self._device)
        draws = (self._draws[batch.start : batch.start + batch.tokens][pairs.column] << 32) | reversed_position
        slot = group[pairs.column] * rows + pairs.row
        limits = self._kept.limits.view(-1)
        good, drawn = (highest > limits[pairs.row]), (draws > limits[slot])
        return (
            torch.cat((pairs.row[good], slot[drawn])),
            torch.cat((highest[good], draws[drawn])),
            torch.cat((pairs.column[good], pairs.column[drawn])),
        )

    def _exact_sums(self, row: torch.Tensor, value: torch.Tensor, rows: int) -> torch.Tensor:
        """(rows, BINS) the sums of the values of each row, as `neuron_tui.engine.observing.exact` has them."""
        pattern = value.view(torch.int32).to(torch.int64)
        exponent = (pattern >> 23) & 0xFF
        digits = torch.where(exponent > 0, (pattern & 0x7F_FFFF) | 0x80_0000, pattern & 0x7F_FFFF)
        exponent = (exponent - 1).clamp(min=0)
        digits <<= exponent & 7
        lane = torch.arange(len(row), device=self._device) % _LANES
        place = (row * BINS + (exponent >> 3)) * _LANES + lane
        sums = torch.zeros(rows * BINS * _LANES, dtype=torch.int64, device=self._device)
        sums.index_add_(0, place, torch.where(pattern < 0, -digits, digits))
        return sums.view(rows, BINS, _LANES).sum(dim=2)

    def _steps(self, value: torch.Tensor) -> torch.Tensor:
        """Between which edges values lie."""
        pattern = value.view(torch.int32)
        step = (((pattern & 0x7FFF_FFFF) >> 22) - _BELOW).clamp(0, STEPS + 1)
        if self._rule.signed:
            step = torch.where(pattern < 0, STEPS + 1 - step, STEPS + 1 + step)
        return step.to(torch.int64)


def _copy(values: torch.Tensor) -> Array:
    copied: Array = values.to("cpu", copy=True).numpy()
    return copied


def _values(rule: Rule, of: Activations, column: torch.Tensor, row: torch.Tensor) -> torch.Tensor:
    """Values float32 of some positions and rows; that of a neuron's pole − is turned round."""
    if rule.poles == 1:
        return of.value[column, row].float() + 0.0  # -0 becomes 0
    value = of.value[column, row >> 1].float()
    return torch.where(row % 2 == 1, -value, value) + 0.0
