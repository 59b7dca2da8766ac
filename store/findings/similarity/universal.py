"""Neurons that several runs have: mutual best matches above chance (ours).

After Gurnee et al. 2024, "Universal Neurons in GPT2 Language Models" (arXiv 2401.12181), who take the highest
correlation over the other models less that of a random rotation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neuron_tui.store.arrays import Array, Floats, Int64s
from neuron_tui.store.findings.similarity.measure import By, Measure
from neuron_tui.store.findings.similarity.search import SEED, Match, RowSample, Tick, place_dict
from neuron_tui.store.neurons.places import Address
from neuron_tui.store.runs.rule import Rule

PERMUTATIONS = 19
"""Of each neuron: with all of them below a match, its p is 1 in 20."""

_PROFILES = 512
"""Profiles of the first run that are held at a time."""


@dataclass(frozen=True, slots=True)
class Twin:
    """The best match of a neuron in another run; `by_chance` is the highest similarity of its permutations there."""

    run: str
    match: Match
    by_chance: float


@dataclass(frozen=True, slots=True)
class UniversalNeuron:
    """A neuron `of` the first run with its twin in each other run, in their order."""

    of: Address
    twins: tuple[Twin, ...]

    @property
    def lowest(self) -> float:
        """The lowest of its similarities."""
        return min(twin.match.similarity for twin in self.twins)


@dataclass(frozen=True, slots=True)
class Universal:
    """Universal neurons of the run `source`, the highest `lowest` first.

    `searched` rows of it have a similarity to some row of every other run; `mutual` have a best match in each of them
    whose best match they are.
    """

    by: By
    source: str
    others: tuple[str, ...]
    neurons: tuple[UniversalNeuron, ...]
    searched: int
    mutual: int
    permutations: int

    def to_dict(self, rules: Sequence[Rule]) -> dict[str, Any]:
        """As `universal --json` prints it; `rules` are those of the first run, then of the others."""
        return {
            "by": self.by,
            "run": self.source,
            "in": list(self.others),
            "searched": self.searched,
            "mutual": self.mutual,
            "permutations": self.permutations,
            "neurons": [
                {
                    **place_dict(neuron.of, rules[0]),
                    "lowest": neuron.lowest,
                    "matches": [
                        {
                            "run": twin.run,
                            **place_dict((twin.match.layer, twin.match.row), rule),
                            "similarity": twin.match.similarity,
                            "by_chance": twin.by_chance,
                        }
                        for twin, rule in zip(neuron.twins, rules[1:], strict=True)
                    ],
                }
                for neuron in self.neurons
            ],
        }


@dataclass(frozen=True, slots=True)
class _Best:
    """Best match of each of R rows of the source among the rows of a target, and of each of those among the source's.

    `target` (R,) places, `similarity` (R,), -inf where a row has none; `source` (T,) places.
    """

    target: Int64s
    similarity: Floats
    source: Int64s

    @property
    def mutual(self) -> Array:
        """(R,) whether a row and its best match are each other's."""
        there = np.isfinite(self.similarity)
        mutual: Array = there & (self.source[self.target] == np.arange(len(self.target)))
        return mutual


