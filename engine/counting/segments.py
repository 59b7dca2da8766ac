"""Runs of equal n-grams among the active positions of many neurons: where the next begins, the last one ends.

Positions are in nested order, neuron after neuron, so that those of one n-gram of one neuron lie together. A count is
the distance between two beginnings: nothing is added up.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch

CAP = 512
"""Counts from CAP - 1 on are listed one by one, those below are tallied: few n-grams occur so often."""

_LANES = 8
"""Neighbours are tallied in places of their own: on a GPU additions to one place wait for each other."""


@dataclass(frozen=True, slots=True)
class Segments:
    """The n-grams that each of N neurons is active on, neuron after neuron.

    `neuron` (L,) rising; `run` (L,) which run of the nested order; `start` (L,) where it begins among the pairs of a
    neuron and an active position; `pairs` how many there are.
    """

    neuron: torch.Tensor
    run: torch.Tensor
    start: torch.Tensor
    pairs: int

    @classmethod
    def of_pairs(cls, neuron: torch.Tensor, run: torch.Tensor) -> Segments:
        """Join neighbours of one neuron and one run."""
        first = _changes(neuron, run)
        return cls(neuron[first], run[first], first, len(neuron))

    def around(self, parent: torch.Tensor) -> Segments:
        """Those of the shorter n-gram that each n-gram ends with; `parent` (R,) leads to its run."""
        run = parent[self.run]
        first = _changes(self.neuron, run)
        return Segments(self.neuron[first], run[first], self.start[first], self.pairs)

    def counts(self) -> torch.Tensor:
        """(L,) int64 active positions of each."""
        ends = torch.cat((self.start[1:], self.start.new_tensor([self.pairs])))
        return ends - self.start


def _changes(neuron: torch.Tensor, run: torch.Tensor) -> torch.Tensor:
    changed = torch.ones(len(neuron), dtype=torch.bool, device=neuron.device)
    torch.logical_or(neuron[1:] != neuron[:-1], run[1:] != run[:-1], out=changed[1:])
    return changed.nonzero().squeeze(1)


@dataclass(frozen=True, slots=True)
class Tally:
    """How often each of N neurons has n-grams of which count.

    `grams` (N, CAP): how many with each count below CAP - 1; `listed` (B,) the others, falling within a neuron, and
    `neuron` (B,), rising, whose they are; `total` (N,) positions in all.
    """

    grams: torch.Tensor
    listed: torch.Tensor
    neuron: torch.Tensor
    total: torch.Tensor

    @classmethod
    def of(cls, neuron: torch.Tensor, counts: torch.Tensor, neurons: int) -> Tally:
        """Tally (L,) counts, neuron after neuron."""
        lane = torch.arange(len(counts), device=counts.device) % _LANES
        place = (neuron * CAP + counts.clamp(max=CAP - 1)) * _LANES + lane
        grams = torch.bincount(place, minlength=neurons * CAP * _LANES).view(neurons, CAP, _LANES).sum(dim=2)
        grams[:, CAP - 1] = 0
        often = (counts >= CAP - 1).nonzero().squeeze(1)
        listed, owner = counts[often], neuron[often]
        falling = listed.argsort(descending=True, stable=True)
        falling = falling[owner[falling].argsort(stable=True)]
        reached = torch.cat((counts.new_zeros(1), counts.cumsum(0)))
        edges = edges_of(neuron, neurons)
        return cls(grams, listed[falling], owner[falling], reached[edges[1:]] - reached[edges[:-1]])

    def covering(self, needed: torch.Tensor) -> torch.Tensor:
        """(N,) how many n-grams, most active first, hold `needed` (N,) positions; 0 for a neuron without any."""
        neurons = len(self.grams)
        edges = edges_of(self.neuron, neurons)
        reached = torch.cat((self.listed.new_zeros(1), self.listed.cumsum(0)))
        before = reached[edges[:-1]]
        # What is reached by each listed one within its neuron, and how many are not enough.
        short = (reached[1:] - before[self.neuron] < needed[self.neuron]).to(torch.int64)
        short = torch.cat((short.new_zeros(1), short.cumsum(0)))
        too_few = short[edges[1:]] - short[edges[:-1]]
        many = edges.diff()
        left = needed - (reached[edges[1:]] - before)
        values = torch.arange(CAP - 1, 0, -1, device=needed.device)
        grams = self.grams[:, 1:].flip(1)  # by value, falling
        sums, lengths = (grams * values).cumsum(dim=1), grams.cumsum(dim=1)
        last = (sums < left[:, None]).sum(dim=1).clamp(max=CAP - 2)
        earlier = (last - 1).clamp(min=0)[:, None]
        held = torch.where(last > 0, sums.gather(1, earlier)[:, 0], 0)
        length = torch.where(last > 0, lengths.gather(1, earlier)[:, 0], 0)
        tallied = many + length + -(-(left - held) // values[last])
        found = torch.where(left > 0, tallied, too_few + 1)
        return torch.where(self.total > 0, found, 0)

    def count_of(self, place: int) -> torch.Tensor:
        """(N,) a count that the `place` most active n-grams have at least; 1 for a neuron with fewer."""
        many = edges_of(self.neuron, len(self.grams)).diff()
        ahead = self.grams[:, 1:].flip(1).cumsum(dim=1) + many[:, None]
        found = CAP - 1 - (ahead < place).sum(dim=1)
        return torch.where(many >= place, CAP - 1, found.clamp(min=1))


def edges_of(neuron: torch.Tensor, neurons: int) -> torch.Tensor:
    """(N+1,) where the part of each neuron begins in a list (L,) that is sorted by neuron, then L."""
    return torch.searchsorted(neuron, torch.arange(neurons + 1, device=neuron.device))


def highest(neuron: torch.Tensor, keys: torch.Tensor, neurons: int, most: int, elements: int) -> torch.Tensor:
    """(N, most) the highest of the keys (L,) >= 0 of each neuron, falling, -1 where there are no more.

    The lists of neurons lie beside each other meanwhile, filled up to the longest: so many neurons at a time that these
    have at most `elements` places.
    """
    edges = edges_of(neuron, neurons)
    ends = edges.tolist()
    found = keys.new_full((neurons, most), -1)
    for first, last, longest in _groups([end - begin for begin, end in pairwise(ends)], elements):
        begin, end = ends[first], ends[last]
        side_by_side = keys.new_full((last - first, max(longest, most)), -1)
        rank = torch.arange(begin, end, device=keys.device) - edges[neuron[begin:end]]
        side_by_side[neuron[begin:end] - first, rank] = keys[begin:end]
        found[first:last] = side_by_side.topk(most, dim=1).values
    return found


def _groups(lengths: list[int], elements: int) -> list[tuple[int, int, int]]:
    """Cut lists into groups: first, last, and the longest of each."""
    found, first, longest = [], 0, 0
    for at, length in enumerate(lengths):
        if at > first and max(longest, length) * (at + 1 - first) > elements:
            found.append((first, at, longest))
            first, longest = at, 0
        longest = max(longest, length)
    if lengths:
        found.append((first, len(lengths), longest))
    return found
