"""What became of the neurons: two runs of one model's checkpoints, or of one model on two texts, neuron by neuron."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from neuron_tui.store.arrays import Int64s
from neuron_tui.store.disk.schema import TYPES
from neuron_tui.store.findings.aggregates import States, alive, detectors
from neuron_tui.store.findings.aggregates import types as types_of
from neuron_tui.store.findings.comparison.overlap import token_keys
from neuron_tui.store.findings.comparison.totals import has_types
from neuron_tui.store.findings.labelled_run import LabelledRun
from neuron_tui.store.wording import GRAM_NAMES

NOT_POSITIONAL = "not positional"
ACTIVITY = "activity"
TOKEN_DETECTORS = "token detectors"

_BYTES = 256
"""What a byte of `Facts.states` can be."""


@dataclass(frozen=True, slots=True)
class CrossTable:
    """A cross table: `counts[i][j]` neurons were in state i in the first run and are in state j in the second."""

    of: str
    states: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

    def count(self, before: str, after: str) -> int:
        """Neurons that went from one state to another, or stayed."""
        return self.counts[self.states.index(before)][self.states.index(after)]


@dataclass(frozen=True, slots=True)
class Transitions:
    """Of the `neurons` of `layers`, which both runs hold: what they were in `first` and are in `second`.

    `tables` are of activity [§3], of positional types [§5], if both runs have them, and of detectors of n-grams,
    n = 1, 2, 3 [§4].
    `same_token` counts the kept token detectors whose strongest trigger is the same token. `same_model`: the two runs
    are of one checkpoint, so what differs between them is text and thresholds.
    """

    first: str
    second: str
    layers: tuple[int, ...]
    neurons: int
    tables: tuple[CrossTable, ...]
    same_token: int
    same_model: bool

    @property
    def kept_detectors(self) -> int:
        """Token detectors of both runs."""
        return self.table(TOKEN_DETECTORS).count("yes", "yes")

    def table(self, of: str) -> CrossTable:
        """The cross table of that name; raises StopIteration if there is none."""
        return next(table for table in self.tables if table.of == of)


def comparable_pairs(runs: Sequence[LabelledRun]) -> tuple[tuple[LabelledRun, LabelledRun], ...]:
    """Each run with the nearest before it that has layers of the same shape, if there is one.

    Neurons are told by layer and index, which says something where a model of the same shape was initialised alike:
    checkpoints of one training, or one model on several texts.
    """
    pairs = []
    for place, one in enumerate(runs):
        before = [other for other in runs[:place] if _comparable(other, one)]
        pairs += [(before[-1], one)] if before else []
    return tuple(pairs)


def transitions(first: LabelledRun, second: LabelledRun) -> Transitions:
    """Cross tables over the layers that two runs of equal shape both hold.

    Raises
    ------
    ValueError
        Their models have not the same number of layers and neurons.
    RunDamagedError
        A vocabulary cannot be read.
    """
    if _shape(first) != _shape(second):
        raise ValueError(f"{first.label} and {second.label} have models of another shape")
    layers = tuple(layer for layer in first.layers if layer in second.layers)
    pair = (first, second)
    before, after = (one.states[np.isin(one.layers, layers)] for one in pair)
    kept = detectors(before, 1) & detectors(after, 1)
    return Transitions(
        first=first.label,
        second=second.label,
        layers=layers,
        neurons=before.size,
        tables=tuple(_tables(before, after, types=has_types(first) and has_types(second))),
        same_token=_same_strongest(pair, [_strongest(one, layers)[kept] for one in pair]),
        same_model=first.run.manifest.model.digest == second.run.manifest.model.digest,
    )


def _shape(labelled: LabelledRun) -> tuple[int, int]:
    model = labelled.run.manifest.model
    return model.layers, labelled.run.manifest.rows


def _comparable(first: LabelledRun, second: LabelledRun) -> bool:
    return _shape(first) == _shape(second) and not set(first.layers).isdisjoint(second.layers)


def _tables(before: States, after: States, *, types: bool) -> Iterator[CrossTable]:
    # Counted once, by all that a byte tells apart; every table is a sum over that one.
    both = np.bincount(before.ravel().astype(np.int64) * _BYTES + after.ravel(), minlength=_BYTES**2)
    together, every = both.reshape(_BYTES, _BYTES), np.arange(_BYTES, dtype=np.uint8)
    yield _table(ACTIVITY, ("dead", "alive"), alive(every), together)
    if types:
        yield _table("position", (NOT_POSITIONAL, *map(str, TYPES[1:])), types_of(every), together)
    for n, name in GRAM_NAMES.items():
        yield _table(f"{name} detectors", ("no", "yes"), detectors(every, n), together)


def _table(of: str, states: tuple[str, ...], state_of: npt.ArrayLike, together: Int64s) -> CrossTable:
    """The table of `states`, of which each byte stands for the one that `state_of` says."""
    place = np.minimum(np.asarray(state_of, np.int64), len(states) - 1)  # codes above that are of no neuron
    counts = np.zeros((len(states), len(states)), np.int64)
    np.add.at(counts, (place[:, None], place), together)
    return CrossTable(of, states, tuple(map(tuple, counts.tolist())))


def _strongest(labelled: LabelledRun, layers: Sequence[int]) -> Int64s:
    """Strongest token of every neuron of some layers, -1 for one that is no token detector."""
    tokens = np.full(labelled.states.shape, -1, np.int64)
    tokens[detectors(labelled.states, 1)] = labelled.strongest
    chosen: Int64s = tokens[np.isin(labelled.layers, layers)]
    return chosen


def _same_strongest(pair: tuple[LabelledRun, LabelledRun], tokens: Sequence[Int64s]) -> int:
    """How many neurons have the same token as strongest trigger, given as ids of each run's vocabulary."""
    a, b = (key(ids) for key, ids in zip(token_keys(pair), tokens, strict=True))
    return int((a == b).sum())