def universal_neurons(
    measures: Sequence[Measure[Any, Any]],
    layers: Sequence[int] | None = None,
    permutations: int = PERMUTATIONS,
    seed: int = SEED,
    tick: Tick = lambda done, of: None,
) -> Universal:
    """Neurons of the source of the measures that each target has too.

    Parameters
    ----------
    measures
        One for each other run, all with the same source.
    layers
        Layers of every run that are compared; None takes all.

    Raises
    ------
    RunPartialError, NeuronNotFoundError
        A run does not have such a layer.
    RunDamagedError
        A file cannot be read.
    """
    of = _layers(measures[0].source, layers)
    rows = measures[0].source.manifest.rows
    total = len(of) * len(measures)
    found, samples = [], []
    for place, measure in enumerate(measures):
        sample = RowSample(measure, len(_layers(measure.target, layers)) * measure.target.manifest.rows)
        found.append(_best_matches(measure, of, layers, sample, lambda done, p=place: tick(p * len(of) + done, total)))
        samples.append(sample)
    mutual = np.flatnonzero(np.all([best.mutual for best in found], axis=0))
    searched = int(np.all([np.isfinite(best.similarity) for best in found], axis=0).sum())
    chance = [
        _by_chance(measure, sample, of, mutual, permutations, seed, lambda: tick(total - 1, total))
        for measure, sample in zip(measures, samples, strict=True)
    ]
    above = np.all([best.similarity[mutual] > highest for best, highest in zip(found, chance, strict=True)], axis=0)
    neurons = []
    for at, row in enumerate(mutual.tolist()):
        if above[at]:
            twins = tuple(
                Twin(measure.target.name, _match(measure, layers, best, row), float(highest[at]))
                for measure, best, highest in zip(measures, found, chance, strict=True)
            )
            neurons.append(UniversalNeuron((of[row // rows], row % rows), twins))
    neurons.sort(key=lambda neuron: (-neuron.lowest, neuron.of))
    others = tuple(measure.target.name for measure in measures)
    return Universal(
        measures[0].by, measures[0].source.name, others, tuple(neurons), searched, len(mutual), permutations
    )


def _layers(run: Any, layers: Sequence[int] | None) -> list[int]:  # noqa: ANN401 - a Run
    return list(run.layers) if layers is None else [run.layer(layer).index for layer in layers]


def _match(measure: Measure[Any, Any], layers: Sequence[int] | None, best: _Best, row: int) -> Match:
    layer, place = divmod(int(best.target[row]), measure.target.manifest.rows)
    return Match(_layers(measure.target, layers)[layer], place, float(best.similarity[row]))


def _best_matches(
    measure: Measure[Any, Any],
    of: Sequence[int],
    layers: Sequence[int] | None,
    sample: RowSample,
    tick: Any,  # noqa: ANN401
) -> _Best:
    rows, searched = measure.source.manifest.rows, _layers(measure.target, layers)
    size = len(searched) * measure.target.manifest.rows
    target, similarity = np.zeros(len(of) * rows, np.int64), np.full(len(of) * rows, -np.inf)
    source, back = np.zeros(size, np.int64), np.full(size, -np.inf)
    for done, layer in enumerate(of):
        tick(done)
        for start in range(0, rows, measure.held):
            stop = min(start + measure.held, rows)
            parts = [np.arange(first, min(first + _PROFILES, stop)) for first in range(start, stop, _PROFILES)]
            profiles = [(part + done * rows, measure.profiles(layer, part)) for part in parts]
            begin = 0
            for other in searched:
                for block in measure.blocks(other):
                    if not done and not start:
                        sample.see(block)
                    there = begin + np.arange(measure.size(block))
                    for here, own in profiles:
                        values = measure.similarities(own, block)
                        values[np.isnan(values)] = -np.inf
                        _keep(target, similarity, here, there[values.argmax(axis=1)], values.max(axis=1))
                        _keep(source, back, there, here[values.argmax(axis=0)], values.max(axis=0))
                    begin += measure.size(block)
    return _Best(target, similarity, source)


def _keep(best: Int64s, similarity: Floats, here: Int64s, places: Int64s, values: Floats) -> None:
    """Keep what is better than the best so far; of equal ones the first stays."""
    better = values > similarity[here]
    best[here[better]], similarity[here[better]] = places[better], values[better]


def _by_chance(
    measure: Measure[Any, Any],
    sample: RowSample,
    of: Sequence[int],
    rows: Int64s,
    permutations: int,
    seed: int,
    tick: Callable[[], None],
) -> Floats:
    """(M,) the highest similarity of the permutations of some rows of the source."""
    each, random = measure.source.manifest.rows, np.random.default_rng(seed)
    found = [np.empty(0)]
    for place, layer in enumerate(of):
        own = rows[rows // each == place] % each
        for first in range(0, len(own), _PROFILES):
            profiles = measure.profiles(layer, own[first : first + _PROFILES])
            found.append(sample.best(profiles, permutations, random, tick).max(axis=0))
    return np.concatenate(found)
