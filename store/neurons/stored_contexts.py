"""Contexts that a layer stores for its neurons: tables of the sampled ones, and of those with the highest values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

import numpy as np
import numpy.typing as npt

from neuron_tui.store.arrays import Int64s, Uint64s
from neuron_tui.store.disk.hdf5 import SchemaWriter
from neuron_tui.store.disk.hdf5_checks import damaged
from neuron_tui.store.disk.overlay import DatasetReader
from neuron_tui.store.disk.schema import CONTEXT_AFTER, CONTEXT_BEFORE
from neuron_tui.store.neurons.corpus import Context, StoredCorpus

Kind = Literal["contexts", "highest"]
"""Sampled contexts, or those of the highest values."""

_BITS = np.arange(CONTEXT_BEFORE + 1 + CONTEXT_AFTER, dtype=np.uint64)

_FLAT = {"contexts": "X", "highest": "Y"}


@dataclass(frozen=True, slots=True)
class ContextTables:
    """Contexts of N neurons, C each.

    `position` (N, C) int64, padded with -1; `active` (N, C) uint64: bit b is the position 40 - b before it; `value`
    (F,) float32: values at the bits that are 1, by neuron, context, then position.
    """

    position: Int64s
    active: Uint64s
    value: npt.NDArray[np.float32]

    @classmethod
    def packed(cls, position: Int64s, active: Uint64s, around: npt.NDArray[np.float32]) -> ContextTables:
        """Tables from values at all 64 bits of each context, (N, C, 64)."""
        on = (active[..., None] >> _BITS & np.uint64(1)).astype(bool)
        return cls(position, active, around[on])

    def write(self, file: SchemaWriter, kind: Kind) -> None:
        """Write the tables to a layer's file."""
        file.set_dimension(_FLAT[kind], len(self.value))
        file.write(f"{kind}/position", self.position)
        file.write(f"{kind}/active", self.active)
        file.write(f"{kind}/value", self.value)
        file.write(f"{kind}/value_start", _starts(self.active))


@dataclass(frozen=True, slots=True)
class StoredContexts:
    """Contexts of one neuron as they are stored: `position` (C,), `active` (C,), `value` of each, None if not kept."""

    position: Int64s
    active: Uint64s
    value: list[npt.NDArray[np.float32]] | None

    def chosen(self, which: npt.NDArray[np.bool_]) -> StoredContexts:
        """Some of them, by a (C,) mask."""
        value = None if self.value is None else [self.value[i] for i in np.flatnonzero(which).tolist()]
        return StoredContexts(self.position[which], self.active[which], value)

    def among(self, positions: Int64s) -> StoredContexts:
        """Contexts at other positions: what is stored for those that are among them, nothing for the others."""
        place = {position: i for i, position in enumerate(self.position.tolist())}
        at = [place.get(position, -1) for position in positions.tolist()]
        active = np.array([self.active[i] if i >= 0 else 0 for i in at], np.uint64)
        nothing = np.empty(0, np.float32)
        value = None if self.value is None else [self.value[i] if i >= 0 else nothing for i in at]
        return StoredContexts(positions, active, value)


def read_stored(file: DatasetReader, kind: Kind, neurons: Int64s) -> list[StoredContexts]:
    """The stored contexts of some neurons of a layer, (M,) ascending; raises RunDamagedError.

    A run of an earlier version has no values, and no highest contexts.
    """
    if f"{kind}/position" not in file:
        return [StoredContexts(np.empty(0, np.int64), np.empty(0, np.uint64), None) for _ in neurons]
    positions, masks = file.read(f"{kind}/position", neurons), file.read(f"{kind}/active", neurons)
    first = int(neurons[0]) if len(neurons) else 0
    reach = slice(first, int(neurons[-1]) + 2 if len(neurons) else 0)
    starts = file.read(f"{kind}/value_start", reach) if f"{kind}/value_start" in file else None
    found = []
    for neuron, position, mask in zip(neurons.tolist(), positions, masks, strict=True):
        there = position >= 0
        values = None
        if starts is not None:
            sizes = np.bitwise_count(mask[there]).astype(np.int64)
            begin, end = starts[neuron - first : neuron - first + 2].tolist()
            if end - begin != sizes.sum() or begin < 0:
                raise damaged(file.path, f"`{kind}/value_start` does not go with `{kind}/active`")
            kept = file.read(f"{kind}/value", slice(begin, end))
            if len(kept) != end - begin:
                raise damaged(file.path, f"`{kind}/value_start` leads behind the end of `{kind}/value`")
            if not np.isfinite(kept).all():
                raise damaged(file.path, f"`{kind}/value` holds what is no number")
            values = np.split(kept, np.cumsum(sizes)[:-1]) if len(sizes) else []
        found.append(StoredContexts(position[there], mask[there], values))
    return found


def drawn(corpus: StoredCorpus, stored: Sequence[StoredContexts], before: int, after: int) -> list[list[Context]]:
    """The contexts of some neurons with their text, each in the order stored; raises RunDamagedError."""
    positions = np.concatenate([s.position for s in stored]) if stored else np.empty(0, np.int64)
    masks = np.concatenate([s.active for s in stored]) if stored else np.empty(0, np.uint64)
    contexts = iter(corpus.contexts(positions, masks, before, after))
    return [_with_values(list(islice(contexts, len(s.position))), s) for s in stored]


def _with_values(contexts: list[Context], stored: StoredContexts) -> list[Context]:
    if stored.value is None:
        return contexts
    return [
        replace(context, values=_along(context, int(mask), values))
        for context, mask, values in zip(contexts, stored.active.tolist(), stored.value, strict=True)
    ]


def _along(context: Context, mask: int, values: npt.NDArray[np.float32]) -> tuple[float | None, ...]:
    known: list[float | None] = [None] * len(context.ids)
    bits = (bit for bit in range(len(_BITS)) if mask >> bit & 1)
    for bit, value in zip(bits, values.tolist(), strict=True):
        place = context.focus + bit - CONTEXT_BEFORE
        if 0 <= place < len(known):
            known[place] = value
    return tuple(known)


def _starts(active: Uint64s) -> Int64s:
    sizes = np.bitwise_count(active).sum(axis=1, dtype=np.int64)
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(sizes)))
