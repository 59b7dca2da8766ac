"""The rows of a run most similar to one neuron, and how similar the best would be by chance."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neuron_tui.store.arrays import Floats, Int64s
from neuron_tui.store.findings.similarity.measure import By, Measure, Q, R
from neuron_tui.store.neurons.places import Address
from neuron_tui.store.runs.rule import Rule

PERMUTATIONS = 200
SEED = 0
Tick = Callable[[int, int], None]
"""Told how many layers of how many are done; may raise to stop the work."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """Similarity of the best row to the neuron permuted: `best` of each permutation, ascending.

    `rows` of the `of` rows that were searched were tried. `best` is set up to the size of all of them: see
    docs/definitions.md.
    """

    best: tuple[float, ...]
    rows: int
    of: int

    @property
    def mean(self) -> float:
        """Mean of the best."""
        return float(np.mean(self.best))

    @property
    def deviation(self) -> float:
        """Their standard deviation."""
        return float(np.std(self.best))

    @property
    def quantile(self) -> float:
        """Their 95% quantile."""
        return float(np.quantile(self.best, 0.95))

    def p(self, similarity: float) -> float:
        """(1 + permutations whose best is at least as similar) / (1 + permutations)."""
        return (1 + sum(one >= similarity for one in self.best)) / (1 + len(self.best))

    def z(self, similarity: float) -> float | None:
        """Standard deviations above the mean of the best; None if they are all equal."""
        return (similarity - self.mean) / self.deviation if self.deviation > 0 else None


@dataclass(frozen=True, slots=True)
class Match:
    """A row of the run that was searched."""

    layer: int
    row: int
    similarity: float


@dataclass(frozen=True, slots=True)
class Found:
    """What is similar to the neuron `of` of the run `source`, most similar first, among the rows of `target`.

    `compared` is how many rows have a similarity to it at all; `baseline` None where no row has, or none was asked for.
    """

    by: By
    source: str
    target: str
    of: Address
    matches: tuple[Match, ...]
    compared: int
    baseline: Baseline | None

    def to_dict(self, source_rule: Rule, target_rule: Rule) -> dict[str, Any]:
        """As `similar --json` prints it, but for what the neurons are."""
        return {
            "by": self.by,
            "run": self.source,
            **place_dict(self.of, source_rule),
            "in": self.target,
            "compared": self.compared,
            "baseline": None if self.baseline is None else _baseline_dict(self.baseline),
            "matches": [
                {
                    **place_dict((match.layer, match.row), target_rule),
                    "similarity": match.similarity,
                    **_chance(self.baseline, match.similarity),
                }
                for match in self.matches
            ],
        }


def place_dict(place: Address, rule: Rule) -> dict[str, Any]:
    """A place as records name it: layer, neuron, and the pole where neurons have two."""
    return {"layer": place[0], **rule.named(place[1])}


def _baseline_dict(baseline: Baseline) -> dict[str, Any]:
    return {
        "permutations": len(baseline.best),
        "rows": baseline.rows,
        "of": baseline.of,
        "mean": baseline.mean,
        "deviation": baseline.deviation,
        "quantile95": baseline.quantile,
    }


def _chance(baseline: Baseline | None, similarity: float) -> dict[str, Any]:
    if baseline is None:
        return {"p": None, "z": None}
    return {"p": baseline.p(similarity), "z": baseline.z(similarity)}


class RowSample:
    """Rows of the searched layers, spread evenly, collected block by block for baselines."""

    def __init__(self, measure: Measure[Q, R], rows: int, without: int | None = None) -> None:
        """`rows` will be searched; the one at the place `without` is left out."""
        self.measure: Measure[Any, Any] = measure
        chosen = np.unique(np.linspace(0, max(rows - 1, 0), min(rows, measure.sampled)).astype(np.int64))
        self._chosen = chosen if without is None else chosen[chosen != without]
        self._blocks: list[Any] = []
        self._seen = 0
        self.of = rows - (without is not None)

    def see(self, block: Any) -> None:  # noqa: ANN401 - an R
        """Take some of the next block."""
        size = self.measure.size(block)
        own = self._chosen[(self._chosen >= self._seen) & (self._chosen < self._seen + size)] - self._seen
        if len(own):
            self._blocks.append(self.measure.chosen(block, own))
        self._seen += size

    @property
    def rows(self) -> int:
        """How many were taken."""
        return len(self._chosen)

    def best(
        self,
        profiles: Any,  # noqa: ANN401 - a Q
        permutations: int,
        random: np.random.Generator,
        tick: Callable[[], None],
    ) -> Floats:
        """(permutations, q) similarity of the best row to each profile permuted, set up to all rows."""
        found = []
        for _ in range(permutations):
            tick()
            permuted = self.measure.permuted(profiles, random)
            every = [_highest(self.measure.similarities(permuted, block)) for block in self._blocks]
            found.append(np.max(every, axis=0))
        return _set_up(np.array(found), self.of / max(1, self.rows))


def find_similar(
    measure: Measure[Q, R],
    of: Address,
    layers: Sequence[int],
    top: int,
    permutations: int = PERMUTATIONS,
    seed: int = SEED,
    tick: Tick = lambda done, of: None,
) -> Found:
    """The `top` rows of some layers of the measure's target most similar to a neuron, equal ones by place.

    The neuron itself is left out of its own run.

    Raises
    ------
    NeuronNotFoundError, RunPartialError
        There is no such layer or neuron.
    RunDamagedError
        A file cannot be read.
    """
    rows = measure.target.manifest.rows
    own = list(layers).index(of[0]) * rows + of[1] if measure.source is measure.target and of[0] in layers else None
    profile = measure.profiles(of[0], np.array([of[1]]))
    sample = RowSample(measure, len(layers) * rows, own)
    parts = []
    for done, layer in enumerate(layers):
        tick(done, len(layers))
        for block in measure.blocks(layer):
            parts.append(measure.similarities(profile, block)[0])
            if permutations:
                sample.see(block)
    values = np.concatenate(parts) if parts else np.empty(0)
    if own is not None:
        values[own] = np.nan
    best = best_places(values, top)
    matches = tuple(Match(layers[at // rows], at % rows, float(values[at])) for at in best.tolist())
    baseline = None
    if permutations and matches:
        random, last = np.random.default_rng(seed), len(layers) - 1
        by_chance = sample.best(profile, permutations, random, lambda: tick(last, len(layers)))[:, 0]
        baseline = Baseline(tuple(np.sort(by_chance).tolist()), sample.rows, sample.of)
    compared = int(np.isfinite(values).sum())
    return Found(measure.by, measure.source.name, measure.target.name, of, matches, compared, baseline)


def best_places(values: Floats, top: int) -> Int64s:
    """Places of the highest values, highest first, equal ones in order; those that are NaN never."""
    there = np.flatnonzero(~np.isnan(values))
    if 0 < top < len(there):
        least = np.partition(values[there], len(there) - top)[len(there) - top]
        there = there[values[there] >= least]
    best: Int64s = there[np.argsort(-values[there], kind="stable")][:top]
    return best


def _highest(similarities: Floats) -> Floats:
    """(q,) the highest of each row; -1 where none is defined, which is below every similarity."""
    highest: Floats = np.where(np.isnan(similarities), -1.0, similarities).max(axis=1, initial=-1.0)
    return highest


def _set_up(best: Floats, times: float) -> Floats:
    """The best of `times` as many rows, by the law of extreme values: a Gumbel's place moves by scale * log(times)."""
    if times <= 1:
        return best
    scale = best.std(axis=0) * math.sqrt(6) / math.pi
    moved: Floats = np.minimum(best + scale * math.log(times), 1.0)
    return moved
