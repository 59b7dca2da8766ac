"""From a layer as each rank saw it, on its positions, to all positions of its share of the rows, and to the leader."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, TypeVar

import numpy as np
import torch

from neuron_tui.engine.counting.bits import Words
from neuron_tui.engine.model.kept import Stretch
from neuron_tui.engine.observing.observation import Observation
from neuron_tui.engine.ranks.group import Ranks
from neuron_tui.engine.ranks.shares import RowShare
from neuron_tui.store.arrays import Array

Table = TypeVar("Table")


def exchange_bits(words: torch.Tensor, ranks: Ranks, shares: list[RowShare], stretches: list[Stretch]) -> torch.Tensor:
    """All positions of a rank's share of the words.

    Parameters
    ----------
    words
        (W, P_r) int64: all words of this rank's positions.
    shares, stretches
        What each rank counts, and which positions it has.

    Returns
    -------
    (W_r, P) int64, where `words` are.
    """
    mine = shares[ranks.rank]
    parts = [words[share.first_word : share.last_word].reshape(-1) for share in shares]
    got = ranks.exchanged(parts, [mine.words * len(stretch) for stretch in stretches])
    return torch.cat([part.view(mine.words, -1) for part in got if part.numel()] or [words[:0]], dim=1)


def exchange_seen(seen: Observation, ranks: Ranks, shares: list[RowShare]) -> Observation:
    """What all ranks saw of a rank's share of the rows: sums added up, of the contexts those with the highest keys."""
    mine = shares[ranks.rank]

    def of_all(rows_of_values: Array) -> list[Array]:
        """(N, ...) values of all rows here to (N_r, ...) of this rank's rows, from every rank."""
        plain = torch.from_numpy(np.ascontiguousarray(rows_of_values))
        row = plain[0].numel()
        got = ranks.exchanged(
            [plain[share.rows].reshape(-1) for share in shares], [len(mine) * row for _ in range(ranks.count)]
        )
        return [part.view(len(mine), *plain.shape[1:]).numpy() for part in got]

    groups, _, stored = seen.keys.shape
    keys, active, around = (
        np.empty((groups, len(mine), *of.shape[2:]), of.dtype) for of in (seen.keys, seen.active, seen.around)
    )
    for group in range(groups):
        every = np.concatenate(of_all(seen.keys[group]), axis=1)
        best = np.argsort(every, axis=1)[:, : -stored - 1 : -1]
        keys[group] = np.take_along_axis(every, best, axis=1)
        bits = np.concatenate(of_all(seen.active[group].view(np.int64)), axis=1)
        active[group] = np.take_along_axis(bits, best, axis=1).view(np.uint64)
        values = np.concatenate(of_all(seen.around[group]), axis=1)
        around[group] = np.take_along_axis(values, best[..., None], axis=1)
    return Observation(
        sums=np.sum(of_all(seen.sums), axis=0),
        edges=seen.edges,
        histogram=np.sum(of_all(seen.histogram), axis=0),
        keys=keys,
        active=active,
        around=around,
    )


def gather_rows(table: Table, ranks: Ranks, shares: list[RowShare], axis: int = 0) -> Table:
    """A dataclass of arrays that have the rows of a share along `axis`, as the leader has it of all rows.

    The values of a dictionary, and dataclasses within it, are gathered too. Other ranks get their own back.
    """
    if isinstance(table, np.ndarray):
        return _gather(table, ranks, [len(share) for share in shares], axis)  # type: ignore[return-value]
    if isinstance(table, dict):
        return {key: gather_rows(value, ranks, shares, axis) for key, value in table.items()}  # type: ignore[return-value]
    whole: Any = table
    names = [field.name for field in fields(whole)]
    gathered = {name: gather_rows(getattr(table, name), ranks, shares, axis) for name in names}
    return replace(whole, **gathered)  # type: ignore[no-any-return]


def gather_seen(seen: Observation, ranks: Ranks, shares: list[RowShare]) -> Observation:
    """What was seen of a share of the rows, as the leader has it of all rows."""
    contexts = {name: gather_rows(getattr(seen, name), ranks, shares, 1) for name in ("keys", "active", "around")}
    sums = {name: gather_rows(getattr(seen, name), ranks, shares) for name in ("sums", "histogram")}
    return Observation(edges=seen.edges, **contexts, **sums)


def gather_words(words: Words, ranks: Ranks, shares: list[RowShare]) -> Words:
    """(W_r, P) words of a share, as the leader has them of all rows, (W, P)."""
    return _gather(words, ranks, [share.words for share in shares], 0)


def _gather(values: Array, ranks: Ranks, lengths: list[int], axis: int) -> Array:
    rows = np.ascontiguousarray(np.moveaxis(values, axis, 0))
    plain = torch.from_numpy(rows.reshape(-1).view(np.uint8))
    size = rows.itemsize * int(np.prod(rows.shape[1:]))
    sizes = [length * size for length in lengths] if ranks.leads else [0] * ranks.count
    got = ranks.exchanged([plain, *[plain[:0]] * (ranks.count - 1)], sizes)
    if not ranks.leads:
        return values
    every = np.concatenate([part.numpy() for part in got]).view(values.dtype)
    return np.moveaxis(every.reshape(-1, *rows.shape[1:]), 0, axis)
