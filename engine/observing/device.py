"""Seeing activations where they are computed, on a GPU: what `host` does, in tensors. Gives the same bit for bit."""

from __future__ import annotations

import numpy as np
import torch

from neuron_tui.engine.counting.bits import ActiveBits, pack_on_device
from neuron_tui.engine.counting.layer import CountingPlan
from neuron_tui.engine.model.activity import Activations, active, row_values
from neuron_tui.engine.model.forward import Batch
from neuron_tui.engine.observing.observation import AROUND, EMPTY, LOW, Observation
from neuron_tui.store.disk.schema import CONTEXT_BEFORE
from neuron_tui.store.measures.value_edges import value_edges
from neuron_tui.store.runs.rule import Rule

_AT_ONCE = 1 << 24
"""Activations of a batch that are looked at in one go: a few hundred megabytes of the device."""


class DeviceObserver:
    """Sees a layer's batches in the order of the corpus and puts their bits where counting finds them."""

    def __init__(self, rule: Rule, bits: ActiveBits, plan: CountingPlan, device: torch.device) -> None:
        """For layers of as many rows as `bits` holds."""
        self._rule, self._bits, self._plan, self._device = rule, bits, plan, device
        self._counted = torch.from_numpy(plan.counted).to(device)
        self._priority = torch.from_numpy(plan.priority).to(device)
        self._edges = torch.from_numpy(value_edges(rule.signed)).to(device, torch.float32)
        self._around = torch.arange(-CONTEXT_BEFORE, AROUND - CONTEXT_BEFORE, device=device)
        self.begin()

    def begin(self) -> None:
        """Forget what was seen: a layer begins."""
        rows, domains = self._bits.neurons, self._plan.domains
        nothing = Observation.nothing(rows, domains, value_edges(self._rule.signed))
        self._total = torch.from_numpy(nothing.total).to(self._device)
        self._histogram = torch.zeros(nothing.histogram.shape, dtype=torch.int64, device=self._device)
        self._keys, self._active, self._values = (
            torch.from_numpy(one).to(self._device)
            for one in (nothing.keys, nothing.active.view(np.int64), nothing.around)
        )

    @property
    def seen(self) -> Observation:
        """What was seen since the layer began."""
        return Observation(
            total=self._total.cpu().numpy(),
            edges=value_edges(self._rule.signed),
            histogram=self._histogram.cpu().numpy(),
            keys=self._keys.cpu().numpy(),
            active=self._active.cpu().numpy().view(np.uint64),
            around=self._values.cpu().numpy(),
        )

    def see(self, batch: Batch, activations: Activations) -> None:
        """Take in a batch, (B, N) activations each."""
        on = active(self._rule, activations)
        self._bits.put(batch.start, pack_on_device(on))
        neurons = max(1, _AT_ONCE // batch.tokens // self._rule.poles)
        for first in range(0, activations.value.shape[1], neurons):
            values = row_values(self._rule, activations.narrowed(first, first + neurons))
            rows = slice(first * self._rule.poles, first * self._rule.poles + values.shape[1])
            self._see_rows(batch, rows, on[:, rows], values)

    def _see_rows(self, batch: Batch, rows: slice, on: torch.Tensor, values: torch.Tensor) -> None:
        here = slice(batch.start, batch.start + batch.tokens)
        counts = on & self._counted[here, None]
        self._total[rows] += torch.where(counts, values, 0).sum(dim=0, dtype=torch.float64)
        steps = torch.bucketize(torch.where(counts, values, 0), self._edges, right=True)
        if self._rule.signed:  # what is below 0 is told apart as what is above
            middle = len(self._edges) // 2
            turned = torch.bucketize(-values, self._edges, right=True)
            steps = torch.where(values < 0, 2 * middle - turned, steps)
        place = steps + torch.arange(values.shape[1], device=self._device) * (len(self._edges) + 1)
        found = torch.bincount(place[counts], minlength=values.shape[1] * (len(self._edges) + 1))
        self._histogram[rows] += found.view(values.shape[1], -1)
        reversed_position = LOW - torch.arange(here.start, here.stop, device=self._device)
        bits = values.contiguous().view(torch.int32)
        rising = (bits ^ ((bits >> 31) & 0x7FFF_FFFF)).to(torch.int64)
        self._keep(0, rows, batch, on, values, torch.where(counts, (rising << 32) | reversed_position[:, None], EMPTY))
        draw = ((0x7FFF_FFFF - self._priority[here].to(torch.int64)) << 32) | reversed_position
        first = int(np.searchsorted(self._plan.sequence_start, batch.start))
        domains = self._plan.sequence_domain[first : first + batch.sequences]
        of_position = torch.from_numpy(domains.repeat(batch.length)).to(self._device)
        for domain in np.unique(domains).tolist():
            own = counts & (of_position == domain)[:, None]
            self._keep(1 + domain, rows, batch, on, values, torch.where(own, draw[:, None], EMPTY))

    def _keep(
        self, group: int, rows: slice, batch: Batch, on: torch.Tensor, values: torch.Tensor, keys: torch.Tensor
    ) -> None:
        """Let (B, R) keys compete with those that are kept, and copy what is around the new ones."""
        stored = self._keys.shape[2]
        all_keys = torch.cat((self._keys[group, rows].T, keys))
        best, place = all_keys.topk(stored, dim=0)  # no two keys are equal, but those of nothing
        local = (place - stored).clamp(min=0)
        begin = local // batch.length * batch.length
        around = local[..., None] + self._around  # (C, R, 64)
        inside = (around >= begin[..., None]) & (around < begin[..., None] + batch.length)
        around = around.clamp(0, batch.tokens - 1)
        columns = torch.arange(values.shape[1], device=self._device)[:, None]
        bits = on[around, columns] & inside
        fresh_values = torch.where(bits, values[around, columns], 0)
        fresh_active = (bits.to(torch.int64) << torch.arange(AROUND, device=self._device)).sum(dim=-1)
        old = place < stored
        kept = place.clamp(max=stored - 1)
        kept_active = self._active[group, rows].T.gather(0, kept)
        kept_values = self._values[group, rows].transpose(0, 1).gather(0, kept[..., None].expand(-1, -1, AROUND))
        there = best != EMPTY
        self._keys[group, rows] = best.T
        self._active[group, rows] = torch.where(there, torch.where(old, kept_active, fresh_active), 0).T
        self._values[group, rows] = torch.where(
            there[..., None], torch.where(old[..., None], kept_values, fresh_values), 0
        ).transpose(0, 1)
