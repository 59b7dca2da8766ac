"""The contexts that are kept of each row, and those of a batch that take the places of lower ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from neuron_tui.engine.model.forward import Batch
from neuron_tui.engine.observing.observation import AROUND, EMPTY
from neuron_tui.store.disk.schema import CONTEXT_BEFORE, STORED_CONTEXTS


@dataclass(frozen=True, slots=True)
class Kept:
    """The C contexts of each of G groups and N rows, as Observation has them, on the device.

    `limits` (G, N): the lowest key of each, which another one must be above of.
    """

    keys: torch.Tensor
    active: torch.Tensor
    around: torch.Tensor
    limits: torch.Tensor

    @classmethod
    def nothing(cls, groups: int, rows: int, device: torch.device) -> Kept:
        """Before anything is seen."""
        shape = (groups, rows, STORED_CONTEXTS)
        return cls(
            keys=torch.full(shape, EMPTY, dtype=torch.int64, device=device),
            active=torch.zeros(shape, dtype=torch.int64, device=device),
            around=torch.zeros((*shape, AROUND), dtype=torch.float32, device=device),
            limits=torch.full(shape[:2], EMPTY, dtype=torch.int64, device=device),
        )

    def clear(self) -> None:
        """Be as before anything was seen."""
        self.keys.fill_(EMPTY)
        self.active.zero_()
        self.around.zero_()
        self.limits.fill_(EMPTY)

    def take(self, change: Change) -> None:
        """Put changed contexts in their places."""
        self.keys.view(-1, STORED_CONTEXTS)[change.slot] = change.keys
        self.active.view(-1, STORED_CONTEXTS)[change.slot] = change.active
        self.around.view(-1, STORED_CONTEXTS, AROUND)[change.slot] = change.around
        self.limits.view(-1)[change.slot] = change.keys.min(dim=1).values


@dataclass(frozen=True, slots=True)
class Change:
    """New contexts of U slots, each a row of a group: `slot` (U,), and what `Kept` has of them."""

    slot: torch.Tensor
    keys: torch.Tensor
    active: torch.Tensor
    around: torch.Tensor


@dataclass(frozen=True, slots=True)
class Contenders:
    """A batch whose positions contend for the kept contexts.

    `on` (B, N) bool, which rows are active; `values` gives those of some columns and rows; `elements` keys may lie
    beside each other at a time.
    """

    batch: Batch
    on: torch.Tensor
    values: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    elements: int

    def changes(self, kept: Kept, slot: torch.Tensor, keys: torch.Tensor, column: torch.Tensor) -> list[Change]:
        """What (L,) keys change, slot by slot together; no two keys of a slot are equal."""
        if not len(slot):
            return []
        slots, lengths = torch.unique_consecutive(slot, return_counts=True)
        most = int(lengths.max())
        if len(slots) > 1 and len(slots) * (STORED_CONTEXTS + most) > self.elements:
            half = int(lengths[: len(slots) // 2].sum())
            return [
                change
                for part in (slice(0, half), slice(half, None))
                for change in self.changes(kept, slot[part], keys[part], column[part])
            ]
        starts = lengths.cumsum(0) - lengths
        which = torch.repeat_interleave(lengths)
        rank = torch.arange(len(slot), device=slot.device) - starts[which]
        side_by_side = keys.new_full((len(slots), STORED_CONTEXTS + most), EMPTY)
        side_by_side[:, :STORED_CONTEXTS] = kept.keys.view(-1, STORED_CONTEXTS)[slots]
        side_by_side[which, STORED_CONTEXTS + rank] = keys
        best, place = side_by_side.topk(STORED_CONTEXTS, dim=1)
        old = place.clamp(max=STORED_CONTEXTS - 1)
        active = kept.active.view(-1, STORED_CONTEXTS)[slots].gather(1, old)
        around = kept.around.view(-1, STORED_CONTEXTS, AROUND)[slots].gather(1, old[..., None].expand(-1, -1, AROUND))
        fresh, at = ((place >= STORED_CONTEXTS) & (best != EMPTY)).nonzero(as_tuple=True)
        index = starts[fresh] + place[fresh, at] - STORED_CONTEXTS
        active[fresh, at], around[fresh, at] = self._around(column[index], slots[fresh] % kept.keys.shape[1])
        return [Change(slots, best, active, around)]

    def _around(self, column: torch.Tensor, row: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Bits (F,) and values (F, 64) around some positions of some rows, as far as their sequence goes."""
        length = self.batch.length
        begin = column // length * length
        offsets = torch.arange(-CONTEXT_BEFORE, AROUND - CONTEXT_BEFORE, device=column.device)
        around = column[:, None] + offsets
        inside = (around >= begin[:, None]) & (around < begin[:, None] + length)
        around = around.clamp(0, self.batch.tokens - 1)
        rows = row[:, None].expand_as(around)
        bits = self.on[around, rows] & inside
        active = (bits.to(torch.int64) << torch.arange(AROUND, device=column.device)).sum(dim=1)
        return active, torch.where(bits, self.values(around, rows), 0)
